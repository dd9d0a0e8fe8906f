"""What is said of a plan's rosters: those that cannot be read, and those with gaps."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ivr.library.plans import Inputs, compile_plan
from ivr.library.proofs import findings_of, of_refused
from routing.findings import Place
from routing.rules.faults import EntityError

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DUTY = {
    "name": "值班",
    "name_en": "Duty",
    "office": "市教育局",
    "members": [{"id": "a", "name": "员", "name_en": "one", "phone": "+8613800000101"}],
    "shifts": [{"member": "a", "hours": "Sat 09:00-10:00"}],
}


def test_an_unread_roster_is_a_finding_at_its_field(demo_inputs: Inputs) -> None:
    wrong = replace(demo_inputs, rosters=json.dumps({"duty": DUTY | {"office": "nowhere"}}))

    with pytest.raises(EntityError) as refused:
        compile_plan(wrong, 1, date(2026, 11, 24))

    (found,) = of_refused(refused.value)
    assert (found.code, found.place) == ("roster_no_office", Place("roster", "duty", "office"))


def test_hours_without_anybody_on_duty_are_a_finding_of_the_plan(demo_inputs: Inputs) -> None:
    inputs = replace(demo_inputs, rosters=json.dumps({"duty": DUTY}))
    plan = compile_plan(inputs, 1, date(2026, 11, 24))

    found = [one for one in findings_of(plan, inputs, NOW) if one.place.kind == "roster"]

    assert [(one.code, one.place.key) for one in found] == [("nobody_on_shift", "duty")]


def test_the_shipped_plan_rings_nobody_who_cannot_be_rung(demo_inputs: Inputs) -> None:
    plan = compile_plan(demo_inputs, 1, date(2026, 11, 24))
    codes = {one.code for one in findings_of(plan, demo_inputs, NOW)}

    assert not codes & {"unknown_target", "target_without_number", "no_words", "no_service"}
