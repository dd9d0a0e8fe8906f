"""A way through the menus as boxes and arrows: columns by how many steps a caller is in, rows in
the order in which they are met. The page writes it as SVG; its table says the same in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ivr.flow.graph import WAITS, edges
from ivr.flow.node import End, Script

WIDE: Final = 150
HIGH: Final = 30
"""Of a box, in pixels."""
ACROSS: Final = 210
DOWN: Final = 44
"""From one column and row to the next."""
EDGE: Final = 8


@dataclass(frozen=True, slots=True)
class Box:
    """One node: `look` is waits, goes, ends or elsewhere (it belongs to another way)."""

    name: str
    x: int
    y: int
    look: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another; `silent`: only silence leads there."""

    path: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of a way."""

    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def drawn(script: Script, names: Sequence[str]) -> Drawing:
    """One way. Edges to no node are left out: the review names them."""
    columns = _columns(script, names)
    rows: dict[int, int] = {}
    boxes: dict[str, Box] = {}
    for name, column in columns.items():
        row = rows[column] = rows.get(column, -1) + 1
        look = _look(script, name) if name in names else "elsewhere"
        boxes[name] = Box(name, EDGE + column * ACROSS, EDGE + row * DOWN, look)
    arrows = [
        Arrow(_path(boxes[name], boxes[to]), all(label == "silence" for label in labels))
        for name in names
        for to, labels in _onward(script, name).items()
    ]
    width = max(box.x for box in boxes.values()) + WIDE + EDGE
    height = max(box.y for box in boxes.values()) + HIGH + EDGE
    return Drawing(width, height, tuple(boxes.values()), arrows)


def _columns(script: Script, names: Sequence[str]) -> Mapping[str, int]:
    """How many steps from the beginning each is, those of other ways that are led to among them."""
    found = {names[0]: 0}
    waiting = [names[0]]
    while waiting:
        name = waiting.pop(0)
        for to in _onward(script, name) if name in names else ():
            if to not in found:
                found[to] = found[name] + 1
                waiting.append(to)
    return {**found, **{name: 0 for name in names if name not in found}}


def _onward(script: Script, name: str) -> dict[str, list[str]]:
    to: dict[str, list[str]] = {}
    for edge in edges(script.nodes[name]):
        if edge.to in script.nodes:
            to.setdefault(edge.to, []).append(edge.label)
    return to


def _look(script: Script, name: str) -> str:
    node = script.nodes[name]
    if isinstance(node, End):
        return "ends"
    return "waits" if isinstance(node, WAITS) else "goes"


def _path(of: Box, to: Box) -> str:
    """A curve from the right side of one to the left of another; back, or down, from below."""
    if to.x > of.x:
        x1, y1, x2, y2 = of.x + WIDE, of.y + HIGH // 2, to.x, to.y + HIGH // 2
        middle = (x1 + x2) // 2
        return f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}"
    x1, y1, x2, y2 = of.x + WIDE // 2, of.y + HIGH, to.x + WIDE // 2, to.y + HIGH
    bend = max(y1, y2) + DOWN // 3
    return f"M{x1} {y1} C{x1} {bend} {x2} {bend} {x2} {y2}"
