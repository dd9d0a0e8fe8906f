"""Threads take short turns as long as somebody works beside the calls, and usual ones after it."""

import gc
import sys
from collections.abc import Iterator

import pytest

from deployment.pauses import SHORT, beside, giving_way


def now() -> tuple[float, tuple[int, int, int]]:
    return round(sys.getswitchinterval(), 6), gc.get_threshold()


@pytest.fixture
def usual() -> Iterator[tuple[float, tuple[int, int, int]]]:
    before = now()
    yield before
    assert now() == before


async def test_turns_are_short_until_the_last_is_done(
    usual: tuple[float, tuple[int, int, int]],
) -> None:
    with giving_way():
        assert await beside(now) == now()
        assert now()[0] == pytest.approx(SHORT)
        assert now()[1][0] < gc.get_threshold()[1], "the older ones are not looked at"
    assert now() == usual


async def test_what_fails_is_raised_and_turns_are_as_usual(
    usual: tuple[float, tuple[int, int, int]],
) -> None:
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 // 0)
    assert now() == usual


async def test_what_a_large_plan_leaves_is_looked_at_no_more(
    usual: tuple[float, tuple[int, int, int]],
) -> None:
    def large() -> list[list[int]]:
        return [[n] for n in range(700_000)]

    before = gc.get_freeze_count()
    made = await beside(large)

    assert gc.get_freeze_count() >= before + len(made)
    gc.unfreeze()
