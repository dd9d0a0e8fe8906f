"""What a far side asks to wait, of which `routing.handoff` heeds so much."""

from datetime import UTC, datetime, timedelta

import pytest

from routing.handoff import retry_after

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("", 0),
        ("30", 30),
        ("99999999", 1800),
        ("-5", 0),
        ("soon", 0),
        ("²", 0),
        ("Tue, 24 Nov 2026 02:01:00 GMT", 60),
        ("Tue, 24 Nov 2026 01:00:00 GMT", 0),
        ("Tue, 24 Nov 2026 02:01:00 -0000", 60),
        ("Tue, 99 Nov 2026 02:01:00 GMT", 0),
        (f"1 Jan 2026 {9**30}:00:00 GMT", 0),
        (f"Tue, 24 Nov 2026 02:01:00 +{9**30}", 0),
    ],
)
def test_what_a_far_side_asks_to_wait_is_bounded(told: str, seconds: int) -> None:
    assert retry_after(told, now=NOW) == timedelta(seconds=seconds)


def test_a_date_says_nothing_where_the_time_is_not_known() -> None:
    assert retry_after("Tue, 24 Nov 2026 02:01:00 GMT") == timedelta(0)
    assert retry_after("90", timedelta(seconds=60)) == timedelta(seconds=60)
