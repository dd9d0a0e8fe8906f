"""What is said in place of "the office is closed" where an order closes it: the order's own words,
and when it opens again (prompts §4). Scripts know nothing of orders: it holds for each of them."""

from collections.abc import Mapping
from typing import Final

from ivr.flow.call import Call
from ivr.flow.slots import reopening
from ivr.flow.world import World
from routing.worktime.closures import Closure, standing

INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "hours.case": ("hours.closure", "hours.closure.case"),
    "hours.message": ("hours.closure", "hours.leave"),
    "hours.message.unknown": ("hours.closure", "hours.leave"),
    "hours.now": ("hours.closure",),
    "hours.now.unknown": ("hours.closure",),
}
"""Phrase -> what takes its place."""
NOT_KNOWN: Final = "hours.closure.unknown"
"""In place of `hours.closure` where nobody knows when the office opens again."""
PHRASES: Final[Mapping[str, frozenset[str]]] = {
    "hours.closure": frozenset({"closure"}),
    NOT_KNOWN: frozenset({"closure"}),
    "hours.closure.case": frozenset(),
    "hours.leave": frozenset(),
}
"""All of these, with the slots that are given here."""
_ENDS: Final = "。.！!；; "
"""The phrase has marks of its own."""


def order_of(world: World, call: Call) -> Closure | None:
    """The order that closes the decided office now."""
    if call.decision is None:
        return None
    return standing(world.plan.orders.get(call.decision.office, ()), world.now)


def instead(world: World, call: Call, phrase: str) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """What is said for a phrase, with the slots that it is given: mostly the phrase itself."""
    order = order_of(world, call) if phrase in INSTEAD else None
    if order is None:
        return ((phrase, {}),)
    known = reopening(world, call) is not None
    given = {"closure": order.words[call.language].rstrip(_ENDS)}
    return tuple(
        (NOT_KNOWN if name == "hours.closure" and not known else name, given)
        for name in INSTEAD[phrase]
    )
