"""Rings phones together for a caller who waits, and stops what rings no longer for anybody: asked
for once, looked for where nobody knows, never blindly rung again (ADR 20, 42). The counterpart of
`rounds`, which answers those who take one up."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from ivr.carrier.account import CarrierRefused, CarrierUnreachable, CarrierUnsure
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.errands import outcome
from ivr.carrier.outgoing import IN_DOUBT
from ivr.conversation.rounds import JOINED
from ivr.flow.progress import CallStatus, Progress
from ivr.ports.journal import Origin
from ivr.ports.outgoing import OutgoingCalls
from ivr.ports.rounds import Rounds, RungLeg
from routing.handoff import Refused, TryAgain
from routing.ports import Clock, Job

LOG: Final = structlog.get_logger()
AFTER_TALK: Final = timedelta(minutes=5)
"""How much longer a leg may last than a talk: it was asked first, and says goodbye."""


@dataclass(frozen=True, slots=True)
class LegAddresses:
    """What the carrier is told to ask, under `base`, with the profile's `overrides`."""

    base: str
    overrides: str

    def spoken(self, leg: str, step: int = 0) -> str:
        """Where a document of a leg is."""
        return f"{self.base}/voice/{leg}/ring/{step}{self.overrides}"

    def fallback(self) -> str:
        """Where a callee is told what is left to say."""
        return f"{self.base}/voice/fallback{self.overrides}"

    def status(self, leg: str) -> str:
        """Where it tells how the leg goes."""
        return f"{self.base}/voice/{leg}/status{self.overrides}"


@dataclass(frozen=True, slots=True)
class Legs:
    """What both handlers work with: the carrier's rows, ours, and `longest`, the seconds of a
    talk."""

    rows: CallRows
    rounds: Rounds
    kept: OutgoingCalls
    addresses: LegAddresses
    account: str
    clock: Clock
    longest: int

    async def drop(self, leg: RungLeg, status: CallStatus = CallStatus.CANCELED) -> None:
        """It rings nowhere, and will not."""
        await self.kept.moved(leg.id, Progress(status), self.clock.now(), None)


class Ringing:
    """Handler of `ring` jobs. A number that cannot be rung ends its own leg and no other."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs

    async def __call__(self, job: Job) -> None:
        """Raises TryAgain."""
        legs = self._legs
        leg = await legs.rounds.leg(str(job.payload["leg"]))
        if leg is None or leg.sid is not None or leg.over:
            return
        if leg.asked is not None and leg.to is not None and await self._found(leg, leg.to):
            return
        if leg.to is None or not await self._wanted(leg):
            await legs.drop(leg)
            return
        await self._place(leg, leg.to)

    async def _found(self, leg: RungLeg, to: str) -> bool:
        """Whether an earlier request was taken, as far as the carrier's list tells."""
        asked = leg.asked or leg.ordered
        rest = asked + IN_DOUBT - self._legs.clock.now()
        if rest > timedelta(0):
            raise TryAgain("a phone may ring already; the carrier's list will tell", after=rest)
        with outcome():
            listed = await self._legs.rows.placed(to, leg.line, asked)
        for sid in listed:
            if await self._legs.kept.taken(leg.id, Origin(self._legs.account, sid), sure=False):
                return True
        return False

    async def _wanted(self, leg: RungLeg) -> bool:
        """Whether the caller still waits for it, and there is time left for it to ring."""
        round_ = await self._legs.rounds.round(leg.call_id, leg.turn)
        if round_ is None or round_.closed or round_.taken is not None:
            return False
        return self._legs.clock.now() < leg.ordered + timedelta(seconds=leg.seconds)

    async def _place(self, leg: RungLeg, to: str) -> None:
        legs, urls = self._legs, self._legs.addresses
        talk = timedelta(seconds=legs.longest) + AFTER_TALK
        wanted = Placing(
            to=to,
            from_=leg.line,
            url=urls.spoken(leg.id),
            status=urls.status(leg.id),
            fallback=urls.fallback(),
            key=leg.id,
            seconds=leg.seconds,
            longest=int(talk.total_seconds()),
        )
        await legs.kept.asking(leg.id, legs.clock.now(), within=talk)
        try:
            with outcome():
                sid = await self._asked(leg, wanted)
        except Refused as refused:
            LOG.warning("round.refused", leg=leg.leg, why=str(refused))
            await legs.drop(leg, CallStatus.FAILED)
            return
        await legs.kept.taken(leg.id, Origin(legs.account, sid), sure=True)

    async def _asked(self, leg: RungLeg, wanted: Placing) -> str:
        try:
            return await self._legs.rows.place(wanted)
        except (CarrierRefused, CarrierUnreachable):
            await self._legs.kept.not_asked(leg.id)
            raise


class Stopping:
    """Handler of `ring_end` jobs: nobody joins any more but who has joined. What rings is
    cancelled, who is being asked is told, and the room is cleared away."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs

    async def __call__(self, job: Job) -> None:
        """Raises TryAgain, Refused; repeating is safe."""
        call, turn = str(job.payload["call"]), int(str(job.payload["turn"]))
        round_ = await self._legs.rounds.round(call, turn)
        taken = None if round_ is None else round_.taken
        ringing = [
            leg
            for leg in await self._legs.rounds.legs(call, turn)
            if leg.leg != taken and not leg.over
        ]
        stopped = await asyncio.gather(*(self._stopped(leg) for leg in ringing))
        if not all(stopped):
            raise TryAgain("nobody knows yet whether a phone rings that should not")
        room = job.payload.get("room")
        if room is not None:
            with outcome():
                await self._legs.rows.clear(str(room))

    async def _stopped(self, leg: RungLeg) -> bool:
        """False where it may ring on: under an id that nobody has told, or since the carrier does
        not listen."""
        if leg.sid is None:
            if leg.asked is not None:
                return False
            await self._legs.drop(leg)
            return True
        try:
            rang = await self._legs.rows.cancel(leg.sid)
            if not rang and await self._still_asked(leg.id):
                await self._legs.rows.turn(leg.sid, self._legs.addresses.spoken(leg.id, JOINED))
        except CarrierRefused as refused:
            LOG.warning("round.not_stopped", leg=leg.leg, why=str(refused))
        except (CarrierUnreachable, CarrierUnsure):
            return False
        return True

    async def _still_asked(self, leg_id: str) -> bool:
        """Whether its phone waits for words of ours: who said no, or pressed too late, has them."""
        leg = await self._legs.rounds.leg(leg_id)
        return leg is not None and leg.accepted is None and not leg.dismissed
