"""Days as people type them."""

import pytest

from routing.web.moments import kept_day


@pytest.mark.parametrize(
    "typed", ["2026-02-08", "2026年2月8日", "2026/2/8", "２０２６．２．８", " 2026-2-8"]
)
def test_a_day_is_kept_in_one_form(typed: str) -> None:
    assert kept_day(typed) == "2026-02-08"


@pytest.mark.parametrize("typed", ["", "2026-02-30", "8/2/2026", "明天"])
def test_what_is_no_day_stays_for_its_fault(typed: str) -> None:
    assert kept_day(typed) == typed
