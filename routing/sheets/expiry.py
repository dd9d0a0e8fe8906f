"""Listings that end soon: a number whose listing has run out is told to callers as out of use, so
somebody has to renew it before. Pure; part of the review of a plan."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from routing.register import Directory, ListingStatus, PublishedNumber
from routing.sheets.entities import Body

EXPIRES_SOON: Final = timedelta(days=60)
"""Long enough to have a number printed again."""


def expiring(directory: Directory, today: date) -> Iterator[PublishedNumber]:
    """Published numbers whose listing ends within 60 days, the last day included; those that have
    ended are among them."""
    for entry in directory.numbers.values():
        if entry.status is ListingStatus.PUBLISHED and entry.valid_until - today <= EXPIRES_SOON:
            yield entry


def last_day(body: Body) -> date | None:
    """The last day of a row's listing; None where it cannot be read."""
    try:
        return date.fromisoformat(body.get("valid_until", ""))
    except ValueError:
        return None
