"""Where a matter goes: the compiled router equals its naive reference, and no complaint ever goes
to the office it is about."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.cases.kinds import About, Kind
from routing.city import AREA, demo_sheets
from routing.register import Directory
from routing.rules.condition import (
    Between,
    CallerKind,
    Condition,
    During,
    Facts,
    Failed,
    Field,
    Is,
    IsOpen,
    OneOf,
    Passed,
)
from routing.rules.errors import RuleSetError
from routing.rules.router import Decision, Router, naive
from routing.rules.ruleset import How, Rule, RuleSet, default_rules
from routing.rules.wording import names_of
from routing.sheets.register import read_directory
from routing.week import CLOSED, parse_hours

HERE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
POLICE, MAYOR = "+865580000021", "+865580000009"


@pytest.fixture(scope="module")
def city() -> Directory:
    return read_directory(demo_sheets(), area=AREA)


@pytest.fixture(scope="module")
def router(city: Directory) -> Router:
    return Router(default_rules(city))


def facts(
    dialled: str = MAYOR,
    *,
    kind: Kind | None = Kind.HELP,
    about: About | None = None,
    topic: str | None = None,
    group: int | None = None,
) -> Facts:
    return Facts(dialled, "zh-CN", kind, about, topic, group, None, CallerKind.MOBILE, NOW)


@pytest.mark.parametrize(
    ("asked", "office"),
    [
        (facts(topic="water"), "市水利局"),
        (facts(topic="discipline"), "市纪委监委"),
        (facts(group=3), "市市场监督管理局"),
        (facts(), "市政府"),
        (facts(POLICE, topic="safety"), "市公安局"),
        (facts(POLICE, about=About.THIS_OFFICE), "市政府"),
        (facts("+865580000001", about=About.THIS_OFFICE), "市纪委监委"),
        (facts(about=About.OTHER_OFFICE), "12345热线中心"),
        (facts("+865580000050", about=About.OTHER_OFFICE), "市信访局"),
        (facts(about=About.MISCONDUCT), "市纪委监委"),
        (facts("+865580000051", about=About.MISCONDUCT), "市委"),
        (facts(about=About.BUSINESS, group=1), "市住房和城乡建设局"),
        # Heads the discipline commission from the party committee: neither may take it.
        (facts("+865580000004", about=About.THIS_OFFICE), "市信访局"),
        (facts("+865580000055", about=About.THIS_OFFICE), "市委"),
        (facts("+865580000055", about=About.MISCONDUCT), "市纪委监委"),
        # Whom it is about was not said: the dispatchers ask.
        (facts(POLICE, kind=Kind.COMPLAINT, topic="safety"), "12345热线中心"),
        (facts("+865580000050", kind=Kind.COMPLAINT), "市信访局"),
        (facts("+8613912345678"), "12345热线中心"),
    ],
)
def test_the_default_rules_name_the_office(router: Router, asked: Facts, office: str) -> None:
    assert router.decide(asked).office == office


def test_a_complaint_about_an_office_never_goes_to_it(city: Directory, router: Router) -> None:
    for entry in city.numbers.values():
        for about in (About.THIS_OFFICE, About.OTHER_OFFICE, About.MISCONDUCT, None):
            asked = facts(
                entry.e164,
                kind=Kind.COMPLAINT,
                about=about,
                topic=entry.topic,
                group=entry.topic_group,
            )
            decision = router.decide(asked)

            assert decision.office != entry.office, (entry.post, about)
            assert decision.confidential, (entry.post, about)


def test_a_city_without_the_three_offices_of_last_resort_is_refused(city: Directory) -> None:
    for needed in ("discipline", "hotline", "petition"):
        topics = {id_: topic for id_, topic in city.topics.items() if id_ != needed}

        with pytest.raises(RuleSetError, match=f"no topic '{needed}'"):
            default_rules(replace(city, topics=topics))


def test_a_city_of_one_office_has_nobody_for_complaints_about_it(city: Directory) -> None:
    """No office of this city may take them, so the rules say so instead of breaking the promise."""
    top = next(office for office in city.offices.values() if office.parent is None)
    topics = {id_: replace(topic, lead=top.id) for id_, topic in city.topics.items()}
    number = next(entry for entry in city.numbers.values() if entry.office == top.id)
    village = replace(city, offices={top.id: top}, topics=topics, numbers={number.e164: number})

    with pytest.raises(RuleSetError, match="no office may take complaints about 市委"):
        default_rules(village)


WATER, TOWN, PARTY = "市水利局", "市政府", "市委"


@pytest.mark.parametrize("door", ["email", "pool_number", "stand_in_number"])
def test_a_complaint_passes_over_an_office_that_is_reached_by_the_same_door(
    city: Directory, door: str
) -> None:
    number = next(entry.e164 for entry in city.numbers.values() if entry.office == WATER)
    about = facts(number, kind=Kind.COMPLAINT, about=About.THIS_OFFICE)
    water = replace(city.offices[WATER], **{door: getattr(city.offices[TOWN], door)})
    shared = replace(city, offices={**city.offices, WATER: water})

    assert Router(default_rules(city)).decide(about).office == TOWN
    assert Router(default_rules(shared)).decide(about).office == PARTY


def test_where_all_have_one_mailbox_it_goes_above_all_the_same(city: Directory) -> None:
    """Nobody is told there (`routing.delivery`), which is seen: a case is better than none."""
    number = next(entry.e164 for entry in city.numbers.values() if entry.office == WATER)
    about = facts(number, kind=Kind.COMPLAINT, about=About.THIS_OFFICE)
    offices = {name: replace(one, email="a@b.example") for name, one in city.offices.items()}

    assert Router(default_rules(replace(city, offices=offices))).decide(about).office == TOWN


def test_every_topic_has_its_lead_office(city: Directory, router: Router) -> None:
    for topic in city.topics.values():
        assert router.decide(facts(topic=topic.id)).office == topic.lead


def test_every_drawn_rule_is_named_in_the_readers_language_alone(city: Directory) -> None:
    for rule in default_rules(city).rules:
        zh, en = names_of(rule.name)["zh-CN"], names_of(rule.name)["en"]
        assert zh != en
        assert not re.search("[\u4e00-\u9fff]", en), rule.id
        assert not re.search("[A-Za-z]{3}", zh), rule.id


def test_a_decision_reads_back() -> None:
    decision = Decision("r", "o", How.CASE_ONLY, confidential=True, version=3)

    assert Decision.from_plain(decision.to_plain()) == decision


def test_a_rule_set_needs_an_answer_for_everything() -> None:
    with pytest.raises(RuleSetError, match="last rule"):
        RuleSet(1, (Rule("a", "a", (Is(Field.TOPIC, "tax"),), "o"),), "me", "why")
    with pytest.raises(RuleSetError, match="last rule"):
        RuleSet(1, (), "me", "why")
    with pytest.raises(RuleSetError, match="id of its own"):
        RuleSet(1, (Rule("a", "a", (), "o"), Rule("a", "b", (), "o")), "me", "why")


def test_a_condition_tells_what_it_found_instead() -> None:
    asked = facts(topic="tax")

    assert Is(Field.TOPIC, "tax").check(asked) == Passed()
    assert Is(Field.TOPIC, "water").check(asked) == Failed(Is(Field.TOPIC, "water"), "tax")
    assert Is(Field.GROUP, 1).check(asked) == Failed(Is(Field.GROUP, 1), None)
    assert Is(Field.TOPIC, None).check(asked) == Failed(Is(Field.TOPIC, None), "tax")
    assert Is(Field.GROUP, None).check(asked) == Passed()
    either = OneOf(Field.TOPIC, ("tax", None))
    assert either.check(asked) == Passed()
    assert either.check(facts()) == Passed()
    assert either.check(facts(topic="water")) == Failed(either, "water")
    later, earlier = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
    assert Between(earlier, later).check(asked) == Passed()
    assert Between(None, None).check(asked) == Passed()
    assert isinstance(Between(later, None).check(asked), Failed)
    assert isinstance(Between(None, NOW).check(asked), Failed)


def test_a_week_is_that_of_the_offices_wall_clock() -> None:
    week = parse_hours("Tue 10:00-10:01; Sat 00:00-24:00")

    assert During(week, HERE).check(facts()) == Passed()  # 02:00 UTC is 10:00 there
    assert isinstance(During(week, UTC).check(facts()), Failed)
    late = replace(facts(), at=NOW + timedelta(minutes=1))
    assert During(week, HERE).check(late) == Failed(During(week, HERE), late.at.astimezone(HERE))


class Always:
    def __init__(self, *, is_open: bool) -> None:
        self.answer = is_open

    def is_open(self, at: datetime) -> bool:
        return self.answer


def test_an_office_whose_hours_are_not_known_is_neither_open_nor_closed() -> None:
    known = {"a": Always(is_open=True), "b": Always(is_open=False)}
    asked = replace(facts(), office="a", open=known)

    assert IsOpen(wanted=True).check(asked) == Passed()
    assert IsOpen(wanted=False).check(asked) == Failed(IsOpen(wanted=False), True)
    assert IsOpen(wanted=False, office="b").check(asked) == Passed()
    for wanted in (True, False):
        for unknown in (IsOpen(wanted, "c"), IsOpen(wanted)):
            assert unknown.check(replace(asked, office=None)) == Failed(unknown, None)


times = st.one_of(st.none(), st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours)))
conditions: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Is, st.just(Field.TOPIC), st.sampled_from(["a", "b"])),
    st.builds(Is, st.just(Field.GROUP), st.sampled_from([1, 2])),
    st.builds(Is, st.just(Field.DIALLED), st.sampled_from([POLICE, MAYOR])),
    st.builds(Is, st.just(Field.KIND), st.sampled_from([*Kind, None])),
    st.builds(Between, times, times),
    st.builds(
        OneOf,
        st.just(Field.TOPIC),
        st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1).map(tuple),
    ),
    st.builds(
        OneOf,
        st.just(Field.DIALLED),
        # Beyond what is kept in a dict: asked on survivors.
        st.just((POLICE, *(f"+8655810{n:05}" for n in range(100)))),
    ),
    st.builds(During, st.sampled_from([parse_hours("Tue 09:00-11:00"), CLOSED]), st.just(HERE)),
    st.builds(IsOpen, st.booleans(), st.sampled_from([None, "a", "b", "c"])),
)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    wanted = draw(st.lists(st.lists(conditions, max_size=4), max_size=12))
    rules = [
        Rule(str(place), "", tuple(when), f"office {place}", enabled=draw(st.booleans()))
        for place, when in enumerate(wanted)
    ]
    return RuleSet(1, (*rules, Rule("last", "", (), "nobody")), "me", "why")


OPEN = {"a": Always(is_open=True), "b": Always(is_open=False)}
asked_facts = st.builds(
    facts,
    st.sampled_from([POLICE, MAYOR, "+8613912345678"]),
    kind=st.sampled_from([*Kind, None]),
    topic=st.sampled_from(["a", "b", None]),
    group=st.sampled_from([1, 2, None]),
).flatmap(
    lambda asked: st.sampled_from([None, "a", "b"]).map(
        lambda office: replace(asked, office=office, open=OPEN)
    )
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(rule_sets(), asked_facts)
def test_the_compiled_router_equals_the_naive_one(rules: RuleSet, asked: Facts) -> None:
    assert Router(rules).decide(asked) == naive(rules, asked)


def test_a_rule_that_binds_one_fact_to_two_values_never_matches() -> None:
    when = (Is(Field.TOPIC, "a"), Is(Field.TOPIC, "b"))
    rules = RuleSet(1, (Rule("never", "", when, "x"), Rule("last", "", (), "y")), "me", "why")

    assert Router(rules).decide(facts(topic="a")) == naive(rules, facts(topic="a"))
    assert Router(rules).decide(facts(topic="b")).rule == "last"


def test_a_later_rule_of_the_same_facts_takes_over_when_the_first_ends() -> None:
    tax = Is(Field.TOPIC, "tax")
    first = Rule("first", "", (tax, Between(None, NOW)), "x")
    later = Rule("later", "", (tax, Between(NOW, None)), "y")
    rules = RuleSet(1, (first, later, Rule("last", "", (), "z")), "me", "why")

    assert Router(rules).decide(facts(topic="tax")).rule == "later"


def test_a_rule_set_whose_check_was_passed_by_is_an_error_not_a_guess() -> None:
    rules = RuleSet(1, (Rule("last", "", (), "x"),), "me", "why")
    object.__setattr__(rules, "rules", ())

    with pytest.raises(LookupError, match="compiled"):
        Router(rules).decide(facts())
    with pytest.raises(LookupError, match="tried"):
        naive(rules, facts())


def test_the_earlier_of_two_living_rules_wins_whatever_has_ended_before_them() -> None:
    tax, group, ended = Is(Field.TOPIC, "tax"), Is(Field.GROUP, 3), Between(None, NOW)
    whens: list[tuple[Condition, ...]] = [(group, ended), (tax, ended), (group,), (tax,), ()]
    rules = RuleSet(
        1, tuple(Rule(str(place), "", when, "x") for place, when in enumerate(whens)), "me", "why"
    )
    asked = facts(topic="tax", group=3)

    assert Router(rules).decide(asked).rule == "2"
    assert naive(rules, asked).rule == "2"


def test_what_refuses_a_rule_set_is_said_in_both_languages(city: Directory) -> None:
    with pytest.raises(RuleSetError) as refused:
        default_rules(replace(city, topics={}))

    assert "请补上" in refused.value.says["zh-CN"]
    assert refused.value.says["en"] == str(refused.value)
