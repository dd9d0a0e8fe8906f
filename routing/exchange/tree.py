"""YAML as a bounded tree, and values as YAML. Of YAML only what JSON can say too is read: no tags,
no anchors, no aliases (of which a few lines can fill a memory), no second key of a name; a word is
a text unless JSON knows it otherwise, so that `no` and 2026-11-24 stay what was written."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from routing.exchange.sentences import FileFault, fault

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a file: some fifty thousand numbers."""
MOST_PARTS: Final = 2_000_000
MOST_DEEP: Final = 40
MOST_NAME: Final = 1_000
"""Signs: each part beneath it has it in its path."""
_NUMBER: Final = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})(?P<part>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)"
)
_DIRECTIVE: Final = re.compile(r"(?:\A|[\n\r\x85\u2028\u2029])\ufeff*%")
"""Ends of lines as YAML has them. Its reader compares each with all before, in one step in which no
other thread has its turn: 200 kB of them are three seconds."""
_WORDS: Final = {"null": None, "~": None, "": None, "true": True, "false": False}
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Text:
    """One scalar: as it was written, and whether plainly, without quotes."""

    line: int
    text: str
    plain: bool

    def value(self) -> Any:
        """What JSON would say of it."""
        return plain_value(self.text) if self.plain else self.text


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    items: "list[Node]"

    def value(self) -> Any:
        return [item.value() for item in self.items]


@dataclass(frozen=True, slots=True)
class Named:
    """Names and what stands under them, in order, each at its line."""

    line: int
    names: "dict[str, Node]"

    def value(self) -> Any:
        return {name: node.value() for name, node in self.names.items()}


Node = Text | Items | Named


class Unreadable(Exception):
    """The file is no tree; `fault` says where and why."""

    def __init__(self, found: FileFault) -> None:
        super().__init__(str(found))
        self.fault = found


def plain_value(text: str) -> Any:
    """What a word without quotes is: JSON's values, else a text."""
    if text in _WORDS:
        return _WORDS[text]
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    number = float(text) if found["part"] else int(text)
    return number if math.isfinite(number) else text  # JSON has no endless ones


def read_tree(raw: bytes) -> Node:
    """The one document of a file. Raises Unreadable."""
    if len(raw) > MOST_BYTES:
        raise Unreadable(fault(0, "", "too_large", n=MOST_BYTES // 1024**2))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable(fault(0, "", "not_text")) from wrong
    if found := _DIRECTIVE.search(text):
        raise Unreadable(fault(text.count("\n", 0, found.end()) + 1, "", "directive"))
    reading = _Reading(yaml.parse(text, Loader=_LOADER))
    try:
        return reading.document()
    except yaml.YAMLError as wrong:
        raise Unreadable(_not_yaml(wrong)) from wrong


def _not_yaml(wrong: yaml.YAMLError) -> FileFault:
    mark = getattr(wrong, "problem_mark", None)
    why = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or "unreadable"
    return fault(0 if mark is None else mark.line + 1, "", "not_yaml", why=str(why))


class _Reading:
    """Events become nodes; what is refused is refused before anything grows of it."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._parts = 0

    def document(self) -> Node:
        found: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.StreamStartEvent | yaml.DocumentEndEvent):
                continue
            if isinstance(event, yaml.StreamEndEvent):
                break
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    raise Unreadable(fault(_line(event), "", "several"))
                found = self._node(next(self._events), "", 0)
        return Named(1, {}) if found is None else found

    def _node(self, event: yaml.Event, path: str, deep: int) -> Node:
        line = _line(event)
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Unreadable(fault(line, path, "too_many", n=MOST_PARTS))
        if deep > MOST_DEEP:
            raise Unreadable(fault(line, path, "too_deep", n=MOST_DEEP))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise Unreadable(fault(line, path, "alias"))
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise Unreadable(fault(line, path, "tag", value=str(tag)))
        match event:
            case yaml.ScalarEvent():
                return Text(line, event.value, event.style in (None, ""))
            case yaml.SequenceStartEvent():
                return Items(line, self._items(path, deep))
            case yaml.MappingStartEvent():
                return Named(line, self._names(path, deep))
            case _:
                raise Unreadable(fault(line, path, "not_yaml", why=type(event).__name__))

    def _items(self, path: str, deep: int) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, f"{path}/{len(found) + 1}", deep + 1))
        return found

    def _names(self, path: str, deep: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._node(event, path, deep + 1)
            if not isinstance(name, Text):
                raise Unreadable(fault(name.line, path, "no_name"))
            if len(name.text) > MOST_NAME:
                raise Unreadable(fault(name.line, path, "long_key", n=MOST_NAME))
            key, at = name.text, f"{path}/{name.text}".removeprefix("/")
            if key in found:
                raise Unreadable(fault(name.line, at, "twice", key=key))
            found[key] = self._node(next(self._events), at, deep + 1)
        return found


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return 0 if mark is None else mark.line + 1


class _Writer(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # either has stubs of its own
    """Texts of several lines as blocks; nothing that another reader takes for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(writer: _Writer, text: str) -> yaml.Node:
    quoted = None if plain_value(text) == text else "'"
    style = "|" if "\n" in text else quoted
    node: yaml.Node = writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Writer.add_representer(str, _text)


def written(value: Any) -> str:
    """A JSON value as YAML that `read_tree` and any other reader take for the same."""
    text: str = yaml.dump(
        json.loads(json.dumps(value)),
        Dumper=_Writer,
        allow_unicode=True,
        sort_keys=False,
        width=2**20,
    )
    return text
