"""Labels of the keys: every option has one, and no other key."""

import re
from typing import Final

import pytest

from ivr.flow.instruction import Language
from ivr.flow.node import Menu
from ivr.flow.phrasebook import Phrase
from ivr.flow.sayings import LATER
from ivr.library.plans import shipped
from ivr.library.scripts import load_script
from ivr.web.captions import BACK, CAPTIONS, captions
from tests.ivr.web.conftest import BOOK

SCRIPT: Final = load_script(shipped().script)
ALWAYS: Final = frozenset("0*")
"""What holds in every menu stands in words.toml."""
NAMED: Final = {"井号": "#", "星号": "*", "hash": "#", "star": "*"}
OFFERED: Final[dict[Language, re.Pattern[str]]] = {
    "zh-CN": re.compile(r"按([0-9]|井号|星号)"),
    "en": re.compile(r"(?:press |(?<=, ))([0-9]|hash|star)(?![0-9])"),
}
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")


def offered(phrase: Phrase, language: Language) -> set[str]:
    keys = OFFERED[language].findall(" ".join(phrase.parts[::2]))
    return {NAMED.get(key, key) for key in keys} - ALWAYS


def menus() -> list[Menu]:
    return [node for node in SCRIPT.nodes.values() if isinstance(node, Menu)]


@pytest.mark.parametrize("menu", menus(), ids=lambda menu: menu.id)
def test_every_option_of_a_menu_has_its_label(menu: Menu) -> None:
    said = [prompt.phrase for prompt in (*menu.first, *menu.prompts)]
    labelled = {key for phrase in said for key in CAPTIONS.get(phrase, {})}
    options = set(menu.options) | ({"#"} if menu.none else set())

    # After `9` the other language is still there, but offered no more.
    assert options - {"9"} <= labelled
    assert labelled <= options


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_labels_just_the_keys_that_it_names(language: Language) -> None:
    for name, labels in CAPTIONS.items():
        assert offered(BOOK.texts[language][name], language) <= set(labels), name
    for name, phrase in BOOK.texts[language].items():
        if name not in CAPTIONS and name not in LATER and not name.startswith("sms."):
            # `#` alone ends what is keyed or recorded, which the line tells by itself.
            assert offered(phrase, language) <= {"#"}, name


def test_labels_are_in_both_languages_and_short_enough_for_a_key() -> None:
    for phrase, keys in CAPTIONS.items():
        for key, label in keys.items():
            assert set(label) == {"zh", "en"}, (phrase, key)
            assert len(label["zh"]) <= 9, label
            assert len(label["en"]) <= 24, label


def test_the_page_is_given_every_phrase_in_both_languages() -> None:
    given = captions(BOOK)

    assert len(given) == 2 * len({*CAPTIONS, *BACK})
    assert {
        "parts": ("需要人工，请按0；想留言，请按2。",),
        "keys": {"2": "留言"},
        "back": True,
    } in given
