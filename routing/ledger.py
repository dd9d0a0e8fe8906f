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
    DELIVERY = "delivery"
    """that the office was told of its case"""
    TEXT = "text"
    """the caller's text"""
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
    UNKNOWN_CALL = "unknown_call"
    """the call that it is of was never answered here"""
    FORGOTTEN = "forgotten"
    """what the call was about is no longer kept"""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be there `within` so long: after a call's last step (its end), after the end of
    its call (a recording), and for what `work` brings, after that work became due. `again` is how
    long after work was given up it is tried once more, None where only a person may say so."""

    kind: GapKind
    within: timedelta
    work: frozenset[JobKind] = frozenset()
    again: timedelta | None = None


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
        Expectation(GapKind.DELIVERY, 15 * _MINUTES, frozenset({JobKind.TELL_OFFICE}), _HOURLY),
        Expectation(GapKind.TEXT, 15 * _MINUTES, frozenset({JobKind.SMS})),
        Expectation(
            GapKind.LEFT,
            timedelta(hours=3),
            frozenset({JobKind.DELETE_RECORDING, JobKind.DELETE_TEXT}),
            _HOURLY,
        ),
    )
}
"""The one table. A text that was given up is not sent again by itself: nobody wants last night's at
three in the morning."""

OF_WORK: Final[Mapping[str, Expectation]] = {
    job.value: expected for expected in EXPECTED.values() for job in expected.work
}


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing. `subject` is our call's id, the carrier's id of a recording, or
    the number of the work that was to bring it; `since` is when it was expected (aware UTC),
    `tried` how often the sweep tried to mend it, `told` what the last try met, without names or
    numbers of people; `reference` the case, where it has one."""

    kind: GapKind
    subject: str
    since: datetime
    why: Why
    tried: int = 0
    told: str = ""
    reference: str | None = None


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


class Ledger(Protocol):
    """The ledger as its page sees it."""

    async def gaps(self) -> Sequence[Gap]:
        """What is missing, the longest missing first; at most a few hundred."""
        ...

    async def counts(self) -> Mapping[GapKind, int]:
        """How much is missing of each kind; kinds of which nothing is missing are left out."""
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
