"""The ways through a script, each from where it begins: what the docs draw and the pages show."""

from collections.abc import Sequence
from typing import Final

from ivr.flow.graph import edges
from ivr.flow.node import Menu, Node, Prompt, Script
from ivr.flow.sayings import prompts_of

STARTS: Final[Sequence[str]] = (
    "answer", "check", "matter", "registered", "progress", "missed", "person", "urgent", "full",
)  # fmt: skip
"""Where each way begins in the shipped script; a node belongs to the first way that reaches it."""
COMPOSED: Final = frozenset({"check.verdict", "progress.state"})
"""Prompts that stand for words which the call leads to."""


def ways(script: Script) -> dict[str, list[str]]:
    """The nodes of each way, in the order in which a caller meets them. What no way reaches is with
    the first."""
    starts = [name for name in STARTS if name in script.nodes] or [script.start]
    owned: dict[str, list[str]] = {}
    taken = set(starts)
    for start in starts:
        found = [start]
        for name in found:
            for edge in edges(script.nodes[name]):
                if edge.to in script.nodes and edge.to not in taken:
                    taken.add(edge.to)
                    found.append(edge.to)
        owned[start] = found
    owned[starts[0]].extend(sorted(script.nodes.keys() - taken))
    return owned


def said(node: Node) -> tuple[Prompt, ...]:
    """What the script lets the node say; what a menu says `again` is not said twice."""
    return (*node.first, *node.prompts) if isinstance(node, Menu) else prompts_of(node)
