"""What the official hears before the talk: kind, topic and the case's tail, twice, then one key."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.flow.call import Call, Facts
from ivr.flow.instruction import Ask, Hangup, Instruction, Say
from ivr.flow.steps import whisper
from ivr.flow.world import Plan, World
from routing.cases.kinds import About, Kind
from routing.rules.targets import Role, Target

Answer = Callable[[World, Call], tuple[Instruction, ...]]
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
CALL = Call(
    id="c0ffee",
    caller="+8613900000012",
    dialled="+865580000021",
    language="zh-CN",
    at="put",
    plan=1,
    started=NOW,
    facts=Facts(kind=Kind.HELP, reference="46270395", pin="1825"),
)


def words(plan: Plan, call: Call) -> list[str]:
    ask, end = whisper.offer(World(plan, NOW), call)
    assert isinstance(ask, Ask)
    assert isinstance(end, Hangup)
    return [prompt.text for prompt in ask.prompts]


@pytest.mark.parametrize(
    ("facts", "heard"),
    [
        (CALL.facts, "直通来电，求助，治安安全，工单尾号零三九五。接听按1，不便按2。"),
        (
            replace(CALL.facts, topic="tax"),
            "直通来电，求助，税务，工单尾号零三九五。接听按1，不便按2。",
        ),
        (
            replace(CALL.facts, kind=Kind.COMPLAINT, about=About.OTHER_OFFICE),
            "直通来电，投诉，未选事项，工单尾号零三九五。接听按1，不便按2。",
        ),
        (Facts(), "直通来电，尚未登记。接听按1，不便按2。"),
    ],
)
def test_the_matter_is_told_twice(demo_plan: Plan, facts: Facts, heard: str) -> None:
    assert words(demo_plan, replace(CALL, facts=facts)) == [heard, heard]


def test_another_language_is_told_too(demo_plan: Plan) -> None:
    told = words(demo_plan, replace(CALL, language="en"))

    assert told[1] == told[3] == "来电人说英语。"


def test_the_pin_and_the_caller_are_not_told(demo_plan: Plan) -> None:
    told = "".join(words(demo_plan, CALL))

    assert "一八二五" not in told
    assert "幺八二五" not in told
    assert "13900000012" not in told


@pytest.mark.parametrize(
    ("answer", "ends"),
    [(whisper.accepted, False), (whisper.declined, True), (whisper.gone, True)],
)
def test_only_acceptance_leaves_the_line_open(demo_plan: Plan, answer: Answer, ends: bool) -> None:
    said = answer(World(demo_plan, NOW), CALL)

    assert isinstance(said[0], Say)
    assert isinstance(said[-1], Hangup) is ends


POOL = Target("+865580020007", Role.POOL, "市公安局")
STAND_IN = Target("+865580030007", Role.STAND_IN, "市公安局")
OFFICIAL = Target("+865580010001", Role.OFFICIAL, "市委", "+865580000001")


@pytest.mark.parametrize(
    ("order", "rung", "heard"),
    [
        ((POOL, STAND_IN), 1, "好的，转代接人。"),
        ((POOL, STAND_IN), 2, "好的，不打扰您了。"),
        ((STAND_IN, POOL), 1, "好的，转给其他人接听。"),
        ((POOL, OFFICIAL, STAND_IN), 1, "好的，转给其他人接听。"),
        ((POOL, OFFICIAL), 1, "好的，不打扰您了。"),
        ((POOL,), 1, "好的，不打扰您了。"),
        ((), 0, "好的，不打扰您了。"),
    ],
)
def test_who_declines_hears_what_is_sure_to_come(
    demo_plan: Plan, order: tuple[Target, ...], rung: int, heard: str
) -> None:
    """An official may be passed over by quota, so nobody is promised to ring there."""
    call = replace(CALL, facts=replace(CALL.facts, order=order, rung=rung))

    said = whisper.declined(World(demo_plan, NOW), call)

    assert isinstance(said[0], Say)
    assert said[0].text == heard
