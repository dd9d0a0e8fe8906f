"""Closure orders: which offices are closed when, and what their callers hear (ADR 37). Pure.
The counterpart of `orders`, which reads them from what a plan keeps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from routing.hours import Span, joined
from routing.register import Directory, Names
from routing.week import parse_hours

LONGEST_DAYS: Final = 60
"""Of an order: what closes for longer has other hours."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who did something by which account, and when (aware UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Closure:
    """One order. `scope` are office ids, each with all below it; an empty one is every office.
    `end` is when it runs out, which it always does; `reason` is for the record, `words` are what
    callers hear, in every language. `ended` is who ended it before its time."""

    id: str
    scope: tuple[str, ...]
    start: datetime
    end: datetime
    reason: str
    words: Names
    ordered: Signed
    ended: Signed | None = None

    @property
    def until(self) -> datetime:
        """When it stops closing anything."""
        return self.end if self.ended is None else min(self.end, self.ended.at)

    def stands(self, at: datetime) -> bool:
        """Whether it closes offices at this instant."""
        return self.start <= at < self.until


Orders = Mapping[str, tuple[Closure, ...]]
"""By office id, the orders that close it."""


def never_shut(directory: Directory, leads: Iterable[str]) -> frozenset[str]:
    """Offices that an order over a part of the tree leaves open, unless it names them: those open
    around the clock, and those (`leads`) whose work is what others cannot take: complaints, the
    duty desk."""
    always = (o.id for o in directory.offices.values() if parse_hours(o.hours).always)
    return frozenset((*always, *leads))


def reach(closure: Closure, directory: Directory, kept: frozenset[str]) -> frozenset[str]:
    """The offices that an order closes."""
    named = frozenset(closure.scope)
    below = (
        office for office in directory.offices if not named or _under(directory, office, named)
    )
    return (frozenset(below) - kept) | (named & directory.offices.keys())


def _under(directory: Directory, office: str, named: frozenset[str]) -> bool:
    at: str | None = office
    while at is not None:
        if at in named:
            return True
        at = directory.offices[at].parent
    return False


def orders_of(
    closures: Iterable[Closure], directory: Directory, kept: frozenset[str]
) -> dict[str, tuple[Closure, ...]]:
    """The orders by the offices that they close; offices without one are left out."""
    found: dict[str, list[Closure]] = {}
    for closure in closures:
        if closure.start < closure.until:
            for office in reach(closure, directory, kept):
                found.setdefault(office, []).append(closure)
    return {office: tuple(each) for office, each in found.items()}


def shut_times(orders: Iterable[Closure]) -> tuple[Span, ...]:
    """When they close, however they overlap."""
    return joined((order.start, order.until) for order in orders)


def standing(orders: Iterable[Closure], at: datetime) -> Closure | None:
    """The order whose words are said at this instant: of several the one that ends last, since it
    says why the office is closed until it opens again; of these the latest."""
    return max(_standing(orders, at), key=lambda o: (o.until, o.ordered.at, o.id), default=None)


def _standing(orders: Iterable[Closure], at: datetime) -> Iterator[Closure]:
    return (order for order in orders if order.stands(at))
