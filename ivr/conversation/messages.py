"""Messages that the plan took: each is the one case of its call's outage, or joins the case whose
recording it repeats. The counterpart of `matters`, for recordings that no turn asked for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson
import structlog

from ivr.conversation.errors import Unsettled
from ivr.conversation.spooled import Spooled
from ivr.conversation.stores import MOST_ATTEMPTS, Plans, Stores
from ivr.flow.call import Call
from ivr.flow.effect import FindMatter
from ivr.flow.event import Answered, MatterFound, plain_event
from ivr.flow.instruction import Hangup
from ivr.flow.matter import Taken, register
from ivr.flow.node import Purpose, Record
from ivr.flow.world import World
from ivr.ports.documents import Documents, Draw
from ivr.ports.journal import HasCase, MatterTaken, RecordingTaken, ReferenceTaken, Step
from routing.ports import Clock

LOG: Final = structlog.get_logger()
PLAN_TURN: Final = 9_999
"""The turn of a case that the plan took: no call has so many."""
MESSAGE: Final = Record("fallback", Purpose.MESSAGE, (), "")
"""As the plan records, so far as a case depends on it."""


class Messages:
    """Opens cases of calls that the database may have seen nothing of."""

    def __init__(
        self,
        plans: Plans,
        stores: Stores,
        documents: Documents,
        clock: Clock,
        *,
        draw: Draw,
        new_id: Callable[[], str],
    ) -> None:
        self._plans = plans
        self._stores = stores
        self._documents = documents
        self._clock = clock
        self._draw = draw
        self._new_id = new_id

    async def adopt(self, line: Spooled) -> None:
        """A message that the plan took: the one case of its call's outage, by what the call knew
        before; or part of the case whose recording it repeats."""
        call = await self._call(line)
        attempt = 0
        for _ in range(MOST_ATTEMPTS):
            now = self._clock.now()
            found = await self._found(call, now)
            draws = self._draw(call.id, PLAN_TURN, attempt)
            world = World(await self._plans.of(call.plan), now, draws)
            ours = replace(call, turn=PLAN_TURN)
            taken = Taken(line.ref.sid, line.ref.seconds)
            _, effects = register(world, ours, MESSAGE, taken, found)
            try:
                await self._stores.calls.apply(ours, effects, now, attempt, line.ref)
            except MatterTaken:
                continue
            except ReferenceTaken:
                attempt += 1
                continue
            except HasCase:  # its own webhook was faster by a moment
                return
            except RecordingTaken:
                LOG.exception("recovery.foreign", recording=line.ref.sid)
            return
        raise Unsettled(f"the message of a call lost {MOST_ATTEMPTS} times to others")

    async def _found(self, call: Call, now: datetime) -> MatterFound:
        """The case of this outage, else that of the turn which was recording when it began."""
        turns = [PLAN_TURN]
        node = (await self._plans.of(call.plan)).script.nodes.get(call.at)
        if isinstance(node, Record) and node.purpose in {Purpose.MATTER, Purpose.MESSAGE}:
            turns.append(call.turn)
        for turn in turns:
            found = await self._stores.answers.answer(call, turn, FindMatter(turn), now)
            if isinstance(found, MatterFound) and found.reference is not None:
                return found
        return MatterFound(None, None)

    async def _call(self, line: Spooled) -> Call:
        """The call that the message is of, as it stood; one that never reached us begins now."""
        calls = self._stores.calls
        call_id = await calls.of(line.origin) or await self._begin(line)
        loaded = await calls.load(call_id)
        if loaded is None:  # what it was about is forgotten
            return self._fresh(call_id, line)
        return replace(loaded[0], language=line.language)

    def _fresh(self, call_id: str, line: Spooled) -> Call:
        plan = self._plans.current
        return Call(
            id=call_id,
            caller=line.line.caller,
            dialled=line.line.dialled,
            language=line.language,
            at=plan.script.bye,
            plan=plan.number,
            started=line.at,
            turn=1,
            over=True,
        )

    async def _begin(self, line: Spooled) -> str:
        """Its row, as if it had been answered and had ended: whatever comes late finds it over."""
        call = self._fresh(self._new_id(), line)
        goodbye = self._documents.turn((Hangup(),), call.id, call.turn)
        event = orjson.dumps(plain_event(Answered(), ()))
        step = Step(call, 0, self._clock.now(), event, goodbye, origin=line.origin)
        return (await self._stores.journal.append(step)).call_id
