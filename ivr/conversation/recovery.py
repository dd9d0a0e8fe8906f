"""After an outage: what the spool holds, and what the carrier alone knows, becomes cases; each
recording one, however often this is begun again. The counterpart of `outage` (design §3)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from ivr.conversation.errors import ConversationError, Unsettled
from ivr.conversation.matters import Matters
from ivr.conversation.messages import PLAN_TURN, Messages
from ivr.conversation.outage import Outage
from ivr.conversation.spooled import Spool, Spooled
from ivr.conversation.stores import Plans, Stores
from ivr.flow.call import Call
from ivr.flow.fallback import Line
from ivr.flow.node import Record
from ivr.ports.journal import Origin
from ivr.ports.listed import CarrierCalls, CarrierRecording, CarrierRecordings
from ivr.ports.recordings import RecordingRef
from routing.numbers.reading import caller_form, withheld
from routing.ports import Clock

LOG: Final = structlog.get_logger()
SETTLED: Final = timedelta(minutes=10)
"""By then the webhooks of a recording have come, if they come: it lasts five minutes at most."""
LOOK_BACK: Final = timedelta(minutes=10)
"""How far the list is read again: it says when a recording began, by another clock."""
LOOK_EVERY: Final = timedelta(hours=1)
LOOK_AGAIN: Final = timedelta(minutes=5)
"""Where the carrier could not be asked."""
LOOK_FIRST: Final = timedelta(seconds=30)
"""After a start, when the embedded carrier's own door is open."""
LOOK_TAKES: Final = 60.0
"""Seconds for a look, a request for each recording at worst: where the carrier is slow the rest is
for the next round, and the spool is drained in between."""
LINE_TAKES: Final = 20.0
"""Seconds for one line, however the database hangs."""
MOST_FAILURES: Final = 20
"""Lines that may fail one after another in a round: then the database is still gone, as a rule,
and the rest can wait for the next one."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What recovery asks of the carrier: its lists, whose account they are, and to delete a
    recording that nobody needs."""

    account: str
    calls: CarrierCalls
    recordings: CarrierRecordings
    delete: Callable[[str], Awaitable[None]]


class Recovery:
    """One round at a time, in one process; others' rounds do no harm."""

    def __init__(
        self,
        *,
        plans: Plans,
        stores: Stores,
        spool: Spool,
        outage: Outage,
        matters: Matters,
        messages: Messages,
        carrier: Carrier,
        clock: Clock,
    ) -> None:
        self._plans = plans
        self._stores = stores
        self._spool = spool
        self._outage = outage
        self._matters = matters
        self._messages = messages
        self._carrier = carrier
        self._clock = clock
        self._next_look = clock.now() + LOOK_FIRST
        self._taken: set[str] = set()
        self._begun = False
        self._failed: dict[str, int] = {}  # the latest failure has the highest number
        self._failures = 0
        self._worked = 0  # failures up to this one were the lines' own: others were taken since
        self._stuck: set[str] = set()

    async def run(self) -> None:
        """Drain the spool, then, where it is time, look for what never reached it. Raises the
        errors of storage and of the carrier; the next round goes on."""
        await self._drain()
        if not self._begun and await self._spool.known_until() is None:
            await self._spool.know_until(self._clock.now())  # nothing before us is ours
        self._begun = True
        if self._outage.unkept is not None:
            self._next_look = min(self._next_look, self._outage.unkept + SETTLED)
        if self._clock.now() >= self._next_look:
            await self._look()

    async def _drain(self) -> None:
        """What failed waits behind what did not, the longest tried last: a line that can never be
        taken stops no other, however many there are of them."""
        batches = await self._spool.batches()
        lines = [line for batch in batches for line in batch.lines]
        await self._take_all(sorted(lines, key=lambda line: self._failed.get(line.ref.sid, 0)))
        for batch in batches:
            if all(line.ref.sid in self._taken for line in batch.lines):
                await self._spool.done(batch)

    async def _take_all(self, lines: Sequence[Spooled]) -> None:
        """Until so many fail one after another that it is not their fault."""
        before, failures = dict(self._failed), 0
        for line in lines:
            failures = 0 if await self._took(line) else failures + 1
            if failures >= MOST_FAILURES:
                break
        else:
            self._worked = self._failures
        again = {sid for sid, number in before.items() if self._failed.get(sid, 0) > number}
        self._tell_stuck({sid for sid in again if before[sid] <= self._worked})

    def _tell_stuck(self, stuck: set[str]) -> None:
        """Once, of the lines that failed again where others were taken."""
        if not stuck <= self._stuck:
            self._stuck |= stuck
            LOG.error("recovery.stuck", recordings=sorted(stuck))

    async def _took(self, line: Spooled) -> bool:
        """One line, once a process; one that fails, whatever the reason, stays in its file."""
        sid = line.ref.sid
        if sid in self._taken:
            return True
        try:
            async with asyncio.timeout(LINE_TAKES):
                await self._take(line)
        except Exception as wrong:  # said once; the others do not wait for it
            if sid not in self._failed:
                LOG.warning("recovery.failed", recording=sid, exc_info=wrong)
            self._failures += 1
            self._failed[sid] = self._failures
            return False
        self._taken.add(sid)
        self._failed.pop(sid, None)
        self._worked = self._failures
        return True

    async def _take(self, line: Spooled) -> None:
        if await self._stores.calls.case_of(line.ref.sid) is not None:
            return
        if not line.heard:
            await self._discard(line)
        elif line.matter is None or not await self._joined(line.matter, line):
            await self._messages.adopt(line)

    async def _joined(self, matter: tuple[str, int], line: Spooled) -> bool:
        """Whether it became, or joined, the case of the turn that was recording. Whose turn that is
        could not be looked up when the webhook came."""
        loaded = await self._stores.calls.load(matter[0])
        if loaded is None or loaded[1] != line.origin:
            return False
        try:
            await self._matters.told(*matter, line.ref, heard=True)
        except Unsettled:
            raise
        except ConversationError:
            return False
        return await self._stores.calls.case_of(line.ref.sid) is not None

    async def _discard(self, line: Spooled) -> None:
        """An empty recording goes with what is kept of its call; of no call, now."""
        calls = self._stores.calls
        call_id = await calls.of(line.origin)
        if call_id is None:
            await self._carrier.delete(line.ref.sid)
        else:
            await calls.hold_recording(call_id, PLAN_TURN, line.ref, self._clock.now())

    async def _look(self) -> None:
        """The carrier's list, from where everything is known: it also has what a static host took,
        and what no spool could keep."""
        now = self._clock.now()
        self._next_look = now + LOOK_AGAIN
        known = await self._spool.known_until()
        begun = min(filter(None, (known or now, self._outage.unkept)))
        certain, next_look = now - SETTLED, now + LOOK_EVERY
        left: Sequence[datetime] = ()
        if begun < certain:
            told = await self._carrier.recordings.since(begun - LOOK_BACK)
            made = sorted((each for each in told if not each.early(now)), key=lambda each: each.at)
            left = await self._see([each for each in made if each.at <= certain])
            young = [each.at for each in made if each.at > certain]  # its webhooks may still come
            next_look = now if left else min([next_look, *(at + SETTLED for at in young)])
            begun = _known_until(begun, [each.at for each in made], [*left, *young])
        await self._spool.know_until(begun)
        if not left and self._outage.unkept is not None and self._outage.unkept <= certain:
            self._outage.unkept = None
        self._next_look = next_look

    async def _see(self, made: Sequence[CarrierRecording]) -> Sequence[datetime]:
        """Look at them, the oldest first; of what there was no time for, when it was made."""
        ticks = asyncio.get_running_loop().time
        until = ticks() + LOOK_TAKES
        for place, recording in enumerate(made):
            if ticks() > until:
                return [each.at for each in made[place:]]
            await self._seen(recording)
        return []

    async def _seen(self, recording: CarrierRecording) -> None:
        """A finished recording in the list: one that no webhook has told of becomes a case, or goes
        where nothing is in it."""
        calls, ref = self._stores.calls, recording.ref
        if await calls.recorded_by(ref.sid) is not None:
            return
        origin = Origin(self._carrier.account, recording.call)
        call_id = await calls.of(origin)
        loaded = None if call_id is None else await calls.load(call_id)
        if call_id is not None and ref.seconds and await self._placed(call_id, loaded, ref):
            LOG.warning("recovery.found", recording=ref.sid)
            return
        known = None if loaded is None else loaded[0]
        line = await self._told_by_carrier(recording) if known is None else _line_of(known)
        if line is None:
            return
        spoken = None if known is None else known.language
        language = self._plans.current.fallback.languages(line, spoken)[0]
        message = Spooled(origin, line, language, ref, recording.at)
        if ref.seconds == 0:
            await self._discard(message)
            return
        LOG.warning("recovery.found", recording=ref.sid)
        await self._messages.adopt(message)

    async def _placed(
        self, call_id: str, loaded: tuple[Call, Origin] | None, ref: RecordingRef
    ) -> bool:
        """Whether it is of a turn that was recording, or the sound of a case that has none."""
        if loaded is None or loaded[0].over:
            return await self._matters.found(call_id, ref)
        turn = loaded[0].turn
        node = (await self._plans.of(loaded[0].plan)).script.nodes.get(loaded[0].at)
        records = isinstance(node, Record)
        if not records or await self._stores.calls.held_recording(call_id, turn) is not None:
            return False
        await self._matters.told(call_id, turn, ref)
        return True

    async def _told_by_carrier(self, recording: CarrierRecording) -> Line | None:
        """Who rang which number, of a call that is not known here (any more); None where that is
        no number of ours."""
        call = await self._carrier.calls.fetch(recording.call)
        directory = self._plans.current.directory
        dialled = "" if call is None else caller_form(call.to, directory.area)
        if call is None or dialled not in directory.numbers:
            return None
        caller = None if withheld(call.caller) else caller_form(call.caller, directory.area)
        return Line(dialled, caller)


def _line_of(call: Call) -> Line:
    """Who rang which number, as we know it ourselves: a carrier may have lost the call."""
    return Line(call.dialled, call.caller)


def _known_until(
    before: datetime, made: Sequence[datetime], unseen: Sequence[datetime]
) -> datetime:
    """Up to when all recordings are known, by the carrier's own times alone: our clock may have run
    ahead of it, and would hide what is made until it catches up."""
    return min(unseen) if unseen else max([before, *made])
