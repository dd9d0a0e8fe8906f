"""What several people have changed and nobody has published yet: one shared draft of entities over
the published plan (ADR 39). `storage.drafts` keeps it; `document` composes it into a plan's body.

DraftError
├── Conflict      somebody else was faster; both texts are kept
├── Moved         the draft is no longer the one that was seen
└── UnknownKind   no part of the house edits such an entity
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from routing.audit import Entry

Entity = Mapping[str, Any]
"""What an editor changes as one: a JSON object."""
MOST_KEY: Final = 200
MOST_NAME: Final = 64


class DraftError(Exception):
    """The draft does not take it; the message says why."""


class Moved(DraftError):
    """The draft was changed since it was seen: look at it again."""


class UnknownKind(DraftError):
    """No entity of this kind can be edited."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: the account's id, and the name that is shown beside it for ever."""

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entity as the draft has it. `body` is None where it is to be removed, `base` what the
    plan numbered `over` had when it was first changed (None: nothing, it is new). `revision` grows
    over the whole draft and never comes back, so that no two texts ever have the same one."""

    kind: str
    key: str
    body: Entity | None
    base: Entity | None
    over: int
    revision: int
    by: Author
    at: datetime

    @property
    def entity(self) -> tuple[str, str]:
        """Which entity it is of."""
        return self.kind, self.key

    def to(self, body: Entity | None, seen: int | None = None) -> "Edit":
        """The edit that puts another body in its place, by whoever has `seen` that revision; None:
        this one."""
        revision = self.revision if seen is None else seen
        return Edit(self.kind, self.key, body, self.base, self.over, revision)


@dataclass(frozen=True, slots=True)
class Edit:
    """What an editor wants kept. `seen` is the revision that was before their eyes, 0 where they
    saw the published plan `over`, whose entity is `base`."""

    kind: str
    key: str
    body: Entity | None
    base: Entity | None
    over: int
    seen: int = 0


class Conflict(DraftError):
    """Somebody else changed it meanwhile: nothing was overwritten. `theirs` is what the draft has
    now (None: it was discarded, or published), `yours` what was not kept."""

    def __init__(self, yours: Edit, theirs: Change | None) -> None:
        super().__init__(f"{yours.kind} {yours.key} was changed by somebody else meanwhile")
        self.yours = yours
        self.theirs = theirs

    def __reduce__(self) -> tuple[type["Conflict"], tuple[Edit, Change | None]]:
        """Copied out of another process whole."""
        return Conflict, (self.yours, self.theirs)


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is changed, the latest last, at one revision."""

    revision: int
    changes: Sequence[Change] = ()

    def of(self, kind: str, key: str) -> Change | None:
        """How it has an entity; None where that stands as published."""
        return next((change for change in self.changes if change.entity == (kind, key)), None)


class Drafts(Protocol):
    """The draft, as far as people change it."""

    async def draft(self) -> Draft:
        """All of it."""
        ...

    async def change(self, kind: str, key: str) -> Change | None:
        """How it has one entity; None where that stands as published."""
        ...

    async def save(
        self, edits: Sequence[Edit], by: Author, at: datetime, summary: Entry | None = None
    ) -> int:
        """Keep them, all or none; an entity that is as published again leaves the draft. `summary`
        is audited with them, in the same transaction. Returns the draft's revision. Raises Conflict
        where one was not changed from what was seen."""
        ...

    async def discard(self, kind: str, key: str, seen: int, by: Author, at: datetime) -> None:
        """As published again. Raises Conflict where somebody changed it since `seen`."""
        ...

    async def discard_all(self, seen: int, by: Author, at: datetime) -> int:
        """The same of everything; returns how many. Raises Moved where the draft has been
        changed since `seen`."""
        ...
