"""What a rule leads to, as it is written: each fault beside its field, and all of it read back."""

from typing import Any

import pytest

from routing.register import Names
from routing.rules.then import USUAL, Next, Order, Ring, Then, Whom
from routing.rules.then_document import plain_then, read_then


def sentence(plain: dict[str, Any]) -> Names:
    """The first that is said of it."""
    said: list[Names] = []
    read_then(plain, lambda _field, _code, says: said.append(says))
    return said[0]


def test_what_may_be_chosen_is_named_as_people_call_it() -> None:
    assert sentence({"next": "music"}) == {
        "zh-CN": "只能填：请来电人留言（message）、结束通话（end）。",
        "en": "must be one of: the caller leaves a message (message), the call ends (end)",
    }
    order = sentence({"ring": [{"usual": True, "order": "random"}]})
    assert "轮流（round_robin）" in order["zh-CN"]
    assert "in rotation (round_robin)" in order["en"]
    assert "值班表（roster）" in sentence({"ring": [{}]})["zh-CN"]


def read(plain: dict[str, Any]) -> tuple[Then, list[tuple[str, str]]]:
    faults: list[tuple[str, str]] = []

    def fault(field: str, code: str, says: Names) -> None:
        assert set(says) == {"zh-CN", "en"}
        faults.append((field, code))

    return read_then(plain, fault), faults


FULL = Then(
    rings=(
        Ring(Whom.OFFICIAL, "+865580000021", seconds=30),
        Ring(Whom.ROSTER, "duty", Order.ROUND_ROBIN),
        Ring(Whom.OFFICE, "police", Order.TOGETHER, press=False),
        Ring(Whom.USUAL),
    ),
    phrase="closure.flood",
    service="12345",
    next=Next.END,
    escalation=True,
)


@pytest.mark.parametrize("then", [USUAL, FULL])
def test_what_is_written_reads_back(then: Then) -> None:
    assert read(plain_then(then)) == (then, [])


@pytest.mark.parametrize(
    ("plain", "field", "code"),
    [
        ({"ring": "police"}, "ring", "ring_list"),
        ({"ring": [{"usual": True}] * 6}, "ring", "ring_list"),
        ({"ring": ["police"]}, "ring.1", "ring_step"),
        ({"ring": [{}]}, "ring.1", "ring_whom"),
        ({"ring": [{"usual": True}, {"office": "a", "roster": "b"}]}, "ring.2", "ring_whom"),
        ({"ring": [{"office": " "}]}, "ring.1", "ring_key"),
        ({"ring": [{"office": 7}]}, "ring.1", "not_text"),
        ({"ring": [{"usual": True, "volume": 9}]}, "ring.1", "unknown_field"),
        ({"ring": [{"usual": True, "seconds": 4}]}, "ring.1", "seconds"),
        ({"ring": [{"usual": True, "seconds": True}]}, "ring.1", "seconds"),
        ({"ring": [{"usual": True, "order": "random"}]}, "ring.1", "one_of"),
        ({"ring": [{"usual": True, "press": "no"}]}, "ring.1", "not_yes_or_no"),
        ({"phrase": 3}, "phrase", "not_text"),
        ({"next": "music"}, "next", "one_of"),
        ({"escalation": 1}, "escalation", "not_yes_or_no"),
    ],
)
def test_a_fault_says_where_it_is(plain: dict[str, Any], field: str, code: str) -> None:
    assert (field, code) in read(plain)[1]
