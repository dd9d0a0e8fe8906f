"""What is known of a call at the carrier only moves forward, in whatever order it is told."""

import functools
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from ivr.flow.progress import RANK, CallStatus, Progress, further

ENDS: Final = [status for status in CallStatus if status.over]
BEFORE: Final = [status for status in CallStatus if not status.over]
NUMBERED: Final = st.none() | st.integers(0, 9)
TOLD: Final = st.builds(Progress, st.sampled_from(CallStatus), NUMBERED)


def of(told: list[Progress]) -> Progress | None:
    """What is known after all of them."""
    known: Progress | None = None
    return functools.reduce(further, told, known)


@st.composite
def an_honest_carriers(draw: DrawFn, *, numbered: bool) -> tuple[list[Progress], list[Progress]]:
    """Callbacks in their order, and as they arrive: some lost, some twice, in any order."""
    kinds = draw(st.lists(st.sampled_from(BEFORE), unique=True))
    kinds = [*sorted(kinds, key=RANK.__getitem__), draw(st.sampled_from(ENDS))]
    sent = [Progress(kind, n if numbered else None) for n, kind in enumerate(kinds)]
    arriving = draw(st.lists(st.sampled_from(sent), min_size=1))
    return sent, draw(st.permutations(arriving))


@pytest.mark.parametrize("numbered", [True, False])
@given(st.data())
def test_any_order_ends_where_the_right_order_does(numbered: bool, data: st.DataObject) -> None:
    sent, arriving = data.draw(an_honest_carriers(numbered=numbered))

    assert of(arriving) == next(told for told in reversed(sent) if told in arriving)


@given(st.lists(TOLD, min_size=1), TOLD)
def test_nothing_comes_after_an_end(told: list[Progress], late: Progress) -> None:
    known = of(told)

    assert known is not None
    first = next((one for one in told if one.status.over), None)
    assert first is None or known == first
    if known.status.over:
        assert further(known, late) == known


@given(st.lists(st.builds(Progress, st.sampled_from(CallStatus)), min_size=2))
def test_without_the_carriers_order_no_status_falls_back(told: list[Progress]) -> None:
    known: Progress | None = None
    for one in told:
        before, known = known, further(known, one)
        if before is not None and not known.status.over:
            assert RANK[known.status] >= RANK[before.status]


def test_the_carriers_order_counts_before_our_own() -> None:
    """A leg that rings again after it was in progress: a carrier's own order says so."""
    again = Progress(CallStatus.RINGING, 3)

    assert further(Progress(CallStatus.IN_PROGRESS, 2), again) == again
    assert further(again, Progress(CallStatus.IN_PROGRESS, 2)) == again
