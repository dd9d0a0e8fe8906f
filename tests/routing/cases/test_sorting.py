"""What words say a case is about: surely one topic, or a person decides."""

import pytest

from routing.cases.kinds import About
from routing.cases.sorting import Clear, Doubt, Finding, Mention, Unclear, finding, heard
from routing.cases.words import SURE, Part, Phrase, Words

BARE = SURE - 0.01


def says(*topics: str, sure: float | None = SURE, accuses: bool = False) -> Mention:
    return Mention(Part("…", sure), topics, accuses)


@pytest.mark.parametrize(
    ("mentions", "found"),
    [
        ([says("water")], Clear("water")),
        ([says("water"), says("water"), says()], Clear("water")),
        ([says("water"), says(sure=BARE)], Clear("water")),
        ([says("water"), says(sure=None)], Clear("water")),
        ([], Unclear(Doubt.NONE)),
        ([says(), says()], Unclear(Doubt.NONE)),
        ([says("water", "power")], Unclear(Doubt.SEVERAL, ("water", "power"))),
        ([says("water"), says("power")], Unclear(Doubt.SEVERAL, ("water", "power"))),
        ([says("water", sure=BARE)], Unclear(Doubt.UNSURE, ("water",))),
        ([says("water"), says("water", sure=BARE)], Unclear(Doubt.UNSURE, ("water",))),
        ([says("water", sure=None)], Unclear(Doubt.UNMEASURED, ("water",))),
        ([says("water", accuses=True)], Unclear(Doubt.ACCUSES, ("water",))),
        ([says("water"), says(accuses=True)], Unclear(Doubt.ACCUSES, ("water",))),
        ([says(accuses=True, sure=BARE)], Unclear(Doubt.ACCUSES)),
    ],
)
def test_a_case_goes_by_its_words_only_where_they_surely_name_one_topic(
    mentions: list[Mention], found: Finding
) -> None:
    assert finding(mentions, None) == found


@pytest.mark.parametrize(
    ("about", "found"),
    [
        (About.BUSINESS, Clear("market")),
        *[
            (about, Unclear(Doubt.ACCUSES, ("market",)))
            for about in About
            if about is not About.BUSINESS
        ],
    ],
)
def test_only_a_complaint_about_a_business_goes_by_its_words(about: About, found: Finding) -> None:
    assert finding([says("market", accuses=True)], about) == found


def test_of_several_who_heard_those_count_who_tell_how_sure_they_are() -> None:
    told = Words("停水 三天", "openai", 0.4, (Phrase(2, 0.9), Phrase(2, 0.4)))
    untold = Words("停电", "carrier")

    assert heard((untold, told)) == [Part("停水", 0.9), Part("三天", 0.4)]
    assert heard((untold,)) == [Part("停电", None)]
    assert heard(()) == []
