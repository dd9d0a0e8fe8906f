"""Of what a recogniser answers only what was spoken is kept."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ports.recordings import Transcript
from ivr.transcription.spoken import MOST, MOST_PHRASES, MOST_READ, Heard, joined, spoken, tidy
from routing.cases.words import Phrase

ENDLESS = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000))) * 2
"""Signs of which none follows another twice."""


@pytest.mark.parametrize(
    "silence",
    [
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目",
        "字幕由Amara.org社群提供",
        "中文字幕————————",
        "字幕——字幕——字幕——字幕",
        "字幕志愿者 某某某",
        "字幕by某某",
        "中文字幕志願者 某某",
        "谢谢观看！",
        "謝謝大家的收看。",
        "以下是普通话的句子，请用简体中文。",
        "优优独播剧场——YoYo Television Series Exclusive",
        "Thank you for watching!",
        "Thanks for watching.",
        "Please subscribe to my channel.",
        "Subtitles by the Amara.org community",
        "我们下期再见。",
        "作词 李某某 作曲 李某某",
        "[音乐]",
        "（轻快的音乐）",
        "【背景音乐】",
        "[Music] [Applause]",
        "(fax machine beeping)",
        "*beeping*",
        "♪♪♪",
        "♪ la la la ♪",
        "🎵",
        "[BLANK_AUDIO]",
        "嘟嘟嘟嘟",
        "嘟——嘟——",
        "Beep, beep, beep.",
        "you",
        "<|zh|><|NEUTRAL|><|BGM|><|woitn|>",
        "。。。 … 。",
        "",
        " \t\n",
    ],
)
def test_what_is_heard_in_silence_is_nothing(silence: str) -> None:
    assert spoken(silence) == ""


@pytest.mark.parametrize(
    "said",
    [
        "您好，我家门口的路灯坏了，请派人来修理。",
        "有人在网上让我点赞订阅，说是政府的任务。",
        "字幕由电视台负责，可是一个字也没有。",
        "字幕组在网上传播盗版。",
        "謝謝你們修好了路燈。",
        "The street light in front of No. 12 is broken. Thank you.",
        "Nobody thanks me for watching the children.",
        "You never answer.",
        "电话里一直嘟嘟嘟，没有人接。",
        "作曲家协会的人把路堵了。",
        "下次再来我就投诉。",
        "停水(三天)了。",
        "[音乐]停水了。",
        "My alarm goes beep beep all night.",
    ],
)
def test_what_a_caller_says_stays_as_it_is(said: str) -> None:
    assert spoken(said) == said


def test_a_sentence_of_silence_goes_and_the_rest_stays() -> None:
    assert spoken("楼下着火了！谢谢观看。快来人。") == "楼下着火了！快来人。"


def test_an_engines_own_marks_are_no_words() -> None:
    assert spoken("<|zh|><|SAD|><|Speech|><|withitn|>停水三天了。") == "停水三天了。"


@pytest.mark.parametrize(
    "hostile", ["[" * 20_000, "(" * 9_999 + ")" * 9_999, "♪ " * 9_000 + "[x", "[]" * 9_999 + "x"]
)
def test_brackets_without_end_are_read_all_the_same(hostile: str) -> None:
    assert len(spoken(hostile)) <= MOST


@pytest.mark.parametrize("role", ["作词", "演唱", "beep", "嘟", "字幕by", "请不吝点赞"])
def test_words_without_end_after_one_of_silence_are_read_all_the_same(role: str) -> None:
    many = "，".join(map(str, range(1_000, 1_200)))
    said = f"{role}，{many}，我要投诉的是某某某某某单位的某某某"

    assert spoken(said) == said


def test_signs_that_end_sentences_end_one_together() -> None:
    assert spoken("停水了？！谢谢观看！！快来。") == "停水了？！快来。"


def test_signs_that_steer_a_display_are_dropped() -> None:
    turned = "停\u202e水\x00了\u200b\r\n三天\ud800\u2028"

    assert tidy(turned) == "停水了 三天"


@given(st.text(max_size=200))
def test_it_is_one_line_that_any_database_keeps(text: str) -> None:
    kept = spoken(text)

    assert kept.encode("utf-8").decode("utf-8") == kept
    assert kept.isprintable()


def test_words_without_end_are_cut() -> None:
    assert len(spoken(ENDLESS * 3)) == MOST


def test_phrases_are_measured_in_the_text_that_they_make() -> None:
    heard = (Heard("停水了。", -0.1), Heard("谢谢观看", -0.1), Heard(" 三天 ", 0.5))
    words = joined(heard, "openai", "zh-CN")

    assert words is not None
    assert words.text == "停水了。 三天"
    assert [phrase.length for phrase in words.phrases] == [4, 2]
    assert words.phrases[1].confidence == 1.0


def test_what_nobody_said_is_left_out() -> None:
    assert joined((Heard("嗯", -1.5, 0.9), Heard("", -0.1)), "openai", "en") is None


def test_what_repeats_itself_is_never_sure() -> None:
    words = joined((Heard("好的" * 9, -0.05, 0.1, 12.0),), "openai", "zh-CN")

    assert words is not None
    assert words.confidence == 0


def test_an_engine_that_tells_text_alone_has_no_phrases() -> None:
    assert joined((Heard("停水"),), "openai", "en") == Transcript("停水", "openai", "en")


@given(st.lists(st.builds(Heard, st.text(max_size=40), st.floats(-9, 1)), max_size=9))
def test_phrases_and_the_spaces_between_are_the_whole_text(heard: list[Heard]) -> None:
    words = joined(heard, "openai", "en") or Transcript("", "openai")

    spaces = max(len(words.phrases) - 1, 0)
    assert sum(phrase.length for phrase in words.phrases) + spaces == len(words.text)


def test_the_whole_is_bounded() -> None:
    parts = (ENDLESS[at : at + 3_000] for at in range(0, 27_000, 3_000))
    words = joined([Heard(part, -0.1) for part in parts], "openai", "zh-CN")

    assert words is not None
    assert len(words.text) <= MOST
    assert words.phrases[0] == Phrase(3_000, words.confidence)


def test_an_answer_that_says_nothing_without_end_is_not_read_to_its_end() -> None:
    read = list[Heard]()

    def endless(text: str) -> Iterator[Heard]:
        while True:
            read.append(Heard(text))
            yield read[-1]

    assert joined(endless(""), "openai", "zh-CN") is None
    assert len(read) == MOST_PHRASES
    read.clear()
    assert joined(endless("谢谢观看！" * 2_000), "openai", "zh-CN") is None
    assert len(read) <= MOST_READ // 10_000 + 1
