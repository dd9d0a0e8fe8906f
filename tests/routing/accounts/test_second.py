"""Six digits and codes on paper, at any moment."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.accounts.second import as_kept, recovery_code, totp_key, used_step

KEY = totp_key(bytes(range(20)))
AT = datetime(2026, 11, 24, 2, 0, 5, tzinfo=UTC)
NOW = int(AT.timestamp()) // 30


def code(step: int) -> str:
    return pyotp.HOTP(KEY).at(step)


@pytest.mark.parametrize("away", [-1, 0, 1])
def test_a_step_before_and_after_are_right(away: int) -> None:
    assert used_step(KEY, code(NOW + away), AT, None) == NOW + away


@pytest.mark.parametrize("away", [-2, 2])
def test_two_steps_away_are_not(away: int) -> None:
    assert used_step(KEY, code(NOW + away), AT, None) is None


def test_a_used_step_and_those_before_it_are_never_right_again() -> None:
    assert used_step(KEY, code(NOW), AT, NOW) is None
    assert used_step(KEY, code(NOW - 1), AT, NOW) is None
    assert used_step(KEY, code(NOW + 1), AT, NOW) == NOW + 1


@given(st.text(max_size=20))
def test_anything_else_is_wrong_and_breaks_nothing(text: str) -> None:
    near = {code(NOW + away) for away in (-1, 0, 1)}
    found = used_step(KEY, text, AT, None)
    assert (found is not None) == ("".join(text.split()) in near)


@given(st.binary(min_size=10, max_size=10))
def test_a_code_on_paper_is_the_same_however_it_is_typed(random: bytes) -> None:
    printed = recovery_code(random)
    assert len(printed) == 19
    typed = printed.lower().replace("-", " ").replace("o", "0").replace("b", "8")
    assert as_kept(typed) == as_kept(printed)


def test_a_minute_later_the_digits_are_others() -> None:
    assert used_step(KEY, code(NOW), AT + timedelta(minutes=2), None) is None
