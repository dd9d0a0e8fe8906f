"""Where each key, word and silence leads, for what the stories in `calls/` do not reach."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.flow.call import with_facts
from ivr.flow.effect import OpenCase
from ivr.flow.event import (
    DialEnded,
    Pressed,
    Recorded,
    RecordingEnd,
    Silence,
    Spoke,
)
from ivr.flow.world import Plan
from tests.ivr.flow.wandering import FARMING, MINE, NIGHT, PIN, SAID, Way, go, ring, rung, said
from tests.ivr.ruled import ruled

POLICE = "+865580000021"
NOTHING = Recorded("RE0", 0, RecordingEnd.FINISHED)
UNREAD = "5" * 32
NO_ANSWER = DialEnded(accepted=False, declined=False)


@pytest.mark.parametrize(
    ("way", "at", "says"),
    [
        # the number check
        (("1", "0#"), "person", "person.connect"),
        (("1", "12*"), "check", "check.ask"),
        (("1", "12*13912345678#"), "check_next", None),
        (("1", "139", "12345678#"), "check_next", None),
        (("1", "1391234567", "0"), "check_next", None),
        (("1", "1391234567", "0#"), "check_next", None),
        (("1", "123#"), "check", "check.go_on"),
        (("1", "123#", "45#"), "check_next", "check.public"),
        (("1", "123#", "#"), "check", "check.unreadable"),
        (("1", "123#", Silence()), "check", "check.unreadable"),
        (("1", "139", "0"), "check", "check.go_on"),
        (("1", "139", "0#"), "person", "person.connect"),
        (("1", "139"), "check", "check.go_on"),
        (("1", "139", "12#"), "check", "check.unreadable"),
        (("1", UNREAD, UNREAD), "person", "person.connect"),
        (("1", "139", Silence()), "check", "check.unreadable"),
        (("1", Silence(), Silence()), "check_next", None),
        (("1", SAID), "check", "check.ask"),
        (("1", Spoke("你好你好")), "check", "unheard"),
        (("1", Spoke("转人工")), "person", "person.connect"),
        (("1", Spoke("下面请看新闻，人工智能正在改变我们每个人的生活和工作")), "check", "unheard"),
        (("1", Spoke("着火了")), "record", "matter.danger"),
        (("1", Spoke("零五五八零零零零零二一")), "check_next", None),
        (("1", "#", "1", "#", "1", "#", "1"), "check_done", "check.limit"),
        (("1", "#", "1", "#", "1", "#", "1", "1"), "check_done", "wrong.1"),
        (("1", "#", "1", "#", "1", "#", "1", "3"), "check_done", "check.texted"),
        (("1", "#", "7"), "check_next", "wrong.1"),
        # a spoken number is read back
        (("1", Spoke("一三九一二三四五六七八")), "confirm", None),
        (("1", Spoke("一三九一二三四五六七八"), "1"), "check_next", None),
        (("1", Spoke("一三九一二三四五六七八"), "2"), "check", "check.ask"),
        (("1", Spoke("一三九一二三四五六七八"), "0"), "person", "person.connect"),
        (("1", Spoke("一三九一二三四五六七八"), "*"), "confirm", None),
        (("1", Spoke("一三九一二三四五六七八"), Silence()), "confirm", None),
        (("1", Spoke("一三九一二三四五六七八"), Silence(), Silence()), "check", "check.ask"),
        # a landline without its area code
        (("1", "0000021#"), "area", None),
        (("1", Spoke("零零零零零二一")), "area", None),
        (("1", "0000021#", "1"), "check_next", None),
        (("1", "0000021#", "13912345678#"), "check_next", None),
        (("1", "0000021#", "0"), "person", "person.connect"),
        (("1", "0000021#", "*"), "check", "check.ask"),
        (("1", "0000021#", Spoke("一三九一二三四五六七八")), "confirm", None),
        (("1", "0000021#", Silence()), "area", None),
        (("1", "0000021#", Silence(), Silence()), "check", "check.ask"),
        (("1", "0000021#", "2"), "check", "check.ask"),
        # menus
        ((Silence(),), "main", "silence.1"),
        ((Silence(), Silence()), "main", "silence.2"),
        ((Silence(), Silence(), "2"), "kind", "matter.kind"),
        ((Silence(), Silence(), Silence()), "person", "person.connect"),
        ((Pressed(""),), "main", "silence.1"),
        (("7",), "main", "wrong.1"),
        (("7", "8"), "main", "wrong.2"),
        (("7", "8", "7"), "person", "person.connect"),
        (("*",), "main", "menu.main"),
        (("#",), "main", "wrong.1"),
        ((Spoke("今天天气"),), "main", "unheard"),
        ((Spoke("再说一遍"),), "main", "menu.main"),
        ((Spoke("我要人工"),), "person", "person.connect"),
        ((Spoke("结束"),), "bye", "end.bye"),
        ((SAID,), "main", "menu.main"),
        ((DialEnded(accepted=True, declined=False),), "main", "menu.main"),
        ((Spoke("第一个"),), "check", "check.ask"),
        # words that only sound like known ones are asked about
        ((Spoke("我要头诉"),), "main", None),
        ((Spoke("我要头诉"), "1"), "about", "matter.about"),
        ((Spoke("我要头诉"), "2"), "main", "menu.main"),
        ((Spoke("我要头诉"), "*"), "main", None),
        ((Spoke("我要头诉"), "0"), "person", "person.connect"),
        ((Spoke("我要头诉"), "3"), "progress", "progress.ask"),
        ((Spoke("我要头诉"), "#"), "main", "menu.main"),
        ((Spoke("我要头诉"), Silence()), "main", None),
        ((Spoke("我要头诉"), Silence(), "1"), "about", "matter.about"),
        ((Spoke("我要头诉"), Silence(), Silence()), "main", "menu.main"),
        ((Spoke("我要头诉"), SAID), "main", "menu.main"),
        ((Spoke("找人公"), "1"), "person", "person.connect"),
        # the matter
        (("2", "3", Silence(), Silence(), "2"), "record", "record.ask"),
        (("2", "3", "4"), "record", "record.ask"),
        (("2", "1", SAID, DialEnded(accepted=True, declined=False)), "talked", "end.bye"),
        (("2", "1", Silence()), "record", "record.ask"),
        (("2", "1", NOTHING), "record", "record.empty"),
        (("2", "1", NOTHING, NOTHING), "person", "person.connect"),
        (("2", "1", Recorded("R", 0, RecordingEnd.PERSON)), "person", "person.connect"),
        (("2", "1", Recorded("R", 0, RecordingEnd.HANGUP)), "record", None),
        (("2", "1", Recorded("R", 300, RecordingEnd.FINISHED)), "record_full", "record.more"),
        (("2", "1", Recorded("R", 300, RecordingEnd.SILENCE), "1"), "record_on", "more.ask"),
        (("2", "1", Recorded("R", 300, RecordingEnd.SILENCE), "#"), "put", "case.read"),
        (("2", "1", Recorded("R", 300, RecordingEnd.SILENCE), Silence()), "put", "case.read"),
        # the missed call
        (("5",), "missed_never", "missed.never"),
        (("5", "2"), "report", "check.report"),
        (("5", Silence()), "missed_on", "missed.go_on"),
        (("9", Spoke("who called"), Silence()), "missed_on", "missed.go_on"),
        # progress
        (("3",), "progress", "progress.ask"),
        (("3", Silence()), "progress", None),
        (("3", Silence(), Spoke("什么"), Silence()), "person", "person.connect"),
        (("3", "#"), "progress", None),
        (("3", "0#"), "person", "person.connect"),
        (("3", "4627", "0#"), "person", "person.connect"),
        (("3", "46270395" + "951", "0"), "progress", "progress.miss"),
        (("3", "4627*"), "progress", "progress.ask"),
        (("3", "4627"), "progress", "check.go_on"),
        (("3", "4627", "0395" + PIN), "progress_menu", "progress.working"),
        (("3", "46270395#"), "progress", "progress.pin_sent"),
        (("3", "46270395"), "progress", "progress.pin"),
        (("3", "46270395", "#"), "progress", "progress.pin_sent"),
        (("3", "46270395", PIN), "progress_menu", "progress.working"),
        (("3", "462703950000"), "progress", "progress.forgotten"),
        (("3", "000000000000"), "progress", "progress.forgotten"),
        (("3", Silence(), Silence()), "progress", "progress.forgotten"),
        (("3", "46270395#", "46270395#", "46270395#"), "progress_locked", "progress.locked"),
        (("3", "462703950000"), "progress", "progress.miss"),
        (("3", "46270395", "4"), "progress", "check.go_on"),
        (("3", "46270395", "4", Silence()), "progress", None),
        (("3", "46270395", "4", Silence(), PIN[1:]), "progress", "progress.miss"),
        (("3", "46270395", "4", Silence(), Silence()), "progress", "check.unreadable"),
        (("3", "46270395", "4", Silence(), Silence()), "progress", "progress.ask"),
        (
            ("3", "46270395", "4", Silence(), Silence(), "46270395" + PIN),
            "progress_menu",
            "progress.working",
        ),
        (("3", "46270395", Silence(), Silence()), "progress", "progress.pin"),
        (("3", "46270395", Silence(), Silence(), PIN), "progress_menu", "progress.working"),
        (("3", SAID), "progress", "progress.ask"),
        (("3", "46270395" + PIN, "8"), "progress_again", "act.pressure"),
        (("3", "46270395" + PIN, "3"), "withdraw_ask", "withdraw.ask"),
        (("3", "46270395" + PIN, "3", "1"), "bye", "act.withdrawn"),
        (("3", "46270395" + PIN, "3", "7"), "withdraw_kept", "withdraw.kept"),
        (("3", "46270395" + PIN, "3", "#"), "withdraw_kept", "withdraw.kept"),
        (("3", "46270395" + PIN, "3", Silence()), "withdraw_kept", "withdraw.kept"),
        (("3", "46270395" + PIN, "3", "*"), "withdraw_ask", "withdraw.ask"),
        (("3", "46270395" + PIN, "3", "0"), "person", "person.connect"),
        (("3", "46270395" + PIN, "3", "3", "3"), "withdraw_ask", "withdraw.ask"),
        (("3", "46270395" + PIN, "1", SAID), "progress_added", "more.thanks"),
    ],
)
def test_where_a_way_leads(demo_plan: Plan, way: Way, at: str, says: str | None) -> None:
    wanderer = go(ring(demo_plan, town=MINE), *way)

    assert wanderer.call.at == at
    if says is not None:
        assert said(wanderer, says)


@pytest.mark.parametrize(
    ("way", "at", "says"),
    [
        ((), "missed_may", "missed.may"),
        (("1",), "check", "check.ask"),
        (("2",), "report", "check.report"),
        (("4",), "kind", "matter.kind"),
        (("0",), "person", "person.connect"),
        (("5",), "missed_may", "wrong.1"),
        ((Silence(),), "missed_on", "missed.go_on"),
    ],
)
def test_a_line_that_may_call_out_takes_a_report_or_goes_on(
    demo_plan: Plan, way: Way, at: str, says: str
) -> None:
    """The keys are those of the menu after a check; nobody is told to press what they pressed."""
    wanderer = go(ring(demo_plan, FARMING), "5")
    assert not said(wanderer, "check.may_call")

    go(wanderer, *way)

    assert wanderer.call.at == at
    assert said(wanderer, says)


HOTLINE_POOL, HOTLINE_STAND_IN = "+865580020036", "+865580030036"
FIRE = Spoke("煤气泄漏了")


@pytest.mark.parametrize(
    ("way", "at", "says"),
    [
        # words of danger: the numbers and the desk at once, the recording for who can wait
        ((FIRE,), "urgent_duty", "hours.duty"),
        ((FIRE, "#"), "record", "record.ask"),
        ((FIRE, Silence()), "record", "matter.danger"),
        ((FIRE, "1"), "duty", "person.connect"),
        ((FIRE, "#", SAID), "case_duty", "hours.duty"),
        ((FIRE, "#", SAID, "1"), "duty_case", "person.connect"),
        (("2", "1", SAID, FIRE, "1", NO_ANSWER, NO_ANSWER), "none_message", "none.message"),
        # a plea for help
        (("2", "2", SAID), "case_duty", "hours.duty"),
        (("2", "2", SAID), "case_duty", "hours.case"),
        (("2", "2", SAID, "1", NO_ANSWER, NO_ANSWER), "none_case", "none.case"),
        (("2", "2", SAID, "#"), "case_menu", "case.menu"),
        (("2", "2", SAID, Silence()), "case_menu", "case.menu"),
        (("2", "1", SAID), "hours_case", "hours.case"),
        # a person
        (("0",), "person_duty", "hours.duty"),
        (("0", "1"), "duty", "person.connect"),
        (("0", "1", NO_ANSWER, NO_ANSWER), "none_message", "none.message"),
        (("0", "#"), "desk_message", "hours.leave"),
        (("0", Silence()), "desk_message", "hours.leave"),
        (("2", "1", SAID, "0"), "case_duty", "hours.duty"),
    ],
)
def test_after_hours_who_cannot_wait_is_offered_the_duty_desk(
    demo_plan: Plan, way: Way, at: str, says: str
) -> None:
    wanderer = go(ring(demo_plan, FARMING, now=NIGHT), *way)

    assert wanderer.call.at == at
    assert said(wanderer, says)
    assert rung(wanderer) in (
        (HOTLINE_POOL, HOTLINE_STAND_IN) if at.startswith("duty") else (None,)
    )


def test_whoever_of_a_round_rings_alone_is_rung_again_after_what_nobody_expects(
    demo_plan: Plan,
) -> None:
    """Not whoever was left in peace behind them."""
    ring_all = {"office": "市公安局", "ring": [{"office": "市公安局", "order": "together"}]}
    rule = {"id": "all", "name": "试行", "when": {}, "then": ring_all, "enabled": True}
    wanderer = go(ring(ruled(f"rule {json.dumps(rule)}", demo_plan), POLICE), "0")
    wanderer.call = with_facts(wanderer.call, legs=(0,))
    wanderer.hear(Silence())

    assert 0 in wanderer.call.facts.legs


def test_danger_is_answered_by_the_clock_and_not_after_working_days(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, FARMING, now=NIGHT), FIRE, "#", SAID)

    (case,) = [effect for effect in wanderer.last.do if isinstance(effect, OpenCase)]
    assert case.danger
    assert case.due == NIGHT + timedelta(hours=24)


def test_nobody_is_offered_a_desk_where_none_is_on_duty(demo_plan: Plan) -> None:
    hotline = demo_plan.directory.topics["hotline"].lead
    closed = {**demo_plan.open, hotline: demo_plan.open["市统计局"]}
    plan = replace(demo_plan, open=closed, duty=closed[hotline])

    assert go(ring(plan, FARMING, now=NIGHT), FIRE).call.at == "record"
    assert go(ring(plan, FARMING, now=NIGHT), "2", "2", SAID).call.at == "hours_case"
    assert go(ring(plan, FARMING, now=NIGHT), "0").call.at == "hours_message"


def test_a_sealed_matter_is_not_put_through_to_the_duty_desk(demo_plan: Plan) -> None:
    wanderer = go(ring(demo_plan, FARMING, now=NIGHT), "2", "3", "1", SAID)
    assert wanderer.call.decision is not None
    assert wanderer.call.decision.confidential

    assert go(wanderer, "0").call.at == "hours_case"


@pytest.mark.parametrize(
    ("dialled", "at", "word"),
    [
        ("+865589999999", "unlisted", "not on our list"),
        ("+865580000024", "withdrawn", "was withdrawn"),
        ("+865580000044", "suspended", "suspended since"),
    ],
)
def test_a_line_that_takes_no_matters_says_so_in_english_too(
    demo_plan: Plan, dialled: str, at: str, word: str
) -> None:
    wanderer = ring(demo_plan, dialled)
    assert wanderer.words.startswith("您好")
    assert "English, press 9." in wanderer.words

    go(wanderer, "9")

    assert wanderer.call.at == at
    assert wanderer.words.startswith("Hello")
    assert word in wanderer.words
