"""What is said of whom rules ring: each finding, and none of what is well."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.findings import Finding, Level
from routing.rules.condition import Between, Condition, During, IsOpen
from routing.rules.roster import Days, Member, Roster, Shift
from routing.rules.ruleset import How, Rule, RuleSet
from routing.rules.staffing import Staffed, staffing
from routing.rules.then import Order, Ring, Then, Whom
from routing.week import parse_hours

NOW: Final = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)  # six in the morning of a Tuesday
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
OFFICE: Final = "市教育局"
NAMES: Final = {"zh-CN": "教育局值班", "en": "Education duty"}
ANN: Final = Member("ann", NAMES, "+8613800000101", None)
DUTY: Final = Roster("duty", NAMES, OFFICE, SHANGHAI, (ANN,))
OPENED: Final = ((NOW + timedelta(hours=2), NOW + timedelta(hours=6)),)


def found(
    plan: Plan, rule: Rule, roster: Roster = DUTY, *, together: bool = True
) -> list[tuple[str, str, str]]:
    findings = told(plan, rule, roster, together=together)
    assert all(set(one.says) == {"zh-CN", "en"} for one in findings)
    return [(one.code, one.level.value, one.place.field) for one in findings]


def told(plan: Plan, rule: Rule, roster: Roster = DUTY, *, together: bool = True) -> list[Finding]:
    seen = Staffed(
        rules=RuleSet(1, (rule, Rule("default", "其余", (), OFFICE)), "test", ""),
        directory=plan.directory,
        rosters={"duty": roster},
        phrases=frozenset({"check.hotline"}),
        opened={OFFICE: OPENED},
        now=NOW,
        zone=SHANGHAI,
        together=together,
    )
    return list(staffing(seen))


def ringing(*steps: Ring, how: How = How.PUT_THROUGH) -> Rule:
    return Rule("written", "试行", (), OFFICE, how, then=Then(rings=steps))


def test_nothing_is_said_of_what_is_well(demo_plan: Plan) -> None:
    well = ringing(
        Ring(Whom.USUAL),
        Ring(Whom.ROSTER, "duty"),
        Ring(Whom.OFFICE, OFFICE),
        Ring(Whom.OFFICIAL, "+865580000001"),
    )
    assert found(demo_plan, well) == []
    assert found(demo_plan, replace(ringing(Ring(Whom.ROSTER, "gone")), enabled=False)) == []


@pytest.mark.parametrize("whom", [Whom.OFFICIAL, Whom.OFFICE, Whom.ROSTER])
def test_a_step_that_names_nobody_is_found(demo_plan: Plan, whom: Whom) -> None:
    rule = ringing(Ring(Whom.USUAL), Ring(whom, "gone"))
    assert found(demo_plan, rule) == [("unknown_target", "error", "ring.2")]


def test_a_step_without_a_phone_is_found(demo_plan: Plan) -> None:
    office = demo_plan.directory.offices[OFFICE]
    number = demo_plan.directory.numbers["+865580000001"]
    silent = replace(
        demo_plan.directory,
        offices={**demo_plan.directory.offices, OFFICE: replace(
            office, pool_number=None, stand_in_number=None)},
        numbers={**demo_plan.directory.numbers, number.e164: replace(number, forward_to=None)},
    )  # fmt: skip
    plan = replace(demo_plan, directory=silent)
    rule = ringing(Ring(Whom.OFFICE, OFFICE), Ring(Whom.OFFICIAL, number.e164))
    official = replace(DUTY, members=(Member("bo", NAMES, None, number.e164),))

    assert found(plan, rule, official) == [
        ("target_without_number", "error", "ring.1"),
        ("target_without_number", "error", "ring.2"),
        ("target_without_number", "error", "members.1.official"),
    ]


def test_each_reader_meets_a_rule_and_whom_it_rings_by_their_own_names(demo_plan: Plan) -> None:
    office = demo_plan.directory.offices[OFFICE]
    silent = replace(office, pool_number=None, stand_in_number=None)
    offices = {**demo_plan.directory.offices, OFFICE: silent}
    plan = replace(demo_plan, directory=replace(demo_plan.directory, offices=offices))
    rule = replace(ringing(Ring(Whom.OFFICE, OFFICE)), name="夜间 / At night")

    says = told(plan, rule)[0].says
    assert ("夜间" in says["zh-CN"], "night" in says["zh-CN"]) == (True, False)
    assert "Rule “At night” rings “Bureau of Education”" in says["en"]
    assert OFFICE in says["zh-CN"]


def test_what_is_announced_needs_words_in_every_language(demo_plan: Plan) -> None:
    rule = replace(ringing(how=How.ANNOUNCEMENT), then=Then(phrase="closure.flood"))
    assert found(demo_plan, rule) == [("no_words", "error", "phrase")]
    assert found(demo_plan, replace(rule, then=Then(phrase="check.hotline"))) == []


def test_a_transfer_needs_a_service_that_is_known(demo_plan: Plan) -> None:
    rule = replace(ringing(how=How.TRANSFER), then=Then(service="99999"))
    assert found(demo_plan, rule) == [("no_service", "error", "service")]
    assert found(demo_plan, replace(rule, then=Then(service="12345"))) == []


def test_who_is_to_ring_together_is_rung_in_turn_where_the_carrier_cannot(demo_plan: Plan) -> None:
    rule = ringing(Ring(Whom.ROSTER, "duty", Order.TOGETHER))
    assert found(demo_plan, rule) == []
    assert found(demo_plan, rule, together=False) == [("not_together", "warning", "ring.1")]


@pytest.mark.parametrize(
    ("hours", "days", "level"),
    [
        ("Mon-Sun 00:00-24:00", Days(), None),
        ("Mon-Fri 09:00-24:00", Days(), Level.WARNING),
        ("Mon-Fri 00:00-24:00", Days(until=NOW.date() - timedelta(days=9)), Level.ERROR),
    ],
)
def test_hours_in_which_nobody_is_on_duty_are_found(
    demo_plan: Plan, hours: str, days: Days, level: Level | None
) -> None:
    roster = replace(DUTY, shifts=(Shift("ann", parse_hours(hours), days),))
    expected = [] if level is None else [("nobody_on_shift", level.value, "shifts")]
    assert found(demo_plan, ringing(), roster) == expected
    by_roster = ringing(Ring(Whom.ROSTER, "duty"))
    assert found(demo_plan, by_roster, roster) == expected


@pytest.mark.parametrize(
    ("when", "missing"),
    [
        ((During(parse_hours("Mon-Sun 18:00-22:00"), SHANGHAI),), False),
        ((During(parse_hours("Mon-Sun 17:30-22:00"), SHANGHAI),), True),
        ((IsOpen(wanted=False), Between(NOW + timedelta(hours=12), None)), True),
        ((IsOpen(wanted=False), During(parse_hours("Mon-Sun 18:30-20:00"), SHANGHAI)), False),
        ((IsOpen(wanted=True),), True),
    ],
)
def test_a_roster_of_the_evening_is_needed_when_its_rules_ask_for_it(
    demo_plan: Plan, when: tuple[Condition, ...], missing: bool
) -> None:
    """The office is open in the morning, when nobody of the roster has to be there."""
    evenings = replace(DUTY, shifts=(Shift("ann", parse_hours("Mon-Sun 18:00-22:00"), Days()),))
    rule = replace(ringing(Ring(Whom.ROSTER, "duty")), when=when)
    codes = [code for code, _, _ in found(demo_plan, rule, evenings)]
    assert codes == (["nobody_on_shift"] if missing else [])
