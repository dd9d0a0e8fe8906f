"""The explanation is the router's own decision, with each rule before it and why it failed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from routing.cases.kinds import About, Kind
from routing.register import LANGUAGES
from routing.rules.condition import Between, Condition, During, Failed, Field, Is, IsOpen, OneOf
from routing.rules.explain import explain
from routing.rules.router import Router, naive, router_in_slices, whole
from routing.rules.ruleset import Rule, RuleSet, default_rules
from routing.rules.wording import Wording, names_of
from routing.week import parse_hours
from tests.routing.rules.test_guards import CITY, GUARDS, asked, complaints
from tests.routing.rules.test_rules import asked_facts, rule_sets

HERE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
WORDING = Wording(CITY)
POLICE = "+865580000021"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(rule_sets(), asked_facts)
def test_router_naive_reference_and_last_line_agree(rules: RuleSet, facts: object) -> None:
    router = Router(rules)
    explained = explain(router, facts)  # type: ignore[arg-type]  # the strategy's facts

    assert explained.decision == router.decide(facts) == naive(rules, facts)  # type: ignore[arg-type]  # as above
    assert whole(router_in_slices(rules)).decide(facts) == explained.decision  # type: ignore[arg-type]  # as above
    before = [rule.id for rule in rules.rules[: len(explained.refused)]]
    assert [refused.rule.id for refused in explained.refused] == before
    lines = list(explained.lines(WORDING))
    assert explained.rule.name in lines[-1]["zh-CN"]
    assert len(lines) == len(explained.refused) + 1


@settings(max_examples=100, derandomize=True, deadline=None)
@given(complaints)
def test_they_agree_on_complaints_that_no_rule_may_misdirect(facts: object) -> None:
    router = Router(default_rules(CITY), GUARDS)

    assert explain(router, facts).decision == router.decide(facts)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("condition", "zh", "en"),
    [
        (
            Is(Field.TOPIC, "water"),
            "要求事项是供水排水，而这里事项是治安安全",
            "it asks that the topic is water and drainage, and the topic is police and safety",
        ),
        (
            OneOf(Field.KIND, (Kind.HELP, None)),
            "要求诉求类别是求助、未说明，而这里诉求类别是投诉",
            (
                "it asks that the kind of matter is a request for help or not known, and the kind "
                "of "
                "matter is a complaint"
            ),
        ),
        (
            Is(Field.GROUP, 2),
            "要求事项分组是第2组，而没有说明事项分组",
            "it asks that the group of topics is group 2, and the group of topics is not known",
        ),
        (
            IsOpen(wanted=True),
            "要求所拨号码的单位上班，而所拨号码的单位的上班时间不明",
            (
                "it asks that the office that was dialled is open, and the office that was "
                "dialled has "
                "hours that are not known here"
            ),
        ),
        (
            During(parse_hours("Mon-Fri 08:30-09:30; Sun 00:00-24:00"), HERE),
            "要求时间在周一至周五08:30-09:30；周日00:00-24:00，而来电是2026-11-24（周二）10:00",
            (
                "it asks that the time is within Mon-Fri 08:30-09:30; Sun 00:00-24:00, and the "
                "call "
                "was at Tue 2026-11-24 10:00"
            ),
        ),
        (
            Between(NOW + timedelta(days=1), None, HERE),
            "要求时间不早于2026-11-25（周三）10:00，而来电是2026-11-24（周二）10:00",
            (
                "it asks that the time is Wed 2026-11-25 10:00 or later, and the call was at Tue "
                "2026-11-24 10:00"
            ),
        ),
        (
            Between(None, NOW, HERE),
            "要求时间在2026-11-24（周二）10:00之前，而来电是2026-11-24（周二）10:00",
            (
                "it asks that the time is before Tue 2026-11-24 10:00, and the call was at Tue "
                "2026-11-24 10:00"
            ),
        ),
        (
            OneOf(Field.DISTRICT, ("a", "b", "c", "d", "e", "f")),
            "要求区县是a、b、c、d、e等6项，而没有说明区县",
            (
                "it asks that the district is a or b or c or d or e or 1 others, and the district "
                "is "
                "not known"
            ),
        ),
    ],
)
def test_a_reason_is_told_in_both_languages(condition: Condition, zh: str, en: str) -> None:
    facts = replace(asked(POLICE, None, "safety"), group=None)
    failed = condition.check(facts)

    assert isinstance(failed, Failed)
    assert WORDING.failed(failed) == {"zh-CN": zh, "en": en}


def test_the_explanation_reads_from_the_first_rule_to_the_decision() -> None:
    rules = RuleSet(
        1,
        (
            Rule("off", "停用的", (), "市政府", enabled=False),
            Rule("tax", "税务", (Is(Field.TOPIC, "tax"),), "市税务局"),
            Rule("all", "全部", (), "市公安局"),
        ),
        "me",
        "why",
    )
    explained = explain(Router(rules, GUARDS), asked(POLICE, About.MISCONDUCT, "safety"))
    lines = list(explained.lines(WORDING))

    assert [line["zh-CN"] for line in lines] == [
        "规则“停用的”已停用。",
        "规则“税务”不适用：要求事项是税务，而这里事项是治安安全。",
        "规则“全部”本应交由市公安局，但投诉举报不能交给被反映的一方，反映干部问题的只能交由纪检监察机关，因此不按这条规则办理。",
        "因此交由市纪委监委，为来电人接通，来电人身份保密。",
    ]
    assert [near.rule.id for near in explained.near] == ["tax"]
    assert explained.overridden
    assert all(set(line) == set(LANGUAGES) for line in lines)


def test_a_rule_set_whose_check_was_passed_by_is_not_explained() -> None:
    rules = RuleSet(1, (Rule("last", "", (), "x"),), "me", "why")
    object.__setattr__(rules, "rules", ())

    with pytest.raises(LookupError, match="explained"):
        explain(Router(rules), asked(POLICE, None, None))


def test_a_name_in_both_languages_has_a_half_for_each_reader() -> None:
    assert names_of("夜间转值班 / To the desk at night") == {
        "zh-CN": "夜间转值班",
        "en": "To the desk at night",
    }
    for name in ("夜间 / 周末", "Night / weekend", "水务"):
        assert set(names_of(name).values()) == {name}
