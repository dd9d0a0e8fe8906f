"""One round of the sweep, as it goes: what it asked, mended and found missing. The counterpart of
`sweep`, which walks."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from ivr.carrier.account import CarrierRefused, CarrierUnreachable, CarrierUnsure
from routing.ledger import Gap, GapKind, Note, Round, Why

T = TypeVar("T")
Key = tuple[GapKind, str]


class Unanswered(Exception):
    """The carrier did not answer what it was asked, or was not asked at all."""

    def __init__(self, why: Why, told: str) -> None:
        super().__init__(told)
        self.why = why


class Tour:
    """A round that began at `now`, with the notes of earlier ones."""

    def __init__(self, now: datetime, notes: Sequence[Note]) -> None:
        self.now = now
        self.notes = {_key(note.gap): note for note in notes}
        self.missing: dict[Key, Note] = {}
        self.mended = 0
        self._silent = ""

    async def ask(self, question: Awaitable[T]) -> T:
        """The carrier's answer. Raises Unanswered; once it was silent it is not asked again, or a
        round would wait for each of its requests."""
        try:
            return await question
        except CarrierRefused as refused:
            raise Unanswered(Why.REFUSED, str(refused)) from refused
        except (CarrierUnreachable, CarrierUnsure) as silent:
            self._silent = str(silent)
            raise self.silence() from silent

    @property
    def silent(self) -> bool:
        """Whether the carrier did not answer in this round."""
        return bool(self._silent)

    def silence(self) -> Unanswered:
        """What there is to say of a question that need not be asked."""
        return Unanswered(Why.UNREACHABLE, self._silent)

    def miss(self, gap: Gap, *, tried: bool) -> None:
        """Something is missing; `tried` where this round did something about it. It is counted
        on from what was noted before, and stays missing since then."""
        before = self.notes.get(_key(gap))
        if before is None:
            note = Note(gap, None, aside=False)
        else:
            since = min(before.gap.since, gap.since)
            note = replace(before, gap=replace(gap, since=since, tried=before.gap.tried))
        if tried:
            once_more = replace(note.gap, tried=note.gap.tried + 1)
            note = replace(note, gap=once_more, tried_at=self.now)
        self.missing[_key(gap)] = note

    def carry(self, kind: GapKind, subject: str) -> None:
        """Still missing, if it was."""
        if (note := self.notes.get((kind, subject))) is not None:
            self.missing[kind, subject] = note

    def tried(self, kind: GapKind, subject: str) -> int:
        """How often earlier rounds tried to mend it."""
        note = self.notes.get((kind, subject))
        return 0 if note is None else note.gap.tried

    def opened(self) -> Sequence[Gap]:
        """What was not missing the last time."""
        return [note.gap for key, note in self.missing.items() if key not in self.notes]

    def closed(self) -> Sequence[Gap]:
        """What is no longer missing."""
        return [note.gap for key, note in self.notes.items() if key not in self.missing]

    def ends(self) -> Round:
        """What remains of it."""
        return Round(self.now, self.mended, not self._silent)


def _key(gap: Gap) -> Key:
    return gap.kind, gap.subject
