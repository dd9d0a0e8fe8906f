"""The real voice: how words are read, and that they are heard. Collected with the extra alone."""

from __future__ import annotations

import asyncio
import math
import shutil
from pathlib import Path

import psutil
import pytest

from ivr.carrier.local.mulaw import from_mulaw
from ivr.carrier.local.recordings import loudness
from ivr.carrier.local.speech.pieces import Piece
from ivr.carrier.local.speech.readings import Unreadable, in_words, phonemes, prepare
from ivr.carrier.local.speech.synthesiser import Synthesiser, engine_command
from ivr.carrier.local.voice import estimate

english = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng, which reads English, is not installed"
)


@pytest.fixture(scope="module", autouse=True)
def _taught(tmp_path_factory: pytest.TempPathFactory) -> None:
    prepare(tmp_path_factory.mktemp("words"))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("请按1", "请按一"),
        ("请拨110或12345", "请拨幺幺零或一二三四五"),
        ("13912345678", "幺三九幺二三四五六七八"),
        ("见2月8日第12版", "见二月八日第十二版"),
        ("2025年11月30日", "二零二五年十一月三十日"),
        ("保存90天，再等2天", "保存九十天，再等两天"),
        ("105个，2个，第2次", "一百零五个，两个，第二次"),
        ("1010家", "一千零一十家"),
    ],
)
def test_figures_are_read_as_they_are_meant(written: str, said: str) -> None:
    assert in_words(written) == said


def test_names_are_read_as_the_register_says() -> None:
    usual = phonemes("涡水镇。", "zh-CN")

    assert phonemes("涡水镇。", "zh-CN", {"涡水": "guō shuǐ"}) != usual
    assert phonemes("涡河", "zh-CN", {"涡河": "guō hé"}).startswith("kwo→")
    assert phonemes("幺二三", "zh-CN").startswith("jau→")


@pytest.mark.parametrize("text", ["ABC公司答复您。", "请按☎。", "Приём。"])
def test_what_nobody_taught_it_is_left_to_others(text: str) -> None:
    with pytest.raises(Unreadable):
        phonemes(text, "zh-CN")


@english
def test_english_is_read_by_espeak_ng() -> None:
    twelve, digits = phonemes("12 days.", "en"), phonemes("Call 12345.", "en")

    assert "twˈɛlv" in twelve
    assert digits.count("wˈʌn") == 1
    assert phonemes("Guohe.", "en", {"Guohe": "gwaw huh"}) != phonemes("Gooh.", "en")
    with pytest.raises(Unreadable):
        phonemes("Office 市公安局.", "en")


def test_english_without_espeak_ng_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unreadable, match="espeak-ng"):
        phonemes("Hello.", "en")


async def test_the_engine_speaks_both_languages_at_low_priority(tmp_path: Path) -> None:
    command = engine_command(tmp_path / "kept")
    assert command is not None
    voice = Synthesiser(command, tmp_path / "kept", hangs=100)
    wanted = [Piece("由涡河县政府办理，", "zh-CN", (("涡河", "guō hé"),))]
    if shutil.which("espeak-ng"):
        wanted.append(Piece("Case number, one two three four.", "en"))
    async with asyncio.TaskGroup() as group, asyncio.timeout(110):
        task = group.create_task(voice.run())
        await voice.ready.wait()
        spoken = await voice.spoken(wanted, 100)
        children = psutil.Process().children()
        assert any(child.nice() == 10 for child in children)
        task.cancel()

    assert spoken is not None
    for piece, codes in zip(wanted, spoken, strict=True):
        usual = estimate(piece.text, piece.language)
        assert 0.4 * usual < len(codes) / 8000 < 1.5 * usual + 1
        assert -29 < 20 * math.log10(loudness(from_mulaw(codes)) / 32768) < -18
