"""Listings that end soon: a number whose listing has run out is told to callers as out of use, so
somebody has to renew it before. Pure; part of the review of a plan."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from routing.findings import Finding, Level, Place
from routing.numbers.forms import written
from routing.register import Directory, ListingStatus, PublishedNumber
from routing.sheets.entities import Body

EXPIRES_SOON: Final = timedelta(days=60)
"""Long enough to have a number printed again."""
MOST_EACH: Final = 10
"""Of them that are told one by one: all that were printed in one paper end on one day."""


def expiring(directory: Directory, today: date) -> Iterator[PublishedNumber]:
    """Published numbers whose listing ends within 60 days, the last day included; those that have
    ended are among them."""
    for entry in directory.numbers.values():
        if entry.status is ListingStatus.PUBLISHED and entry.valid_until - today <= EXPIRES_SOON:
            yield entry


def ends_soon(directory: Directory, today: date) -> Iterator[Finding]:
    """What a review says of them: a sentence of each, the soonest first, and of the rest one."""
    found = sorted(expiring(directory, today), key=lambda one: one.valid_until)
    yield from (_ends(entry, today) for entry in found[:MOST_EACH])
    more = len(found) - MOST_EACH
    if more > 0:
        says = {
            "zh-CN": f"另有{more}个号码的有效期在60天内到期或已过期。",
            "en": f"the listings of {more} more numbers end within 60 days, or have ended",
        }
        yield Finding("listings_end", Level.WARNING, says, Place("number"))


def _ends(entry: PublishedNumber, today: date) -> Finding:
    place = Place("number", entry.e164, "valid_until")
    left, last = (entry.valid_until - today).days, entry.valid_until.isoformat()
    name = written(entry.e164)
    if left < 0:
        says = {
            "zh-CN": f"{name}的有效期{last}已过，来电人会听到号码已停用。请续期，或者改状态。",
            "en": f"the listing of {name} ended on {last}: callers hear that it is out of use; "
            "renew it, or change its status",
        }
        return Finding("listing_ended", Level.WARNING, says, place)
    says = {
        "zh-CN": f"{name}的有效期{last}到，还有{left}天。请续期并重新公布。",
        "en": f"the listing of {name} ends on {last}, in {left} days: renew it and have it "
        "printed again",
    }
    return Finding("listing_ends", Level.WARNING, says, place)


def last_day(body: Body) -> date | None:
    """The last day of a row's listing; None where it cannot be read."""
    try:
        return date.fromisoformat(body.get("valid_until", ""))
    except ValueError:
        return None
