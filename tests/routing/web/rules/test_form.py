"""A rule's form gives back the rule that fills it."""

from typing import Any, Final

import pytest

from routing.rules.then import MOST_STEPS
from routing.web.rules.form import body_of, filled

STEPS: Final = [
    {"official": "+865580000021", "seconds": 25},
    {"roster": "夜班", "order": "round_robin"},
    {"office": "市水利局", "order": "together", "press": False},
    {"usual": True},
    {"office": "市公安局", "seconds": 40},
]


def sent(shown: dict[str, Any]) -> dict[str, list[Any]]:
    """The form as a browser sends it when nothing was touched."""
    fields = {
        name: sorted(value) if isinstance(value, set) else [value]
        for name, value in shown.items()
        if name != "rings" and value is not False
    }
    for at, ring in enumerate(shown["rings"], 1):
        fields |= {f"ring_{at}_{name}": [ring[name]] for name in ("key", "order")}
        fields |= {f"ring_{at}": [ring["whom"]], f"ring_{at}_seconds": [str(ring["seconds"])]}
        fields |= {f"ring_{at}_press": ["1"]} if ring["press"] else {}
    return fields


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0558-0000021、+865580000022；０５５８－００００００１", ["21", "22", "01"]),
        ("05580000021\n0558-0000022", ["21", "22"]),
    ],
)
def test_numbers_are_typed_as_pages_show_them(typed: str, kept: list[str]) -> None:
    body = body_of({"dialled": [typed]}, "one", None)

    assert body["when"]["dialled"] == [f"+8655800000{end}" for end in kept]


def test_what_is_no_whole_number_stays_as_it_was_typed() -> None:
    body = body_of({"dialled": ["0000021 110 市公安局"]}, "one", None)

    assert body["when"]["dialled"] == ["0000021", "110", "市公安局"]


def test_every_step_that_a_rule_may_have_is_kept() -> None:
    then = {"office": "市水利局", "how": "put_through", "ring": STEPS, "escalation": True}
    rule = {"id": "one", "name": "夜间", "when": {"kind": ["help"]}, "then": then}
    assert len(STEPS) == MOST_STEPS

    assert body_of(sent(filled(rule, "zh-CN")), "one", rule) == rule
