"""What must hold at the end of a simulation, whatever the line did; a broken law is a sentence."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from benchmarks.simulation.caller import SimulatedCall
from benchmarks.simulation.carrier import Carrier
from benchmarks.simulation.house import House
from routing.cases.case import CaseState
from routing.ledger import GapKind
from routing.ports import JobKind
from storage.tables.calls import call_ends, calls
from storage.tables.cases import cases, recordings, transcripts
from storage.tables.outbox import mails, outbox

UNFINISHED: Final = frozenset({JobKind.FETCH_RECORDING, JobKind.ESCALATE})
"""What a carrier may have lost; and the ladder, since nobody accepts a case here."""
LATE_WORK: Final = frozenset({JobKind.DELETE_RECORDING, JobKind.DELETE_TEXT})
"""What is done long after a call, and may be under way still."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the house has."""

    calls: dict[str, Any]
    ends: dict[str, str]
    cases: dict[str, Any]
    recordings: dict[str, Any]
    words: frozenset[str]
    mails: Sequence[str]
    work: Sequence[Any]

    @classmethod
    async def of(cls, house: House) -> "Kept":
        """All of it, as rows."""

        async def rows(table: Any) -> Sequence[Any]:
            async with house.inner.database.reading() as connection:
                return (await connection.execute(select(table))).all()

        return cls(
            {row.sid: row for row in await rows(calls)},
            {row.call_id: row.end for row in await rows(call_ends)},
            {row.reference: row for row in await rows(cases)},
            {row.sid: row for row in await rows(recordings)},
            frozenset(row.recording for row in await rows(transcripts)),
            [row.id for row in await rows(mails)],
            await rows(outbox),
        )


def broken(kept: Kept, carrier: Carrier, rung: Sequence[SimulatedCall]) -> Iterator[str]:
    """All that does not hold."""
    yield from _ends(kept, carrier)
    yield from _matters(kept, carrier, rung)
    yield from _sounds(kept, carrier)
    yield from _texts(carrier)
    yield from _deliveries(kept)
    yield from _ladders(kept)
    for call in rung:
        if call.changed:
            yield f"call {call.number}: {call.changed} turns were answered in two ways"


def _ends(kept: Kept, carrier: Carrier) -> Iterator[str]:
    for sid, call in kept.calls.items():
        end, truth = kept.ends.get(call.id), carrier.calls[sid].status
        if end is None and sid in carrier.forgotten:
            continue
        if end is None:
            yield f"call {sid} has no end"
        elif end != truth.value and sid not in carrier.forgotten:
            yield f"call {sid} ended as {end}, at the carrier as {truth}"


def _matters(kept: Kept, carrier: Carrier, rung: Sequence[SimulatedCall]) -> Iterator[str]:
    """What somebody said is in exactly one case, of the call in which it was said."""
    opened = Counter(case.call_id for case in kept.cases.values())
    for call in rung:
        said = [one for one in call.said if one.sid in carrier.made]
        for one in said:
            row = kept.recordings.get(one.sid)
            case = None if row is None else kept.cases.get(row.reference)
            if one.words and case is None and call.sid not in carrier.forgotten:
                yield f"recording {one.sid} of {one.seconds} s has no case"
            if case is not None and case.call_id != kept.calls[call.sid].id:
                yield f"recording {one.sid} is in another call's case"
        if call.sid in kept.calls and opened[kept.calls[call.sid].id] > len(said):
            yield f"call {call.sid} has more cases than recordings"


def _sounds(kept: Kept, carrier: Carrier) -> Iterator[str]:
    sounding = {row.reference for row in kept.recordings.values()}
    for reference in kept.cases.keys() - sounding:
        yield f"case {reference} has no recording"
    for sid, row in kept.recordings.items():
        if row.reference and row.audio != "kept" and sid not in carrier.gone:
            yield f"the sound of {sid} is {row.audio}, not kept"
        if row.reference and row.audio == "kept" and sid not in kept.words:
            yield f"nobody knows the words of {sid}"


def _texts(carrier: Carrier) -> Iterator[str]:
    """A case has one text; the result of a check may be asked for twice."""
    of_cases = (text for text in carrier.texts if "工单" in text.body or "Case " in text.body)
    for (_, body), times in Counter((text.to, text.body) for text in of_cases).items():
        if times > 1:
            yield f"a text was sent {times} times: {body[:30]}"


def _deliveries(kept: Kept) -> Iterator[str]:
    told = Counter(kept.mails)
    for reference in kept.cases:
        if told[f"case-{reference}"] != 1:
            yield f"the office heard {told[f'case-{reference}']} times of case {reference}"
    for job in kept.work:
        waits = job.state in ("ready", "sending") and job.kind in LATE_WORK
        if job.state != "done" and not waits and job.kind not in UNFINISHED:
            yield f"work of kind {job.kind} is {job.state}: {job.error}"


def tried(kept: Kept) -> bool:
    """Whether work is left that failed and is to be tried again."""
    ready = (job for job in kept.work if job.state == "ready" and job.kind not in LATE_WORK)
    return any(job.attempts for job in ready)


def _ladders(kept: Kept) -> Iterator[str]:
    """Nobody has accepted a case: somebody further is told of it, or it is loud that nobody is
    left."""
    open_steps = {
        job.reference for job in kept.work if job.kind == JobKind.ESCALATE and job.state != "done"
    }
    for reference, case in kept.cases.items():
        if case.state == CaseState.DISPATCHED and reference not in open_steps:
            yield f"nobody will be told that case {reference} was not accepted"


def lost(kept: Kept, carrier: Carrier) -> Counter[GapKind]:
    """What no sweep can mend, by kind: as much is missing, and no more."""
    sounds = [
        sid
        for sid, row in kept.recordings.items()
        if row.reference and sid in carrier.gone and row.audio != "kept"
    ]
    ends = [sid for sid, call in kept.calls.items() if call.id not in kept.ends]
    whose = [
        sid
        for sid, row in carrier.made.items()
        if row.call in carrier.forgotten and sid not in kept.recordings.keys() | carrier.deleted
    ]
    nobody = [job for job in kept.work if job.kind == JobKind.ESCALATE and job.state == "dead"]
    found = {
        GapKind.SOUND: len(sounds),
        GapKind.END: len(ends),
        GapKind.RECORDING: len(whose),
        GapKind.ACCEPTED: len(nobody),
    }
    return Counter({kind: many for kind, many in found.items() if many})
