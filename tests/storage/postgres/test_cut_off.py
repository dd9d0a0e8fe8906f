"""A connection that is cut off while an answer is under way is lost like every other."""

import asyncpg
import pytest

from storage.postgres.errors import Unreachable, cut_off, told

pytestmark = pytest.mark.postgres
CUT = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


def test_what_the_driver_says_then_is_told_as_every_lost_connection() -> None:
    with pytest.raises(Unreachable), told():
        raise CUT


def test_the_same_may_be_asked_again_on_another_connection() -> None:
    assert cut_off(CUT)
