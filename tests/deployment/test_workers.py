"""Workers that die are started anew, later each time; one that will not leave is made to."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deployment import workers
from deployment.settings import Settings, StartError
from deployment.workers import Workers, watch
from tests.deadline import DEADLINE
from tests.ports import free_port

DIES = """
import sys
place = sys.argv[2]
print("a word of a library", flush=True)
print("ready 3", flush=True)
sys.exit(3) if place == "0" else sys.stdin.read()
"""
STAYS = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready 3", flush=True)
time.sleep(600)
"""
FAILS = "import sys; sys.exit('no key')"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="WORKERS above 1 wants Linux")


def settings_of(folder: Path) -> Settings:
    outside = {"carrier": "twilio", "account_sid": "AC1", "auth_token": "a token"}
    return Settings(
        port=free_port(), data_dir=folder, workers=2, database_url="postgresql://x@/y",
        public_url="https://phone.example.gov.cn", **outside,  # type: ignore[arg-type]  # plain words
    )  # fmt: skip


def script_of(folder: Path, text: str) -> Path:
    (folder / "script.py").write_text(text)
    return folder / "script.py"


async def test_one_that_dies_again_and_again_is_waited_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(workers, "LONGEST_WAIT", 0.04)
    watched = Workers(settings_of(tmp_path), script_of(tmp_path, DIES))
    with capture_logs() as lines:
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            group.create_task(watched.run())
            while len(lines) < 4 or not watched._welcomed:  # the other may begin later than that
                await asyncio.sleep(0.01)
            watched._stop.set()
    assert [line["again_in"] for line in lines[:4]] == [0.01, 0.02, 0.04, 0.04]
    assert {(line["event"], line["worker"], line["code"]) for line in lines} == {
        ("worker.died", 0, 3)
    }
    said = capfd.readouterr().out
    assert said.count("3 published numbers at https://phone.example.gov.cn") == 1
    assert "a word of a library" in said


async def test_one_that_will_not_leave_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "LEAVES_WITHIN", 0.05)
    watched = Workers(settings_of(tmp_path), script_of(tmp_path, STAYS))
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
        group.create_task(watched.run())
        while "published numbers" not in capfd.readouterr().out:
            await asyncio.sleep(0.01)
        watched._stop.set()


async def test_a_first_start_that_fails_is_a_refusal(tmp_path: Path) -> None:
    watched = Workers(settings_of(tmp_path), script_of(tmp_path, FAILS))
    async with asyncio.timeout(DEADLINE):
        with pytest.raises(StartError, match="could not begin"):
            await watched.run()


async def test_a_port_that_is_taken_is_a_refusal(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    taken = socket.create_server(("127.0.0.1", settings.port))
    with taken, pytest.raises(StartError, match="is in use"):
        await Workers(settings, script_of(tmp_path, STAYS)).run()


async def test_another_system_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(StartError, match="WORKERS above 1 needs Linux"):
        await watch(settings_of(tmp_path), tmp_path / "script.py")
