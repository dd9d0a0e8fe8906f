"""Words of a recording, phrase by phrase."""

import pytest

from routing.cases.words import LEAST_SURE, SURE, Part, Phrase, Words

BARE = LEAST_SURE - 0.01


def test_phrases_are_cut_out_of_the_text_that_they_make() -> None:
    words = Words("停水了。 三天 no water", "openai", BARE, phrases(4, 2, 8))

    assert [part.text for part in words.parts] == ["停水了。", "三天", "no water"]
    assert [part.before for part in words.parts] == ["", "", ""]
    assert [part.sure for part in words.parts] == [True, False, False]
    assert [part.unsure for part in words.parts] == [False, True, False]
    assert words.unsure


def phrases(first: int, second: int, third: int) -> tuple[Phrase, ...]:
    return Phrase(first, SURE), Phrase(second, BARE), Phrase(third, None)


@pytest.mark.parametrize("lengths", [(4, 2, 7), (4, 2, 9), (40, 2, 8)])
def test_phrases_that_are_not_the_texts_are_none(lengths: tuple[int, int, int]) -> None:
    """Pieces of a carrier's that came late have made it longer, say."""
    words = Words("停水了。 三天 no water", "openai", BARE, phrases(*lengths))

    assert words.parts == (Part("停水了。 三天 no water", BARE),)


@pytest.mark.parametrize(
    ("confidence", "sure", "unsure"),
    [
        (None, False, False),
        (SURE, True, False),
        (SURE - 0.01, False, False),
        (LEAST_SURE, False, False),
        (BARE, False, True),
        (0.0, False, True),
    ],
)
def test_between_sure_and_unsure_a_person_decides(
    confidence: float | None, sure: bool, unsure: bool
) -> None:
    words = Words("停水", "carrier", confidence)
    (part,) = words.parts

    assert (part.sure, part.unsure, words.unsure) == (sure, unsure, unsure)


@pytest.mark.parametrize(
    ("phrases", "written"),
    [
        (("停水，", "希望", "快修"), "停水，希望快修"),
        (("The water", "is off"), "The water is off"),
        (("请到", "Main Street", "去"), "请到Main Street去"),
        (("停水", "", "了"), "停水了"),
        (("", "no", "", "water"), "no water"),
    ],
)
def test_phrases_are_written_as_their_language_is(phrases: tuple[str, ...], written: str) -> None:
    cut = tuple(Phrase(len(phrase), 0.9) for phrase in phrases)

    assert Words(" ".join(phrases), "openai", 0.9, cut).flowing == written
