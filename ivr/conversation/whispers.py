"""The whisper to a target, on a leg of its own: no turn of the call. The counterpart of
`ivr.flow.steps.whisper`, which has its words."""

from ivr.conversation.errors import UnknownCall
from ivr.conversation.stores import Plans, Stores
from ivr.flow.instruction import Instruction
from ivr.flow.steps import whisper
from ivr.flow.value import value
from ivr.flow.world import World
from ivr.ports.calls import LegAnswer
from ivr.ports.documents import Documents
from routing.ports import Clock


@value
class LegAt:
    """Where a whisper stands: target `leg` of the Dial that answers `turn`, its own turn
    `following`."""

    call_id: str
    turn: int
    leg: int
    following: int


class Whispers:
    """Offers the call to a target and keeps the answer."""

    def __init__(self, plans: Plans, stores: Stores, documents: Documents, clock: Clock) -> None:
        self._plans = plans
        self._stores = stores
        self._documents = documents
        self._clock = clock

    async def answer(self, at: LegAt, digits: str | None) -> bytes:
        """The whisper to a target: offered first, then accepted by `1` or declined.

        Raises UnknownCall where there is no such turn or leg."""
        call_id, turn, leg = at.call_id, at.turn, at.leg
        call = await self._stores.calls.state_at(call_id, turn)
        if call is None or not 0 <= leg < len(call.facts.order):
            raise UnknownCall("no target of this call has this address")
        world = World(await self._plans.of(call.plan), self._clock.now())
        if at.following == 0:
            return self._document(world, whisper.offer(world, call), at)
        target = call.facts.order[leg]
        now = self._clock.now()
        if digits != "1":
            no = LegAnswer(call_id, turn, leg, accepted=False, official=target.answerer, at=now)
            await self._stores.calls.answer_leg(no)
            return self._document(world, whisper.declined(world, call), at)
        latest = await self._stores.calls.load(call_id)
        if latest is None or latest[0].turn != turn or latest[0].over:
            return self._document(world, whisper.gone(world, call), at)
        yes = LegAnswer(call_id, turn, leg, True, target.answerer, now, target.office)
        await self._stores.calls.answer_leg(yes)
        if await self._stores.calls.leg_answer(call_id, turn) is False:  # the first answer stands
            return self._document(world, whisper.declined(world, call), at)
        return self._document(world, whisper.accepted(world, call), at)

    def _document(self, world: World, say: tuple[Instruction, ...], at: LegAt) -> bytes:
        return self._documents.of(world.plan).leg(say, at.call_id, at.turn, at.leg, 1)
