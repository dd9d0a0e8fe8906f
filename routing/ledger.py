"""The nothing-lost ledger as values: what must follow an answered call, by when, what mends it, and
what is missing. No row is written for it in a step: what is expected follows from rows that exist
(ADR 16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from routing.ports import JobKind


class GapKind(StrEnum):
    """What is missing."""

    END = "end"
    """the end of a call that was answered"""
    MATTER = "matter"
    """the case of what was being said when a call ended"""
    RECORDING = "recording"
    """a case for a recording that the carrier has"""
    SOUND = "sound"
    """the sound of a case's recording, here"""
    WORDS = "words"
    """the words of a recording that is kept here"""
    DANGER = "danger"
    """that its words were read for danger"""
    SORTING = "sorting"
    """that its words were read for what a case without a topic is about"""
    DELIVERY = "delivery"
    """that the office was told of its case"""
    ACCEPTED = "accepted"
    """somebody who accepts the case, though everybody on its ladder was told"""
    TEXT = "text"
    """a text, the caller's or an office's"""
    RING = "ring"
    """the phone that we were to ring, and the end of that call"""
    LEFT = "left"
    """that the carrier has deleted what it need not keep"""


class Why(StrEnum):
    """Why it is still missing."""

    WAITING = "waiting"
    """it is late and still being tried"""
    GIVEN_UP = "given_up"
    """its work was given up"""
    UNREACHABLE = "unreachable"
    """the carrier could not be asked"""
    REFUSED = "refused"
    """the carrier refused to tell or to act"""
    UNKNOWN = "unknown"
    """the carrier knows of no such call"""
    STUCK = "stuck"
    """the call goes on beyond its bounds and was told to end"""
    STRANGER = "stranger"
    """the call that it is of was never answered here"""
    FORGOTTEN = "forgotten"
    """what the call was about is no longer kept"""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be there `within` so long: after a call's last step (its end), after the end of
    its call (a recording), and for what `work` brings, after that work became due. `again` is how
    long after work was given up it is tried once more, for a day; None where only a person may say
    so. Work that `looks` is then only looked up at the carrier, which may have it after all."""

    kind: GapKind
    within: timedelta
    work: frozenset[JobKind] = frozenset()
    again: timedelta | None = None
    looks: bool = False


_HOURLY: Final = timedelta(hours=1)
_MINUTES: Final = timedelta(minutes=1)

EXPECTED: Final[Mapping[GapKind, Expectation]] = {
    expected.kind: expected
    for expected in (
        Expectation(GapKind.END, 10 * _MINUTES),
        Expectation(GapKind.MATTER, 10 * _MINUTES, frozenset({JobKind.SETTLE}), _HOURLY),
        Expectation(GapKind.RECORDING, 15 * _MINUTES),
        Expectation(GapKind.SOUND, 15 * _MINUTES, frozenset({JobKind.FETCH_RECORDING}), _HOURLY),
        Expectation(GapKind.WORDS, 30 * _MINUTES, frozenset({JobKind.TRANSCRIBE}), _HOURLY),
        Expectation(GapKind.DANGER, 10 * _MINUTES, frozenset({JobKind.HEED}), _HOURLY),
        Expectation(GapKind.SORTING, 15 * _MINUTES, frozenset({JobKind.SORT}), _HOURLY),
        Expectation(
            GapKind.DELIVERY,
            15 * _MINUTES,
            frozenset(
                {
                    JobKind.TELL_OFFICE,
                    JobKind.TELL_MOVED,
                    JobKind.TELL_COPY,
                    JobKind.TELL_WORDS,
                    JobKind.TELL_CHANNEL,
                }
            ),
            _HOURLY,
        ),
        Expectation(GapKind.ACCEPTED, 15 * _MINUTES, frozenset({JobKind.ESCALATE})),
        Expectation(
            GapKind.TEXT,
            15 * _MINUTES,
            frozenset({JobKind.SMS, JobKind.TEXT_OFFICE}),
            _HOURLY,
            looks=True,
        ),
        Expectation(
            GapKind.RING,
            14 * _HOURLY,
            frozenset({JobKind.CALL, JobKind.CALL_END, JobKind.RING, JobKind.RING_END}),
        ),
        Expectation(
            GapKind.LEFT,
            timedelta(hours=3),
            frozenset({JobKind.DELETE_RECORDING, JobKind.DELETE_TEXT}),
            _HOURLY,
        ),
    )
}
"""The one table. A text that was given up is not sent again by itself, nor a phone rung: nobody
wants last night's at three in the morning. A phone waits for the morning: not late before."""

LOOK: Final = "look"
"""In the payload of work that is to be looked up, and not done."""

WORK_ENDS: Final = 2**31
"""Beyond the number of any work: a database counts it in 32 bits."""
FIGURES: Final = 10
"""Of such a number: of thousands of figures Python makes none."""
OF_WORK: Final[Mapping[str, Expectation]] = {
    job.value: expected for expected in EXPECTED.values() for job in expected.work
}
WORKED_FOR: Final = frozenset(expected.kind for expected in OF_WORK.values())
"""What work brings: its number may be the subject of a gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. `subject` is our call's id, the carrier's id of a recording, or
    the number of the work that was to bring it; `since` is when it was expected (aware UTC),
    `tried` how often the sweep tried to mend it, `told` what the last try met, without names or
    numbers of people; `reference` the case, where it has one; `work` the kind of the work whose
    number the subject is, "" for others."""

    kind: GapKind
    subject: str
    since: datetime
    why: Why
    tried: int = 0
    told: str = ""
    reference: str | None = None
    work: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """The last sweep: when it ended, how much it mended, and whether the carrier answered all that
    it was asked."""

    at: datetime
    mended: int
    answered: bool


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work that was given up: what it was, when and why. Its payload is not shown; where that is
    dropped already, it cannot be done again (`whole` is False)."""

    id: int
    kind: str
    attempts: int
    finished: datetime
    error: str
    reference: str | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What earlier sweeps noted of a gap: how often and when it was tried, whether a person has
    seen to it."""

    gap: Gap
    tried_at: datetime | None
    aside: bool


@dataclass(frozen=True, slots=True)
class Work:
    """Work that is late or was given up: since when it was due, and when it was given up (None:
    it is still being tried). `told` is what its last try met. What `came_back` was sent and told to
    have reached nobody: only a person may send it again."""

    id: int
    kind: str
    due: datetime
    given_up: datetime | None
    told: str
    reference: str | None
    whole: bool
    came_back: bool = False


def number_of(subject: str) -> int | None:
    """The work that a gap is known by, None where it is another subject."""
    known = len(subject) <= FIGURES and subject.isdecimal() and int(subject) < WORK_ENDS
    return int(subject) if known else None


class Books(Protocol):
    """What is kept, as the sweep reads it for what is missing. Times are aware UTC."""

    async def silent_calls(self, before: datetime) -> Sequence[tuple[str, datetime]]:
        """Calls without an end whose last step was before then: our id, and when that was."""
        ...

    async def ended(self, calls: Sequence[str]) -> frozenset[str]:
        """Which of these calls have an end."""
        ...

    async def late_work(self, before: datetime) -> Sequence[Work]:
        """Work that was due before then and is not done, and what was given up: of each so much
        as a sweep can look at."""
        ...

    async def work(self, jobs: Sequence[int]) -> Sequence[Work]:
        """Those of this work, by its numbers, that are neither done nor gone."""
        ...

    async def unfetched(self, before: datetime) -> Sequence[tuple[str, str, datetime]]:
        """Recordings of cases, announced before then, that are not kept here and that no work
        will fetch: the carrier's id, the case, and when that was."""
        ...

    async def unknown(self, recordings: Sequence[str]) -> frozenset[str]:
        """Which of these recordings, by the carrier's ids, no row knows."""
        ...

    async def fetch(self, recording: str, reference: str, now: datetime) -> None:
        """Have a recording fetched, also where that was done once."""
        ...

    async def again(self, job: int, now: datetime, *, looks: bool = False) -> bool:
        """As `Ledger.again`; with `looks` it is only looked up at the carrier."""
        ...

    async def notes(self) -> Sequence[Note]:
        """What earlier sweeps noted."""
        ...

    async def listed(self) -> datetime | None:
        """Up to when the carrier's recordings are known; None before the first time."""
        ...

    async def keep_round(self, of: Round, missing: Sequence[Note], listed: datetime | None) -> None:
        """Keep what a sweep found, in place of what earlier ones did; what a person has put aside
        meanwhile stays so. `listed` as above, None where they were not listed."""
        ...


class Leases(Protocol):
    """Who has a duty that one replica at a time does."""

    async def take(self, name: str, holder: str, seconds: int) -> bool:
        """Take it, or keep it, for so long by the database's own clock. False where another has
        it."""
        ...


class Ledger(Protocol):
    """The ledger as its page sees it."""

    async def gaps(self) -> Sequence[Gap]:
        """What is missing, the longest missing first; at most a few hundred."""
        ...

    async def counts(self) -> Mapping[GapKind, int]:
        """How much was missing of each kind at the last sweep, also where it is more than a sweep
        notes; kinds of which nothing is missing are left out."""
        ...

    async def last_round(self) -> Round | None:
        """The last sweep, None before the first."""
        ...

    async def given_up(self) -> Sequence[GivenUp]:
        """The latest work that was given up, newest first."""
        ...

    async def again(self, job: int, now: datetime) -> bool:
        """Have work that was given up tried once more. False where it was not, or cannot be."""
        ...

    async def put_aside(self, kind: GapKind, subject: str) -> bool:
        """A person has seen to it: it no longer counts. False where there is no such gap."""
        ...
