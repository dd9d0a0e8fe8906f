"""A plan's body put together: the draft over the newest plan, or one edit over what its editor saw.
Long work where there are many rules, so it is done `Beside` the calls. Used by `desk`."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from routing.drafts.body import in_parts
from routing.drafts.change import Change, Conflict, Edit
from routing.drafts.document import Difference, Rebased, compose, differences, entity_of, rebase
from routing.drafts.kinds import Document
from routing.publishing.release import Newest

T = TypeVar("T")


class Beside(Protocol):
    """Where long work is done so that calls go on meanwhile."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """What `work` returns, or raises."""
        ...


async def at_once(work: Callable[[], T]) -> T:
    """Here, where nobody else waits."""
    return work()


def composed(
    changes: Sequence[Change], newest: Newest
) -> tuple[Rebased, Document, tuple[Difference, ...]]:
    """Changes over the newest plan, the body that they make, and what it has otherwise."""
    rebased = rebase(changes, newest.document, newest.number)
    document = in_parts(compose(newest.document, rebased.carried))
    return rebased, document, differences(newest.document, document)


def made_of(newest: Newest, changes: Sequence[Change]) -> Document:
    """The body that a proposal's changes make of the newest plan."""
    return in_parts(compose(newest.document, changes))


def over_what_was_seen(newest: Newest, edits: Sequence[Edit]) -> Document:
    """The body with the edits. Raises Conflict where an entity is not as its editor saw it."""
    for edit in edits:
        if entity_of(newest.document, edit.kind, edit.key) != edit.base:
            raise Conflict(edit, None)
    return in_parts(compose(newest.document, edits))
