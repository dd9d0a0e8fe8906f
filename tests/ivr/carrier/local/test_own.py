"""An admin's own recordings win, and are of the words they were made for, or they say why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ivr.carrier.local.bank import Bank, frames
from ivr.carrier.local.own import UNUSED, Own, listed, own_sentences, tidy
from ivr.flow.phrasebook import Phrasebook
from ivr.library.wording import load_phrases
from tests.ivr.carrier.local.test_conversion import recording

ZH = '"a.b" = "您好，{line}。请说。保存{days}天。"\n"c" = "再见。"\n'
EN = '"a.b" = "Hello, {line}. Go on. Kept {days} days."\n"c" = "Goodbye."\n'


def book(zh: str = ZH) -> Phrasebook:
    return load_phrases({"zh-CN": zh, "en": EN})


def put(folder: Path, name: str, wav: bytes | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(recording(rate=8_000) if wav is None else wav)
    return path


def read(folder: Path, phrases: Phrasebook | None = None, days: int = 90) -> Own:
    return own_sentences(folder, phrases or book(), days)


def test_a_file_is_found_by_phrase_and_sentence_and_wins(tmp_path: Path) -> None:
    put(tmp_path, "zh-CN/a.b.2.wav")
    put(tmp_path, "zh-CN/a.b.3.wav", recording(rate=8_000, hertz=500))
    put(tmp_path, "en/c.1.wav")

    own = read(tmp_path)

    assert own.refused == ()
    assert set(own.sounds) == {("zh-CN", "请说。"), ("zh-CN", "保存90天。"), ("en", "Goodbye.")}
    bank = Bank(own=own.sounds)
    assert bank.parts("Goodbye.", "en")[0].recorded == own.sounds["en", "Goodbye."]
    assert frames(own.sounds["en", "Goodbye."])
    assert bank.edition != Bank().edition
    assert len(bank.name(own.sounds["en", "Goodbye."])) == 32


def test_the_days_are_those_of_this_deployment(tmp_path: Path) -> None:
    put(tmp_path, "en/a.b.3.wav")

    assert set(read(tmp_path, days=30).sounds) == {("en", "Kept 30 days.")}


@pytest.mark.parametrize(
    ("name", "wav", "why"),
    [
        ("zh-CN/a.b.1.wav", None, "changes from call to call"),
        ("zh-CN/a.b.9.wav", None, "is no sentence's"),
        ("fr/c.1.wav", None, "is no sentence's"),
        ("en/c.1.wav", b"ID3", "no WAV of plain PCM"),
        ("en/c.1.wav", recording(strength=0), "silent"),
    ],
)
def test_what_cannot_be_used_is_refused_and_the_rest_stays(
    tmp_path: Path, name: str, wav: bytes | None, why: str
) -> None:
    put(tmp_path, name, wav)
    put(tmp_path, "zh-CN/c.1.wav")

    own = read(tmp_path)

    assert [file for file, _ in own.refused] == [name]
    assert why in own.refused[0][1]
    assert set(own.sounds) == {("zh-CN", "再见。")}


def test_a_recording_of_words_that_were_changed_since_is_not_played(tmp_path: Path) -> None:
    put(tmp_path, "zh-CN/c.1.wav")
    assert read(tmp_path).refused == ()
    changed = book(ZH.replace("再见", "谢谢，再见"))

    for _ in range(2):  # it is not forgotten at the second start
        own = read(tmp_path, changed)
        assert own.sounds == {}
        assert "was recorded when the words were: 再见。" in own.refused[0][1]

    put(tmp_path, "zh-CN/c.1.wav", recording(rate=8_000, hertz=700))  # recorded anew
    assert set(read(tmp_path, changed).sounds) == {("zh-CN", "谢谢，再见。")}


def test_it_is_converted_once(tmp_path: Path) -> None:
    put(tmp_path, "en/c.1.wav")
    first = read(tmp_path).sounds["en", "Goodbye."]
    made = first.stat().st_mtime_ns

    again = read(tmp_path).sounds["en", "Goodbye."]

    assert (again, again.stat().st_mtime_ns) == (first, made)
    assert not list(tmp_path.rglob("*.new"))


NOW = 1_800_000_000.0


def made_of(folder: Path, *names: str) -> set[Path]:
    """What was made of these recordings, whenever that was."""
    for name in names:
        put(folder, name, recording(rate=8_000, hertz=300 + 50 * len(name)))
    made = set(read(folder).sounds.values())
    for path in made:
        os.utime(path, (NOW - 400 * 86_400, NOW - 400 * 86_400))
    return made


def test_what_was_made_goes_a_day_after_its_recording(tmp_path: Path) -> None:
    """A voice that was taken away must not stay in a folder that nobody looks into."""
    both = made_of(tmp_path, "en/c.1.wav", "zh-CN/a.b.2.wav")
    tidy(tmp_path, both, NOW)
    (tmp_path / "en/c.1.wav").unlink()
    stays = set(read(tmp_path).sounds.values())

    tidy(tmp_path, stays, NOW + UNUSED)
    assert {path for path in both if path.exists()} == both, "another server may play it"
    tidy(tmp_path, stays, NOW + UNUSED + 1)
    assert {path for path in both if path.exists()} == stays
    assert [path.parent for path in stays] == [
        path for path in (tmp_path / ".made").iterdir() if path.is_dir()
    ]
    assert (tmp_path / "zh-CN/a.b.2.wav").exists(), "an admin's own file is never touched"


def test_what_a_server_plays_stays_however_old_it_is(tmp_path: Path) -> None:
    made = made_of(tmp_path, "en/c.1.wav", "zh-CN/a.b.2.wav")

    for day in range(4):
        tidy(tmp_path, made, NOW + day * UNUSED)
        assert all(path.exists() for path in made)


def test_half_of_one_that_a_kill_left_goes_too(tmp_path: Path) -> None:
    [made] = made_of(tmp_path, "en/c.1.wav")
    half = made.with_name(f"{made.name}.1.new")
    half.write_bytes(b"RIFF")
    os.utime(half, (NOW, NOW))

    tidy(tmp_path, [made], NOW + UNUSED + 1)

    assert not half.exists()
    assert made.exists()


def test_without_recordings_there_is_nothing_to_tidy(tmp_path: Path) -> None:
    tidy(tmp_path / "voices", [tmp_path / "shipped.wav"], NOW)

    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    assert read(tmp_path / "voices") == Own()
    assert list(tmp_path.iterdir()) == []


def test_the_list_says_whose_each_is(tmp_path: Path) -> None:
    put(tmp_path, "zh-CN/a.b.2.wav")
    own = read(tmp_path)

    assert list(listed(book(), 90, Bank(own=own.sounds).paths)) == [
        "zh-CN/a.b.1.wav  changes  您好，{line}。",
        "zh-CN/a.b.2.wav  own  请说。",
        "zh-CN/a.b.3.wav  MISSING  保存90天。",
        "zh-CN/c.1.wav  shipped  再见。",
        "en/a.b.1.wav  changes  Hello, {line}.",
        "en/a.b.2.wav  MISSING  Go on.",
        "en/a.b.3.wav  MISSING  Kept 90 days.",
        "en/c.1.wav  shipped  Goodbye.",
    ]
