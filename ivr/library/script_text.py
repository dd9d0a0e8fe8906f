"""A script as somebody types it: every fault of its text at the line and node where it stands, in
both languages. The counterpart of `scripts`, which makes nodes of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from routing.register import LANGUAGES, Names

_AT: Final = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class TextFault:
    """One thing that is wrong with the text: at which line (from 1), of which node ("" for what
    stands before the nodes), and of which field."""

    line: int
    node: str
    field: str
    says: Names

    def __str__(self) -> str:
        """As the terminal has it."""
        at = ".".join(part for part in (self.node, self.field) if part)
        return f"line {self.line}{f' {at}' if at else ''}: {self.says['en']}"


def of_toml(text: str, wrong: ValueError) -> TextFault:
    """Where it is no TOML."""
    found = _AT.search(str(wrong))
    line = int(found[1]) if found else text.count("\n") + 1
    why = _AT.sub("", str(wrong)).strip()
    says = _both(f"不是有效的TOML：{why}", f"this is no TOML: {why}")
    return TextFault(line, node_at(text, line), "", says)


def of_shape(text: str, wrong: ValidationError) -> Iterator[TextFault]:
    """What a script, or a node of this kind, cannot have."""
    for fault in wrong.errors():
        path = [str(part) for part in fault["loc"]]
        node = path[1] if path[0] == "nodes" and len(path) > 1 else ""
        field = ".".join(path[3:] if node else path)
        line = line_of(text, node, next(iter(path[3:] if node else path), ""))
        yield TextFault(line, node, field, _says(fault["type"], fault["msg"]))


def _says(kind: str, told: str) -> Names:
    match kind:
        case "missing":
            return _both("缺少这一项", "this is missing")
        case "extra_forbidden":
            return _both("没有这一项", "there is no such field here")
        case "union_tag_invalid" | "union_tag_not_found":
            return _both("kind不是节点的种类", "its kind is no kind of node")
        case _:
            return _both(f"写得不对：{told}", told)


def line_of(text: str, node: str, field: str = "") -> int:
    """The line of a node's field, or of its heading where it has none; of a name before the nodes
    where `node` is "". 1 where it is not there."""
    lines = text.split("\n")
    start = _heading(lines, node) if node else 0
    if start is None:
        return 1
    for at in range(start + 1 if node else 0, len(lines)):
        if re.match(r"\s*\[", lines[at]) and not re.match(_table(node), lines[at]):
            break
        if field and re.match(rf"\s*\"?{re.escape(field)}\"?\s*=", lines[at]):
            return at + 1
    return start + 1


def node_at(text: str, line: int) -> str:
    """The node whose table a line stands in."""
    for above in reversed(text.split("\n")[:line]):
        if found := re.match(r"\s*\[nodes\.\"?(\w+)\"?", above):
            return found[1]
    return ""


def _heading(lines: list[str], node: str) -> int | None:
    return next((at for at, line in enumerate(lines) if re.match(_table(node), line)), None)


def _table(node: str) -> str:
    return rf"\s*\[nodes\.\"?{re.escape(node)}\"?[.\]]"


def _both(zh: str, en: str) -> Names:
    return dict(zip(LANGUAGES, (zh, en), strict=True))
