"""`server.py voices`, and what the server makes of an admin's own recordings."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

import server
from deployment import voices
from deployment.clock import SystemClock
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Settings
from deployment.voices import bank_of, played, sound_routes, tidying
from ivr.carrier.local.bank import shipped_bank
from tests.ivr.carrier.local.test_conversion import recording


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZHITONG_DATA_DIR", str(tmp_path / "data"))


def put(folder: Path, name: str, wav: bytes) -> None:
    path = folder / "data" / "voices" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav)


def test_every_shipped_sentence_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert server.main(["voices"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "zh-CN/end.bye.1.wav  shipped  谢谢来电，再见。" in lines
    assert "en/greet.first.1.wav  changes  Hello, {line}: see {paper}, {date}." in lines
    assert not [line for line in lines if "MISSING" in line]
    assert "0 refused" in lines[-1]


def test_ones_own_are_listed_and_faults_end_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, "zh-CN/end.bye.1.wav", recording(rate=8_000))
    put(tmp_path, "zh-CN/end.bye.2.wav", recording(rate=8_000))

    assert server.main(["voices"]) == 1

    printed = capsys.readouterr().out
    assert "zh-CN/end.bye.1.wav  own  谢谢来电，再见。" in printed
    assert "end.bye.2.wav is no sentence's" in printed
    assert "1 own" in printed


def test_days_that_are_not_the_usual_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHITONG_RETENTION_AUDIO_DAYS", "30")
    assert server.main(["voices"]) == 0

    assert "zh-CN/record.ask.2.wav  MISSING  录音用于办理，保存30天，说完按井号。" in (
        capsys.readouterr().out
    )


def test_a_carrier_plays_ones_own_where_it_is_told_to(tmp_path: Path) -> None:
    put(tmp_path, "zh-CN/end.bye.1.wav", recording(rate=8_000))
    say = Settings(data_dir=tmp_path / "data")
    play = say.model_copy(update={"voices": "play"})
    phrases = compiled(plan_inputs(say), 1, local_day(say, SystemClock())).phrases
    bank = bank_of(play, phrases)

    sounds = played(play, bank)

    assert sounds is not None
    mine = bank.paths["zh-CN", "谢谢来电，再见。"]
    assert sounds.addresses["zh-CN", "谢谢来电，再见。"] == f"{play.base}/voice/sounds/{mine.stem}"
    assert len(sound_routes(play, bank)) == 1
    assert played(say, bank) is None
    assert sound_routes(say, bank) == ()


def test_the_embedded_carrier_is_not_told_to_play() -> None:
    with pytest.raises(ValidationError, match="plays what is recorded anyway"):
        Settings(voices="play")


async def test_while_it_runs_a_server_deletes_what_nobody_plays(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    phrases = compiled(plan_inputs(settings), 1, local_day(settings, SystemClock())).phrases
    put(tmp_path, "zh-CN/end.bye.1.wav", recording(rate=8_000))
    [left] = bank_of(settings, phrases).own
    put(tmp_path, "zh-CN/end.bye.1.wav", recording(rate=8_000, hertz=700))
    bank = bank_of(settings, phrases)
    [played_now] = bank.own
    for made in (left, played_now):
        os.utime(made, (1.0, 1.0))

    await tidying(settings, bank)()

    assert not left.exists()
    assert played_now.stat().st_mtime > 1.0


async def test_a_folder_that_cannot_be_tidied_is_said_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_ours(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(voices, "tidy", not_ours)
    settings = Settings(data_dir=tmp_path / "data")
    with capture_logs() as said:
        await tidying(settings, shipped_bank())()

    assert [(line["event"], line["why"]) for line in said] == [
        ("voices.not_tidied", "Permission denied")
    ]
