"""An engine that has lost its way is not believed; a caller who repeats himself is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.transcription.engines import Carrier
from ivr.transcription.loops import LEAST, TIMES, loops
from ivr.transcription.spoken import Heard, joined, spoken

SPOKEN = st.text("救命快来人停水了我家谢0138", min_size=1, max_size=30)


@pytest.mark.parametrize(
    "said",
    [
        "市城管局、" + "国" * 100,
        "国、" * 100,
        "8" * 100,
        "好的好的" * 60,
        "no, " * 60,
        "请大家注意安全，" * 20,
        "我们的目标是解决问题，" * 14,
        "我家住在城关镇的向阳路十二号楼下那个路灯坏了三天还没有人修，" * 30,
    ],
)
def test_what_is_repeated_without_end_was_not_said(said: str) -> None:
    assert loops(said)
    assert spoken(said) == ""
    assert joined([Heard(said, -0.1)], "local", "zh-CN") is None


@pytest.mark.parametrize(
    "said",
    [
        "快快快快",
        "救命救命救命救命救命救命救命救命救命救命",
        "电话是8888 8888，再说一遍8888 8888",
        "谢谢谢谢谢谢",
        "不要不要不要不要，别打了，" * 4,
        "着火了，快来人，" * 8,
        "没有没有没有，我没有说过这句话",
        "卡号6222 0000 0000 0000 000，后面是0000",
        "对对对对对，是是是是",
        "Help! Help! Help! Help! Help! Help!",
        "It is very, very, very, very, very bad.",
        "喂，喂，喂，喂，听得到吗？听得到吗？",
    ],
)
def test_what_a_caller_repeats_is_kept(said: str) -> None:
    assert spoken(said) == said


@given(SPOKEN, st.text("快国8的", min_size=1, max_size=4), st.integers(1, TIMES - 1), SPOKEN)
def test_any_word_said_several_times_between_others_is_kept(
    before: str, word: str, times: int, after: str
) -> None:
    said = f"{before}{word * times}{after}"

    assert spoken(said) == said


@given(st.text("快国8的路灯", min_size=1, max_size=6), st.integers(2 * LEAST, 4 * LEAST))
def test_no_word_is_said_so_often(word: str, times: int) -> None:
    assert spoken(word * times) == ""


@pytest.mark.parametrize("period", range(1, 15))
def test_wherever_it_begins_it_is_found_at_its_full_length_and_not_before(period: int) -> None:
    word = "".join(map(chr, range(0x4E00, 0x4E00 + period)))
    least = max(LEAST, TIMES * period)
    for before in range(25):
        said = "".join(map(chr, range(0x5000, 0x5000 + before)))

        assert loops(f"{said}{(word * LEAST)[:least]}了")
        assert not loops(f"{said}{(word * LEAST)[: least - 1]}了")


@given(st.lists(st.sampled_from("家里停水三天没有人管路灯坏得很久了请来修一下吧谢"), max_size=300))
def test_a_loop_takes_nothing_of_other_sentences(signs: list[str]) -> None:
    said = "停水了" + "".join(signs)
    kept = spoken(said)

    assert spoken(f"{said}。{'国' * 100}。快来人。") == (f"{kept}。" if kept else "") + "快来人。"


def test_one_phrase_that_loops_leaves_the_others() -> None:
    words = joined([Heard("停水了。", -0.1), Heard("国" * 100, -0.1)], "openai", "zh-CN")

    assert words is not None
    assert (words.text, [phrase.length for phrase in words.phrases]) == ("停水了。", [4])


@pytest.mark.parametrize("one", ["谢谢大家。", "我们下次见，各位再会。"])
def test_phrases_that_are_one_again_and_again_are_a_loop_too(one: str) -> None:
    again = [Heard(one, -0.1)] * 40
    words = joined([Heard("停水了。", -0.1), *again], "local", "zh-CN")

    assert words is not None
    assert words.text == "停水了。"
    assert joined(again, "local", "zh-CN") is None


async def test_a_carriers_loop_is_no_words_either() -> None:
    async def text(sid: str) -> str | None:
        return {"RE1": "国" * 100, "RE2": "快快快快"}[sid]

    assert await Carrier(text).transcribe("RE1", "zh-CN") is None
    heard = await Carrier(text).transcribe("RE2", "zh-CN")
    assert heard is not None
    assert heard.text == "快快快快"
