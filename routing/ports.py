"""What this package needs from above it, as narrow Protocols. `storage` and `ivr` implement
them; `server.py` puts them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from routing.audit import Entry
from routing.cases.case import CaseState, Confidentiality
from routing.cases.corrections import Wrong
from routing.cases.kinds import About, Kind
from routing.cases.moves import CaseMove
from routing.cases.sorting import Unclear
from routing.cases.words import Correction, Words


class Clock(Protocol):
    """Now, as aware UTC. Chosen in `server.py`, for all packages."""

    def now(self) -> datetime: ...


class Audio(StrEnum):
    """Where the sound of a recording is."""

    ANNOUNCED = "announced"
    """the carrier has it, it is being fetched"""
    KEPT = "kept"
    """here, and can be played"""
    GONE = "gone"
    """deleted when its retention ended"""


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """One recording of a case, as its office hears and reads it. `sid` is the carrier's id;
    `corrections` are what people heard in it, the newest first; `being_written`: its words
    are being asked for."""

    sid: str
    seconds: int
    audio: Audio
    words: tuple[Words, ...] = ()
    corrections: tuple[Correction, ...] = ()
    being_written: bool = False


@dataclass(frozen=True, slots=True)
class OfficeCase:
    """One case as its office sees it.

    `caller` is the masked number (`…34`), None where none was shown or none is kept; `topic` an
    id of the directory; `language` a tag; `group_of` the reference of the same caller's first
    case, where this one repeats it. `left_in_outage` marks a message that was taken while the
    system was down, when nobody could ask for more: `kind` and `topic` are None then, unless the
    caller had told them before. `unsorted`: nobody has said its topic, and it can still be said;
    `trail` is how it came from office to office; `to_sort` why its words could not tell its topic,
    where they were read, or why it came back. Times are aware UTC."""

    reference: str
    office: str
    dialled: str
    kind: Kind | None
    about: About | None
    topic: str | None
    state: CaseState
    confidentiality: Confidentiality
    danger: bool
    language: str
    caller: str | None
    opened_at: datetime
    due: datetime | None
    group_of: str | None = None
    recordings: tuple[KeptRecording, ...] = ()
    left_in_outage: bool = False
    unsorted: bool = False
    trail: tuple[CaseMove, ...] = ()
    to_sort: Unclear | None = None

    @property
    def perhaps_nothing(self) -> bool:
        """Whether perhaps nothing was said: the caller hung up as soon as the tone was heard. Never
        where there is danger, where anybody has heard a word, or where nobody knows of a recording:
        that may be on its way."""
        return bool(self.recordings) and not self.danger and not any(map(_spoken, self.recordings))


SHORTEST_SPOKEN: Final = 2
"""Seconds, as carriers count whole ones: a tone and a hang-up last one."""


def _spoken(recording: KeptRecording) -> bool:
    heard = recording.words or recording.corrections
    return bool(heard) or recording.seconds >= SHORTEST_SPOKEN


@dataclass(frozen=True, slots=True)
class Statement:
    """What was heard in a recording, by whoever heard it. `reference` is the case that it is of,
    None as long as no case has taken it."""

    reference: str | None
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstTold:
    """How the work stands that tells a case first, by one way: whether some of it `waits` still,
    and the marks of the words that it surely `held`, each time that it may have gone out. Where a
    kill leaves that open they are none."""

    waits: bool
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OfficeCount:
    """How many cases an office has: of all, those with danger, those that have no end yet, and
    those whose caller should have been answered by now."""

    office: str
    cases: int
    danger: int
    latest: datetime
    open: int = 0
    overdue: int = 0


class OfficeCases(Protocol):
    """An office's cases, read only."""

    async def offices(self, now: datetime) -> Sequence[OfficeCount]:
        """The offices that have cases, the one with the latest case first."""
        ...

    async def cases(self, office: str) -> Sequence[OfficeCase]:
        """An office's cases, open ones with danger first, then newest first; at most a few
        hundred."""
        ...

    async def case(self, reference: str) -> OfficeCase | None:
        """One case by its reference."""
        ...

    async def audio(self, sid: str) -> bytes | None:
        """A recording's WAV, or None where it is not (or no longer) kept."""
        ...


class Corrections(Protocol):
    """What people heard in recordings, kept beside a machine's words."""

    async def correct(
        self, reference: str, sid: str, written: Correction, entry: Entry | None = None
    ) -> Wrong | None:
        """Keep it beside this case's recording, with the chain's entry; the reason where it is not
        kept."""
        ...


@dataclass(frozen=True, slots=True)
class PutCall:
    """A call that was put to somebody: when they answered, which number the caller dialled, and
    whether they took it."""

    at: datetime
    dialled: str
    accepted: bool


class PutThrough(Protocol):
    """The calls that were put to officials."""

    async def since(self, line: str, at: datetime) -> Sequence[PutCall]:
        """Those put to the holder of a published number since then, the latest first."""
        ...


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that the console delivery kept instead of sending it. `named`: it was written of a
    named case, and so may say what one of another must not."""

    id: str
    to: str
    subject: str
    text: str
    at: datetime
    named: bool = True


class SentMails(Protocol):
    """The mails of a demonstration, for the phone page."""

    async def mails(self) -> Sequence[SentMail]:
        """The latest mails, newest first."""
        ...


class JobKind(StrEnum):
    """What the outbox has done; `server.py` registers a handler for each."""

    SMS = "sms"
    """a phrase, as a text, to the caller"""
    TELL_OFFICE = "tell_office"
    """a mail of a case, or of the danger in it"""
    TELL_WORDS = "tell_words"
    """a mail with the words of a recording, in the thread of its case"""
    TELL_MOVED = "tell_moved"
    """a mail to the office that a case has left"""
    TELL_COPY = "tell_copy"
    """a mail to an office that is told of a case which is another's"""
    ESCALATE = "escalate"
    """the next one told of a case that nobody has accepted"""
    TELL_CHANNEL = "tell_channel"
    """the same news by a configured channel"""
    TEXT_OFFICE = "text_office"
    """a text of a case, to the phone of its office"""
    FETCH_RECORDING = "fetch_recording"
    """a recording's sound, from the carrier"""
    TRANSCRIBE = "transcribe"
    """the words of a recording that is kept here"""
    HEED = "heed"
    """those words, read for danger"""
    SORT = "sort"
    """those words, read for what a case without a topic is about"""
    DELETE_RECORDING = "delete_recording"
    """a recording at the carrier, no longer needed there"""
    DELETE_TEXT = "delete_text"
    """a text at the carrier, which nobody there has to keep"""
    SETTLE = "settle"
    """a recording whose webhooks never came"""
    CALL = "call"
    """a phone rung, to tell somebody something"""
    CALL_END = "call_end"
    """the end of such a call, where the carrier never told it"""
    RING = "ring"
    """a phone rung for a caller who waits"""
    RING_END = "ring_end"
    """the phones that still ring for a caller who waits for none of them any more"""


@dataclass(frozen=True, slots=True)
class Share:
    """At most so many jobs whose keys begin with `prefix`, in all."""

    prefix: str
    most: int


@dataclass(frozen=True, slots=True)
class NewJob:
    """Durable work to be taken on. The same `key` again changes nothing; `reference` is the case
    that it speaks of, `at` when it is due. Where it has a `share`, its key begins with that prefix.
    `sooner`: what was taken on before of its kind for its case is due then at the latest, unless
    somebody has begun it."""

    kind: JobKind
    payload: Mapping[str, object]
    key: str
    at: datetime
    reference: str | None = None
    share: Share | None = None
    sooner: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Durable work that somebody has claimed. `kind` is a `JobKind`, unless another version
    enqueued it; `payload` is JSON; `attempts` counts the claims, this one too; `failures` those
    that the far side did not let through (a kill or a full disk of ours is none). `follows` is what
    its handler wants taken on in the transaction that notes how it went, whichever way; there too
    stands what `went_out`: before each message, the marks of the words in it."""

    id: int
    kind: str
    payload: Mapping[str, object]
    attempts: int
    key: str | None = None
    failures: int = 0
    follows: list[NewJob] = field(default_factory=list, compare=False)
    went_out: list[frozenset[str]] = field(default_factory=list, compare=False)

    @property
    def tries(self) -> int:
        """The how manieth try this is."""
        return self.failures + 1


class Outbox(Protocol):
    """The outbox as its drain sees it: claimed with a lease, finished once (design §6)."""

    async def claim(self, now: datetime, most: int) -> Sequence[Job]:
        """Jobs that are due, now ours until the lease ends."""
        ...

    async def sending(self, job: Job) -> None:
        """Mark that a request goes out now: after a kill the job is in doubt, and claimed again
        with one attempt more, so that its handler looks before it repeats."""
        ...

    async def done(self, job: Job, now: datetime) -> Sequence[str]:
        """Finish it; personal parts of its payload are dropped. Returns the keys of what follows
        and was turned away, its share being used up; so do the other ends."""
        ...

    async def again(
        self, job: Job, at: datetime, why: str, *, counted: bool = True
    ) -> Sequence[str]:
        """Give it back until `at`; `counted` says whether it was one of its tries."""
        ...

    async def give_up(self, job: Job, now: datetime, why: str) -> Sequence[str]:
        """Keep it as failed, loudly, for a person to see."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return at the next commit that enqueued something, or after `seconds`."""
        ...
