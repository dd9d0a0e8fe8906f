"""A topic told later sends a case by the rules of its own plan, never where it must not go."""

from dataclasses import replace
from typing import Final

import pytest

from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.sorting import Clear, Doubt, Unclear
from routing.casework import Evidence, Unsorted
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
