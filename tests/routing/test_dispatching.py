"""A topic told later sends a case by the rules of its own plan, never where it must not go."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.moves import NotMovedBack, Reason, Refusal
from routing.cases.sorting import Clear, Doubt, Unclear
from routing.cases.transitions import IllegalTransition, UnknownCase
from routing.casework import Evidence, Unsorted
from routing.ports import OfficeCase
from routing.register import Directory
from tests.routing.web.city import KeptCases, a_case, city, dispatching

CITY: Final = city()
WORDS: Final = Evidence("RE1", "openai")


def line_of(directory: Directory, topic: str | None) -> str:
    return next(line.e164 for line in directory.numbers.values() if line.topic == topic)


async def waiting(cases: KeptCases) -> Unsorted:
    found = await cases.unsorted(cases.kept[0].reference)
    assert found is not None
    return found


async def test_by_words_it_goes_and_by_a_person_too() -> None:
    for by_person in (False, True):
        cases = KeptCases(a_case(office="市政府", topic=None, unsorted=True))
        if by_person:
            done = await dispatching(cases).by_person("46270395", "water", "综合科")
            assert done is not None
            assert done.evidence == Evidence(by="综合科")
        else:
            await dispatching(cases).by_words(await waiting(cases), Clear("water"), WORDS)

        (case,) = cases.kept
        assert (case.office, case.topic) == ("市水利局", "water")


async def test_what_is_unclear_is_left_with_its_reason() -> None:
    cases = KeptCases(a_case(office="市政府", topic=None, unsorted=True))
    unclear = Unclear(Doubt.SEVERAL, ("water", "power"))
    await dispatching(cases).by_words(await waiting(cases), unclear, WORDS)

    assert cases.kept[0].to_sort == unclear
    assert cases.sorted == []


@pytest.mark.parametrize("about", [About.THIS_OFFICE, About.OTHER_OFFICE, None])
@pytest.mark.parametrize("topic", ["water", "education", "petition", "discipline"])
async def test_no_topic_leads_a_complaint_to_the_office_that_it_may_be_about(
    about: About | None, topic: str
) -> None:
    dialled = line_of(CITY, topic)
    own = CITY.numbers[dialled].office
    case = a_case(
        office="12345热线中心",
        dialled=dialled,
        topic=None,
        kind=Kind.COMPLAINT,
        about=about,
        confidentiality=Confidentiality.CONFIDENTIAL,
        unsorted=True,
    )
    for by_person in (False, True):
        cases = KeptCases(case)
        if by_person:
            await dispatching(cases).by_person(case.reference, topic, "x")
        else:
            await dispatching(cases).by_words(await waiting(cases), Clear(topic), WORDS)

        assert cases.kept[0].office != own
        assert all(done.confidentiality is Confidentiality.CONFIDENTIAL for done in cases.sorted)


@pytest.mark.parametrize("topic", ["", "nowhere", "<script>"])
async def test_a_topic_that_is_none_moves_nothing(topic: str) -> None:
    cases = KeptCases(a_case(office="市政府", topic=None, unsorted=True))

    assert await dispatching(cases).by_person("46270395", topic, "x") is None
    assert cases.sorted == []


async def test_one_that_waits_no_longer_is_nobodys_to_sort() -> None:
    cases = KeptCases(a_case(office="市政府", topic=None))

    assert await dispatching(cases).by_person("46270395", "water", "x") is None


async def test_a_rule_that_seals_seals_and_what_is_anonymous_stays_so() -> None:
    cases = KeptCases(a_case(office="市政府", topic=None, unsorted=True))
    await dispatching(cases).by_words(await waiting(cases), Clear("water"), WORDS)
    (done,) = cases.sorted
    sealing = replace(done, decision=replace(done.decision, confidential=True))
    hidden = replace(done.case, confidentiality=Confidentiality.ANONYMOUS)

    assert done.confidentiality is Confidentiality.NAMED
    assert sealing.confidentiality is Confidentiality.CONFIDENTIAL
    assert replace(sealing, case=hidden).confidentiality is Confidentiality.ANONYMOUS


SENT: Final = a_case(office="市政府", topic=None, unsorted=True)


async def sent_on(case: OfficeCase = SENT) -> KeptCases:
    """It lies at the topic's office, where a person has sorted it to."""
    cases = KeptCases(case)
    assert await dispatching(cases).by_person(case.reference, "water", "x") is not None
    return cases


async def refused(work: Awaitable[object]) -> Refusal:
    with pytest.raises(NotMovedBack) as wrong:
        await work
    return wrong.value.why


async def test_who_sorted_it_takes_it_back_until_somebody_accepts() -> None:
    cases = await sent_on()
    foreign = await refused(dispatching(cases).take_back(SENT.reference, "市水利局", "x"))
    await dispatching(cases).take_back(SENT.reference, "市政府", "x")
    (case,) = cases.kept
    again = await refused(dispatching(cases).take_back(SENT.reference, "市政府", "x"))

    assert (case.office, case.topic, case.unsorted) == ("市政府", None, True)
    assert foreign is again is Refusal.MEANWHILE
    accepted = await sent_on()
    accepted.kept = [replace(accepted.kept[0], state=CaseState.IN_PROGRESS)]
    late = await refused(dispatching(accepted).take_back(SENT.reference, "市政府", "x"))
    assert late is Refusal.ACCEPTED


async def test_who_got_it_returns_it_once_and_the_second_return_goes_above() -> None:
    cases = await sent_on()
    work = dispatching(cases)
    assert await work.give_back(SENT.reference, "市水利局", Reason.NOT_OURS, "x") == "市政府"
    assert await work.by_person(SENT.reference, "safety", "x") is not None
    office = cases.kept[0].office
    above = await work.give_back(SENT.reference, office, Reason.OTHER_AREA, "x")

    assert above == CITY.offices[office].parent
    assert [move.number for move in cases.kept[0].trail] == [1, 2, 3, 4]
    assert await work.by_person(SENT.reference, "water", "x") is not None
    again = await refused(work.give_back(SENT.reference, "市水利局", Reason.NOT_OURS, "x"))
    assert again is Refusal.AGAIN


async def test_a_return_needs_the_office_that_has_it_its_day_and_a_state_to_return_from() -> None:
    cases = await sent_on()
    work = dispatching(cases)
    yesterday = replace(work, until=lambda _, at: at - timedelta(seconds=1))
    reference, mine = SENT.reference, "市水利局"

    assert await refused(work.give_back(reference, "市政府", Reason.NOT_OURS, "x")) is (
        Refusal.MEANWHILE
    )
    assert await refused(yesterday.give_back(reference, mine, Reason.NOT_OURS, "x")) is Refusal.LATE
    cases.kept = [replace(cases.kept[0], state=CaseState.ANSWERED)]
    with pytest.raises(IllegalTransition):
        await work.give_back(reference, mine, Reason.NOT_OURS, "x")
    with pytest.raises(UnknownCase):
        await work.give_back("10000007", mine, Reason.NOT_OURS, "x")


async def test_words_move_nothing_that_is_accepted_or_came_back() -> None:
    accepted = KeptCases(replace(SENT, state=CaseState.IN_PROGRESS))
    await dispatching(accepted).by_words(await waiting(accepted), Clear("water"), WORDS)
    back = await sent_on()
    await dispatching(back).give_back(SENT.reference, "市水利局", Reason.NOT_OURS, "x")
    await dispatching(back).by_words(await waiting(back), Clear("water"), WORDS)

    assert accepted.kept[0].to_sort == Unclear(Doubt.ACCEPTED, ("water",))
    assert (back.kept[0].office, back.kept[0].to_sort) == ("市政府", Unclear(Doubt.RETURNED))
