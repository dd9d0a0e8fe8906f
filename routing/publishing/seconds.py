"""Which changes need a second person before they are published: a setting, and the list of numbers,
which citizens trust."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from routing.drafts.document import Difference

LISTED: Final = "published"


class TwoPeople(StrEnum):
    """What ZHITONG_TWO_PEOPLE may be."""

    OFF = "off"
    NUMBERS = "numbers"
    """what puts a number on the list, takes it off or leads its calls elsewhere"""
    ALWAYS = "always"


def needs_second(setting: TwoPeople, found: Iterable[Difference]) -> bool:
    """Whether a second person approves what differs."""
    match setting:
        case TwoPeople.OFF:
            return False
        case TwoPeople.ALWAYS:
            return True
        case TwoPeople.NUMBERS:
            return any(difference.kind == "number" and _lists(difference) for difference in found)


def puts_on(difference: Difference) -> bool:
    """Whether a number comes onto the list by it."""
    is_number = difference.kind == "number"
    return is_number and not _listed(difference.old) and _listed(difference.new)


def _lists(difference: Difference) -> bool:
    old, new = difference.old, difference.new
    if _listed(old) != _listed(new):
        return True
    return _listed(new) and _forward(old) != _forward(new)


def _listed(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row.get("status") == LISTED


def _forward(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else str(row.get("forward_to", ""))
