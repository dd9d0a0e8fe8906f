"""How plans come to be published, as values and ports (ADR 39). Rows of them are
`storage.releases`; `desk` is what people do with them.

PublishingError
├── Refused      findings at level error keep it back
├── Overtaken    another plan was published meanwhile, or the draft was changed
├── Unchanged    it is in use already
├── NotSecond    the second person must be another one
├── Unreasoned   a publication says why
├── Unfinished   what checks a large plan came to no end
├── TooFar       too much was done in a hurry since
└── NotThere     no such plan, or no such proposal any more
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from routing.audit import Entry
from routing.drafts.body import CutBody, in_parts
from routing.drafts.change import Author, Change
from routing.drafts.kinds import Document
from routing.drafts.text import dumped, loaded
from routing.findings import Finding

SYSTEM: Final = Author("system", "Zhitong")
"""Who publishes at a start, and brings a plan back by itself."""
MOST_REASON: Final = 500


class PublishingError(Exception):
    """It was not published; the message says why."""


class Refused(PublishingError):
    """It has findings at level error."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = tuple(findings)


class Overtaken(PublishingError):
    """What was seen is no longer what there is: look at it again."""


class Unchanged(PublishingError):
    """Nothing would be changed by it: it is in use already."""


class NotSecond(PublishingError):
    """Whoever proposed it cannot be the second person, too."""


class Unreasoned(PublishingError):
    """A reason of 1 to 500 characters is needed."""


class Unfinished(PublishingError):
    """The process that puts large plans together and checks them was ended, or took too long:
    nothing was published. Try again."""


class NotThere(PublishingError):
    """There is none of this number, or it was settled already."""


class TooFar(PublishingError):
    """More was done in a hurry since than a way back leads past: go back to a later plan."""


class Way(StrEnum):
    """How a plan came to be published."""

    PUBLISHED = "published"
    """the draft, after all checks"""
    QUICK = "quick"
    """one thing in a hurry, over the plan as it was"""
    ROLLED_BACK = "rolled_back"
    """an earlier body, by a person"""
    RETURNED = "returned"
    """the same, by itself: fewer calls were answered"""
    SYSTEM = "system"
    """a start: another version's words, or other settings"""


@dataclass(frozen=True, slots=True)
class Release:
    """One published plan. `of` is the number whose body came back; where one person acted in a
    hurry, a second looks at it until `confirm_by`. `second` approved before, or confirmed after,
    at `second_at`; `missed` says that nobody did in time."""

    number: int
    at: datetime
    way: Way
    by: Author
    reason: str
    of: int | None = None
    confirm_by: datetime | None = None
    second: Author | None = None
    second_at: datetime | None = None
    missed: bool = False

    @property
    def waits(self) -> bool:
        """Whether a second person has still to look at it."""
        return self.confirm_by is not None and self.second is None


class ProposalState(StrEnum):
    """How a proposal stands."""

    WAITING = "waiting"
    """for a second person"""
    SCHEDULED = "scheduled"
    """for its time"""
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"
    """when its time came it could not be published; `why` says so"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A composed draft that is not published yet. `digest` is of the body that was reviewed;
    `over` the plan and `revision` the draft that it was composed of; `starts` None: at once."""

    id: int
    state: ProposalState
    digest: str
    changes: tuple[Change, ...]
    over: int
    revision: int
    by: Author
    reason: str
    at: datetime
    starts: datetime | None = None
    second: Author | None = None
    second_at: datetime | None = None
    number: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Newest:
    """The plan that takes new calls."""

    number: int
    document: Document


@dataclass(frozen=True, slots=True)
class NewRelease:
    """What is to be published over the plan `over`, in one transaction with what it settles: the
    `proposal` and the `changes` of the draft that are now published, unless they were changed
    since. `entry` is what the audit keeps; the number is put into its subject; before it comes
    `approval`, where a second person's word is what publishes it."""

    document: Document
    over: int
    way: Way
    by: Author
    reason: str
    at: datetime
    entry: Entry
    of: int | None = None
    confirm_by: datetime | None = None
    second: Author | None = None
    second_at: datetime | None = None
    changes: tuple[Change, ...] = ()
    proposal: int | None = None
    approval: Entry | None = None


def text_of(document: Document) -> str:
    """A body as one text: the same text for the same body."""
    return dumped(document)


def stored_of(document: Document) -> str:
    """A body as its row holds it: the rules of a cut one by their hashes."""
    return dumped(document.named() if isinstance(document, CutBody) else document)


def document_of(text: str) -> Document:
    """The body that `text_of` wrote."""
    read: Mapping[str, Any] = loaded(text)
    return read


def digest_of(document: Document) -> str:
    """What a second person approves: SHA-256 of the body as it is stored, in hexadecimal."""
    return hashlib.sha256(stored_of(in_parts(document)).encode()).hexdigest()


class Releases(Protocol):
    """Published plans and proposals, as they are kept."""

    async def newest(self) -> Newest:
        """The plan that takes new calls. Raises NotThere before the first."""
        ...

    async def document(self, number: int) -> Document:
        """A plan's body. Raises NotThere."""
        ...

    async def releases(self, most: int, before: int | None = None) -> Sequence[Release]:
        """The latest first."""
        ...

    async def release(self, number: int) -> Release:
        """One. Raises NotThere."""
        ...

    async def publish(self, new: NewRelease) -> int:
        """Its number. Raises Overtaken where another plan is the newest, NotThere where its
        proposal was settled meanwhile."""
        ...

    async def propose(self, new: Proposal, entry: Entry) -> int:
        """Keep it; its id. One that waits of an earlier draft is withdrawn, and audited as that."""
        ...

    async def proposal(self, proposal: int) -> Proposal:
        """One. Raises NotThere."""
        ...

    async def proposals(self, most: int) -> Sequence[Proposal]:
        """Those that are not settled, then the latest others."""
        ...

    async def settle(self, proposal: Proposal, was: ProposalState, entry: Entry) -> None:
        """Its state, second person and why. Raises NotThere where its state is not `was`."""
        ...

    async def due(self, now: datetime) -> Sequence[Proposal]:
        """Those whose time has come."""
        ...

    async def confirm(self, number: int, second: Author, at: datetime, entry: Entry) -> None:
        """A second person has looked at it. Raises NotThere where it does not wait for one."""
        ...

    async def waiting(self) -> Sequence[Release]:
        """Those that wait for a second person, the most urgent first."""
        ...

    async def missed(self, number: int, entry: Entry) -> bool:
        """Nobody looked at it in time; False where that was noted already."""
        ...
