"""The imperative shell around `advance`: load the call, look up, advance, hand the step to the
journal, return the stored reply. The counterpart of `ivr.carrier.routes`, which parses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import orjson

from ivr.conversation.door import Door
from ivr.conversation.errors import (
    ForeignCall,
    ForgottenTurn,
    FutureTurn,
    UnknownCall,
    Unsettled,
)
from ivr.conversation.matters import Listed, Matters
from ivr.conversation.pieces import Piece
from ivr.conversation.rounds import Gathering
from ivr.conversation.stores import MOST_ATTEMPTS, Plans, Stores
from ivr.conversation.tally import Tally, forward
from ivr.conversation.trace import WEBHOOK
from ivr.conversation.whispers import LegAt, Whispers
from ivr.flow.advance import advance
from ivr.flow.call import Call
from ivr.flow.effect import Lookup
from ivr.flow.event import (
    Admission,
    Answer,
    Answered,
    DialEnded,
    Found,
    LineEvent,
    RecentCases,
    Recorded,
    RoundEnded,
    plain_event,
)
from ivr.flow.node import Record
from ivr.flow.turn import Turn
from ivr.flow.value import value
from ivr.flow.world import Plan, World
from ivr.ports.calls import CallEnd, Ending
from ivr.ports.documents import Documents, Draw
from ivr.ports.journal import (
    MatterTaken,
    Origin,
    RecordingTaken,
    ReferenceTaken,
    Step,
    TokenTaken,
)
from ivr.ports.recordings import RecordingRef, Transcript
from ivr.ports.rounds import RungLeg
from routing.ports import Clock
from routing.rules.quota import MOST_TOKENS

MOST_LOOKUPS: Final = 3
"""A recording that ends may ask for its case, for who is next on duty and for their calls."""
NOT_ANSWERED: Final = frozenset({Admission.BUSY, Admission.BLOCKED})
MOST_LIVE: Final = 50_000
"""Live calls kept in memory; the oldest falls out and is read again when its next turn comes. So
does one that no call lasts as long as: another replica may have heard of its end."""

Ours = Callable[[Origin], bool]
"""Whether a webhook's account and leg are those that a call began with."""


@value
class Live:
    """What memory keeps of a call: its state and whose it is. A reply is asked for again so
    seldom that it is read from the journal then; in memory it would be most of a call."""

    call: Call
    origin: Origin


class Conversation:
    """Answers webhooks, already parsed and authenticated, with rendered documents."""

    def __init__(
        self,
        *,
        plans: Plans,
        stores: Stores,
        documents: Documents,
        clock: Clock,
        draw: Draw,
        new_id: Callable[[], str],
        door: Door,
    ) -> None:
        self._plans = plans
        self._stores = stores
        self._documents = documents
        self._clock = clock
        self._draw = draw
        self._new_id = new_id
        self._door = door
        self._live: dict[str, Live] = {}
        self.tally = Tally()
        self._whispers = Whispers(plans, stores, documents, clock)
        self._gathering = Gathering(plans, stores, documents, clock)
        self._matters = Matters(plans, stores, clock, draw)

    @property
    def live_calls(self) -> int:
        """How many calls memory holds."""
        return len(self._live)

    def remembered(self, call_id: str) -> Call | None:
        """What memory knows of a live call, where nothing else may be asked."""
        live = self._live.get(call_id)
        return None if live is None else live.call

    async def answer(self, origin: Origin, caller: str | None, dialled: str) -> bytes:
        """A new call; repeated for the same origin, the first reply byte for byte."""
        plan = self._plans.current
        call = Call(
            id=self._new_id(),
            caller=caller,
            dialled=dialled,
            language="zh-CN",
            at=plan.script.start,
            plan=plan.number,
            started=self._clock.now(),
        )
        webhook = WEBHOOK.get()
        if webhook is not None:
            webhook.call, webhook.turn = call.id, "0"
        answered = Answered(await self._admission(origin, caller, dialled))
        if answered.admission is not Admission.OPEN:
            self.tally.refused[answered.admission] += 1
        if answered.admission in NOT_ANSWERED:
            return self._refuse(call, answered)
        try:
            return await self._take(call, origin, answered)
        except BaseException:
            self._door.leave(origin)
            raise

    async def _admission(self, origin: Origin, caller: str | None, dialled: str) -> Admission:
        """A call that was let in is not refused when its webhook is repeated, though another
        process, or one that was killed, had let it in."""
        found = self._door.admit(origin, caller, dialled)
        if found not in NOT_ANSWERED:
            return found
        try:
            repeated = await self._stores.calls.of(origin) is not None
        except Exception:  # noqa: BLE001 - what cannot be asked now does not let anybody in
            repeated = False
        return Admission.OPEN if repeated else found

    def _refuse(self, call: Call, answered: Answered) -> bytes:
        """A call that is never answered leaves nothing behind."""
        world = World(self._plans.current, call.started)
        turn = advance(world, call, answered)
        return self._documents.turn(turn.say, call.id, turn.call.turn)

    async def turn(
        self, call_id: str, turn: int, ours: Ours, event: LineEvent, ref: RecordingRef | None
    ) -> bytes:
        """The caller's leg at `turn`. Older turns get their stored reply, future ones refuse.

        Raises UnknownCall, ForeignCall, FutureTurn, ForgottenTurn."""
        live = self._live.get(call_id)
        if live is None or live.call.turn not in (turn, turn + 1):  # else memory knows of it
            live = await self._load(call_id)
        if not ours(live.origin):
            raise ForeignCall("this webhook is of another account or another call")
        if turn > live.call.turn:
            raise FutureTurn(
                f"turn {turn} was not handed out yet; the call waits for {live.call.turn}"
            )
        if turn < live.call.turn:
            return await self._stored(live, turn)
        if isinstance(event, DialEnded):
            event = await self._with_leg(call_id, turn, event)
        if isinstance(event, RoundEnded):
            event = await self._gathering.ended(call_id, turn, event)
        return await self._take(live.call, live.origin, event, ref)

    async def _load(self, call_id: str) -> Live:
        """From what is kept."""
        loaded = await self._stores.calls.load(call_id)
        if loaded is None:
            raise UnknownCall("no call has this id; check the number's webhook address")
        return Live(loaded[0], loaded[1])

    async def _stored(self, live: Live, turn: int) -> bytes:
        reply = await self._stores.calls.reply(live.call.id, turn)
        if reply is None:
            raise ForgottenTurn(f"the reply of turn {turn} is no longer kept")
        return reply

    async def _with_leg(self, call_id: str, turn: int, event: DialEnded) -> DialEnded:
        answer = await self._stores.calls.leg_answer(call_id, turn)
        return replace(event, accepted=event.accepted or answer is True, declined=answer is False)

    async def _take(
        self, call: Call, origin: Origin, event: LineEvent, ref: RecordingRef | None = None
    ) -> bytes:
        attempt = 0
        plan = self._plans.current
        if plan.number != call.plan:
            plan = await self._plans.of(call.plan)
        recorded = isinstance(plan.script.nodes.get(call.at), Record)
        for _ in range(MOST_ATTEMPTS + MOST_TOKENS):  # others may take each token before us
            world = self._world(plan, call, event, attempt)
            looked: tuple[Answer, ...] = ()
            turn = advance(world, call, event)
            if turn.look is not None:
                turn, looked = await self._look_up(world, call, event, turn.look, origin)
            documents = self._documents.of(plan)
            reply = documents.turn(turn.say, call.id, turn.call.turn, recorded=recorded)
            step = Step(
                call=turn.call,
                turn=call.turn,
                at=world.now,
                event=orjson.dumps(plain_event(event, looked)),
                reply=reply,
                effects=turn.do,
                origin=origin if isinstance(event, Answered) else None,
                attempt=attempt,
                recording=ref,
            )
            try:
                stored = await self._stores.journal.append(step)
            except (MatterTaken, TokenTaken):
                continue
            except ReferenceTaken:
                attempt += 1
                continue
            except RecordingTaken as wrong:
                raise ForeignCall(str(wrong)) from wrong
            self._took(event, turn, origin, world.now, mine=stored.mine)
            return stored.body
        raise Unsettled(f"turn {call.turn} lost {MOST_ATTEMPTS} times to other webhooks")

    def _took(
        self, event: LineEvent, turn: Turn, origin: Origin, now: datetime, *, mine: bool
    ) -> None:
        """What memory and the figures make of a turn that is kept; `mine`: by this webhook."""
        self._remember(Live(turn.call, origin), now, mine=mine)
        if mine:
            self._door.heard(origin, turn.call, turn.say, now)
            self._count(event, turn)

    def _world(self, plan: Plan, call: Call, event: LineEvent, attempt: int) -> World:
        draws = self._draw(call.id, call.turn, attempt) if isinstance(event, Recorded) else None
        return World(plan, self._clock.now(), draws)

    async def _look_up(
        self, world: World, call: Call, event: LineEvent, look: Lookup, origin: Origin
    ) -> tuple[Turn, tuple[Answer, ...]]:
        """The turn once everything that it asks for was looked up."""
        looked: tuple[Answer, ...] = ()
        for _ in range(MOST_LOOKUPS):
            found = await self._stores.answers.answer(call, call.turn, look, world.now)
            if isinstance(found, RecentCases):
                found = replace(found, last_hour=found.last_hour + self._door.ahead(origin))
            looked = (*looked, found)
            turn = advance(world, call, Found(event, looked))
            if turn.look is None:
                return turn, looked
            look = turn.look
        raise Unsettled(f"turn {call.turn} asks for more than {MOST_LOOKUPS} lookups")

    def _count(self, event: LineEvent, turn: Turn) -> None:
        self.tally.steps += 1
        if isinstance(event, Answered):
            self.tally.begun += 1
        outcome = forward(event, turn.say)
        if outcome is not None:
            self.tally.forwards[outcome] += 1

    def _remember(self, live: Live, now: datetime, *, mine: bool) -> None:
        if not mine or live.call.over:
            self._live.pop(live.call.id, None)
            return
        self._live[live.call.id] = live
        policy = self._plans.current.policy
        begun = now - timedelta(seconds=policy.longest_call + policy.longest_talk)
        while self._live and (len(self._live) > MOST_LIVE or self._oldest.started < begun):
            self._live.pop(self._oldest.id)

    @property
    def _oldest(self) -> Call:
        return next(iter(self._live.values())).call

    async def leg(self, at: LegAt, ours: Ours, digits: str | None) -> bytes:
        """The whisper to a target. Raises UnknownCall where there is no such call, turn or leg,
        and ForeignCall."""
        await self._owned(at.call_id, ours)
        return await self._whispers.answer(at, digits)

    async def wait(self, call_id: str, turn: int, ours: Ours) -> bytes:
        """What the caller hears next who waits while several phones ring. Raises UnknownCall,
        ForeignCall."""
        await self._owned(call_id, ours)
        return await self._gathering.wait(call_id, turn)

    async def rung(self, leg: RungLeg, step: int, digits: str | None, *, joined: bool) -> bytes:
        """What the callee of one of these phones hears next. Raises UnknownCall."""
        return await self._gathering.leg(leg, step, digits, joined=joined)

    async def recording(self, call_id: str, turn: int, ours: Ours, ref: RecordingRef) -> None:
        """The carrier's word that a recording is there. Raises UnknownCall, ForeignCall."""
        await self._owned(call_id, ours)
        await self._matters.told(call_id, turn, ref)

    async def settle(self, call_id: str, listed: Listed | None) -> None:
        """After the end of a call: a recording whose webhooks never came is a case all the same.
        Without the carrier's list (None) it is one that may have no sound."""
        await self._matters.settle(call_id, listed)

    async def found(self, call_id: str, ref: RecordingRef) -> bool:
        """A recording in the carrier's list that no webhook told of, of a call that is over:
        True where it has its case now."""
        return await self._matters.found(call_id, ref)

    async def _owned(self, call_id: str, ours: Ours) -> None:
        """Whether a callback is the call's own, also once its details are forgotten."""
        live = self._live.get(call_id)
        origin = live.origin if live else await self._stores.calls.origin(call_id)
        if origin is None:
            raise UnknownCall("no call has this id; check the number's webhook address")
        if not ours(origin):
            raise ForeignCall("this webhook is of another account or another call")

    async def transcript(self, call_id: str, ours: Ours, words: Transcript, sid: str) -> None:
        """The carrier's words for a recording: kept beside it, marked with their source."""
        await self._owned(call_id, ours)
        if await self._stores.calls.recorded_by(sid) not in (None, call_id):
            raise ForeignCall("these words are of another call")
        await self._stores.calls.hold_transcript(sid, words.text, words.source, self._clock.now())

    async def piece(self, call_id: str, turn: int, ours: Ours, piece: Piece) -> None:
        """Some of the words of the recording that `turn` waits for. Raises UnknownCall where it
        waits for none, and ForeignCall."""
        await self._owned(call_id, ours)
        call = await self._stores.calls.state_at(call_id, turn)
        if call is None or not await self._records(call):
            raise UnknownCall("no call was recording at this address")
        await self._stores.pieces.keep(call_id, turn, piece, self._clock.now())

    async def ended(self, origin: Origin, end: CallEnd, seconds: int | None) -> None:
        """The carrier's final status; only forward, once. A status of a call that was never
        answered here (the carrier's number-level callback) is nobody's and passes. The line is free
        at once, whether or not the end can be kept."""
        self._door.leave(origin)
        call_id = await self._stores.calls.of(origin)
        if call_id is None:
            return
        loaded = await self._stores.calls.load(call_id)
        # also where the caller hung up in one, of which the action may have told nothing
        recording = loaded is not None and await self._records(loaded[0])
        waits = loaded[0] if loaded is not None and len(loaded[0].facts.legs) > 1 else None
        ringing = None if waits is None or waits.over else waits.turn
        ending = Ending(end, seconds, recording, ringing)
        if await self._stores.calls.ended(call_id, ending, self._clock.now()):
            self.tally.ends[end] += 1
        self._live.pop(call_id, None)

    async def _records(self, call: Call) -> bool:
        return isinstance((await self._plans.of(call.plan)).script.nodes.get(call.at), Record)
