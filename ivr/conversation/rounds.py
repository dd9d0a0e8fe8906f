"""A caller who waits while several phones ring, and those who take one up: no turns of the call, as
a whisper is none. The counterpart of `ivr.flow.round`, which says how a round stands."""

from dataclasses import replace
from datetime import datetime

from ivr.conversation.errors import UnknownCall
from ivr.conversation.stores import Plans, Stores
from ivr.flow.call import Call
from ivr.flow.event import RoundEnded
from ivr.flow.instruction import Hangup, Instruction, Leave
from ivr.flow.round import Round, is_over, room_of
from ivr.flow.steps import waiting, whisper
from ivr.flow.steps.reach import asked_first
from ivr.flow.world import World
from ivr.ports.calls import LegAnswer
from ivr.ports.documents import Documents
from ivr.ports.rounds import RungLeg
from routing.ports import Clock

OFFERED, ANSWERED, JOINED = 0, 1, 2
"""Steps of a callee's leg: what it is asked, what it pressed, and what comes after the talk."""


class Gathering:
    """Answers the webhooks of both sides."""

    def __init__(self, plans: Plans, stores: Stores, documents: Documents, clock: Clock) -> None:
        self._plans = plans
        self._stores = stores
        self._documents = documents
        self._clock = clock

    async def wait(self, call_id: str, turn: int) -> bytes:
        """What the caller hears next who waits for `turn`; asked for again and again. Raises
        UnknownCall where that turn waits for nobody."""
        call, round_ = await self._of(call_id, turn)
        world, now = await self._world(call), self._clock.now()
        if now < round_.since:
            await self._stores.rounds.begin(call_id, turn, now)
            round_ = replace(round_, since=now)
        say: tuple[Instruction, ...] = waiting.wait(world, call, round_.waited(now))
        if is_over(round_, now):
            gave_up = round_.taken is not None
            if gave_up or await self._stores.rounds.close(call_id, turn, now):
                say = (Leave(),)
        return self._documents.of(world.plan).waiting(say, call_id, turn)

    async def ended(self, call_id: str, turn: int, event: RoundEnded) -> RoundEnded:
        """The event with those who said no."""
        round_ = await self._stores.rounds.round(call_id, turn)
        return event if round_ is None else replace(event, declined=round_.declined)

    async def leg(self, leg: RungLeg, step: int, digits: str | None, *, joined: bool) -> bytes:
        """What a callee hears next; `joined` says whether there was a talk. Raises UnknownCall."""
        call, round_ = await self._of(leg.call_id, leg.turn)
        world = await self._world(call)
        if step >= JOINED:
            say = await self._after(world, call, round_, leg) if not joined else (Hangup(),)
        else:
            say = await self._asked(world, call, round_, (leg, step, digits))
        return self._documents.of(world.plan).rung(say, leg.id, min(step, ANSWERED) + 1)

    async def _asked(
        self, world: World, call: Call, round_: Round, heard: tuple[RungLeg, int, str | None]
    ) -> tuple[Instruction, ...]:
        leg, step, digits = heard
        room = room_of(leg.call_id, leg.turn)
        target = call.facts.order[leg.leg]
        if leg.accepted is False:
            return whisper.declined(world, call, others=round_.others_ring(leg.leg))
        free = not round_.closed and round_.taken in {None, leg.leg}
        if not free:
            return await self._too_late(world, call, leg, round_)
        if asked_first(world, target):
            if step == OFFERED:
                return whisper.offer(world, call)
            if digits != "1":
                no = self._answer(leg, call, accepted=False)
                if round_.taken is None:
                    await self._stores.calls.answer_leg(no)
                return whisper.declined(world, call, others=round_.others_ring(leg.leg))
        yes = self._answer(leg, call, accepted=True)
        if await self._stores.rounds.accept(yes, target.official):
            return whisper.joined(world, call, room)
        latest = await self._stores.rounds.round(leg.call_id, leg.turn)
        return await self._too_late(world, call, leg, latest or round_)

    def _answer(self, leg: RungLeg, call: Call, *, accepted: bool) -> LegAnswer:
        target = call.facts.order[leg.leg]
        now: datetime = self._clock.now()
        office = target.office if accepted else None
        return LegAnswer(leg.call_id, leg.turn, leg.leg, accepted, target.answerer, now, office)

    async def _of(self, call_id: str, turn: int) -> tuple[Call, Round]:
        call = await self._stores.calls.state_at(call_id, turn)
        round_ = None if call is None else await self._stores.rounds.round(call_id, turn)
        if call is None or round_ is None:
            raise UnknownCall("no caller waits at this address")
        return call, round_

    async def _world(self, call: Call) -> World:
        return World(await self._plans.of(call.plan), self._clock.now())

    async def _after(
        self, world: World, call: Call, round_: Round, leg: RungLeg
    ) -> tuple[Instruction, ...]:
        """Who accepted and found nobody is told why; so is who was sent here while they were still
        asked."""
        mine = round_.taken == leg.leg
        stands = replace(round_, taken=None) if mine else round_
        return await self._too_late(world, call, leg, stands)

    async def _too_late(
        self, world: World, call: Call, leg: RungLeg, round_: Round
    ) -> tuple[Instruction, ...]:
        """Somebody else was first, the caller is gone, or has gone on. Said once: what stops the
        round sends here whoever has not heard it."""
        await self._stores.rounds.dismiss(leg.id, self._clock.now())
        if round_.taken is not None:
            return whisper.taken(world, call)
        latest = await self._stores.calls.load(call.id)
        gone = round_.call_over or latest is None or latest[0].over
        return whisper.gone(world, call) if gone else whisper.late(world, call)
