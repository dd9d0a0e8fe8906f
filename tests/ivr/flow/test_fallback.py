from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product

import pytest

from ivr.flow.event import (
    Answered,
    DialEnded,
    HungUp,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    Silence,
    Spoke,
)
from ivr.flow.fallback import BOTH, Fallback, Line, Place, Spoken, Step, keeps
from ivr.flow.instruction import Ask, Dial, Hangup, Instruction, Record, Say
from ivr.flow.world import Plan
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs, compile_plan
from routing.register import ListingStatus

TUESDAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
ATTENDED, POOL = "+865580000021", "+865580020007"
CALLER = "+8613900007788"
HEARD = Recorded("RE1", 20, RecordingEnd.FINISHED)
LATER = tuple(Step)
EVENTS: tuple[LineEvent, ...] = (
    Answered(),
    HungUp(),
    Silence(),
    Spoke("人工"),
    *(Pressed(key) for key in "0129*#"),
    Pressed("", finished=True),
    *(Recorded("RE1", seconds, end) for seconds in (0, 10, 11, 300) for end in RecordingEnd),
    DialEnded(accepted=True, declined=False),
    DialEnded(accepted=False, declined=True),
    DialEnded(accepted=False, declined=False, caller_gone=True),
)


def words(answer: Spoken) -> list[str]:
    """All that is heard, one sentence a prompt."""
    said: list[str] = []
    for part in answer.say:
        prompts = part.prompts if isinstance(part, Ask) else (part,)
        said.extend(prompt.text for prompt in prompts if isinstance(prompt, Say))
    return said


def ends(answer: Spoken) -> type[Instruction]:
    return type(answer.say[-1])


@pytest.mark.parametrize(
    ("step", "language", "now"), list(product(Step, BOTH, (TUESDAY, NIGHT))), ids=str
)
@pytest.mark.parametrize("dialled", [ATTENDED, "+865580000009", "+865589999999", ""])
def test_whatever_happens_is_answered_and_leads_on_to_a_later_step(
    demo_plan: Plan, step: Step, language: str, now: datetime, dialled: str
) -> None:
    place, line = Place("en" if language == "en" else "zh-CN", step), Line(dialled, CALLER)
    for event in EVENTS:
        if keeps(event):
            answers = [
                demo_plan.fallback.kept(place, line, event.end, now),
                demo_plan.fallback.unsure(place),
            ]
        else:
            answers = [demo_plan.fallback.hear(place, line, event, now)]
        for answer in answers:
            assert words(answer), event
            if ends(answer) is Hangup:
                assert answer.then is None
            else:
                assert ends(answer) in (Record, Dial)
                assert answer.then is not None
                assert LATER.index(answer.then.step) > LATER.index(step)


@pytest.mark.parametrize("event", EVENTS)
def test_only_words_are_kept(event: LineEvent) -> None:
    silent = isinstance(event, Recorded) and (
        event.seconds == 0 or (event.end is RecordingEnd.SILENCE and event.seconds == 10)
    )
    assert keeps(event) == (isinstance(event, Recorded) and not silent)


def test_danger_comes_first(demo_plan: Plan) -> None:
    for number in (*demo_plan.directory.numbers, "+865589999999", ""):
        said = words(demo_plan.fallback.opening(Line(number, CALLER), None, TUESDAY))
        assert "110" in said[0], number
        assert any("110" in each and each.isascii() for each in said), number


def test_an_english_line_speaks_english_first(demo_plan: Plan) -> None:
    plan = with_entry(demo_plan, languages=("en", "zh-CN"))

    answer = plan.opening(Line(ATTENDED, CALLER), None, TUESDAY)

    assert words(answer)[0].startswith("In danger")
    assert words(answer)[-1] == "中文请按9。"
    assert answer.then == Place("en", Step.OPENED)


def test_a_line_of_one_language_offers_no_other(demo_plan: Plan) -> None:
    plan, line = with_entry(demo_plan, languages=("zh-CN",)), Line(ATTENDED, CALLER)

    answer = plan.opening(line, "en", TUESDAY)
    nine = plan.hear(Place("zh-CN", Step.OPENED), line, Pressed("9"), TUESDAY)

    assert not any("press 9" in each for each in words(answer))
    assert answer.then == Place("zh-CN", Step.OPENED)
    assert nine.then == Place("zh-CN", Step.TOLD)


def test_a_withdrawn_number_names_the_one_that_took_its_place(demo_plan: Plan) -> None:
    plan = with_entry(demo_plan, status=ListingStatus.WITHDRAWN, replaced_by="+865580000009")

    answer = plan.opening(Line(ATTENDED, CALLER), "en", TUESDAY)

    assert any("new number" in each and "zero" in each for each in words(answer))
    assert ends(answer) is Hangup


def test_a_suspended_line_rings_nobody(demo_plan: Plan) -> None:
    plan = with_entry(demo_plan, status=ListingStatus.SUSPENDED, suspended_on=date(2026, 11, 1))

    answer = plan.hear(Place("en", Step.OPENED), Line(ATTENDED, CALLER), Pressed("0"), TUESDAY)

    assert ends(answer) is Record


def test_only_an_attended_desk_rings_and_shows_the_number_that_was_dialled(
    demo_plan: Plan,
) -> None:
    """No callee can be asked first, so no personal phone rings."""
    numbers = demo_plan.directory.numbers
    for number, entry in numbers.items():
        office = demo_plan.directory.offices[entry.office]
        rung = demo_plan.fallback.hear(
            Place("en", Step.OPENED), Line(number, CALLER), Pressed("0"), TUESDAY
        ).say[-1]
        if isinstance(rung, Dial):
            assert office.attended
            assert rung.number == office.pool_number
            assert rung.caller_id == number
            assert not rung.whisper


def test_a_plan_whose_words_need_more_than_is_known_is_not_published(demo_inputs: Inputs) -> None:
    """{due} is a slot that every call fills, but not where all has failed."""
    phrases = {
        language: text.replace("保存{days}天，说完按井号", "{due}").replace(
            "kept {days} days. Press hash when done", "{due}"
        )
        for language, text in demo_inputs.shipped.phrases.items()
    }
    shipped = replace(demo_inputs.shipped, phrases=phrases)

    with pytest.raises(LibraryError, match="due"):
        compile_plan(replace(demo_inputs, shipped=shipped), 1, date(2026, 11, 24))


def with_entry(plan: Plan, **changed: object) -> Fallback:
    """The plan with another entry for the attended line."""
    numbers = dict(plan.directory.numbers)
    numbers[ATTENDED] = replace(numbers[ATTENDED], **changed)  # type: ignore[arg-type]  # its own fields
    return replace(plan.fallback, directory=replace(plan.directory, numbers=numbers))
