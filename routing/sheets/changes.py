"""What a change of the register's sheets does: entity by entity and field by field, with every
fault of what it would make. Pure: nothing is taken; who publishes composes and decides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from routing.register import ListingStatus
from routing.sheets.entities import (
    SHAPES,
    Body,
    EntityFault,
    EntityKind,
    Rows,
    entities,
    faults_of,
    with_entities,
)
from routing.sheets.files import FileFault, Upload
from routing.sheets.register import Sheets


class What(StrEnum):
    """What becomes of an entity."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One cell, before and after; "" where it was or becomes empty."""

    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EntityChange:
    """One entity; `fields` are those that differ. `needs_two`: publishing it may want a second
    person."""

    kind: EntityKind
    key: str
    what: What
    fields: tuple[FieldChange, ...]
    needs_two: bool = False


def differences(before: Sheets, after: Sheets) -> tuple[EntityChange, ...]:
    """All that differs, kind by kind, in the order of the sheets; what was taken out comes last.
    That rows stand in another order is no difference."""
    return tuple(change for kind in EntityKind for change in _of_kind(kind, before, after))


def _of_kind(kind: EntityKind, before: Sheets, after: Sheets) -> Iterator[EntityChange]:
    sheet = SHAPES[kind].sheet
    if getattr(before, sheet) == getattr(after, sheet):
        return
    old, new = entities(before, kind), entities(after, kind)
    for key, body in new.items():
        if cells := _cells(old.get(key, {}), body):
            what = What.CHANGED if key in old else What.ADDED
            yield EntityChange(kind, key, what, cells, gated(kind, old.get(key), body))
    for key in (key for key in old if key not in new):
        gate = gated(kind, old[key], None)
        yield EntityChange(kind, key, What.REMOVED, _cells(old[key], {}), gate)


def _cells(old: Body, new: Body) -> tuple[FieldChange, ...]:
    pairs = ((column, old.get(column, ""), new.get(column, "")) for column in {**old, **new})
    return tuple(FieldChange(*pair) for pair in pairs if pair[1] != pair[2])


GATED: Final = (
    "office", "answer_mode", "forward_to", "stand_in_number", "valid_until", "post", "post_en",
    "outbound_policy",
)  # fmt: skip
"""The columns of a published number that say whose it is, for how long, where its calls go, and
whether a call that shows it can be genuine."""


RUNG: Final = ("forward_to", "stand_in_number")
"""The columns of a number that hold phones. A rule or a roster rings them, whether the number
is on the list or not."""


def lists(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> bool:
    """Whether a change of a number puts it on the list, takes it off, has one that is on it lead
    elsewhere or be somebody else's, or brings a phone: a swindler's aims, for which two people are
    wanted."""
    before, after = old or {}, new or {}
    on = [row.get("status") == ListingStatus.PUBLISHED for row in (before, after)]
    if on[0] != on[1]:
        return True
    moved = on[1] and any(before.get(one, "") != after.get(one, "") for one in GATED)
    return moved or not _phones(after) <= _phones(before)


def _phones(row: Mapping[str, Any]) -> frozenset[str]:
    cells = ";".join(str(row.get(one, "")) for one in RUNG).split(";")
    return frozenset(cell.strip() for cell in cells) - {""}


DIVERTING: Final = ("pool_number", "stand_in_number", "email")
"""The columns of an office that say where the calls and cases of its published numbers go."""
TOLD: Final = ("email", "phone", "channel")
"""The columns of a rung of its ladder that say the same."""


def gated(kind: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> bool:
    """Whether a change of a row is one for which two people are wanted: whatever brings a phone or
    an address that was not in the register, as a rule of one person's may lead a line to it. An
    office or a service that goes leads nothing elsewhere."""
    match kind:
        case EntityKind.NUMBER:
            return lists(old, new)
        case EntityKind.OFFICE if new is not None:
            return any((old or {}).get(one, "") != new.get(one, "") for one in DIVERTING)
        case EntityKind.SERVICE:
            return old is None
        case EntityKind.CONTACT:
            before, after = old or {}, new or {}
            return any(before.get(one, "") != after.get(one, "") for one in TOLD)
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do: the sheets as they would be, what changes, and every fault. With a
    fault nothing is taken."""

    sheets: Sheets
    changes: tuple[EntityChange, ...]
    faults: tuple[FileFault, ...]

    def many(self, what: What) -> int:
        """How many entities are added, changed or removed."""
        return sum(change.what is what for change in self.changes)


def preview(current: Sheets, uploads: Sequence[Upload], area: str, *, whole: bool) -> Preview:
    """What these files would make of the register. `whole`: a file is all there is of its kind,
    and what it does not name is taken out; else it adds, and changes the cells that it has."""
    after = current
    for upload in uploads:
        rows = upload.rows if whole else _joined(entities(after, upload.kind), upload.rows)
        after = with_entities(after, upload.kind, rows)
    own = [one for upload in uploads for one in upload.faults]
    told = {(one.file, one.row, one.column) for one in own}
    further = (_in_file(one, uploads) for one in faults_of(after, area))
    new = (one for one in further if (one.file, one.row, one.column) not in told)
    faults = sorted((*own, *new), key=_place)
    return Preview(after, differences(current, after), tuple(faults))


def _place(one: FileFault) -> tuple[str, int]:
    return one.file, one.row


def _joined(current: Rows, rows: Rows) -> dict[str, Body]:
    joined = dict(current)
    for key, body in rows.items():
        joined[key] = {**current.get(key, {}), **body}
    return joined


def _in_file(one: EntityFault, uploads: Sequence[Upload]) -> FileFault:
    """Where the file's maker finds it; one of an entity that no file names says which it is."""
    for upload in uploads:
        if upload.kind is one.kind and (row := upload.numbers.get(one.key)):
            return FileFault(row, one.column, one.code, one.says, upload.name, one.kind)
    before = f"{one.key}: " if one.key else ""
    says = {tongue: before + text for tongue, text in one.says.items()}
    return FileFault(0, one.column, one.code, says, "", one.kind)
