"""Recordings beside the turns: what a callback tells of, and what the end of a call leaves. Each
becomes the one case of its matter, or joins it. The counterpart of `ivr.flow.matter`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from ivr.conversation.errors import ForeignCall, UnknownCall, Unsettled
from ivr.conversation.messages import PLAN_TURN
from ivr.conversation.stores import MOST_ATTEMPTS, Plans, Stores
from ivr.flow.call import Call
from ivr.flow.effect import FindMatter
from ivr.flow.event import MatterFound
from ivr.flow.matter import Taken, register
from ivr.flow.node import Purpose, Record
from ivr.flow.world import World
from ivr.ports.documents import Draw
from ivr.ports.journal import HasCase, MatterTaken, ReferenceTaken
from ivr.ports.recordings import RecordingRef
from routing.ports import Clock

Listed = Callable[[str], Awaitable[Sequence[RecordingRef]]]
"""The recordings that the carrier has of a leg, by its id there, the newest first."""


class Matters:
    """Opens cases that no turn has opened."""

    def __init__(self, plans: Plans, stores: Stores, clock: Clock, draw: Draw) -> None:
        self._plans = plans
        self._stores = stores
        self._clock = clock
        self._draw = draw

    async def told(
        self, call_id: str, turn: int, ref: RecordingRef, *, heard: bool = False
    ) -> None:
        """The carrier's word that a recording is there: it joins its case, or opens it where
        the Record action has not come (design §3); `heard` where it is known that something was
        said. Raises UnknownCall, ForeignCall."""
        call = await self._stores.calls.state_at(call_id, turn)
        if call is None:
            if await self._join(call_id, turn, ref):
                return
            raise UnknownCall("no call was recording at this address")
        untold = await self._hung_up_untold(call_id, turn)
        await self._hold(call_id, turn, ref)
        may_be_silence = not heard and not untold and await self._may_be_silence(call, ref.seconds)
        if ref.seconds > 0 and not may_be_silence:
            await self._register(call, Taken(ref.sid, ref.seconds))

    async def settle(self, call_id: str, listed: Listed | None) -> None:
        """After the end of a call: a recording whose webhooks never came is a case all the same.
        The carrier's list says whether there is one, and where; who hung up before the tone
        said nothing. Without a list (None) it is a case that may have no sound."""
        loaded = await self._stores.calls.load(call_id)
        if loaded is None:
            await self._settle_forgotten(call_id, listed)
            return
        call, origin = loaded
        if not await self._records(call):
            return
        if call.over:
            before = await self._hung_up_at(call)
            if before is None:
                return
            call = before
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

    async def found(self, call_id: str, ref: RecordingRef) -> bool:
        """A recording in the carrier's list that no webhook told of, of a call that is over: a
        case of the turn that was recording, or the sound of one that has none; an empty one is held
        until it is deleted. False where what the call was about is no longer kept and no case of it
        lacks a sound."""
        if await self._stores.calls.recorded_by(ref.sid) == call_id:
            return True
        call = await self._was_recording(call_id)
        if call is None and ref.seconds > 0:
            return await self._join(call_id, None, ref)
        await self._hold(call_id, PLAN_TURN if call is None else call.turn, ref)
        if call is not None and ref.seconds > 0:
            await self._register(call, Taken(ref.sid, ref.seconds))
        return True

    async def _was_recording(self, call_id: str) -> Call | None:
        """The call as it stood when it was recorded last, of what no webhook has told."""
        loaded = await self._stores.calls.load(call_id)
        for turn in range(loaded[0].turn if loaded else 0, 0, -1):
            call = await self._stores.calls.state_at(call_id, turn)
            if call is None:
                return None
            held = await self._stores.calls.held_recording(call_id, turn)
            if held is None and not call.over and await self._records(call):
                return call
        return None

    async def _records(self, call: Call) -> bool:
        return isinstance((await self._plans.of(call.plan)).script.nodes.get(call.at), Record)

    async def _settle_forgotten(self, call_id: str, listed: Listed | None) -> None:
        """Its case was opened while the carrier could not be asked: now its sound joins it."""
        origin = await self._stores.calls.origin(call_id)
        if origin is None or listed is None:
            return
        ref = await self._untold(await listed(origin.sid))
        if ref is not None:
            await self._join(call_id, None, ref)

    async def _join(self, call_id: str, turn: int | None, ref: RecordingRef) -> bool:
        return await self._stores.calls.join_soundless(call_id, turn, ref, self._clock.now())

    async def _hold(self, call_id: str, turn: int, ref: RecordingRef) -> None:
        if not await self._stores.calls.hold_recording(call_id, turn, ref, self._clock.now()):
            raise ForeignCall("this recording is of another call")

    async def _hung_up_at(self, over: Call) -> Call | None:
        """The call as it stood when its caller hung up in a recording. A hang-up that tells of
        none is no turn more."""
        for turn in (over.turn, over.turn - 1):
            before = await self._stores.calls.state_at(over.id, turn)
            if before is not None and not before.over and await self._records(before):
                return before
        return None

    async def _hung_up_untold(self, call_id: str, turn: int) -> bool:
        """Whether the turn's action said only that the caller was gone: then nobody else says
        whether this was silence, and it is a case."""
        latest = await self._stores.calls.load(call_id)
        gone = latest is not None and latest[0].over and latest[0].turn in (turn, turn + 1)
        return gone and await self._stores.calls.held_recording(call_id, turn) is None

    async def _may_be_silence(self, call: Call, seconds: int) -> bool:
        """As long as the silence that ends a recording: only the Record action says which; if
        it never comes, the end of the call settles it as a case."""
        node = (await self._plans.of(call.plan)).script.nodes.get(call.at)
        return isinstance(node, Record) and seconds in (node.silence, node.silence + 1)

    async def _untold(self, refs: Sequence[RecordingRef]) -> RecordingRef | None:
        """The recording that no webhook has told of: an earlier turn's was told, or settled."""
        for ref in refs:
            if await self._stores.calls.recorded_by(ref.sid) is None:
                return ref
        return None

    async def _register(self, call: Call, taken: Taken) -> None:
        plan = await self._plans.of(call.plan)
        node = plan.script.nodes.get(call.at)
        if not isinstance(node, Record) or await self._has_case(taken):
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
            except HasCase:  # recovery was faster by a moment
                return
            return
        raise Unsettled(f"the matter of turn {call.turn} lost {MOST_ATTEMPTS} times")

    async def _has_case(self, taken: Taken) -> bool:
        """Recovery may have taken it for a message, before its webhooks came."""
        sid = taken.recording
        return sid is not None and await self._stores.calls.case_of(sid) is not None

    async def _matter(self, call: Call, node: Record, now: datetime) -> MatterFound:
        if node.purpose is Purpose.MORE:
            return MatterFound(None, None)
        found = await self._stores.answers.answer(call, call.turn, FindMatter(call.turn), now)
        if not isinstance(found, MatterFound):
            raise TypeError("FindMatter is answered by MatterFound")
        return found
