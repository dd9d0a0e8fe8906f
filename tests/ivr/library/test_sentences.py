"""Prompts cut into sentences, and which of them never change."""

from __future__ import annotations

import pytest

from ivr.library.sentences import fixed_sentences, language_of, sentences
from ivr.library.wording import load_phrases


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("抱歉，系统有故障。请拨12345。再见。", ("抱歉，系统有故障。", "请拨12345。", "再见。")),
        ("Registered. Please note twelve digits.", ("Registered.", "Please note twelve digits.")),
        ("Call 12345.5 now", ("Call 12345.5 now",)),
        ("真的？好！", ("真的？", "好！")),
        ("  ", ()),
    ],
)
def test_a_sentence_ends_at_its_mark(text: str, cut: tuple[str, ...]) -> None:
    assert sentences(text) == cut


def test_fixed_is_what_holds_no_slot_and_is_spoken() -> None:
    book = load_phrases(
        {
            "zh-CN": '"a" = "您好，{line}。请说。"\n"b" = "English, press 9."\n"sms.a" = "再见。"',
            "en": '"a" = "Hello, {line}. Go on."\n"b" = "中文请按9。"\n"kind.help" = "help"',
        }
    )

    assert fixed_sentences(book) == {
        "zh-CN": ("请说。", "中文请按9。"),
        "en": ("English, press 9.", "Go on."),
    }


def test_a_sentence_is_spoken_in_the_language_of_its_signs() -> None:
    assert language_of("按1。") == "zh-CN"
    assert language_of("Press 1.") == "en"
