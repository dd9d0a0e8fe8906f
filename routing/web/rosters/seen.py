"""One moment of the entities of one kind that these pages edit: as published, and as drafted."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from routing.drafts.change import Change, Edit
from routing.drafts.document import compose
from routing.drafts.kinds import kind_of
from routing.publishing.desk import PublishingDesk
from routing.publishing.sight import Sight

Bodies = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Seen:
    """The plan's number, its entities of the kind, what the draft has of them, and both
    together."""

    kind: str
    number: int
    published: Bodies
    changes: Mapping[str, Change]
    drafted: Bodies

    def sight(self, key: str) -> Sight:
        """What whoever looks at it now sees."""
        return Sight.of(self.changes.get(key), self.number)

    def edit(self, key: str, body: Mapping[str, Any] | None, sight: Sight) -> Edit:
        """The edit that puts a body where the editor saw that."""
        known = self.changes.get(key)
        if known is not None:
            return known.to(body, sight.revision)
        return Edit(self.kind, key, body, self.published.get(key), self.number, sight.revision)


async def seen_of(publishing: PublishingDesk, name: str) -> Seen:
    """As it is now."""
    newest = await publishing.releases.newest()
    draft = await publishing.drafts.draft()
    mine = [change for change in draft.changes if change.kind == name]
    kind = kind_of(name)
    drafted = await asyncio.to_thread(compose, newest.document, mine)
    return Seen(
        name,
        newest.number,
        kind.read(newest.document),
        {change.key: change for change in mine},
        kind.read(drafted),
    )
