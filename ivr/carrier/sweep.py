"""The ledger's sweep: what must have come and did not is asked for at the carrier, mended, or noted
as missing. Walks through the table of `routing.ledger`; every repair may be repeated (ADR 16)."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from ivr.carrier.tour import Tour, Unanswered
from ivr.conversation.turns import Conversation
from ivr.ports.calls import CallEnd, Calls
from ivr.ports.journal import Origin
from ivr.ports.listed import CarrierCalls, CarrierRecording, CarrierRecordings
from routing.ledger import (
    EXPECTED,
    OF_WORK,
    WORKED_FOR,
    Books,
    Expectation,
    Gap,
    GapKind,
    Leases,
    Why,
    Work,
    number_of,
)
from routing.ports import Clock

LOG: Final = structlog.get_logger()
EVERY: Final = 30.0
"""Seconds between two sweeps."""
LONGEST_SWEEP: Final = 90.0
"""Seconds after which a sweep is cut off; the next one goes on."""
LEASE: Final = 120
"""Seconds for which a replica has the duty: longer than a sweep, so that a dead one is followed."""
AFTER_TALK: Final = timedelta(hours=1)
"""A call is stuck so long after the longest that it may last: a clock that jumps by less cuts
nobody off."""
LOOKS: Final = 600.0
"""Seconds until the carrier is asked again for a call that goes on, or that it does not know."""
LISTED_EVERY: Final = 300.0
"""Seconds between two readings of the carrier's list of recordings."""
LOOK_BACK: Final = timedelta(hours=1)
"""How far the list is read again: between both clocks, and for recordings that end late."""
FIRST_LOOK: Final = timedelta(days=1)
"""How far back the first reading goes."""
MOST_ASKED: Final = 50
"""Calls that are asked for in one sweep, a request each."""
CALLS_BY, RECORDINGS_BY = 25.0, 60.0
"""Seconds of a sweep after which no further call, or recording, is asked for and no work tried
again: where the carrier is slow the rest is for the next one, and what was found is kept before the
sweep is cut off."""
MOST_AGAIN: Final = 24
"""Tries of work that was given up, an hour between them; then it is a person's."""


"""What some work brings: such a gap is known by the number of that work, if there is any."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Whom the sweep asks and what it mends: the carrier's rows, what is kept, the conversation."""

    calls: CarrierCalls
    recordings: CarrierRecordings
    kept: Calls
    books: Books
    leases: Leases
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Bounds:
    """`account` is whose calls are ours, `longest` how long one may last with its talk, `ours`
    whether a number, as the carrier writes it, is one that we answer."""

    account: str
    longest: timedelta
    ours: Callable[[str], bool]


@dataclass(slots=True)
class Sweep:
    """One replica's sweep; `ticks` are seconds of a clock that never jumps."""

    doors: Doors
    bounds: Bounds
    clock: Clock
    ticks: Callable[[], float]
    holder: str
    _heard: dict[str, float] = field(default_factory=dict)
    _listed_at: float | None = None
    _foreign: set[str] = field(default_factory=set)
    _began: float = 0.0

    async def run(self) -> None:
        """One sweep, unless another replica has the duty."""
        if await self.doors.leases.take("sweep", self.holder, LEASE):
            async with asyncio.timeout(LONGEST_SWEEP):
                await self._walk()

    async def _walk(self) -> None:
        self._began = self.ticks()
        books = self.doors.books
        tour = Tour(self.clock.now(), await books.notes())
        await self._ends(tour)
        await self._work(tour)
        await self._sounds(tour)
        listed = await self._recordings(tour)
        await books.keep_round(tour.ends(), list(tour.missing.values()), listed)
        for gap in tour.opened():
            LOG.warning("ledger.missing", kind=gap.kind, subject=gap.subject, why=gap.why)
        for gap in tour.closed():
            LOG.info("ledger.mended", kind=gap.kind, subject=gap.subject)

    def _later_than(self, seconds: float) -> bool:
        return self.ticks() - self._began > seconds

    async def _ends(self, tour: Tour) -> None:
        """Calls that were silent for long: over at the carrier, going on, or stuck."""
        within = EXPECTED[GapKind.END].within
        silent = await self.doors.books.silent_calls(tour.now - within)
        now, still = self.ticks(), {call for call, _ in silent}
        self._heard = {call: until for call, until in self._heard.items() if call in still}
        asked = 0
        for call, last in silent:
            late = asked == MOST_ASKED or self._later_than(CALLS_BY)
            if late or self._heard.get(call, now) > now:
                tour.carry(GapKind.END, call)
                continue
            asked += 1
            gap = Gap(GapKind.END, call, last + within, Why.UNKNOWN)
            try:
                why = await self._end(tour, call, last)
            except Unanswered as wrong:
                tour.miss(replace(gap, why=wrong.why, told=str(wrong)), tried=True)
            else:
                if why is not None:
                    tour.miss(replace(gap, why=why), tried=True)

    async def _end(self, tour: Tour, call_id: str, last: datetime) -> Why | None:
        """Why this call still has no end; None where it has one now, or may go on."""
        found = await self.doors.kept.load(call_id)
        if found is None:
            return None
        call, origin = found
        if tour.silent:
            raise tour.silence()
        told = await tour.ask(self.doors.calls.fetch(origin.sid))
        if told is None:
            self._heard[call_id] = self.ticks() + LOOKS
            return Why.UNKNOWN
        if told.status.over:
            end = CallEnd(told.status.value)
            await self.doors.conversation.ended(origin, end, told.seconds)
            tour.mended += 1
            return None
        began = min(told.started or last, last)
        stuck = tour.now - began > self.bounds.longest + AFTER_TALK
        if not (stuck or call.over):
            self._heard[call_id] = self.ticks() + LOOKS
            return None
        await tour.ask(self.doors.calls.end(origin.sid))
        return Why.STUCK

    async def _work(self, tour: Tour) -> None:
        """Work that is late is being tried; what was given up gets a try more now and then."""
        for work in await self._unfinished(tour):
            expected = OF_WORK.get(work.kind)
            if expected is None or (
                work.given_up is None and work.due + expected.within > tour.now
            ):
                continue
            again = await self._again(tour, work, expected)
            gap = Gap(
                expected.kind,
                str(work.id),
                min(work.due + expected.within, work.given_up or tour.now),
                Why.WAITING if work.given_up is None else Why.GIVEN_UP,
                told=work.told,
                reference=work.reference,
            )
            tour.miss(gap, tried=again)

    async def _unfinished(self, tour: Tour) -> Iterable[Work]:
        """As much as a sweep can look at, and all that was noted: that stays missing until it is
        done, however much newer work stands before it."""
        earliest = min(expected.within for expected in OF_WORK.values())
        late = await self.doors.books.late_work(tour.now - earliest)
        noted = {number_of(subject) for kind, subject in tour.notes if kind in WORKED_FOR}
        others = noted - {None} - {work.id for work in late}
        return [*late, *await self.doors.books.work(sorted(filter(None, others)))]

    async def _again(self, tour: Tour, work: Work, expected: Expectation) -> bool:
        """Whether it gets its try more in this sweep."""
        if work.given_up is None or expected.again is None or not work.whole or work.came_back:
            return False
        if self._later_than(RECORDINGS_BY):
            return False
        if tour.tried(expected.kind, str(work.id)) >= MOST_AGAIN:
            return False
        if tour.now - work.given_up < expected.again:
            return False
        return await self.doors.books.again(work.id, tour.now, looks=expected.looks)

    async def _sounds(self, tour: Tour) -> None:
        """A recording of a case that nothing fetches any more is fetched anew."""
        within = EXPECTED[GapKind.SOUND].within
        for sid, reference, at in await self.doors.books.unfetched(tour.now - within):
            await self.doors.books.fetch(sid, reference, tour.now)
            gap = Gap(GapKind.SOUND, sid, at + within, Why.WAITING, reference=reference)
            tour.miss(gap, tried=True)
            tour.mended += 1

    async def _recordings(self, tour: Tour) -> datetime | None:
        """The carrier's recordings that no row knows; up to when, by its clock, they are known."""
        await self._carry_recordings(tour)
        fresh = self._listed_at is not None and self.ticks() - self._listed_at < LISTED_EVERY
        if fresh or tour.silent:
            return None
        since = await self.doors.books.listed() or tour.now - FIRST_LOOK
        try:
            told = await tour.ask(self.doors.recordings.since(since - LOOK_BACK))
        except Unanswered:
            return None
        listed = [row for row in told if not row.early(tour.now)]
        self._listed_at = self.ticks()
        unknown = await self.doors.books.unknown([row.ref.sid for row in listed])
        self._foreign &= unknown
        rows = [row for row in listed if row.ref.sid in unknown - self._foreign]
        rows.sort(key=lambda row: row.at)  # so that what was left for later is listed the next time
        early = [row.at for row in rows if not await self._place(tour, row)]
        return min(early) if early else max([since, *(row.at for row in listed)])

    async def _carry_recordings(self, tour: Tour) -> None:
        """What was noted stays missing until a row knows it, whoever wrote that."""
        noted = [subject for kind, subject in tour.notes if kind is GapKind.RECORDING]
        for sid in await self.doors.books.unknown(noted):
            tour.carry(GapKind.RECORDING, sid)

    async def _place(self, tour: Tour, row: CarrierRecording) -> bool:
        """A case for a recording, or a note that there is none. False where it is too early: its
        webhooks may come yet, or its call goes on; and where it is too late in this sweep."""
        due = row.at + EXPECTED[GapKind.RECORDING].within
        if tour.now < due or self._later_than(RECORDINGS_BY):
            return False
        call = await self.doors.kept.of(Origin(self.bounds.account, row.call))
        if call is None:
            why = await self._stranger(tour, row)
        elif call not in await self.doors.books.ended([call]):
            return False
        else:
            why = await self._found(tour, call, row)
        if why is not None:
            gap = Gap(GapKind.RECORDING, row.ref.sid, due, why)
            tour.miss(gap, tried=call is not None)
        return why is not Why.UNREACHABLE

    async def _found(self, tour: Tour, call: str, row: CarrierRecording) -> Why | None:
        """Of a call that was answered here."""
        if not await self.doors.conversation.found(call, row.ref):
            return Why.FORGOTTEN
        tour.mended += 1
        return None

    async def _stranger(self, tour: Tour, row: CarrierRecording) -> Why | None:
        """Of a call that was not; None where it is none of our numbers', or empty: recovery has
        that deleted."""
        if row.ref.seconds == 0:
            return None
        if tour.silent:
            return Why.UNREACHABLE
        try:
            told = await tour.ask(self.doors.calls.fetch(row.call))
        except Unanswered as wrong:
            return wrong.why
        if told is None or self.bounds.ours(told.to):
            return Why.STRANGER
        self._foreign.add(row.ref.sid)
        return None
