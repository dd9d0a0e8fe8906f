"""A whole plan as a file that people read, keep and compare: everything that can be edited, kind by
kind, as a draft has it (ADR 34). `exported` writes it, `read_plan` reads it back; what it would
change is `edits_of`. Nothing here publishes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.drafts.change import MOST_KEY, Draft, Edit, Entity
from routing.drafts.kinds import KINDS, Document
from routing.exchange.sentences import FileFault, fault
from routing.exchange.tree import Named, Node, Text, Unreadable, read_tree, written
from routing.sheets.entities import SHAPES, EntityKind, key_of
from routing.sheets.headings import COLUMN_NAMES
from routing.week import kept_hours

FORMAT: Final = "zhitong_plan"
VERSION: Final = 1
HOURS: Final = frozenset({"hours", "weekly"})
SETTINGS: Final = ("area", "zone")
"""Told beside the plan, since numbers and hours are read by them; they are the deployment's own."""
ABOUT: Final = (
    "# 直通方案：号码、单位、话术、日历、规则等全部可改的内容。格式见 docs/plan.schema.json。\n"
    "# A plan of Zhitong: everything that can be edited. docs/plan.schema.json describes it.\n"
    "# 没有写的种类保持不变；写了的种类，以这里为准。\n"
    "# A kind that is left out stays as it is; one that is here becomes what is written here.\n"
)


MOST_FAULTS: Final = 1_000
"""Of one file: 200,000 took 400 MB and a minute to be said."""


class _Enough(Exception):
    """So much is wrong that nobody reads on."""


class _Faults(list[FileFault]):
    """Up to MOST_FAULTS, and then that there are more."""

    def append(self, one: FileFault) -> None:
        """Raises _Enough after the last."""
        super().append(one)
        if len(self) >= MOST_FAULTS:
            super().append(fault(0, "", "more", n=MOST_FAULTS))
            raise _Enough


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a file says: kind -> key -> entity, and all that is wrong with it. Entities are taken
    only where no fault is an error."""

    kinds: Mapping[str, Mapping[str, Entity]]
    faults: tuple[FileFault, ...]

    @property
    def errors(self) -> tuple[FileFault, ...]:
        """Those for which nothing may be taken."""
        return tuple(one for one in self.faults if not one.only_told)


def exported(document: Document) -> str:
    """The plan as YAML, the same for the same plan."""
    whole: dict[str, Any] = {FORMAT: VERSION}
    whole["settings"] = {name: document[name] for name in SETTINGS}
    for name, kind in KINDS.items():
        whole[name] = {key: _tidy(name, body) for key, body in kind.read(document).items()}
    return ABOUT + written(whole)


def _tidy(kind: str, body: Entity) -> Entity:
    """Of a row of the register its empty cells are left out, beyond the columns it has to have."""
    shape = SHAPES.get(EntityKind(kind)) if kind in frozenset(EntityKind) else None
    if shape is None:
        return body
    return {name: text for name, text in body.items() if text or name in shape.columns}


def read_plan(raw: bytes, document: Document) -> PlanFile:
    """What a file says, to be taken over `document`. Never raises: all that is wrong is among the
    faults."""
    try:
        tree = read_tree(raw)
    except Unreadable as wrong:
        return PlanFile({}, (wrong.fault,))
    if found := _not_ours(tree):
        return PlanFile({}, (found,))
    assert isinstance(tree, Named)
    faults = _Faults(_settings(tree.names.get("settings"), document))
    try:
        kinds = _kinds(tree, faults)
    except _Enough:
        kinds = {}
    return PlanFile(kinds, tuple(faults))


def _kinds(tree: Named, faults: _Faults) -> Mapping[str, Mapping[str, Entity]]:
    """Raises _Enough."""
    kinds: dict[str, Mapping[str, Entity]] = {}
    for name, node in tree.names.items():
        if name in (FORMAT, "settings"):
            continue
        if name not in KINDS:
            known = ", ".join(KINDS)
            faults.append(fault(node.line, name, "unknown_kind", key=name, known=known))
        elif not isinstance(node, Named):
            faults.append(fault(node.line, name, "not_names"))
        else:
            kinds[name] = _entities(name, node, faults)
    return kinds


def _not_ours(tree: Node) -> FileFault | None:
    told = tree.names.get(FORMAT) if isinstance(tree, Named) else None
    version = told.value() if isinstance(told, Text) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        return fault(tree.line, "", "not_a_plan", key=FORMAT, n=VERSION)
    if version > VERSION:
        return fault(tree.line, FORMAT, "newer", value=version, n=VERSION)
    return None


def _settings(node: Node | None, document: Document) -> Iterator[FileFault]:
    """What a deployment sets is only compared: elsewhere numbers would be read otherwise."""
    for name in SETTINGS:
        told = node.names.get(name) if isinstance(node, Named) else None
        if isinstance(told, Text) and told.text != document[name]:
            yield fault(told.line, f"settings/{name}", "other_setting", only_told=True,
                        key=name, value=told.text, ours=document[name])  # fmt: skip


def _entities(kind: str, node: Named, faults: _Faults) -> dict[str, Entity]:
    found: dict[str, Entity] = {}
    for key, body in node.names.items():
        path = f"{kind}/{key}"
        if not 0 < len(key) <= MOST_KEY:
            faults.append(fault(body.line, path, "long_key", n=MOST_KEY))
        elif "\0" in key:
            faults.append(fault(body.line, path, "zero"))
        elif not isinstance(body, Named):
            faults.append(fault(body.line, path, "not_names"))
        elif kind in frozenset(EntityKind):
            found[key] = _row(EntityKind(kind), key, body, faults)
        else:
            found[key] = _with_kept_hours(body.value())
    return found


def _with_kept_hours(value: Any) -> Any:
    """Hours may be written in Chinese; they are kept in one form, whatever they are of."""
    match value:
        case dict():
            return {
                name: kept_hours(each)
                if name in HOURS and isinstance(each, str)
                else _with_kept_hours(each)
                for name, each in value.items()
            }
        case list():
            return [_with_kept_hours(each) for each in value]
        case _:
            return value


def _row(kind: EntityKind, key: str, node: Named, faults: _Faults) -> Entity:
    """A row of the register: every cell is the text that was written, also 0558 and 1."""
    body: dict[str, str] = {}
    for column, cell in node.names.items():
        path = f"{kind}/{key}/{column}"
        if column not in COLUMN_NAMES[kind]:
            known = ", ".join(COLUMN_NAMES[kind])
            faults.append(fault(cell.line, path, "unknown_column", key=column, known=known))
        elif not isinstance(cell, Text):
            faults.append(fault(cell.line, path, "not_text_cell"))
        else:
            text = "" if cell.plain and cell.text in ("~", "null") else cell.text.strip()
            body[column] = kept_hours(text) if column in HOURS and text else text
    if (own := key_of(kind, body)) != key:
        faults.append(fault(node.line, f"{kind}/{key}", "other_key", key=key, value=own))
    return body


def composed(document: Document, file: PlanFile) -> Document:
    """The plan's body as the file wants it; what the file says as it stands stays byte for byte."""
    for name, kind in KINDS.items():
        if name in file.kinds:
            document = kind.write(document, _as_kept(name, kind.read(document), file.kinds[name]))
    return document


def edits_of(document: Document, number: int, draft: Draft, file: PlanFile) -> tuple[Edit, ...]:
    """What has to be changed in the draft over the plan of this number. An entity that the draft
    changes already is changed from there; one that it alone has and the file lacks goes."""
    wanted = composed(document, file)
    drafted = {change.entity: change for change in draft.changes}
    edits: list[Edit] = []
    for name in file.kinds:
        before, after = KINDS[name].read(document), KINDS[name].read(wanted)
        alone = (key for kind, key in drafted if kind == name)
        for key in dict.fromkeys((*before, *after, *alone)):
            known = drafted.get((name, key))
            if known is None:
                edit = Edit(name, key, after.get(key), before.get(key), number)
            else:
                edit = known.to(after.get(key))
            if edit.body != (edit.base if known is None else known.body):
                edits.append(edit)
    return tuple(edits)


def _as_kept(
    kind: str, before: Mapping[str, Entity], wanted: Mapping[str, Entity]
) -> Mapping[str, Entity]:
    """A row that says the same as before stays what it was, empty cells and all."""
    if kind not in frozenset(EntityKind):
        return wanted
    return {
        key: before[key] if key in before and _same(before[key], body) else body
        for key, body in wanted.items()
    }


def _same(one: Entity, other: Entity) -> bool:
    return all(one.get(name, "") == other.get(name, "") for name in {*one, *other})
