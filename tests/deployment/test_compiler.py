"""A plan is compiled once in a process, and carries its own number wherever it is used."""

from datetime import date, datetime

import pytest

from deployment.compiler import Compiler
from deployment.reviewing import reviewed
from ivr.library.plans import Inputs
from routing.publishing.release import document_of
from routing.rules.condition import CallerKind, Facts

TODAY = date(2026, 11, 24)
AT = datetime.fromisoformat("2026-11-24T02:00:00Z")
FACTS = Facts("", "en", None, None, "power", None, None, CallerKind.MOBILE, AT)


def test_what_was_reviewed_is_taken_into_use_under_its_number(
    demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = Compiler()
    first = compiler.plan(document_of(demo_inputs.to_text()), 0, TODAY)
    monkeypatch.setattr("deployment.compiler.compile_plan", None)  # it would fail if asked

    used = compiler.plan(document_of(demo_inputs.to_text()), 7, TODAY)

    assert (first.number, used.number) == (0, 7)
    assert used.directory is first.directory
    assert [p.rules.decide(FACTS).version for p in (first, used)] == [0, 7]


@pytest.mark.parametrize("other", ["day", "body"])
def test_another_day_or_body_is_compiled_anew(demo_inputs: Inputs, other: str) -> None:
    compiler, body = Compiler(), document_of(demo_inputs.to_text())
    first = compiler.plan(body, 1, TODAY)
    if other == "day":
        second = compiler.plan(body, 1, date(2026, 11, 25))
    else:
        second = compiler.plan({**body, "policy": {**body["policy"], "audio_days": 30}}, 1, TODAY)
    assert second is not first
    assert second.policy.audio_days == (90 if other == "day" else 30)


def test_a_body_with_faults_is_not_kept(demo_inputs: Inputs) -> None:
    odd = {**document_of(demo_inputs.to_text()), "rules": "["}
    for _ in range(2):
        assert reviewed(odd, TODAY, AT).errors
