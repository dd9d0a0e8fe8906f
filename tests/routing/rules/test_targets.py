"""Whom to ring, in which order, by `answer_mode` and by who must not hear of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.directory import AnswerMode, Directory
from routing.register import StandIn
from routing.rules.roster import Member, Roster
from routing.rules.router import Decision
from routing.rules.ruleset import How
from routing.rules.targets import Role, Scene, Target, arranged, ring_order
from routing.rules.then import Order, Ring, Then, Whom

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


NAMES = {"zh-CN": "值班员", "en": "duty officer"}
MEMBERS = (
    Member("ann", NAMES, "+8613800000101", None),
    Member("bo", NAMES, None, EDUCATION),
    Member("cy", NAMES, "+8613800000103", None),
)
DUTY = Roster("duty", NAMES, OFFICE, SHANGHAI, MEMBERS)


def written(
    plan: Plan, *steps: Ring, decision: Decision = DECISION, person: bool = False
) -> list[str]:
    """The phones of a rule's own steps."""
    where = replace(scene(plan.directory), rosters={"duty": DUTY})
    entry = plan.directory.numbers[EDUCATION]
    found = ring_order(where, entry, decision, Then(rings=steps), person=person)
    return [target.number for target in found]


def test_a_rules_steps_are_rung_in_their_order(demo_plan: Plan) -> None:
    steps = (Ring(Whom.ROSTER, "duty"), Ring(Whom.OFFICE, "市政府"), Ring(Whom.USUAL))

    assert written(demo_plan, *steps) == [
        "+8613800000101",
        OFFICIAL[1],
        "+8613800000103",
        "+865580020002",
        "+865580030002",
        STAND_IN[1],
        POOL[1],
    ]


def test_one_bad_step_never_stops_the_rest(demo_plan: Plan) -> None:
    bad = (Ring(Whom.ROSTER, "gone"), Ring(Whom.OFFICE, "gone"), Ring(Whom.OFFICIAL, "+86100"))

    assert written(demo_plan, *bad, Ring(Whom.OFFICE, OFFICE)) == [POOL[1], STAND_IN[1]]


def test_who_asks_for_a_person_rings_no_official_of_a_rule(demo_plan: Plan) -> None:
    steps = (Ring(Whom.OFFICIAL, EDUCATION), Ring(Whom.ROSTER, "duty"))

    assert written(demo_plan, *steps, person=True) == ["+8613800000101", "+8613800000103"]


def test_a_sealed_matter_rings_a_roster_of_the_deciding_office_alone(demo_plan: Plan) -> None:
    sealed = replace(DECISION, office="市政府", confidential=True)
    steps = (Ring(Whom.ROSTER, "duty"), Ring(Whom.OFFICIAL, EDUCATION), Ring(Whom.OFFICE, OFFICE))

    assert written(demo_plan, *steps, decision=sealed) == ["+865580020002", "+865580030002"]


def test_a_sealed_matter_rings_no_phone_of_the_accused_offices_others(demo_plan: Plan) -> None:
    """Neither of another official than was dialled, typed on the deciding office's roster, nor of
    the accused office's own roster."""
    directory = demo_plan.directory
    colleague = replace(
        directory.numbers[EDUCATION],
        e164="+865580000999",
        forward_to="+8613800000701",
        stand_in=StandIn("+8613800000702", None, date(2026, 12, 24)),
    )
    town = replace(directory, numbers={**directory.numbers, colleague.e164: colleague})
    names = {"zh-CN": "值班", "en": "duty"}
    phones = ("+8613800000701", "+8613800000702", "+8613800000703", "+8613800000704")
    members = tuple(Member(f"m{at}", names, phone, None) for at, phone in enumerate(phones))
    theirs = Roster("theirs", names, OFFICE, SHANGHAI, members[2:3])
    above = Roster("above", names, "市政府", SHANGHAI, members)
    there = replace(scene(town), rosters={one.id: one for one in (theirs, above)})
    sealed = replace(DECISION, office="市政府", confidential=True)
    then = Then((Ring(Whom.ROSTER, "above"),))
    rung = ring_order(there, town.numbers[EDUCATION], sealed, then, person=False)

    assert [target.number for target in rung if target.roster] == ["+8613800000704"]


@pytest.mark.parametrize("how", [How.MESSAGE, How.ANNOUNCEMENT])
def test_what_only_takes_messages_rings_nobody(demo_plan: Plan, how: How) -> None:
    assert written(demo_plan, decision=replace(DECISION, how=how)) == []


def test_every_phone_of_an_official_is_tried(demo_plan: Plan) -> None:
    entry = replace(
        demo_plan.directory.numbers[EDUCATION],
        answer_mode=AnswerMode.PERSONAL,
        forward_further=("+8613800000777",),
        stand_in=StandIn("+8613800000888", None, date(2026, 11, 24)),
    )

    found = ring_order(scene(demo_plan.directory), entry, DECISION, person=False)
    numbers = [target.number for target in found]

    assert numbers == [OFFICIAL[1], "+8613800000777", "+8613800000888", POOL[1]]
    later = replace(scene(demo_plan.directory), at=AT + timedelta(days=1))
    after = [target.number for target in ring_order(later, entry, DECISION, person=False)]
    assert after == [OFFICIAL[1], "+8613800000777", STAND_IN[1], POOL[1]]


def test_a_persons_one_is_always_asked_for(demo_plan: Plan) -> None:
    """Only an office's own phone may be bridged unasked."""
    steps = Then(rings=(Ring(Whom.OFFICE, OFFICE, press=False),))
    found = ring_order(scene(demo_plan.directory), None, DECISION, steps, person=True)

    assert [target.press for target in found] == [False, True]


def test_every_field_of_a_target_reads_back() -> None:
    """Also one that a version before this kept in a call's state."""
    full = Target("+86139", Role.MEMBER, OFFICE, None, 9, False, "duty", "ann", Order.ROUND_ROBIN)

    assert Target.from_plain(full.to_plain()) == full
    assert Target.from_plain(["+86139", "pool", OFFICE, None]) == Target(
        "+86139", Role.POOL, OFFICE
    )
    assert full.answerer == "duty/ann"


def test_members_change_places_among_themselves() -> None:
    pool = Target("+861", Role.POOL, OFFICE)
    ann, bo, cy = (
        Target(f"+86{at}", Role.MEMBER, OFFICE, roster="duty", member=name)
        for at, name in enumerate(("ann", "bo", "cy"), start=2)
    )

    assert arranged((ann, pool, bo, cy), {"duty": ("cy", "ann")}) == (cy, pool, ann, bo)
    assert arranged((ann, pool), {}) == (ann, pool)
