"""The demonstration city and a few cases, for the tests of pages."""

import io
import struct
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from routing.audit import Entry
from routing.cases.case import ENDS, CaseState, Confidentiality
from routing.cases.corrections import Wrong
from routing.cases.kinds import Kind
from routing.cases.moves import CaseMove, Way
from routing.cases.sorting import Unclear
from routing.cases.transitions import Actor, UnknownCase, move
from routing.cases.words import Correction, Words
from routing.casework import Back, Casework, Dispatching, Evidence, Sorted, Unsorted
from routing.directory import Directory
from routing.ports import Audio, KeptRecording, OfficeCase, OfficeCount
from routing.rules.condition import NOT_KNOWN, CallerKind, Facts, Opening
from routing.rules.router import Router
from routing.rules.ruleset import default_rules
from routing.sheets.register import Sheets, read_directory
from routing.web.desk.desk import OfficeDesk

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
RATE = 8000
HERE = ZoneInfo("Asia/Shanghai")
_DEMO = Path("routing/demo")


def city() -> Directory:
    """Yunling as it is shipped."""
    text = {name: (_DEMO / f"{name}.csv").read_text("utf-8") for name in _NAMES}
    sheets = Sheets(
        text["directory"], text["offices"], text["topics"], text["services"], text["lexicon"]
    )
    return read_directory(sheets, area="558")


_NAMES = ("directory", "offices", "topics", "services", "lexicon")


def a_case(reference: str = "46270395", **changes: object) -> OfficeCase:
    """A request for help about water, with its recording and words."""
    recording = KeptRecording(
        "RE1", 12, Audio.KEPT, (Words("幸福路三号停水两天了，请尽快修。", "carrier"),)
    )
    fields: dict[str, object] = {
        "reference": reference,
        "office": "市水利局",
        "dialled": "+865580000021",
        "kind": Kind.HELP,
        "about": None,
        "topic": "water",
        "state": CaseState.DISPATCHED,
        "confidentiality": Confidentiality.NAMED,
        "danger": False,
        "language": "zh-CN",
        "caller": "…12",
        "opened_at": NOON,
        "due": DUE,
        "recordings": (recording,),
    }
    return OfficeCase(**{**fields, **changes})  # type: ignore[arg-type]  # a test's shorthand


class AtNoon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOON


def casework(cases: "KeptCases") -> Casework:
    """What people do with them."""
    return Casework(cases, AtNoon())


@dataclass(frozen=True, slots=True)
class CityPlan:
    """The city's own rules."""

    number: int
    rules: Router
    directory: Directory
    open: Mapping[str, Opening] = field(default_factory=lambda: NOT_KNOWN)


def dispatching(cases: "KeptCases") -> Dispatching:
    """What sends them where a topic leads."""
    directory = city()
    plan = CityPlan(1, Router(default_rules(directory)), directory)

    async def only(_: int) -> CityPlan:
        return plan

    return Dispatching(cases, only, AtNoon(), lambda _, at: at + timedelta(days=1))


def desk_of(cases: "KeptCases") -> OfficeDesk:
    """The desk of these cases."""
    directory = city()
    return OfficeDesk(
        lambda: directory,
        cases,
        casework(cases),
        dispatching(cases),
        cases,
        cases.undelivered,
        AtNoon(),
        HERE,
    )


class KeptCases:
    """OfficeCases and Corrections out of a list that a test may change."""

    def __init__(self, *cases: OfficeCase) -> None:
        self.kept = list(cases)
        self.sounds: dict[str, bytes] = {}
        self.sorted: list[Sorted] = []
        self.accepted: list[tuple[str, str]] = []
        self.refuses: Wrong | None = None
        self.missed: dict[str, int] = {}
        """By office, what was to be told of its cases and did not arrive."""
        self.entries: list[Entry] = []
        """What the audit's chain was told."""

    async def offices(self, now: datetime) -> Sequence[OfficeCount]:
        offices = dict.fromkeys(case.office for case in self.kept)
        return [self._count(office, now) for office in offices]

    def _count(self, office: str, now: datetime) -> OfficeCount:
        cases = [case for case in self.kept if case.office == office]
        danger = sum(case.danger for case in cases)
        open_ = [case for case in cases if case.state not in ENDS]
        late = sum(case.due is not None and case.due < now for case in open_)
        latest = max(case.opened_at for case in cases)
        return OfficeCount(office, len(cases), danger, latest, len(open_), late)

    async def cases(self, office: str) -> Sequence[OfficeCase]:
        return [case for case in self.kept if case.office == office]

    async def case(self, reference: str) -> OfficeCase | None:
        return next((case for case in self.kept if case.reference == reference), None)

    async def undelivered(self) -> Mapping[str, int]:
        return self.missed

    async def note_opened(self, entry: Entry, since: datetime) -> None:
        """Each, where `since` is the session's."""
        if entry not in self.entries:
            self.entries.append(entry)

    async def accept(
        self, reference: str, by: str, at: datetime, entry: Entry | None = None
    ) -> bool:
        """As the stored cases do it, by the table."""
        for place, case in enumerate(self.kept):
            if case.reference == reference:
                if case.state is CaseState.IN_PROGRESS:
                    return False
                move(case.state, CaseState.IN_PROGRESS, Actor.OFFICE)
                self.kept[place] = replace(case, state=CaseState.IN_PROGRESS)
                self.accepted.append((reference, by))
                self.entries += [entry] if entry else []
                return True
        raise UnknownCase("there is no case with this number")

    async def unsorted(self, reference: str) -> Unsorted | None:
        """One that says so of itself."""
        case = await self.case(reference)
        if case is None or not case.unsorted:
            return None
        facts = Facts(
            dialled=case.dialled,
            language=case.language,
            kind=case.kind,
            about=case.about,
            topic=None,
            group=None,
            district=None,
            caller_kind=CallerKind.MOBILE,
            at=case.opened_at,
        )
        level, trail = case.confidentiality, case.trail
        return Unsorted(reference, case.office, 1, facts, level, case.state, trail)

    async def sort(self, sorted_: Sorted, at: datetime) -> bool:
        """Where its topic leads."""
        for place, case in enumerate(self.kept):
            if case.reference == sorted_.case.reference and case.unsorted:
                office, topic = sorted_.decision.office, sorted_.topic
                way = Way.PERSON if sorted_.evidence.by else Way.WORDS
                number = len(case.trail) + 1
                moved = CaseMove(number, way, case.office, office, topic, None, at)
                self.kept[place] = replace(
                    case,
                    office=office,
                    topic=topic,
                    state=CaseState.DISPATCHED if sorted_.moves else case.state,
                    unsorted=False,
                    to_sort=None,
                    trail=(*case.trail, moved),
                )
                self.sorted.append(sorted_)
                self.entries += [sorted_.entry] if sorted_.entry else []
                return True
        return False

    async def standing(self, reference: str) -> Unsorted | None:
        """Wherever it stands."""
        case = await self.case(reference)
        if case is None:
            return None
        shown = replace(case, unsorted=True)
        found = await KeptCases(shown).unsorted(reference)
        return None if found is None else replace(found, state=case.state, trail=case.trail)

    async def back(self, back: Back) -> bool:
        """As the stored cases do it, by the table."""
        for place, case in enumerate(self.kept):
            if case.reference == back.case.reference and case.trail == back.case.trail:
                if back.move.way is Way.RETURNED:
                    move(case.state, CaseState.RETURN_REQUESTED, Actor.OFFICE)
                self.kept[place] = replace(
                    case,
                    office=back.move.after,
                    topic=None,
                    state=CaseState.DISPATCHED,
                    unsorted=True,
                    to_sort=back.mark,
                    trail=(*case.trail, back.move),
                )
                self.entries += [back.entry] if back.entry else []
                return True
        return False

    async def leave(
        self, reference: str, unclear: Unclear, evidence: Evidence, at: datetime
    ) -> None:
        """For a person."""
        for place, case in enumerate(self.kept):
            if case.reference == reference:
                self.kept[place] = replace(case, to_sort=unclear)

    async def correct(
        self, reference: str, sid: str, written: Correction, entry: Entry | None = None
    ) -> Wrong | None:
        """Beside the recording, the newest first."""
        for at, case in enumerate(self.kept):
            if case.reference == reference and self.refuses is None:
                self.kept[at] = replace(case, recordings=tuple(_with(case, sid, written)))
                self.entries += [entry] if entry else []
        return self.refuses

    async def audio(self, sid: str) -> bytes | None:
        return self.sounds.get(sid)


def _with(case: OfficeCase, sid: str, written: Correction) -> Iterator[KeptRecording]:
    for one in case.recordings:
        mine = one.sid == sid
        yield replace(one, corrections=(written, *one.corrections)) if mine else one


def wav(seconds: int) -> bytes:
    """A quiet rattle."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack("<2h", 300, -300) * (RATE * seconds // 2))
    return file.getvalue()
