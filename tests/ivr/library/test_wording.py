"""Phrases, and words that choose, as read from TOML."""

import pytest

from ivr.flow.world import Plan
from ivr.library.errors import LibraryError
from ivr.library.plans import shipped
from ivr.library.wording import load_phrases, load_vocabulary


def test_phrases_that_are_not_toml_are_refused_in_a_sentence() -> None:
    with pytest.raises(LibraryError, match="the phrases in en are not TOML"):
        load_phrases({"en": '"a" ='})


def test_a_phrase_must_be_text() -> None:
    with pytest.raises(LibraryError, match="these phrases in en are no text: b, c"):
        load_phrases({"en": '"a" = "x"\n"b" = 1\n"c" = ["y"]'})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('person = ["person"', 'people = ["person"'),
        ("enquiry =", "riddle ="),
        ("housing =", "castles ="),
        ('emergency = ["fire"', "emergency = [fire"),
    ],
)
def test_words_that_cannot_be_used_are_refused(demo_plan: Plan, old: str, new: str) -> None:
    text = shipped().words["en"]
    assert old in text

    with pytest.raises(LibraryError, match="the words in en cannot be used"):
        load_vocabulary({"en": text.replace(old, new)}, demo_plan.directory.topics)
