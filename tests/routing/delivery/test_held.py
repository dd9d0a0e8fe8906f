"""No message follows that brings the same words to the same place; where that is not sure, one
does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.cases.words import Words
from routing.delivery.held import has_come, held
from routing.delivery.letter import Letter
from routing.delivery.notice import Notice
from routing.handoff import NotYet
from routing.ports import FirstTold, Job, JobKind
from tests.routing.delivery.office import CASE, RECORDING, Cases
from tests.routing.delivery.test_channels import channels, told
from tests.routing.delivery.test_telling import telling

WITH_WORDS = replace(CASE, recordings=(RECORDING,))
TO = "office07@yunling.example"
OF = "RE1 carrier"
BY_MAIL = FirstTold(waits=False, held=held(WITH_WORDS, TO))
BY_DESK = FirstTold(waits=False, held=held(WITH_WORDS, "desk"))
STILL_TO_GO = FirstTold(waits=True)


async def mailed(plan: Plan, *first: FirstTold) -> tuple[list[Letter], Job]:
    """The mails that a recording's words became."""
    posted: list[Letter] = []
    job = Job(1, "tell_words", {"recording": "RE1", "source": "carrier"}, 1)
    cases = Cases(WITH_WORDS, first=dict.fromkeys([""], *first) if first else None)
    await telling(plan, cases, posted).of_words(job)
    return posted, job


async def noticed(
    plan: Plan, first: Mapping[str, FirstTold], attempts: int = 1
) -> Sequence[Notice]:
    """What a channel was told of a recording's words."""
    notices: list[Notice] = []

    async def door(notice: Notice) -> None:
        notices.append(notice)

    cases = Cases(WITH_WORDS, first=first)
    job = replace(told(news="words", of=OF), attempts=attempts)
    await channels(plan, cases, {"desk": door})(job)
    return notices


async def test_words_that_came_with_the_case_are_not_mailed_again(demo_plan: Plan) -> None:
    assert (await mailed(demo_plan, BY_MAIL))[0] == []


@pytest.mark.parametrize(
    "first",
    [
        FirstTold(waits=False),
        FirstTold(waits=False, held=held(WITH_WORDS, "another@yunling.example")),
        FirstTold(waits=False, held=held(replace(WITH_WORDS, recordings=()), TO)),
    ],
    ids=["none", "told somebody else", "before they came"],
)
async def test_words_that_the_first_mail_lacked_are(demo_plan: Plan, first: FirstTold) -> None:
    assert len((await mailed(demo_plan, first))[0]) == 1


async def test_words_of_a_case_whose_first_mail_is_forgotten_are(demo_plan: Plan) -> None:
    assert len((await mailed(demo_plan))[0]) == 1


async def test_while_the_case_itself_is_still_to_be_mailed_its_words_wait(demo_plan: Plan) -> None:
    with pytest.raises(NotYet, match="the case itself is told before its words"):
        await mailed(demo_plan, STILL_TO_GO)


async def test_words_that_came_with_the_case_are_not_told_to_the_channel(demo_plan: Plan) -> None:
    assert await noticed(demo_plan, {"desk": BY_DESK, "": STILL_TO_GO}) == []


async def test_a_channel_knows_what_it_told_and_not_what_was_mailed(demo_plan: Plan) -> None:
    for first in ({"": BY_MAIL, "desk": FirstTold(waits=False)}, {"": BY_MAIL}):
        assert len(await noticed(demo_plan, first)) == 1


async def test_a_channel_waits_for_its_case_which_follows_from_the_mail(demo_plan: Plan) -> None:
    for first in ({"desk": STILL_TO_GO, "": BY_MAIL}, {"": STILL_TO_GO}):
        with pytest.raises(NotYet) as waits:
            await noticed(demo_plan, first)
        with pytest.raises(NotYet) as waits_on:
            await noticed(demo_plan, first, 9_999)

        assert [one.value.after.total_seconds() for one in (waits, waits_on)] == [1, 60]


async def test_what_goes_out_is_noted_before_it_goes(demo_plan: Plan) -> None:
    posted: list[Letter] = []
    case = Job(1, "tell_office", {"reference": CASE.reference, "office": CASE.office}, 1)
    await telling(demo_plan, Cases(WITH_WORDS), posted).of_case(case)
    desk = told()

    async def fails(_: Notice) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await channels(demo_plan, Cases(WITH_WORDS), {"desk": fails})(desk)

    assert case.went_out == [held(WITH_WORDS, TO)]
    assert desk.went_out == [held(WITH_WORDS, "desk")]
    assert case.kind == JobKind.TELL_OFFICE


def test_a_message_of_a_sealed_case_holds_no_words() -> None:
    sealed = replace(WITH_WORDS, confidentiality=Confidentiality.ANONYMOUS)

    assert held(WITH_WORDS, TO)
    assert held(sealed, TO) == frozenset()


def test_words_that_were_heard_anew_have_not_come() -> None:
    first = FirstTold(waits=False, held=held(WITH_WORDS, TO))
    anew = replace(RECORDING, words=(Words("另一段话", "carrier"),))

    assert has_come(WITH_WORDS, OF, TO, first)
    assert not has_come(replace(CASE, recordings=(anew,)), OF, TO, first)
    assert not has_come(WITH_WORDS, "RE1 local", TO, first)
