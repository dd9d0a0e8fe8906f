"""A reason as a page says it: found again by the sentence that was kept, whatever varies in it."""

import re
from string import Formatter

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from routing.web.reasons import TABLE, THINGS, Reasons, reasons
from routing.web.wording import Tongue, read_wording

WORDING = read_wording([TABLE])
WORDS = sorted(word for word in WORDING.ids() if not word.startswith(f"{THINGS}."))
LIKELY = {
    "bits": "16",
    "channels": "2",
    "code": "550 5.1.1",
    "command": "uv sync --extra speech",
    "error": "ConnectionResetError",
    "file": "/var/lib/zhitong/models/base/model.bin",
    "folder": "/var/lib/zhitong/models",
    "from": "8",
    "kind": "tell_office",
    "most": "1600",
    "n": "15",
    "name": "office-group",
    "of": "a WAV",
    "rate": "8000",
    "s": "2.5",
    "status": "503",
    "until": "21",
    "what": "a text",
    "why": "the mailbox is full",
}
"""What may stand in the slots."""


def sentence(word: str, tongue: Tongue = Tongue.EN, **details: str) -> str:
    return WORDING.say(word, tongue, **{**LIKELY, **details})


def slots(word: str, tongue: Tongue) -> set[str]:
    parsed = Formatter().parse(WORDING.template(word, tongue))
    return {slot for _, slot, _, _ in parsed if slot}


@pytest.mark.parametrize("word", WORDS)
def test_each_is_found_again_by_its_sentence(word: str) -> None:
    found = reasons().read(sentence(word))

    assert found is not None
    assert found.word == word
    assert found.details == {slot: LIKELY[slot] for slot in slots(word, Tongue.EN)}


@pytest.mark.parametrize("word", WORDS)
def test_each_says_in_chinese_what_it_says_in_english(word: str) -> None:
    chinese, template = reasons().told(sentence(word), Tongue.ZH), WORDING.template(word, Tongue.ZH)

    assert chinese.tongue is Tongue.ZH
    assert re.search("[一-鿿]", template)
    assert template.endswith(("。", "？", "）", "{why}"))
    assert slots(word, Tongue.ZH) == slots(word, Tongue.EN)
    assert "{" not in chinese.text


@pytest.mark.parametrize("word", [word for word in WORDS if word != "handoff.given_up"])
def test_each_may_be_given_up(word: str) -> None:
    found = reasons().read(f"{sentence(word)}; given up after 15 tries")

    assert found is not None
    assert (found.word, found.details) == ("handoff.given_up", {"why": sentence(word), "n": "15"})


@pytest.mark.parametrize("word", [word for word in WORDS if word.startswith("engine.")])
def test_each_of_the_engine_is_told_of_the_setting(word: str) -> None:
    inner = f"TRANSCRIBER=local: {sentence(word)}"
    found, given_up = reasons().read(inner), reasons().read(f"{inner}; given up after 15 tries")

    assert found is not None
    assert given_up is not None
    assert (found.word, found.details) == ("engine.local", {"why": sentence(word)})
    assert (given_up.word, given_up.details) == ("handoff.given_up", {"why": inner, "n": "15"})


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            sentence("mail.address"),
            "邮件服务器拒收这个单位的地址（550 5.1.1）。请在名录里改正，再发一次。",
        ),
        (
            "the mail server did not answer in time; given up after 15 tries",
            "邮件服务器没有按时应答。已试15次，不再重试。",
        ),
        (
            "it was sent and did not arrive: the mailbox is full (5.2.2)",
            "发出去了，但没有送到：邮箱已满。（5.2.2）",
        ),
        (
            "the carrier refused a text: code 21211, status 400",
            "线路拒绝：短信（代码21211，状态400）。",
        ),
        (
            sentence("recording.no_sound", why=sentence("carrier.failed")),
            "线路那边出错，没有办成：短信。稍后再试。在此之前，工单里没有声音。",
        ),
        (
            f"TRANSCRIBER=local: {sentence('engine.no_start', why='it does not say why')}",
            "本机听写（TRANSCRIBER=local）：听写程序启动不了：它没有说明原因。",
        ),
    ],
)
def test_what_is_kept_is_told_in_chinese(kept: str, said: str) -> None:
    assert reasons().told(kept, Tongue.ZH).text == said


def test_in_english_it_stays_as_it_was_kept() -> None:
    told = reasons().told(sentence("mail.silent"), Tongue.EN)

    assert (told.text, told.tongue) == (sentence("mail.silent"), Tongue.EN)


@pytest.mark.parametrize("kept", ["the office is unknown", "", "a\nb", "{why}", "the disk is full"])
def test_what_another_version_kept_stays_english(kept: str) -> None:
    told = reasons().told(kept, Tongue.ZH)

    assert (told.text, told.tongue) == (kept, Tongue.EN)


@given(some.text(max_size=200))
@example("TRANSCRIBER=local: " * 50)
@example("{0.__class__}; given up after 2 tries")
def test_whatever_stands_there_is_told_somehow(kept: str) -> None:
    for tongue in Tongue:
        assert reasons().told(kept, tongue).text or not kept


@given(some.text("{}<>&;:() .0a", max_size=40))
def test_what_varies_is_repeated_as_it_is(told: str) -> None:
    kept = sentence("engine.died", why=told)
    fresh = Reasons(WORDING)

    if told and "\n" not in told and fresh.read(told) is None:
        assert told in fresh.told(kept, Tongue.ZH).text
