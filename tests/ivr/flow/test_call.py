"""A call as a value: what changes in it and what stays."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Final

from ivr.flow.call import NO_TRIES, Call, Facts, Tries, changed, entered, with_facts
from routing.cases.kinds import Kind
from routing.rules.router import Decision
from routing.rules.ruleset import How

CALL: Final = Call(
    id="c",
    caller="+8613800001234",
    dialled="+865580000021",
    language="en",
    at="main",
    plan=7,
    started=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
    turn=3,
    over=True,
    tries=Tries(silence=1, wrong=2),
    facts=Facts(kind=Kind.HELP, keyed="055"),
    decision=Decision("r", "o", How.CASE_ONLY, confidential=True, version=3),
)
"""Every field is unlike its default, so that one that were dropped would show."""


def test_the_example_differs_from_a_fresh_call_in_every_field() -> None:
    defaults = {field.name: field.default for field in fields(Call)}

    assert all(getattr(CALL, name) != default for name, default in defaults.items())


def test_entering_a_node_changes_the_place_and_forgets_the_tries() -> None:
    assert entered(CALL, "check") == replace(CALL, at="check", tries=NO_TRIES)


def test_a_change_keeps_everything_else() -> None:
    assert changed(CALL, turn=4, language="zh-CN") == replace(CALL, turn=4, language="zh-CN")
    assert with_facts(CALL, keyed="") == replace(CALL, facts=Facts(kind=Kind.HELP))
