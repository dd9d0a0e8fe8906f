"""Calls that nobody makes: what is heard and done is what a caller would hear and a server do, and
no line of keys and words makes it fail."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.effect import Notify, OpenCase, TakeToken
from ivr.flow.event import Admission
from ivr.flow.instruction import Ask, Hangup, Hold, Reject, Say
from ivr.flow.matter import caller_kind
from ivr.flow.world import Plan
from ivr.web.trying.moves import Deed, Key, LineError, Move, Words, read_line, written
from ivr.web.trying.play import Asked, Ignored, Known, Played, Ringing, is_over, play
from routing.cases.kinds import Kind
from routing.publishing.past import Matter, PastCall, Ruled
from routing.rules.condition import Facts
from routing.rules.explain import explain
from tests.ivr.ruled import ruled

ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
POLICE, MOBILE = "+865580000021", "+8613900000012"
MAYOR, SCHOOLS = "+865580000009", "+865580000019"
USUAL = Asked(MOBILE, POLICE, TUESDAY)
MOVES = st.lists(
    st.one_of(
        st.sampled_from("0123456789*#").map(Key),
        st.sampled_from(["着火了", "我要投诉教育局", "查社保", "person", "13900000012"]).map(Words),
        st.sampled_from(list(Deed)),
    ),
    max_size=25,
)


def heard(played: Played) -> str:
    """All that is said on the line."""
    said: list[str] = []
    for one in played.shown:
        if isinstance(one, Say):
            said.append(one.text)
        elif isinstance(one, Ask):
            said.extend(prompt.text for prompt in one.prompts)
    return "\n".join(said)


def test_a_line_of_keys_words_and_deeds_is_read_and_written_back() -> None:
    moves = read_line('2 13# “家里停水了” 沉默, "no water" hang-up 挂断')

    keys = tuple(map(Key, "213#"))
    ends = (Deed.HANG_UP, Deed.HANG_UP)
    assert moves == (*keys, Words("家里停水了"), Deed.SILENCE, Words("no water"), *ends)
    for tongue in ("zh-CN", "en"):
        assert read_line(written(moves, tongue)) == moves
    with pytest.raises(LineError, match="停水"):
        read_line("2 停水")


def test_a_matter_is_recorded_declined_and_taken_as_on_the_real_line(demo_plan: Plan) -> None:
    played = play(demo_plan, USUAL, read_line("2 1 “路灯坏了” # 拒接 接听"))

    assert "咨询按1，求助按2" in heard(played)
    assert "正在接通市公安局" in heard(played)
    rung = [one for one in played.shown if isinstance(one, Ringing)]
    assert [one.number for one in rung] == ["+865580020007", "+865580030007"]
    assert "工单" in rung[0].heard[0].text
    case = next(one for one in played.shown if isinstance(one, OpenCase))
    assert (case.kind, case.office, case.rule) == (Kind.ENQUIRY, "市公安局", "topic-safety")
    assert any(isinstance(one, Notify) for one in played.shown)
    assert played.settled is not None
    assert played.settled.decision.office == "市公安局"
    assert played.settled.facts.kind is Kind.ENQUIRY
    assert is_over(played)


def test_phones_that_ring_together_are_all_shown_and_one_answer_is_for_all(
    demo_plan: Plan,
) -> None:
    line = 'rule {"id": "all", "name": "试行", "when": {"dialled": ["+865580000021"]}, "then": '
    rings = '{"office": "市公安局", "ring": [{"office": "市公安局", "order": "together"}]}}'
    plan = ruled(line + rings, demo_plan)

    taken = play(plan, USUAL, read_line("0 接听"))
    declined = play(plan, USUAL, read_line("0 拒接"))

    assert [one.number for one in taken.shown if isinstance(one, Ringing)] == [
        "+865580020007",
        "+865580030007",
    ]
    assert any(isinstance(one, Hold) for one in taken.shown)
    assert is_over(taken)
    assert set(declined.call.facts.declined) == {"+865580020007", "+865580030007"}
    assert "现在无人接听" in heard(declined)


def test_keys_are_collected_as_the_line_collects_them(demo_plan: Plan) -> None:
    half = play(demo_plan, USUAL, read_line("1 0558000"))
    whole = play(demo_plan, USUAL, read_line("1 05580000021"))

    assert half.keyed == "0558000"
    assert not any("名录" in line for line in heard(half).splitlines()[-1:])
    ended = play(demo_plan, USUAL, read_line("1 05580000021 #"))
    assert ended.call.facts.verdict == "genuine"
    assert whole.keyed == "05580000021"
    left = play(demo_plan, USUAL, read_line("1 05580000021 沉默"))
    assert left.call.facts.verdict == "genuine"


def test_english_begins_with_the_key_that_the_line_offers(demo_plan: Plan) -> None:
    played = play(demo_plan, replace(USUAL, english=True), ())

    assert played.taken == (Key("9"),)
    assert "Check a number, press 1" in heard(played)
    again = play(demo_plan, replace(USUAL, english=True), read_line("9 2"))
    assert again.taken == read_line("9 2")


def test_what_the_database_would_know_is_what_the_page_was_told(demo_plan: Plan) -> None:
    leader = next(
        number
        for number in demo_plan.directory.numbers
        if any(
            isinstance(one, TakeToken)
            for one in play(demo_plan, Asked(MOBILE, number, TUESDAY), read_line("2 1 #")).shown
        )
    )
    asked = Asked(MOBILE, leader, TUESDAY, known=Known(quota=False))
    full = play(demo_plan, asked, read_line("2 1 #"))
    many = play(demo_plan, replace(USUAL, known=Known(many_cases=True)), read_line("2"))
    missed = play(demo_plan, replace(USUAL, known=Known(case=None)), read_line("3 123456789012"))
    found = play(demo_plan, USUAL, read_line("3 123456789012"))
    busy = play(demo_plan, replace(USUAL, known=Known(admission=Admission.BUSY)), read_line("1"))

    assert not any(isinstance(one, TakeToken) for one in full.shown)
    assert "今天接听已满" in heard(full)
    assert heard(many) != heard(play(demo_plan, USUAL, read_line("2")))
    assert missed.call.facts.misses == 1
    assert found.call.facts.asked == "12345678"
    assert [type(one) for one in busy.shown] == [Reject, Ignored]


def test_a_report_of_a_false_number_keeps_what_the_rules_were_asked(demo_plan: Plan) -> None:
    played = play(demo_plan, USUAL, read_line("1 13900000099 # 2 “有人冒充” #"))

    assert played.call.facts.kind is None
    assert played.settled is not None
    assert played.settled.facts.kind is Kind.REPORT


def asking_what_is_known(plan: Plan) -> Plan:
    """With rules before the drawn ones that tell a kind, a group and an hour from none."""
    for id_, office, when in (
        ("enquiries", "市水利局", {"kind": ["enquiry"]}),
        ("living", "市教育局", {"group": [1]}),
        ("morning", "市公安局", {"weekly": "Mon-Sun 00:00-10:00"}),
    ):
        plan = ruled(f"rule {json.dumps(_rule(id_, office, when))}", plan)
    return plan


def _rule(id_: str, office: str, when: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "name": id_, "when": when, "then": {"office": office}, "enabled": True}


def kept_of(plan: Plan, played: Played, case: OpenCase) -> Facts:
    """What the rules were asked, as it is read from a case that was kept."""
    assert played.settled is not None
    matter = Matter(
        kind=case.kind if case.said else None,
        about=case.about,
        topic=case.topic,
        district=case.district or None,
        caller_kind=caller_kind(played.call),
        at=played.settled.facts.at,
        rule=case.rule,
        office=case.office,
        group=case.group,
    )
    call = PastCall("c", TUESDAY, case.dialled, case.language, plan.number, None, None, matter)
    return Ruled(plan.rules, plan.directory, plan.open).facts(call, matter)


@pytest.mark.parametrize(
    ("dialled", "line", "rule"),
    [
        (MAYOR, "2 2 1 # “停水了” #", "group-1"),  # a group, and none of its topics
        (MAYOR, "2 2 1 2 “停水了” #", "topic-water"),
        (SCHOOLS, "2 2 “停水了” #", "topic-education"),  # the number's own
        (SCHOOLS, "0 无人接听 无人接听 “停水了” #", "topic-education"),
    ],
)
def test_why_a_past_call_went_there_names_the_rule_that_decided(
    demo_plan: Plan, dialled: str, line: str, rule: str
) -> None:
    plan = demo_plan
    for id_, office, when in (
        ("enquiries", "市公安局", {"kind": ["enquiry"]}),
        ("second", "市公安局", {"group": [2]}),
    ):
        plan = ruled(f"rule {json.dumps(_rule(id_, office, when))}", plan)
    played = play(plan, replace(USUAL, dialled=dialled), read_line(line))

    case = next(one for one in played.shown if isinstance(one, OpenCase))
    assert case.rule == rule
    assert plan.rules.decide(kept_of(plan, played, case)).rule == rule


def test_who_leaves_a_message_after_asking_for_a_person_was_decided_about_before_it(
    demo_plan: Plan,
) -> None:
    """The case counts as an enquiry, since nothing was said of its kind; the rules were not asked
    about one."""
    plan = ruled(
        f"rule {json.dumps(_rule('enquiries', '市水利局', {'kind': ['enquiry']}))}", demo_plan
    )
    played = play(plan, USUAL, read_line("0 无人接听 无人接听 “停水了” #"))

    case = next(one for one in played.shown if isinstance(one, OpenCase))
    assert (case.kind, case.rule) == (Kind.ENQUIRY, "topic-safety")
    assert played.settled is not None
    assert plan.rules.decide(played.settled.facts).rule == case.rule
    assert played.settled.person


@settings(max_examples=60)
@given(moves=MOVES, hidden=st.booleans(), english=st.booleans(), hour=st.integers(0, 23))
def test_no_line_of_moves_fails_and_what_decided_is_what_is_explained(
    demo_plan: Plan, moves: list[Move], hidden: bool, english: bool, hour: int
) -> None:
    at, plan = TUESDAY.replace(hour=hour), asking_what_is_known(demo_plan)
    asked = Asked(None if hidden else MOBILE, POLICE, at, english)
    played = play(plan, asked, tuple(moves))

    opened = [one for one in played.shown if isinstance(one, OpenCase)]
    assert not opened or played.settled is not None
    if played.settled is not None:
        assert plan.rules.decide(played.settled.facts) == played.settled.decision
        assert explain(plan.rules, played.settled.facts).decision == played.settled.decision
        for one in opened[-1:]:
            assert one.rule == played.settled.decision.rule
            assert plan.rules.decide(kept_of(plan, played, one)).rule == one.rule

    assert is_over(played) == isinstance(played.waits, Hangup | Reject)
    assert played.taken[-len(moves) :] == tuple(moves) or not moves
