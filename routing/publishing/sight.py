"""What an editor had before their eyes when they began to type, as a form brings it back: so that
nothing is kept over what was changed in the draft, or published, meanwhile (ADR 39)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.drafts.change import Change, Conflict, Edit
from routing.drafts.document import entity_of
from routing.publishing.release import NotThere, Releases

MOST_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Sight:
    """The draft's `revision` of an entity; 0 where it stood as the plan numbered `over` has it."""

    revision: int = 0
    over: int = 0

    @classmethod
    def of(cls, change: Change | None, over: int) -> "Sight":
        """What whoever looks at an entity now sees: the draft's `change` of it, None where it
        stands as in the plan `over`."""
        return cls(0 if change is None else change.revision, over)

    def __str__(self) -> str:
        """As a hidden field of a form."""
        return f"{self.revision}.{self.over}"


NOTHING: Final = Sight()
"""What whoever writes something new has seen of it."""


def sight_in(text: object) -> Sight:
    """What `str` wrote. What cannot be read was no sight: only what is new is kept by it."""
    parts = text.split(".") if isinstance(text, str) else []
    if not all(part.isascii() and part.isdigit() and len(part) <= MOST_DIGITS for part in parts):
        return NOTHING
    return Sight(*map(int, parts)) if len(parts) in {1, 2} else NOTHING


def digest(body: Mapping[str, Any] | None) -> str:
    """What tells two texts of an entity apart, where a form brings back which one it was; "" where
    there is none."""
    if body is None:
        return ""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]


async def compare(releases: Releases, edit: Edit, sight: Sight) -> None:
    """Raises Conflict where the entity is published otherwise than it was seen. `edit` is over the
    newest plan; the draft's own changes are compared as they are kept."""
    if sight.revision or sight.over == edit.over:
        return
    try:
        seen = entity_of(await releases.document(sight.over), edit.kind, edit.key)
    except NotThere:
        seen = None
    if seen != edit.base:
        raise Conflict(edit, None)
