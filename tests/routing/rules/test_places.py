"""An edit of some parts leaves the others' numbers as they are, as long as there is room."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.rules.parts import MOST_TOGETHER
from routing.rules.places import ROOM, kept, spread

PARTS = [*"abcdef"]


@pytest.mark.parametrize(
    ("names", "new"),
    [
        ("abcdef", {}),
        ("abXdef", {"X": 3 * ROOM}),
        ("abXYef", {"X": 3 * ROOM, "Y": 4 * ROOM}),
        ("abdef", {}),
        ("Xabcdef", {"X": ROOM // 2}),
        ("abcdefXY", {"X": 7 * ROOM, "Y": 8 * ROOM}),
        ("abcXYdef", {"X": 3 * ROOM + ROOM // 3, "Y": 3 * ROOM + 2 * (ROOM // 3)}),
    ],
    ids=["none", "other", "two others", "less", "first", "last", "between"],
)
def test_others_stay_where_they_were(names: str, new: dict[str, int]) -> None:
    before = spread(PARTS)
    found = kept(before, [*names])
    assert found == {name: new.get(name, before.get(name)) for name in names}


def test_another_order_is_numbered_anew() -> None:
    assert kept(spread(PARTS), [*"bacdef"]) is None


@settings(max_examples=100, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=40))
def test_no_part_ever_reaches_into_the_next(steps: list[tuple[int, bool]]) -> None:
    names, places = [*PARTS], spread(PARTS)
    for nth, (at, more) in enumerate(steps):
        if more:
            names.insert(min(at, len(names)), f"new {nth}")
        elif len(names) > 1:
            names.pop(min(at, len(names) - 1))
        places = kept(places, names) or spread(names)
        assert [*places] == names
        assert all(two - one >= MOST_TOGETHER for one, two in pairwise(places.values()))


def test_where_no_room_is_left_all_are_numbered_anew() -> None:
    names, places, times = ["a", "b"], spread(["a", "b"]), 0
    while (more := kept(places, [names[0], f"n{times}", *names[1:]])) is not None:
        places, names, times = more, [*more], times + 1
    assert 2**times <= ROOM // MOST_TOGETHER < 2 ** (times + 1)
