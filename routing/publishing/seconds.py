"""Which changes need a second person before they are published: a setting, and the list of numbers,
which citizens trust."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from routing.drafts.document import Difference
from routing.sheets.changes import gated

LISTED: Final = "published"
ROSTER: Final = "roster"


class TwoPeople(StrEnum):
    """What ZHITONG_TWO_PEOPLE may be."""

    OFF = "off"
    NUMBERS = "numbers"
    """what puts a number on the list, takes it off or leads calls or cases elsewhere"""
    ALWAYS = "always"


def needs_second(setting: TwoPeople, found: Iterable[Difference]) -> bool:
    """Whether a second person approves what differs."""
    match setting:
        case TwoPeople.OFF:
            return False
        case TwoPeople.ALWAYS:
            return True
        case TwoPeople.NUMBERS:
            return any(gated(one.kind, one.old, one.new) or _rings_anew(one) for one in found)


def _rings_anew(difference: Difference) -> bool:
    """Whether a roster rings a phone by it that it did not ring before. Shifts and stand-ins among
    those who are on it are one person's to arrange."""
    return difference.kind == ROSTER and not _phones(difference.new) <= _phones(difference.old)


def _phones(roster: Mapping[str, Any] | None) -> frozenset[str]:
    """Of its members, however they were written; nothing of what is no roster."""
    members = (roster or {}).get("members")
    rows = members if isinstance(members, list) else []
    return frozenset(str(row.get("phone") or "") for row in rows if isinstance(row, Mapping)) - {""}


def puts_on(difference: Difference) -> bool:
    """Whether a number comes onto the list by it."""
    is_number = difference.kind == "number"
    return is_number and not _listed(difference.old) and _listed(difference.new)


def _listed(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row.get("status") == LISTED
