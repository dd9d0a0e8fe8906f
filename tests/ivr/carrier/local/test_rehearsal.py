"""The `rehearse` command: at a running server, and with a house of its own."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from ivr.carrier.local.rehearsal import rehearse_at
from tests.ivr.carrier.local.house import LINE, House, twiml
from tests.ports import free_port

SERVER = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.ivr.carrier.local.house import House, twiml

async def main() -> None:
    port, folder = int(os.environ["ZHITONG_PORT"]), Path(os.environ["ZHITONG_DATA_DIR"])
    house = House(folder, port=port)
    house.replies["/voice/answer"] = twiml("<Say>a house of its own</Say>")
    async with house:
        await asyncio.sleep(60)

asyncio.run(main())
"""


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))


async def test_it_joins_a_running_server(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house.replies["/voice/answer"] = twiml("<Say>hello</Say>")
    typed(monkeypatch, f"ring {LINE}")
    assert await rehearse_at(house.base, None, None, Path("unused.py")) == 0
    assert "< [en-US] hello" in capsys.readouterr().out


def own_house(folder: Path) -> Path:
    """The program of a server that a rehearsal starts."""
    program = folder / "server.py"
    program.write_text(SERVER.format(root=str(Path(__file__).parents[4])), encoding="utf-8")
    return program


async def test_a_call_that_is_kept_has_a_house_where_nobody_has_called(
    house: House,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = own_house(tmp_path)
    typed(monkeypatch, f"ring {LINE}")
    save = tmp_path / "story.call"

    assert await rehearse_at(house.base, house.base, save, program) == 1
    assert "leave out --url" in capsys.readouterr().out
    assert await rehearse_at(house.base, None, save, program) == 0
    assert "< en: a house of its own" in save.read_text(encoding="utf-8")


async def test_it_starts_a_house_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = own_house(tmp_path)
    typed(monkeypatch, f"ring {LINE}")
    nobody = f"http://127.0.0.1:{free_port()}"
    assert await rehearse_at(nobody, None, None, program) == 0
    assert "< [en-US] a house of its own" in capsys.readouterr().out


@pytest.fixture
async def stranger() -> AsyncIterator[str]:
    """Another program at our port, or a server without DEMO: it answers, but has no phones."""
    port = free_port()
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_where_a_stranger_answers_it_starts_a_house_of_its_own(
    tmp_path: Path,
    stranger: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = own_house(tmp_path)
    typed(monkeypatch, f"ring {LINE}")
    assert await rehearse_at(stranger, None, None, program) == 0
    seen = capsys.readouterr().out
    assert f"(what answers has no phones at {stranger}: this call has a server of its own)" in seen
    assert "< [en-US] a house of its own" in seen


async def test_a_stranger_that_was_asked_for_is_refused(
    tmp_path: Path, stranger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await rehearse_at(stranger, stranger, None, tmp_path) == 1
    assert "what answers has no phones" in capsys.readouterr().out


async def test_it_says_where_nothing_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert await rehearse_at(nobody, nobody, None, tmp_path) == 1
    assert "nothing answers" in capsys.readouterr().out
    broken = tmp_path / "server.py"
    broken.write_text("raise SystemExit(1)", encoding="utf-8")
    assert await rehearse_at(nobody, None, None, broken) == 1
    assert "did not start" in capsys.readouterr().out
