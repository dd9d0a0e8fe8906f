"""The words of a case without a topic send it where they lead, or ask a person."""

from dataclasses import replace
from datetime import datetime
from typing import Final

import pytest

from ivr.flow.words import Vocabulary
from ivr.flow.world import Plan
from ivr.transcription.sorting import SortingByWords
from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.sorting import Doubt, Unclear
from routing.cases.words import Phrase, Words
from routing.casework import Back, Dispatching, Evidence, Sorted, Unsorted
from routing.handoff import CASE_COMES, TryAgain
from routing.ports import Audio, Job, KeptRecording, OfficeCase, Statement
from routing.rules.condition import CallerKind, Facts
from tests.routing.web.city import NOON, AtNoon, a_case

MAYOR: Final = "+865580000009"
"""The mayor's line: no topic of its own."""
CASE: Final = a_case(office="市政府", dialled=MAYOR, topic=None)
FACTS: Final = Facts(MAYOR, "zh-CN", Kind.HELP, None, None, None, "云岭市", CallerKind.MOBILE, NOON)
WAITING: Final = Unsorted(CASE.reference, "市政府", 7, FACTS, Confidentiality.NAMED)
HEARD: Final = Evidence("RE1", "openai")


class Kept:
    """One case, what is done with it, and recordings with words."""

    def __init__(self, case: OfficeCase, waiting: Unsorted | None = WAITING) -> None:
        self.kept = case
        self.waiting = waiting
        self.of_case: str | None = case.reference
        self.sorted: list[Sorted] = []
        self.left: list[tuple[Unclear, Evidence]] = []

    async def statement(self, sid: str) -> Statement | None:
        return Statement(self.of_case, ("…",)) if sid == "RE1" else None

    async def case(self, reference: str) -> OfficeCase | None:
        return self.kept

    async def unsorted(self, reference: str) -> Unsorted | None:
        return self.waiting

    async def sort(self, sorted_: Sorted, at: datetime) -> bool:
        self.sorted.append(sorted_)
        return True

    async def standing(self, reference: str) -> Unsorted | None:
        raise NotImplementedError  # words take nothing back

    async def back(self, back: Back) -> bool:
        raise NotImplementedError

    async def leave(
        self, reference: str, unclear: Unclear, evidence: Evidence, at: datetime
    ) -> None:
        self.left.append((unclear, evidence))


def said(text: str, confidence: float | None = 0.9, case: OfficeCase = CASE) -> OfficeCase:
    phrases = () if confidence is None else (Phrase(len(text), confidence),)
    words = Words(text, "openai", confidence, phrases)
    return replace(case, recordings=(KeptRecording("RE1", 12, Audio.KEPT, (words,)),))


async def sort(plan: Plan, kept: Kept, tries: int = 1, recording: str = "RE1") -> None:
    asked: list[int] = []

    async def of(number: int) -> Plan:
        asked.append(number)
        return plan

    async def vocabulary(number: int) -> Vocabulary:
        return (await of(number)).vocabulary

    payload = {"recording": recording, "source": "openai"}
    sorting = SortingByWords(kept, Dispatching(kept, of, AtNoon(), lambda _, at: at), vocabulary)
    await sorting(Job(1, "sort", payload, 50, failures=tries - 1))
    assert set(asked) <= {7}


@pytest.mark.parametrize(
    ("text", "topic", "office"),
    [
        ("我家停水三天了，自来水公司没人管", "water", "市水利局"),
        ("老师不让孩子入学", "education", "市教育局"),
        ("小区物业乱收费，公积金也取不出来", "housing", "市住房和城乡建设局"),
    ],
)
async def test_one_topic_that_is_surely_said_sends_it_to_its_office(
    demo_plan: Plan, text: str, topic: str, office: str
) -> None:
    kept = Kept(said(text))
    await sort(demo_plan, kept)

    (done,) = kept.sorted
    assert (done.topic, done.decision.office, done.decision.rule) == (
        topic,
        office,
        f"topic-{topic}",
    )
    assert done.evidence == HEARD
    assert done.moves
    assert kept.left == []


@pytest.mark.parametrize(
    ("text", "confidence", "why", "topics"),
    [
        ("我家停水三天了", 0.3, Doubt.UNSURE, ("water",)),
        ("我家停水三天了", None, Doubt.UNMEASURED, ("water",)),
        ("停水又停电", 0.9, Doubt.SEVERAL, ("water", "power")),
        ("我有件事想说", 0.9, Doubt.NONE, ()),
        ("我要投诉学校的老师", 0.9, Doubt.ACCUSES, ("education",)),
        ("举报教育局干部", 0.9, Doubt.ACCUSES, ("discipline",)),
        ("你们局的医院不给看病", 0.9, Doubt.ACCUSES, ("health",)),
    ],
)
async def test_anything_else_waits_for_a_person_with_what_was_named(
    demo_plan: Plan, text: str, confidence: float | None, why: Doubt, topics: tuple[str, ...]
) -> None:
    kept = Kept(said(text, confidence))
    await sort(demo_plan, kept)

    ((unclear, evidence),) = kept.left
    assert (unclear.why, set(unclear.topics), evidence) == (why, set(topics), HEARD)
    assert kept.sorted == []


async def test_a_complaint_about_a_shop_goes_by_its_words(demo_plan: Plan) -> None:
    facts = replace(FACTS, kind=Kind.COMPLAINT, about=About.BUSINESS)
    kept = Kept(said("投诉商店卖过期食品，不给退款"), replace(WAITING, facts=facts))
    await sort(demo_plan, kept)

    assert [done.decision.office for done in kept.sorted] == ["市市场监督管理局"]


async def test_all_recordings_of_a_case_count(demo_plan: Plan) -> None:
    first, second = said("停水了").recordings[0], said("还停电").recordings[0]
    kept = Kept(replace(CASE, recordings=(first, replace(second, sid="RE2"))))
    await sort(demo_plan, kept)

    assert [unclear.why for unclear, _ in kept.left] == [Doubt.SEVERAL]


async def test_english_is_read_by_english_words(demo_plan: Plan) -> None:
    english = replace(CASE, language="en")
    kept = Kept(said("There has been no water and the tap is dry", case=english))
    await sort(demo_plan, kept)

    assert [done.topic for done in kept.sorted] == ["water"]


async def test_one_that_waits_no_longer_is_left_alone(demo_plan: Plan) -> None:
    kept = Kept(said("我家停水三天了"), None)
    await sort(demo_plan, kept)

    assert (kept.sorted, kept.left) == ([], [])


async def test_a_recording_without_a_case_is_waited_for_and_then_not(demo_plan: Plan) -> None:
    kept = Kept(said("我家停水三天了"))
    kept.of_case = None
    with pytest.raises(TryAgain, match="no case yet"):
        await sort(demo_plan, kept)
    await sort(demo_plan, kept, CASE_COMES)
    await sort(demo_plan, kept, recording="RE9")

    assert (kept.sorted, kept.left) == ([], [])
