"""What was before an editor's eyes comes back by a form, and nothing newer is overwritten by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.publishing.sight import NOTHING, Sight, sight_in

NUMBERS = st.integers(0, 10**10 - 1)


@given(NUMBERS, NUMBERS)
def test_a_sight_comes_back_as_it_was(revision: int, over: int) -> None:
    assert sight_in(str(Sight(revision, over))) == Sight(revision, over)


@pytest.mark.parametrize("text", [None, "", ".", "1.", "1.2.3", "-1.2", "\uff11.2", "9" * 5000])
def test_what_cannot_be_read_was_no_sight(text: object) -> None:
    assert sight_in(text) == NOTHING
