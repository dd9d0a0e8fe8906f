"""How a round stands: when the caller waits no longer, and who belongs to one."""

from datetime import UTC, datetime, timedelta

import pytest

from ivr.flow.round import (
    MOST_LEGS,
    TO_DECIDE,
    TO_JOIN,
    TO_RING,
    LegState,
    Round,
    behind,
    is_over,
    room_of,
)
from routing.rules.targets import Role, Target

SINCE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(seconds=20) + TO_RING
RINGS = LegState(0)


def after(*legs: LegState, **more: object) -> Round:
    return Round(SINCE, 20, legs, **more)  # type: ignore[arg-type]  # its own fields


@pytest.mark.parametrize(
    ("round_", "ends"),
    [
        (after(RINGS, LegState(1)), UNTIL),
        (after(RINGS, LegState(1, answered=True)), UNTIL + TO_DECIDE),
        (after(RINGS, LegState(1, answered=True, declined=True)), UNTIL),
        (after(RINGS, LegState(1, answered=True, over=True)), UNTIL),
        (after(RINGS, LegState(1), taken=1, taken_at=SINCE), SINCE + TO_JOIN),
    ],
)
def test_a_round_lasts_as_long_as_somebody_may_still_accept(round_: Round, ends: datetime) -> None:
    assert not is_over(round_, ends - timedelta(seconds=1))
    assert is_over(round_, ends)


@pytest.mark.parametrize(
    "round_",
    [
        after(RINGS, closed=True),
        after(LegState(0, declined=True), LegState(1, over=True)),
        after(LegState(0, answered=True), LegState(1, over=True), taken=1, taken_at=SINCE),
        after(LegState(0, answered=True), taken=7, taken_at=SINCE),
    ],
)
def test_nobody_waits_for_who_cannot_come(round_: Round) -> None:
    assert is_over(round_, SINCE)


def test_it_knows_who_said_no_and_whether_others_ring() -> None:
    round_ = after(LegState(0, declined=True), LegState(1), LegState(2, over=True))
    assert round_.declined == (0,)
    assert round_.others_ring(0)
    assert not round_.others_ring(1)
    assert round_.waited(SINCE + timedelta(seconds=7)) == timedelta(seconds=7)


def test_a_round_has_an_end_and_at_most_ten_phones() -> None:
    phones = [Target(f"+8613{n:09}", Role.MEMBER, "o", round=0) for n in range(MOST_LEGS + 2)]
    others = [Target("+8613900000001", Role.POOL, "o"), Target("+8613900000002", Role.POOL, "o")]
    wanted = [*phones, *others]
    assert behind(wanted, 0) == MOST_LEGS
    assert behind(wanted, MOST_LEGS) == len(phones)
    assert behind(wanted, len(phones)) == len(phones) + 1, "who rings alone is no round"


def test_a_room_is_of_one_turn_and_short_enough_for_a_carrier() -> None:
    assert room_of("0" * 27, 80) != room_of("0" * 27, 8)
    assert len(room_of("0" * 27, 80)) <= 64
