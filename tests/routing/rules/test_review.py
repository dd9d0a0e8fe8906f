"""What is to be said of a rule set before it is published, each sort by the rule that shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from routing.cases.kinds import About, Kind
from routing.city import demo_sheets
from routing.findings import Level
from routing.hours import Holidays, open_intervals
from routing.register import LANGUAGES, Directory
from routing.rules.condition import Between, During, Field, Is, IsOpen, OneOf, Opening
from routing.rules.guards import guards_of
from routing.rules.review import Reviewed, review
from routing.rules.router import Router
from routing.rules.ruleset import How, Rule, RuleSet, drawn
from routing.rules.then import Ring, Then, Whom
from routing.week import CLOSED, parse_hours
from tests.routing.rules.test_guards import CITY

HERE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ALWAYS = open_intervals(parse_hours("Mon-Sun 00:00-24:00"), Holidays(), HERE, NOW.date(), 60)
OPEN: Mapping[str, Opening] = dict.fromkeys(CITY.offices, ALWAYS)
DRAWN = tuple(drawn(CITY))
WATER, POLICE = "市水利局", "+865580000021"
LAST = Rule("last", "其余", (), "12345热线中心")


def found(
    rules: Iterable[Rule],
    directory: Directory = CITY,
    opened: Mapping[str, Opening] = OPEN,
    *,
    with_drawn: bool = True,
) -> list[tuple[str, str]]:
    own = tuple(rules)
    whole = RuleSet(1, (*own, *DRAWN) if with_drawn else own, "me", "", own=len(own))
    router = Router(whole, guards_of(directory))
    findings = list(review(Reviewed(router, directory, HERE, NOW, opened)))
    for finding in findings:
        assert set(finding.says) == set(LANGUAGES)
        assert " / " not in "".join(finding.says.values())
        if finding.place.kind == "rule" and not finding.place.key.startswith("topic-"):
            assert f"“{finding.place.key} rule”" in finding.says["en"]
            assert f"“规则{finding.place.key}”" in finding.says["zh-CN"]
        assert finding.level is (Level.ERROR if finding.code == "loop" else Level.WARNING)
    return [(finding.code, finding.place.key) for finding in findings]


def rule(id_: str, *when: Any, **more: Any) -> Rule:
    return Rule(id_, f"规则{id_} / {id_} rule", when, **{"office": WATER, **more})


TAX = Is(Field.TOPIC, "tax")


def test_what_is_drawn_from_the_register_has_nothing_to_mend() -> None:
    assert demo_sheets()
    assert found(()) == []


def test_a_rule_behind_a_wider_one_is_shadowed() -> None:
    both_kinds = OneOf(Field.KIND, (Kind.HELP, Kind.ENQUIRY))
    first = rule("first", TAX, both_kinds)

    assert found([first, rule("b", TAX, Is(Field.KIND, Kind.HELP))]) == [("shadowed", "b")]
    assert found([first, rule("b", TAX, Is(Field.KIND, Kind.REPORT))]) == []
    assert found([first, rule("b", TAX)]) == []
    assert found([replace(first, enabled=False), rule("b", TAX, both_kinds)]) == []


def test_two_rules_together_shadow_a_third() -> None:
    whens = [Is(Field.KIND, Kind.HELP), Is(Field.KIND, Kind.ENQUIRY)]
    third = rule("c", TAX, OneOf(Field.KIND, (Kind.HELP, Kind.ENQUIRY)))

    assert found([rule("a", TAX, whens[0]), rule("b", TAX, whens[1]), third]) == [("shadowed", "c")]


def test_a_rule_with_times_shadows_only_what_lies_within_them() -> None:
    long = Between(NOW - timedelta(days=9), NOW + timedelta(days=9))
    short = Between(NOW - timedelta(days=1), NOW + timedelta(days=1))
    day, morning = (
        During(parse_hours("Mon-Sun 00:00-24:00"), HERE),
        During(parse_hours("Mon 08:00-12:00"), HERE),
    )

    assert found([rule("a", TAX, long), rule("b", TAX, short)]) == [("shadowed", "b")]
    assert found([rule("a", TAX, short), rule("b", TAX, long)]) == []
    assert found([rule("a", TAX, day), rule("b", TAX, morning)]) == [("shadowed", "b")]
    assert found([rule("a", TAX, IsOpen(wanted=True)), rule("b", TAX)]) == []
    same = IsOpen(wanted=True)
    assert found([rule("a", TAX, same), rule("b", TAX, same)]) == [("shadowed", "b")]


def test_conditions_that_contradict_each_other_and_times_that_are_past_are_told() -> None:
    assert found([rule("a", TAX, Is(Field.TOPIC, "water"))]) == [("never", "a")]
    assert found([rule("a", TAX, Between(None, NOW))]) == [("over", "a")]


def test_a_rule_that_the_guards_override_is_told_to_its_author() -> None:
    about = Is(Field.ABOUT, About.MISCONDUCT)
    police = Is(Field.DIALLED, POLICE)

    assert ("overridden", "a") in found([rule("a", about)])
    assert ("overridden", "a") in found(
        [rule("a", police, Is(Field.ABOUT, About.THIS_OFFICE), office="市公安局")]
    )
    assert found([rule("a", police, Is(Field.ABOUT, About.BUSINESS), office="市公安局")]) == []


def test_topics_and_numbers_that_only_the_last_rule_sees_to_are_told() -> None:
    told = found([rule("a", TAX, office="市税务局"), LAST], with_drawn=False)

    assert ("topic_unreached", "water") in told
    assert ("topic_unreached", "tax") not in told
    assert ("number_unreached", POLICE) in told


def test_hours_at_which_a_rule_leaves_its_matters_to_the_last_one_are_told() -> None:
    morning = During(parse_hours("Mon-Fri 08:30-12:00"), HERE)
    rest = [rule("own", Is(Field.DIALLED, POLICE)), LAST]

    told = found([rule("a", TAX, morning), LAST], with_drawn=False)
    assert ("gap", "a") in told
    night = rule("b", TAX)
    assert ("gap", "a") not in found([rule("a", TAX, morning), night, *rest], with_drawn=False)


def changed(office: str, **changes: Any) -> Directory:
    offices = {**CITY.offices, office: replace(CITY.offices[office], **changes)}
    return replace(CITY, offices=offices)


def test_an_office_without_a_phone_is_told_once() -> None:
    mute = changed(WATER, pool_number=None, stand_in_number=None)
    numbers = {
        e164: entry if entry.office != WATER else replace(entry, forward_to=None)
        for e164, entry in CITY.numbers.items()
    }
    mute = replace(mute, numbers=numbers)

    assert found([rule("a", TAX), rule("b", Is(Field.GROUP, 1))], mute) == [("no_phone", "a")]
    assert found([rule("a", TAX, how=How.CASE_ONLY)], mute) == [("no_phone", "topic-water")]
    ring = Then((Ring(Whom.OFFICIAL, POLICE),))
    assert found([rule("a", TAX, then=ring)], mute) == [("no_phone", "topic-water")]


def test_a_phone_that_is_a_number_of_this_line_is_an_error() -> None:
    assert found((), changed(WATER, pool_number=POLICE)) == [("loop", WATER)]
    entry = next(one for one in CITY.numbers.values() if one.e164 != POLICE and one.forward_to)
    numbers = {**CITY.numbers, entry.e164: replace(entry, forward_to=POLICE)}
    assert found((), replace(CITY, numbers=numbers)) == [("loop", entry.e164)]


def test_danger_needs_somebody_at_every_hour() -> None:
    hotline = CITY.topics["hotline"].lead
    by_day = open_intervals(parse_hours("Mon-Fri 08:30-17:30"), Holidays(), HERE, NOW.date(), 60)
    never = open_intervals(CLOSED, Holidays(), HERE, NOW.date(), 60)

    assert found((), opened={**OPEN, hotline: by_day}) == [("nobody_at_night", hotline)]
    assert found((), opened={**OPEN, hotline: never}) == [("nobody_at_night", hotline)]
    mute = changed(hotline, pool_number=None, stand_in_number=None)
    assert ("nobody_at_night", hotline) in found((), mute)
