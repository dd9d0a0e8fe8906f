"""What is announced to somebody who was rung: nothing private before a key, everything after it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ivr.carrier.outgoing import until_day
from ivr.flow.announcing import MOST_OFFERS, MOST_STEPS, Announcement, Heard, document, may_call
from ivr.flow.instruction import Ask, Hangup, Instruction, Language, Say
from ivr.flow.world import Plan

LINE, SILENT_LINE = "+865580000001", "+865580000021"
SLOTS = (("case", "4627 0395"), ("pin", "1825"))
TODAY = date(2026, 11, 24)


def said(language: Language = "zh-CN") -> Announcement:
    return Announcement(LINE, language, "sms.pin", SLOTS)


def words(instructions: tuple[Instruction, ...]) -> str:
    says: list[Say] = []
    for one in instructions:
        says += one.prompts if isinstance(one, Ask) else [one] if isinstance(one, Say) else []
    return " ".join(say.text for say in says)


@pytest.mark.parametrize(
    ("language", "offer"),
    [
        ("zh-CN", "您好，这里是市委书记公开电话，有一条给您的通知，收听按1。"),
        (
            "en",
            "Hello, this is the Party Secretary of Yunling, with a message for you. To hear it, ",
        ),
    ],
)
def test_who_rings_is_said_and_nothing_more(
    demo_plan: Plan, language: Language, offer: str
) -> None:
    first = document(demo_plan, said(language), Heard(0, None, told=False))
    assert words(first).startswith(offer)
    assert isinstance(first[0], Ask)
    assert first[-1] == Hangup()


@pytest.mark.parametrize("digits", [None, "", "*", "5", "#", "11"])
@pytest.mark.parametrize("step", range(MOST_STEPS + 2))
def test_whoever_does_not_press_1_is_told_nothing_private(
    demo_plan: Plan, step: int, digits: str | None
) -> None:
    """A mobile's mailbox, music on hold, a child: in both languages, at every step."""
    for language in ("zh-CN", "en"):
        spoken = words(document(demo_plan, said(language), Heard(step, digits, told=False)))
        assert "1825" not in spoken
        assert "4627" not in spoken


@pytest.mark.parametrize("step", [1, MOST_OFFERS, MOST_STEPS - 1])
def test_a_1_is_told_and_a_star_repeats_it(demo_plan: Plan, step: int) -> None:
    told = document(demo_plan, said(), Heard(step, "1", told=False))
    assert words(told) == (
        "【云岭直通】工单编号4627 0395，新查询码1825。查进度：拨公开号码按3。"
        " 重听按星号；没有别的事，请挂机。"
    )
    assert document(demo_plan, said(), Heard(step, "*", told=True)) == told


def test_nobody_is_offered_it_for_ever(demo_plan: Plan) -> None:
    asked = [
        isinstance(document(demo_plan, said(), Heard(step, None, told=False))[0], Ask)
        for step in range(6)
    ]
    assert asked == [True] * MOST_OFFERS + [False] * 3


def test_a_finger_on_the_star_ends_too(demo_plan: Plan) -> None:
    last = document(demo_plan, said(), Heard(MOST_STEPS, "*", told=True))
    assert (words(last), last[-1]) == ("谢谢来电，再见。", Hangup())


def test_who_was_told_and_is_silent_is_said_goodbye(demo_plan: Plan) -> None:
    last = document(demo_plan, said("en"), Heard(2, None, told=True))
    assert words(last) == "Thank you for calling. Goodbye."


@pytest.mark.parametrize(
    ("line", "may"), [(LINE, True), (SILENT_LINE, False), ("+865580009999", False)]
)
def test_a_line_that_never_calls_does_not(demo_plan: Plan, line: str, may: bool) -> None:
    assert may_call(demo_plan, line, TODAY) is may
    assert not may_call(demo_plan, line, date(2041, 1, 1)), "its listing has run out"


@pytest.mark.parametrize(
    ("clock", "hours"),
    [("07:59", 1 / 60), ("08:00", 0), ("20:59", 0), ("21:00", 11), ("00:30", 7.5)],
)
def test_nobody_is_rung_at_night(clock: str, hours: float) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    hour, minute = map(int, clock.split(":"))
    local = datetime(2026, 11, 24, hour, minute, tzinfo=zone)
    assert until_day(local, zone) == timedelta(hours=hours)
