"""Listings that end soon are said before callers hear that a number is out of use."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from routing.city import AREA, demo_sheets
from routing.register import Directory, ListingStatus
from routing.sheets.expiry import EXPIRES_SOON, MOST_EACH, ends_soon, last_day
from routing.sheets.register import read_directory

TODAY = date(2026, 11, 24)
ONE = "+865580000001"


def city(**listings: int) -> Directory:
    """Its first numbers published for so many days from today, all others withdrawn."""
    directory = read_directory(demo_sheets(), area=AREA)
    withdrawn = {
        key: replace(entry, status=ListingStatus.WITHDRAWN)
        for key, entry in directory.numbers.items()
    }
    keys = list(withdrawn)
    for at, days in enumerate(listings.values()):
        withdrawn[keys[at]] = replace(
            withdrawn[keys[at]],
            status=ListingStatus.PUBLISHED,
            valid_until=TODAY + timedelta(days=days),
        )
    return replace(directory, numbers=withdrawn)


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (-1, "listing_ended"),
        (0, "listing_ends"),
        (EXPIRES_SOON.days, "listing_ends"),
        (EXPIRES_SOON.days + 1, None),
    ],
)
def test_a_listing_is_told_of_sixty_days_before_its_end(days: int, code: str | None) -> None:
    found = list(ends_soon(city(one=days), TODAY))

    assert [one.code for one in found] == ([code] if code else [])
    for one in found:
        assert (one.place.kind, one.place.key, one.place.field) == ("number", ONE, "valid_until")
        assert "0558-0000001" in one.says["zh-CN"]
        assert "0558-0000001" in one.says["en"]


def test_the_soonest_come_first_and_many_are_one_sentence() -> None:
    listings = {f"n{at}": 50 - at for at in range(MOST_EACH + 3)}
    found = list(ends_soon(city(**listings), TODAY))

    assert len(found) == MOST_EACH + 1
    assert "还有38天" in found[0].says["zh-CN"]
    assert found[-1].says["en"].startswith("the listings of 3 more numbers")


def test_a_day_that_cannot_be_read_is_none() -> None:
    assert last_day({"valid_until": "2026-11-24"}) == TODAY
    assert last_day({"valid_until": "soon"}) is None
    assert last_day({}) is None
