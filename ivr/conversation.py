"""The imperative shell around `advance`: load the call, look up, advance, hand the step to the
journal, return the stored reply. The counterpart of `ivr.carrier.routes`, which parses."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from ivr.flow.advance import advance
from ivr.flow.call import Call
from ivr.flow.effect import FindMatter
from ivr.flow.event import (
    Answer,
    Answered,
    DialEnded,
    Found,
    LineEvent,
    MatterFound,
    Recorded,
    plain_event,
)
from ivr.flow.instruction import Instruction
from ivr.flow.matter import Taken, register
from ivr.flow.node import Purpose, Record
from ivr.flow.steps import whisper
from ivr.flow.turn import Turn
from ivr.flow.value import value
from ivr.flow.world import Plan, World
from ivr.ports import (
    Answers,
    CallEnd,
    Calls,
    Documents,
    Draw,
    Ending,
    Journal,
    LegAnswer,
    MatterTaken,
    Origin,
    RecordingRef,
    RecordingTaken,
    ReferenceTaken,
    Step,
    Transcript,
)
from routing.ports import Clock

MOST_LOOKUPS: Final = 2
MOST_ATTEMPTS: Final = 5
MOST_LIVE: Final = 50_000
"""Live calls kept in memory; the oldest falls out and is read again when its next turn comes."""


class ConversationError(Exception):
    """A webhook that cannot be answered as a turn; the message says why."""


class UnknownCall(ConversationError):
    """No call has this id."""


class ForeignCall(ConversationError):
    """The account or the call's id at the carrier is not the one that this call began with."""


class FutureTurn(ConversationError):
    """The turn has not been handed out yet."""


class ForgottenTurn(ConversationError):
    """The turn's reply is no longer kept (an hour after the end of its call)."""


class Unsettled(ConversationError):
    """The step could not be made unique or complete within its bounds."""


Ours = Callable[[Origin], bool]
"""Whether a webhook's account and leg are those that a call began with."""
Listed = Callable[[str], Awaitable[Sequence[RecordingRef]]]
"""The recordings that the carrier has of a leg, by its id there, the newest first."""


@value
class LegAt:
    """Where a whisper stands: target `leg` of the Dial that answers `turn`, its own turn
    `following`."""

    call_id: str
    turn: int
    leg: int
    following: int


@value
class Live:
    """What memory keeps of a call: its state and whose it is. A reply is asked for again so
    seldom that it is read from the journal then; in memory it would be most of a call."""

    call: Call
    origin: Origin


@dataclass(frozen=True, slots=True)
class Stores:
    """The doors to what is kept."""

    journal: Journal
    calls: Calls
    answers: Answers


class Plans:
    """The published plans that live calls may still need; the newest one takes new calls."""

    def __init__(self, current: Plan, earlier: Mapping[int, Plan] | None = None) -> None:
        self._plans = {**(earlier or {}), current.number: current}
        self.current = current

    def of(self, number: int) -> Plan:
        """The plan a call began with; the current one where it is no longer known."""
        return self._plans.get(number, self.current)

    def publish(self, plan: Plan) -> None:
        """Take new calls with this plan from now on, in one reference."""
        self._plans[plan.number] = plan
        self.current = plan


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
    ) -> None:
        self._plans = plans
        self._stores = stores
        self._documents = documents
        self._clock = clock
        self._draw = draw
        self._new_id = new_id
        self._live: dict[str, Live] = {}

    @property
    def live_calls(self) -> int:
        """How many calls memory holds."""
        return len(self._live)

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
        return await self._take(call, origin, Answered())

    async def turn(
        self, call_id: str, turn: int, ours: Ours, event: LineEvent, ref: RecordingRef | None
    ) -> bytes:
        """The caller's leg at `turn`. Older turns get their stored reply, future ones refuse.

        Raises UnknownCall, ForeignCall, FutureTurn, ForgottenTurn."""
        live = await self._load(call_id, turn)
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
        return await self._take(live.call, live.origin, event, ref)

    async def _load(self, call_id: str, turn: int | None = None) -> Live:
        """From memory, where that knows of `turn`; else from what is kept."""
        live = self._live.get(call_id)
        if live is None or (turn is not None and live.call.turn not in (turn, turn + 1)):
            loaded = await self._stores.calls.load(call_id)
            if loaded is None:
                raise UnknownCall("no call has this id; check the number's webhook address")
            live = Live(loaded[0], loaded[1])
        return live

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
        for _ in range(MOST_ATTEMPTS):
            now = self._clock.now()
            turn, looked = await self._advance(call, event, now, attempt)
            reply = self._documents.turn(turn.say, call.id, turn.call.turn)
            step = Step(
                call=turn.call,
                turn=call.turn,
                at=now,
                event=orjson.dumps(plain_event(event, looked)),
                reply=reply,
                effects=turn.do,
                origin=origin if isinstance(event, Answered) else None,
                attempt=attempt,
                recording=ref,
            )
            try:
                stored = await self._stores.journal.append(step)
            except MatterTaken:
                continue
            except ReferenceTaken:
                attempt += 1
                continue
            except RecordingTaken as wrong:
                raise ForeignCall(str(wrong)) from wrong
            self._remember(Live(turn.call, origin), mine=stored.mine)
            return stored.body
        raise Unsettled(f"turn {call.turn} lost {MOST_ATTEMPTS} times to other webhooks")

    async def _advance(
        self, call: Call, event: LineEvent, now: datetime, attempt: int
    ) -> tuple[Turn, tuple[Answer, ...]]:
        draws = self._draw(call.id, call.turn, attempt) if isinstance(event, Recorded) else None
        world = World(self._plans.of(call.plan), now, draws)
        looked: tuple[Answer, ...] = ()
        turn = advance(world, call, event)
        while turn.look is not None:
            if len(looked) >= MOST_LOOKUPS:
                raise Unsettled(f"turn {call.turn} asks for more than {MOST_LOOKUPS} lookups")
            found = await self._stores.answers.answer(call, call.turn, turn.look, now)
            looked = (*looked, found)
            turn = advance(world, call, Found(event, looked))
        return turn, looked

    def _remember(self, live: Live, *, mine: bool) -> None:
        if not mine or live.call.over:
            self._live.pop(live.call.id, None)
            return
        self._live[live.call.id] = live
        if len(self._live) > MOST_LIVE:
            self._live.pop(next(iter(self._live)))

    async def leg(self, at: LegAt, ours: Ours, digits: str | None) -> bytes:
        """The whisper to a target: offered first, then accepted by `1` or declined.

        Raises UnknownCall where there is no such call, turn or leg, and ForeignCall."""
        call_id, turn, leg = at.call_id, at.turn, at.leg
        await self._owned(call_id, ours)
        call = await self._stores.calls.state_at(call_id, turn)
        if call is None or not 0 <= leg < len(call.facts.order):
            raise UnknownCall("no target of this call has this address")
        world = World(self._plans.of(call.plan), self._clock.now())
        if at.following == 0:
            return self._leg(whisper.offer(world, call), call_id, turn, leg)
        target = call.facts.order[leg]
        now = self._clock.now()
        if digits != "1":
            no = LegAnswer(call_id, turn, leg, accepted=False, official=target.official, at=now)
            await self._stores.calls.answer_leg(no)
            return self._leg(whisper.declined(world, call), call_id, turn, leg)
        latest = await self._stores.calls.load(call_id)
        if latest is None or latest[0].turn != turn or latest[0].over:
            return self._leg(whisper.gone(world, call), call_id, turn, leg)
        yes = LegAnswer(call_id, turn, leg, accepted=True, official=target.official, at=now)
        await self._stores.calls.answer_leg(yes)
        if await self._stores.calls.leg_answer(call_id, turn) is False:  # the first answer stands
            return self._leg(whisper.declined(world, call), call_id, turn, leg)
        return self._leg(whisper.accepted(world, call), call_id, turn, leg)

    def _leg(self, say: tuple[Instruction, ...], call_id: str, turn: int, leg: int) -> bytes:
        return self._documents.leg(say, call_id, turn, leg, 1)

    async def _owned(self, call_id: str, ours: Ours) -> None:
        if not ours((await self._load(call_id)).origin):
            raise ForeignCall("this webhook is of another account or another call")

    async def recording(self, call_id: str, turn: int, ours: Ours, ref: RecordingRef) -> None:
        """The carrier's word that a recording is there: it joins its case, or opens it where
        the Record action has not come (design §3). Raises UnknownCall, ForeignCall."""
        await self._owned(call_id, ours)
        call = await self._stores.calls.state_at(call_id, turn)
        if call is None:
            raise UnknownCall("no call was recording at this address")
        await self._hold(call_id, turn, ref)
        if ref.seconds > 0 and not self._may_be_silence(call, ref.seconds):
            await self._register(call, Taken(ref.sid, ref.seconds))

    async def _hold(self, call_id: str, turn: int, ref: RecordingRef) -> None:
        if not await self._stores.calls.hold_recording(call_id, turn, ref, self._clock.now()):
            raise ForeignCall("this recording is of another call")

    def _may_be_silence(self, call: Call, seconds: int) -> bool:
        """As long as the silence that ends a recording: only the Record action says which; if
        it never comes, the end of the call settles it as a case."""
        node = self._plans.of(call.plan).script.nodes.get(call.at)
        return isinstance(node, Record) and seconds in (node.silence, node.silence + 1)

    async def settle(self, call_id: str, listed: Listed | None) -> None:
        """After the end of a call: a recording whose webhooks never came is a case all the same.
        The carrier's list says whether there is one, and where; who hung up before the tone
        said nothing. Without a list (None) it is a case that may have no sound."""
        loaded = await self._stores.calls.load(call_id)
        if loaded is None or loaded[0].over:
            return
        call, origin = loaded
        ref = await self._stores.calls.held_recording(call_id, call.turn)
        if ref is None and listed is not None:
            ref = await self._untold(await listed(origin.sid))
            if ref is None:
                return
            await self._hold(call_id, call.turn, ref)
        if ref is None:
            await self._register(call, Taken(None, 0))
        elif ref.seconds > 0:
            await self._register(call, Taken(ref.sid, ref.seconds))

    async def _untold(self, refs: Sequence[RecordingRef]) -> RecordingRef | None:
        """The recording that no webhook has told of: an earlier turn's was told, or settled."""
        for ref in refs:
            if await self._stores.calls.recorded_by(ref.sid) is None:
                return ref
        return None

    async def _register(self, call: Call, taken: Taken) -> None:
        plan = self._plans.of(call.plan)
        node = plan.script.nodes.get(call.at)
        if not isinstance(node, Record):
            return
        attempt = 0
        for _ in range(MOST_ATTEMPTS):
            now = self._clock.now()
            found = await self._matter(call, node, now)
            world = World(plan, now, self._draw(call.id, call.turn, attempt))
            _, effects = register(world, call, node, taken, found)
            try:
                await self._stores.calls.apply(call, effects, now, attempt)
            except MatterTaken:
                continue
            except ReferenceTaken:
                attempt += 1
                continue
            return
        raise Unsettled(f"the matter of turn {call.turn} lost {MOST_ATTEMPTS} times")

    async def _matter(self, call: Call, node: Record, now: datetime) -> MatterFound:
        if node.purpose is Purpose.MORE:
            return MatterFound(None, None)
        found = await self._stores.answers.answer(call, call.turn, FindMatter(call.turn), now)
        if not isinstance(found, MatterFound):
            raise TypeError("FindMatter is answered by MatterFound")
        return found

    async def transcript(self, call_id: str, ours: Ours, words: Transcript, sid: str) -> None:
        """The carrier's words for a recording: kept beside it, marked with their source."""
        await self._owned(call_id, ours)
        if await self._stores.calls.recorded_by(sid) not in (None, call_id):
            raise ForeignCall("these words are of another call")
        await self._stores.calls.hold_transcript(sid, words.text, words.source, self._clock.now())

    async def ended(self, origin: Origin, end: CallEnd, seconds: int | None) -> None:
        """The carrier's final status; only forward, once. A status of a call that was never
        answered here (the carrier's number-level callback) is nobody's and passes."""
        call_id = await self._stores.calls.of(origin)
        if call_id is None:
            return
        loaded = await self._stores.calls.load(call_id)
        recording = loaded is not None and not loaded[0].over and self._records(loaded[0])
        ending = Ending(end, seconds, recording)
        await self._stores.calls.ended(call_id, ending, self._clock.now())
        self._live.pop(call_id, None)

    def _records(self, call: Call) -> bool:
        return isinstance(self._plans.of(call.plan).script.nodes.get(call.at), Record)
