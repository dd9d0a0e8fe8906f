"""Whom to ring, in which order, by `answer_mode` and by who must not hear of it."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.directory import AnswerMode, Directory
from routing.rules.router import Decision
from routing.rules.ruleset import How
from routing.rules.targets import Role, Scene, Target, ring_order

EDUCATION = "+865580000019"
OFFICE = "市教育局"
DECISION = Decision("r", OFFICE, How.PUT_THROUGH, confidential=False, version=1)
OFFICIAL = ("official", "+865580010019")
POOL = ("pool", "+865580020005")
STAND_IN = ("stand_in", "+865580030005")


AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def scene(directory: Directory) -> Scene:
    """A working morning."""
    return Scene(directory, AT, SHANGHAI)


def order(
    plan: Plan, mode: AnswerMode, decision: Decision = DECISION, *, person: bool = False
) -> list[tuple[str, str]]:
    entry = replace(plan.directory.numbers[EDUCATION], answer_mode=mode)
    targets = ring_order(scene(plan.directory), entry, decision, person=person)
    return [(target.role.value, target.number) for target in targets]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (AnswerMode.PERSONAL, [OFFICIAL, STAND_IN, POOL]),
        (AnswerMode.POOLED_THEN_PERSONAL, [POOL, OFFICIAL, STAND_IN]),
        (AnswerMode.POOLED, [POOL, STAND_IN]),
    ],
)
def test_each_mode_has_its_order(
    demo_plan: Plan, mode: AnswerMode, expected: list[tuple[str, str]]
) -> None:
    assert order(demo_plan, mode) == expected


def test_whoever_asks_for_a_person_never_rings_the_official(demo_plan: Plan) -> None:
    assert order(demo_plan, AnswerMode.PERSONAL, person=True) == [POOL, STAND_IN]


def test_a_confidential_matter_rings_the_deciding_office_alone(demo_plan: Plan) -> None:
    decision = replace(DECISION, office="市政府", confidential=True)

    assert order(demo_plan, AnswerMode.PERSONAL, decision) == [
        ("pool", "+865580020002"),
        ("stand_in", "+865580030002"),
    ]


def test_a_confidential_matter_rings_no_phone_that_the_office_dialled_has_too(
    demo_plan: Plan,
) -> None:
    directory = demo_plan.directory
    above = replace(
        directory.offices["市政府"], pool_number=POOL[1], stand_in_number="+865580030002"
    )
    town = replace(directory, offices={**directory.offices, above.id: above})
    entry = replace(town.numbers[EDUCATION], answer_mode=AnswerMode.POOLED)
    sealed = replace(DECISION, office=above.id, confidential=True)

    def rung(decision: Decision, *, person: bool = False) -> list[str]:
        return [target.number for target in ring_order(scene(town), entry, decision, person=person)]

    assert rung(sealed) == rung(sealed, person=True) == ["+865580030002"]
    assert rung(replace(sealed, confidential=False)) == [POOL[1], "+865580030002"]
    assert rung(replace(sealed, office=OFFICE)) == [POOL[1], STAND_IN[1]], "who has the matter"


def test_a_line_that_is_not_listed_rings_the_deciding_office(demo_plan: Plan) -> None:
    targets = ring_order(scene(demo_plan.directory), None, DECISION, person=True)

    assert [target.role for target in targets] == [Role.POOL, Role.STAND_IN]


def test_a_phone_is_rung_once(demo_plan: Plan) -> None:
    entry = replace(
        demo_plan.directory.numbers[EDUCATION],
        answer_mode=AnswerMode.PERSONAL,
        forward_to="+865580020005",
    )
    targets = ring_order(scene(demo_plan.directory), entry, DECISION, person=False)

    assert [target.number for target in targets] == ["+865580020005", "+865580030005"]


def test_phones_that_the_register_lacks_are_passed_by(demo_plan: Plan) -> None:
    city = demo_plan.directory
    bare = replace(city.offices[OFFICE], pool_number=None, stand_in_number=None)
    without = replace(city, offices={**city.offices, OFFICE: bare})
    entry = replace(city.numbers[EDUCATION], answer_mode=AnswerMode.PERSONAL, forward_to=None)

    assert ring_order(scene(without), entry, DECISION, person=False) == ()


def test_a_target_reads_back() -> None:
    target = Target("+865580010019", Role.OFFICIAL, OFFICE, EDUCATION)

    assert Target.from_plain(target.to_plain()) == target
    with pytest.raises(ValueError, match="needs a number"):
        Target.from_plain([None, "pool", OFFICE, None])
