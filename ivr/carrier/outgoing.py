"""Rings a phone for the outbox: asked for once, looked for in the carrier's list where nobody can
say whether that was heard, and never blindly rung again (design §6). `announcing` speaks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from ivr.carrier.account import CarrierRefused, CarrierUnreachable
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.errands import outcome
from ivr.flow.announcing import may_call
from ivr.flow.progress import CallStatus, Progress
from ivr.flow.world import Plan
from ivr.ports.journal import Origin
from ivr.ports.outgoing import Outgoing, OutgoingCalls
from routing.handoff import NotYet, Refused, TryAgain
from routing.ports import Clock, Job

IN_DOUBT: Final = timedelta(seconds=30)
"""How long a call that may have been taken may take to come into the carrier's list."""
FROM, UNTIL = 8, 21
"""Hours of the office's day in which people are rung."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the carrier is told to ask: under `base`, with the profile's `overrides`."""

    base: str
    overrides: str

    def spoken(self, call_id: str) -> str:
        """Where the first document is."""
        return f"{self.base}/voice/{call_id}/announce/0{self.overrides}"

    def fallback(self) -> str:
        """Where a phone is told what is left to say, should the document not be had. Never a static
        host, as a published number may have: its files take messages of callers."""
        return f"{self.base}/voice/fallback{self.overrides}"

    def status(self, call_id: str) -> str:
        """Where it tells how the call goes."""
        return f"{self.base}/voice/{call_id}/status{self.overrides}"


class Calling:
    """Handler of `call` jobs. `account` is whose calls they are; `zone` says when it is night."""

    def __init__(
        self,
        rows: CallRows,
        kept: OutgoingCalls,
        plan: Callable[[], Plan],
        addresses: Addresses,
        *,
        account: str,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._kept = kept
        self._plan = plan
        self._addresses = addresses
        self._account = account
        self._clock = clock

    async def __call__(self, job: Job) -> None:
        """Raises Refused, TryAgain, NotYet."""
        call = await self._kept.find(str(job.payload["call"]))
        if call is None or call.sid is not None or call.over:
            return
        if call.to is None:
            raise Refused("nobody rang this number for a day; it is forgotten")
        if call.asked is not None and await self._found(call, call.to, call.asked):
            return
        self._fit(call)
        await self._place(call, call.to)

    async def _found(self, call: Outgoing, to: str, asked: datetime) -> bool:
        """Whether an earlier request was taken, as far as the carrier's list tells."""
        rest = asked + IN_DOUBT - self._clock.now()
        if rest > timedelta(0):
            raise TryAgain("a call may have been placed; the carrier's list will tell", after=rest)
        with outcome():
            listed = await self._rows.placed(to, call.line, asked)
        for sid in listed:
            if await self._kept.taken(call.id, Origin(self._account, sid), sure=False):
                return True
        return False

    def _fit(self, call: Outgoing) -> None:
        """Nobody is rung from a number that never calls, nor at night."""
        plan = self._plan()
        local = self._clock.now().astimezone(plan.zone)
        if not may_call(plan, call.line, local.date()):
            raise Refused("this line never calls out, as who checks it is told: use another")
        if wait := until_day(local, plan.zone):
            raise NotYet(
                f"people are rung from {FROM} to {UNTIL} o'clock", after=wait, in_turn=True
            )

    async def _place(self, call: Outgoing, to: str) -> None:
        urls = self._addresses
        wanted = Placing(
            to=to,
            from_=call.line,
            url=urls.spoken(call.id),
            status=urls.status(call.id),
            fallback=urls.fallback(),
            key=call.id,
        )
        await self._kept.asking(call.id, self._clock.now())
        with outcome():
            try:
                sid = await self._rows.place(wanted)
            except (CarrierRefused, CarrierUnreachable):
                await self._kept.not_asked(call.id)
                raise
        await self._kept.taken(call.id, Origin(self._account, sid), sure=True)


class Ending:
    """Handler of `call_end` jobs: a call whose end nobody told of is asked for, and hung up where
    it goes on for longer than it may."""

    def __init__(self, rows: CallRows, kept: OutgoingCalls, clock: Clock) -> None:
        self._rows = rows
        self._kept = kept
        self._clock = clock

    async def __call__(self, job: Job) -> None:
        """Raises TryAgain until the end is known."""
        call = await self._kept.find(str(job.payload["call"]))
        if call is None or call.over or (call.sid is None and call.asked is None):
            return
        if call.sid is None:
            raise TryAgain("nobody knows yet whether this call was placed")
        with outcome():
            found = await self._rows.fetch(call.sid)
            if found is not None and not found.status.over:
                await self._rows.end(call.sid)
                raise TryAgain("the call had gone on for too long and was hung up")
        status = CallStatus.FAILED if found is None else found.status
        seconds = None if found is None else found.seconds
        await self._kept.moved(call.id, Progress(status), self._clock.now(), seconds)


def until_day(local: datetime, zone: tzinfo) -> timedelta:
    """How long until people may be rung; nothing by day."""
    if FROM <= local.hour < UNTIL:
        return timedelta(0)
    day = local.date() if local.hour < FROM else local.date() + timedelta(days=1)
    morning = datetime(day.year, day.month, day.day, FROM, tzinfo=zone)
    return morning.astimezone(local.tzinfo) - local
