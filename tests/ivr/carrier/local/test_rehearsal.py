"""The `rehearse` command: at a running server, and with a house of its own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ivr.carrier.local.rehearsal import rehearse_at
from tests.ivr.carrier.local.house import LINE, House, free_port, twiml

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
    save = house.folder / "story.call"
    assert await rehearse_at(house.base, None, save, Path("unused.py")) == 0
    assert "< [en-US] hello" in capsys.readouterr().out
    assert "< en: hello" in save.read_text(encoding="utf-8")


async def test_it_starts_a_house_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "server.py"
    program.write_text(SERVER.format(root=str(Path(__file__).parents[4])), encoding="utf-8")
    typed(monkeypatch, f"ring {LINE}")
    nobody = f"http://127.0.0.1:{free_port()}"
    assert await rehearse_at(nobody, None, None, program) == 0
    assert "< [en-US] a house of its own" in capsys.readouterr().out


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
