"""Changes and a plan's body: composed into the next body, carried over to another plan, and two
bodies compared entity by entity."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from routing.drafts.body import same
from routing.drafts.change import Change, Draft, Edit, Entity
from routing.drafts.kinds import KINDS, Document, Kind, kind_of

SETTING: Final = "setting"
"""The kind under which what no entity holds is compared: the settings of the deployment."""


def entity_of(document: Document, kind: str, key: str) -> Entity | None:
    """How a plan has an entity. Raises UnknownKind."""
    return kind_of(kind).read(document).get(key)


def with_draft(document: Document, draft: Draft, kind: str) -> dict[str, Entity]:
    """All of a kind as the draft has them: what an editor lists."""
    rows = kind_of(kind).read(document)
    return _changed(rows, [change for change in draft.changes if change.kind == kind])


def compose(
    document: Document, changes: Sequence[Change | Edit], kinds: Mapping[str, Kind] = KINDS
) -> Document:
    """The body with the changes applied; what is not touched stays byte for byte."""
    for name, kind in kinds.items():
        mine = [change for change in changes if change.kind == name]
        if mine:
            document = kind.write(document, _changed(kind.read(document), mine))
    return document


def _changed(rows: dict[str, Entity], changes: Iterable[Change | Edit]) -> dict[str, Entity]:
    for change in changes:
        if change.body is None:
            rows.pop(change.key, None)
        else:
            rows[change.key] = change.body
    return rows


@dataclass(frozen=True, slots=True)
class Stale:
    """A change whose entity was changed by a publication meanwhile; `now` is how it stands."""

    change: Change
    now: Entity | None


@dataclass(frozen=True, slots=True)
class Rebased:
    """A draft over another plan: what carries over, and what a person has to look at again. What
    was published in the same words meanwhile is in neither."""

    carried: tuple[Change, ...]
    stale: tuple[Stale, ...]


def rebase(changes: Sequence[Change], document: Document, number: int) -> Rebased:
    """The changes over the plan of this number."""
    carried, stale = [], []
    read: dict[str, dict[str, Entity]] = {}
    for change in changes:
        if change.kind not in read:
            read[change.kind] = kind_of(change.kind).read(document)
        now = read[change.kind].get(change.key)
        if now == change.base:
            carried.append(replace(change, over=number))
        elif now != change.body:
            stale.append(Stale(change, now))
    return Rebased(tuple(carried), tuple(stale))


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an entity, before and after; None where there is none."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One entity that two plans have differently; None where one of them has none."""

    kind: str
    key: str
    old: Entity | None
    new: Entity | None

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """Field by field, those that differ."""
        old, new = self.old or {}, self.new or {}
        names = dict.fromkeys((*old, *new))
        return tuple(
            FieldChange(name, old.get(name), new.get(name))
            for name in names
            if old.get(name) != new.get(name)
        )


def differences(
    old: Document, new: Document, kinds: Mapping[str, Kind] = KINDS
) -> tuple[Difference, ...]:
    """What one plan has otherwise than another, entity by entity, then the settings."""
    found: list[Difference] = []
    for kind in kinds.values():
        if not all(same(old, new, part) for part in kind.parts):
            found.extend(_of_kind(kind.name, kind.read(old), kind.read(new)))
    return (*found, *_settings(old, new))


def _of_kind(
    kind: str, old: Mapping[str, Entity], new: Mapping[str, Entity]
) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before != after:
            yield Difference(kind, key, before, after)


def _settings(old: Document, new: Document) -> Iterator[Difference]:
    """What follows the deployment's settings and the version's files."""
    for name in ("area", "zone", "calendar", "policy"):
        if old.get(name) != new.get(name):
            yield Difference(SETTING, name, {name: old.get(name)}, {name: new.get(name)})
