"""No rule sends a complaint to whom it is about, whoever wrote it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cases.doors import one_door
from routing.cases.kinds import About, Kind
from routing.cases.ladder import accused
from routing.city import AREA, demo_sheets
from routing.register import Directory
from routing.rules.condition import CallerKind, Facts
from routing.rules.guards import Guards, guards_of
from routing.rules.router import Router, naive
from routing.rules.ruleset import How, Rule, RuleSet, default_rules
from routing.sheets.register import read_directory

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CITY: Directory = read_directory(demo_sheets(), area=AREA)
GUARDS: Guards = guards_of(CITY)
ACCUSING = [About.THIS_OFFICE, About.OTHER_OFFICE, About.MISCONDUCT, None]


def asked(dialled: str, about: About | None, topic: str | None) -> Facts:
    group = None if topic is None else CITY.topics[topic].group
    return Facts(
        dialled, "zh-CN", Kind.COMPLAINT, about, topic, group, None, CallerKind.MOBILE, NOW
    )


complaints = st.builds(
    asked,
    st.sampled_from([*CITY.numbers, "+8613912345678"]),
    st.sampled_from(ACCUSING),
    st.sampled_from([*CITY.topics, None]),
)


def all_to(office: str) -> RuleSet:
    return RuleSet(1, (Rule("all", "", (), office, how=How.CASE_ONLY),), "me", "why")


@settings(max_examples=400, derandomize=True, deadline=None)
@given(complaints, st.sampled_from([*CITY.offices]))
def test_a_rule_that_sends_all_to_one_office_never_sends_it_complaints_about_itself(
    facts: Facts, office: str
) -> None:
    decision = Router(all_to(office), GUARDS).decide(facts)

    barred = accused(CITY, facts.dialled, facts.topic, facts.kind, facts.about)
    if facts.dialled in CITY.numbers or facts.about is not About.THIS_OFFICE:
        assert decision.office not in barred
        assert decision.confidential
    assert decision == naive(all_to(office), facts, GUARDS)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(complaints)
def test_rules_drawn_from_the_register_need_no_guard(facts: Facts) -> None:
    rules = default_rules(CITY)
    plain, held = Router(rules).decide(facts), Router(rules, GUARDS).decide(facts)

    barred = accused(CITY, facts.dialled, facts.topic, facts.kind, facts.about)
    if not (facts.about is About.OTHER_OFFICE and plain.office in barred):
        assert held == plain


def test_wrongdoing_goes_to_the_discipline_office_whatever_a_rule_says() -> None:
    police = "+865580000021"
    decision = Router(all_to("市公安局"), GUARDS).decide(asked(police, About.MISCONDUCT, "safety"))

    assert decision.office == "市纪委监委"
    assert decision.rule == "guard:all"
    assert decision.how is How.PUT_THROUGH


def test_a_complaint_about_the_hotline_is_not_sent_to_the_hotline() -> None:
    facts = asked("+865580000021", About.OTHER_OFFICE, "hotline")

    assert Router(default_rules(CITY), GUARDS).decide(facts).office == "市信访局"


def test_a_matter_that_accuses_nobody_goes_where_the_rule_says() -> None:
    facts = replace(asked("+865580000021", About.BUSINESS, "safety"), kind=Kind.COMPLAINT)
    decision = Router(all_to("市公安局"), GUARDS).decide(facts)

    assert (decision.office, decision.rule, decision.confidential) == ("市公安局", "all", False)


@pytest.mark.parametrize("about", ACCUSING)
def test_nobody_is_told_of_complaints_about_themselves(about: About | None) -> None:
    facts = asked("+865580000021", about, "safety")

    assert not GUARDS.may_be_told(facts, "市公安局")
    assert GUARDS.may_be_told(facts, "市水利局")
    assert GUARDS.may_be_told(replace(facts, about=About.BUSINESS), "市公安局")


def test_an_office_of_one_door_is_passed_over() -> None:
    water = replace(CITY.offices["市水利局"], email=CITY.offices["市政府"].email)
    shared = replace(CITY, offices={**CITY.offices, water.id: water})
    number = next(one.e164 for one in CITY.numbers.values() if one.office == water.id)
    facts = asked(number, About.THIS_OFFICE, None)

    decision = Router(all_to("市政府"), guards_of(shared)).decide(facts)

    assert one_door(shared, "市政府", frozenset({water.id}))
    assert decision.office == "市委"
    assert not guards_of(shared).may_be_told(facts, "市政府")


def test_a_register_about_whose_numbers_nobody_takes_complaints_is_refused() -> None:
    top = next(office for office in CITY.offices.values() if office.parent is None)
    topics = {id_: replace(topic, lead=top.id) for id_, topic in CITY.topics.items()}
    number = next(entry for entry in CITY.numbers.values() if entry.office == top.id)
    village = replace(CITY, offices={top.id: top}, topics=topics, numbers={number.e164: number})

    GUARDS.prove()
    with pytest.raises(ValueError, match="no office may take complaints"):
        guards_of(village).prove()
