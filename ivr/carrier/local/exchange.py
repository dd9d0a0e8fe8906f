"""The exchange: begins calls, carries them to their end, resumes them after a restart.

Counterpart of ``switch.py`` (phones and legs). A call comes from a phone that
dials (``dial``) or from the application through REST (``place``).
"""

from __future__ import annotations

import logging
import re

from ivr.carrier.local.desk import Desk, new_token
from ivr.carrier.local.executor import Ended, run, say_goodbye
from ivr.carrier.local.handset import Handset, PhoneRefusal
from ivr.carrier.local.ledger import Ledger
from ivr.carrier.local.leg import CutOff, Gone, Leg, TurnedAway
from ivr.carrier.local.messages import By, Calling
from ivr.carrier.local.numbers import NumberBook
from ivr.carrier.local.ringing import progress, ring
from ivr.carrier.local.state import Direction, LegState, Request, Status
from ivr.carrier.local.switch import Switch
from ivr.carrier.local.tasks import Tasks
from ivr.carrier.local.transcribing import stop_all
from ivr.carrier.local.webhooks import Door

_log = logging.getLogger(__name__)
_DIALLED = re.compile(r"\+?[0-9]{2,20}")


class Exchange:
    """Begins and carries calls; ``numbers`` say where a call to each goes."""

    def __init__(
        self, desk: Desk, switch: Switch, tasks: Tasks, *, numbers: NumberBook, door: Door
    ) -> None:
        self.desk = desk
        self.switch = switch
        self._tasks = tasks
        self.numbers = numbers
        self._door = door

    def restore(self, ledger: Ledger) -> None:
        """Go on with the calls that a killed server left."""
        legs = [self.switch.adopt(state) for state in ledger.restore()]
        for leg in legs:
            if leg.state.parent is None:
                self._carry(leg)
            elif leg.state.parent not in self.switch.legs:
                leg.note(status=Status.FAILED)
                self.switch.close(leg, By.LINE)

    def dial(self, phone: Handset, to: str, from_: str) -> Leg:
        """A phone rings a number of the application; ``from_`` may be `anonymous`."""
        if phone.leg is not None:
            raise PhoneRefusal("busy", "this phone is in a call already; hang up first")
        if not _DIALLED.fullmatch(to):
            raise PhoneRefusal("bad-number", "a number is an optional + and 2 to 20 digits")
        webhook = self.numbers.webhook(to)
        first = Request(webhook.voice, new_token(), webhook.voice_method, fallback=webhook.fallback)
        leg = self.switch.open_leg(
            LegState(
                sid=self.desk.dialect.new_sid("CA"),
                direction=Direction.INBOUND,
                from_=from_[:64] or "anonymous",
                to=to,
                started=self.desk.instant(),
                status=Status.RINGING,
                pending=first,
                fallback=webhook.fallback,
                status_url=webhook.status,
                status_method=webhook.status_method,
            )
        )
        self.switch.bind_caller(phone, leg)
        phone.tell(Calling(leg.state.sid, to, leg.state.from_))
        self._carry(leg)
        return leg

    def place(self, state: LegState) -> Leg:
        """The application calls a number (REST): ring it, then fetch what to do."""
        leg = self.switch.open_leg(state)
        self._carry(leg)
        return leg

    def _carry(self, leg: Leg) -> None:
        self._tasks.spawn(self._live(leg), f"call …{leg.state.sid[-6:]}")

    async def _live(self, leg: Leg) -> None:
        """A call from where it stands to its end."""
        await self._door.wait()
        status, by = leg.state.status, By.LINE
        if not status.over:
            status, by = await self._until_over(leg)
            leg.note(status=status, ended=self.desk.instant())
        self.switch.release(leg, by)
        stop_all(leg, self.desk)
        await say_goodbye(leg, self.desk)
        progress(leg, self.desk, "completed")
        self.switch.close(leg, by)

    async def _until_over(self, leg: Leg) -> tuple[Status, By]:
        try:
            return await self._talk(leg), By.LINE
        except Ended as ended:
            return ended.status, By.LINE
        except Gone:
            return self._after(leg), By.ME
        except (CutOff, TurnedAway):
            return self._after(leg), By.LINE
        except Exception:  # noqa: BLE001 - one failed call must end like any other
            _log.exception("call %s failed in the local line", leg.state.sid)
            return Status.FAILED, By.LINE

    async def _talk(self, leg: Leg) -> Status:
        state = leg.state
        if state.direction is Direction.OUTBOUND_API and state.answered is None:
            if state.status is Status.QUEUED:
                progress(leg, self.desk, "initiated")
            status = await ring(leg, self.desk, state.ring_seconds)
            if status is not Status.IN_PROGRESS:
                return status
        elif state.handset is None:  # its phone had hung up before the restart
            raise Gone
        await run(leg, self.desk)
        return self._after(leg)

    @staticmethod
    def _after(leg: Leg) -> Status:
        """What a call is once it is over: never answered means cancelled."""
        return Status.COMPLETED if leg.state.answered is not None else Status.CANCELED
