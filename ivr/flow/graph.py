"""Which node leads to which: the edges that `review` walks and the docs draw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from ivr.flow.node import (
    Answer,
    Area,
    Check,
    Confirm,
    Do,
    Duty,
    End,
    Limit,
    Menu,
    Missed,
    Node,
    Progress,
    Purpose,
    Put,
    Record,
    Registered,
    Script,
    Text,
    Topic,
)


@dataclass(frozen=True, slots=True)
class Edge:
    """One way on; `label` is the key or the case, as the docs write it."""

    label: str
    to: str


WAITS = (Menu, Check, Confirm, Area, Record, Put, Progress, End)
"""Kinds that end a turn: the line listens, records, rings or hangs up."""


def edges(node: Node) -> Iterator[Edge]:  # noqa: C901, PLR0912 - one arm a node kind
    """Every way on from a node, `0` and emergency words apart."""
    match node:
        case Menu():
            yield from _of_menu(node)
        case Answer():
            for label in ("listed", "full", "unlisted", "suspended", "withdrawn", "loop"):
                yield Edge(label, getattr(node, label))
        case Check():
            yield from _of_check(node)
        case Confirm() | Area():
            yield Edge("again", node.check)
        case Text():
            yield Edge("sent", node.goto)
        case Limit():
            yield Edge("within", node.goto)
            yield Edge("beyond", node.over)
        case Topic():
            yield from _of_topic(node)
        case Duty():
            yield Edge("on duty", node.desk)
            yield Edge("otherwise", node.otherwise)
        case Record():
            yield from _of_recording(node)
        case Registered():
            yield Edge("put through", node.put)
            yield Edge("case only", node.next)
        case Put():
            yield from (Edge("talked", node.after), *nobody(node))
        case Progress():
            yield Edge("found", node.goto)
            yield Edge("locked", node.locked)
        case Missed():
            yield from (Edge("never calls", node.never), Edge("may call", node.may))
        case Do():
            yield Edge("done", node.goto)
        case End():
            return
        case _:
            assert_never(node)


def _of_menu(node: Menu) -> Iterator[Edge]:
    yield from (Edge(key, option.goto) for key, option in node.options.items())
    if node.none is not None:
        yield Edge("#", node.none.goto)
    if node.other is not None:
        yield Edge("other key", node.other)
    if node.words is not None:
        yield Edge("words", node.words)
    yield Edge("silence", node.silent)


def _of_check(node: Check) -> Iterator[Edge]:
    yield Edge("verdict", node.goto)
    yield Edge("no more", node.over)
    yield Edge("spoken", node.confirm)
    yield Edge("no area code", node.area)


def _of_topic(node: Topic) -> Iterator[Edge]:
    yield Edge("known", node.goto)
    yield Edge("not known", node.root)
    yield from (Edge(f"group {key}", to) for key, to in node.groups.items())


def _of_recording(node: Record) -> Iterator[Edge]:
    yield Edge("recorded", node.goto)
    if node.full is not None:
        yield Edge("full", node.full)
    if node.empty is not None:
        yield Edge("nothing heard", node.empty)


def nobody(node: Put) -> Iterator[Edge]:
    """Where a Put leads when nobody is reached."""
    yield Edge("nobody", node.none)
    yield Edge("nobody, case", node.none_case)
    yield Edge("closed", node.closed)
    yield Edge("closed, case", node.closed_case)


def on_silence(node: Node, script: Script) -> Iterator[str]:
    """Where a caller who says and presses nothing ends up from here, and nowhere else."""
    match node:
        case Menu():
            yield node.silent
        case Check():
            yield node.goto
        case Confirm() | Area():
            yield node.check
        case Record():
            yield node.empty or script.person
        case Put():
            yield from (edge.to for edge in nobody(node))
        case Progress():
            yield script.person
        case Answer() | Text() | Limit() | Topic() | Duty() | Registered() | Missed() | Do():
            yield from (edge.to for edge in edges(node))
        case End():
            return
        case _:
            assert_never(node)


def reachable(script: Script) -> frozenset[str]:
    """Every node that some call can come to."""
    globally = (script.person, script.lost, script.bye, script.time, script.urgent, script.message)
    return spread((script.start, *globally), {n: _next(node) for n, node in script.nodes.items()})


def _next(node: Node) -> frozenset[str]:
    return frozenset(edge.to for edge in edges(node))


def spread(start: tuple[str, ...], ways: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """All that can be reached from `start`, itself included."""
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(ways.get(name, ()))
    return frozenset(seen)


def settles(node: Node) -> bool:
    """Whether the caller's matter is taken care of here: a person, a recording or an end."""
    return isinstance(node, Put | End) or (
        isinstance(node, Record) and node.purpose is not Purpose.MORE
    )
