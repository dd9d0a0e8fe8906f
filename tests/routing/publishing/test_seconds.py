"""Which changes want a second person, beyond the register's rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from routing.drafts.document import Difference
from routing.publishing.seconds import TwoPeople, needs_second

ANN, BO = {"id": "ann", "phone": "+8613800000101"}, {"id": "bo", "official": "+865580000019"}
STRANGER = {"id": "ann", "phone": "+8613800000666"}


def roster(*members: object, **more: Any) -> Mapping[str, Any]:
    return {"name": "夜班", "members": list(members), **more}


@pytest.mark.parametrize(
    ("old", "new", "two"),
    [
        (roster(ANN, BO), roster(STRANGER, BO), True),
        (None, roster(ANN), True),
        (roster(ANN), roster(ANN, STRANGER), True),
        (roster(ANN, BO), roster(BO), False),
        (roster(ANN), None, False),
        (roster(ANN, BO), roster(BO, ANN, shifts=[{"member": "ann"}]), False),
        (roster(ANN), roster("no member"), False),
        ({"members": "ann"}, {"members": None}, False),
    ],
)
def test_a_roster_that_rings_a_phone_which_it_did_not_ring_wants_two(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, two: bool
) -> None:
    found: Sequence[Difference] = [Difference("roster", "night", old, new)]

    assert needs_second(TwoPeople.NUMBERS, found) is two
    assert not needs_second(TwoPeople.OFF, found)
    assert needs_second(TwoPeople.ALWAYS, found)
