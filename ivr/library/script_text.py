"""A script as somebody types it: every fault of its text at the line and node where it stands, in
both languages. The counterpart of `scripts`, which makes nodes of it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError

from routing.register import LANGUAGES, Names

_TOML: Final[Mapping[str, str]] = {
    "Invalid statement": "这一行不是“名称 = 值”，也不是[表名]",
    "Invalid initial character for a key part": "等号前面的名称不对，或者方括号里没有名称",
    "Expected '=' after a key": "名称后面缺等号",
    "Expected ']'": "表名后面缺右方括号",
    "Expected newline or end of document": "一行里写了多余的内容",
    "Invalid value": "等号后面的值不对，文字要用引号括起来",
    "Unterminated string": "引号没有成对",
    "Unclosed array": "列表缺右方括号",
    "Unclosed inline table": "缺右花括号",
    "Illegal character": "有不能使用的字符，或者引号没有成对",
    "Unescaped": "引号内的反斜杠写法不对",
    "Cannot declare": "同一个表写了两次",
    "Cannot overwrite": "同一个名称写了两次",
    "Duplicate": "同一个名称写了两次",
}
_SHAPES: Final[Mapping[str, str]] = {
    "string_type": "这里应是文字，要用引号括起来",
    "int_type": "这里应是整数",
    "int_from_float": "这里应是整数",
    "bool_type": "这里只能写true或false",
    "list_type": "这里应是列表，写在方括号里",
    "tuple_type": "这里应是列表，写在方括号里",
    "dict_type": "这里应是一组名称和值",
    "model_type": "这里应是一组名称和值",
    "literal_error": "这里只能写：{expected}",
    "enum": "这里只能写：{expected}",
    "greater_than": "应大于{gt}",
    "greater_than_equal": "不能小于{ge}",
    "less_than": "应小于{lt}",
    "less_than_equal": "不能大于{le}",
    "string_too_short": "至少要写{min_length}个字符",
    "string_too_long": "最多写{max_length}个字符",
    "string_pattern_mismatch": "这里的写法不对，要符合{pattern}",
    "too_short": "至少要有{min_length}项",
    "too_long": "最多{max_length}项",
}
"""How pydantic's kinds of faults read in Chinese; its own sentences are English."""
MOST_SIGNS: Final = 200_000
MOST_LINE: Final = 2_000
"""Signs: a name of thirty thousand parts takes the library a quarter of a minute."""
MOST_FAULTS: Final = 50
"""Of one look: each is looked for in all lines."""
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


def too_much(text: str) -> TextFault | None:
    """Why a text is not read at all; None where it is."""
    if len(text) > MOST_SIGNS:
        most = MOST_SIGNS // 1000
        says = _both(f"最多{most}千个字符", f"at most {most},000 characters are read")
        return TextFault(1, "", "", says)
    lines = enumerate(text.split("\n"), 1)
    long = next((at for at, line in lines if len(line) > MOST_LINE), None)
    if long is None:
        return None
    says = _both(f"这一行超过{MOST_LINE}个字符", f"this line has over {MOST_LINE} characters")
    return TextFault(long, "", "", says)


def too_deep() -> TextFault:
    """Brackets within brackets, without end."""
    return TextFault(1, "", "", _both("括号嵌套太深", "brackets are nested too deep"))


def of_toml(text: str, wrong: ValueError) -> TextFault:
    """Where it is no TOML."""
    found = _AT.search(str(wrong))
    line = int(found[1]) if found else text.count("\n") + 1
    why = _AT.sub("", str(wrong)).strip()
    says = _both(f"不是有效的TOML：{_of_toml(why)}", f"this is no TOML: {why}")
    return TextFault(line, node_at(text, line), "", says)


def of_shape(text: str, wrong: ValidationError) -> Iterator[TextFault]:
    """What a script, or a node of this kind, cannot have: the first MOST_FAULTS."""
    for fault in islice(wrong.errors(), MOST_FAULTS):
        path = [str(part) for part in fault["loc"]]
        node = path[1] if path[0] == "nodes" and len(path) > 1 else ""
        field = ".".join(path[3:] if node else path)
        line = line_of(text, node, next(iter(path[3:] if node else path), ""))
        yield TextFault(line, node, field, _says(fault["type"], fault["msg"], fault.get("ctx", {})))


def _of_toml(why: str) -> str:
    """What tomllib says, by how that begins."""
    return next((zh for begins, zh in _TOML.items() if why.startswith(begins)), "这里的写法不对")


def _says(kind: str, told: str, context: Mapping[str, Any]) -> Names:
    match kind:
        case "missing":
            return _both("缺少这一项", "this is missing")
        case "extra_forbidden":
            return _both("没有这一项", "there is no such field here")
        case "union_tag_invalid" | "union_tag_not_found":
            return _both("kind不是节点的种类", "its kind is no kind of node")
        case _:
            known = defaultdict(str, {name: str(value) for name, value in context.items()})
            return _both(_SHAPES.get(kind, "这里的写法不对").format_map(known), told)


def line_of(text: str, node: str, field: str = "") -> int:
    """The line of a node's field, or of its heading where it has none; of a name before the nodes
    where `node` is "". 1 where it is not there."""
    lines = text.split("\n")
    start = _heading(lines, node) if node else 0
    if start is None:
        return 1
    own, wanted = re.compile(_table(node)), re.compile(rf"\s*\"?{re.escape(field)}\"?\s*=")
    for at in range(start + 1 if node else 0, len(lines)):
        if re.match(r"\s*\[", lines[at]) and not own.match(lines[at]):
            break
        if field and wanted.match(lines[at]):
            return at + 1
    return start + 1


def node_at(text: str, line: int) -> str:
    """The node whose table a line stands in."""
    for above in reversed(text.split("\n")[:line]):
        if found := re.match(r"\s*\[nodes\.\"?(\w+)\"?", above):
            return found[1]
    return ""


def _heading(lines: list[str], node: str) -> int | None:
    table = re.compile(_table(node))
    return next((at for at, line in enumerate(lines) if table.match(line)), None)


def _table(node: str) -> str:
    return rf"\s*\[nodes\.\"?{re.escape(node)}\"?[.\]]"


def _both(zh: str, en: str) -> Names:
    return dict(zip(LANGUAGES, (zh, en), strict=True))
