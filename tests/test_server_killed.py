"""The server as a process of its own: killed with -9 at the journal's kill points it forgets
nothing that it answered; beside a second one it lives on; what it logs names nobody."""

import asyncio
import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.folder import in_folder
from deployment.settings import Secrets, Settings
from ivr.carrier.local.twiml_reader import read_twiml
from storage.steps import KillPoint
from tests.cluster import PATIENT
from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import CALLER, Answer, Carrier
from tests.ivr.desk import RECORDING_TURN, call_of
from tests.ports import free_port
from tests.programs import PIPE, AnyProgram, begin

ROOT = Path(__file__).parents[1]
MASKED = re.compile(r"\d{7,}")
OUR_ID = re.compile(r"[0-9a-f]{11}[\w-]{16}")  # its time may have seven digits in a row

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]

KILLED = (
    PATIENT
    + """
import asyncio, os, signal, sys
from pathlib import Path
from aiohttp import web
import server
from deployment.house import HOUSE
from deployment.folder import in_folder
from deployment.settings import Settings

point, left = sys.argv[1], RECORDING_TURN + 1
settings = Settings(demo=False)

def hook(reached):
    global left
    left -= reached == point
    if reached == point and left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    app = await server.build_app(settings)
    journal = app[HOUSE].journal
    journal._hook = journal._rows._hook = hook
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    print("up", flush=True)
    await asyncio.Event().wait()

with in_folder(settings):
    asyncio.run(main())
""".replace("RECORDING_TURN", str(RECORDING_TURN))
)

FAILING = """
import sys
import server
from ivr.conversation.turns import Conversation

async def turn(self, call_id, turn, ours, event, ref):
    raise RuntimeError(f"nobody may read of +8613900007788, 0558-0000021 or {event}")

Conversation.turn = turn
sys.exit(server.main(["run"]))
"""


def settings_for(folder: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}
    ours = {"ZHITONG_DATA_DIR": str(folder), "ZHITONG_PORT": str(port)}
    ours["ZHITONG_SPEECH"] = "none"
    return {**kept, **ours, "PYTHONPATH": str(ROOT)}


async def start(folder: Path, port: int, *command: str) -> AnyProgram:
    """A program in the data's own folder, so that no developer's `.env` is near."""
    return await begin(
        *command, cwd=folder.parent, env=settings_for(folder, port), stdout=PIPE, stderr=PIPE
    )


@asynccontextmanager
async def running(
    folder: Path, port: int, *command: str
) -> AsyncIterator[tuple[AnyProgram, Carrier]]:
    """A server that answers, and the carrier that shares its secret."""
    program = await start(folder, port, *command)
    try:
        assert program.stdout is not None
        async with asyncio.timeout(DEADLINE), aiohttp.ClientSession() as session:
            assert await program.stdout.readline(), await errors(program)
            keys = Secrets.of(Settings(data_dir=folder))
            base = f"http://127.0.0.1:{port}"
            yield program, Carrier(session, base, keys.account, keys.token)
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()


@asynccontextmanager
async def here(folder: Path, port: int, **more: Any) -> AsyncIterator[Carrier]:
    """A server that starts again over the same folder; in this process, as nobody kills it."""
    settings = Settings(data_dir=folder, demo=False, port=port, **more)
    with in_folder(settings):
        async with TestClient(TestServer(await server.build_app(settings))) as client:
            keys = Secrets.of(settings)
            yield Carrier(client, settings.base, keys.account, keys.token)


async def errors(program: AnyProgram) -> str:
    assert program.stderr is not None
    return (await program.stderr.read()).decode()


@pytest.mark.parametrize("point", list(KillPoint))
async def test_kill_9_at_the_journals_kill_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: KillPoint
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, port = tmp_path / "var", free_port()
    async with running(folder, port, "-c", KILLED, point.value) as (program, carrier):
        call = call_of((await carrier.ring()).body)
        before = [await press(carrier, call, turn, key) for turn, key in ((1, "2"), (2, "1"))]
        with pytest.raises(aiohttp.ClientError):
            await carrier.recorded(f"/voice/{call}/turn/3")
        assert await program.wait() == -signal.SIGKILL
    async with here(folder, port) as carrier:
        assert await press(carrier, call, 2, "9") == before[1]
        told = [await carrier.recorded(f"/voice/{call}/turn/3") for _ in range(2)]
        assert told[0] == told[1]
        assert told[0].status == 200
        assert "<Dial" in told[0].text
        ended = {"DialCallStatus": "no-answer", "DialCallSid": "CA9"}
        on = await carrier.post(f"/voice/{call}/turn/4", **ended)
        assert on.status == 200
        read_twiml(on.text)

    assert kept(folder, "SELECT count(*) FROM cases") == 1
    assert kept(folder, "SELECT count(*) FROM recordings WHERE reference IS NOT NULL") == 1
    assert kept(folder, "SELECT count(*) FROM outbox WHERE kind = 'tell_office'") == 1
    assert kept(folder, "SELECT count(*) FROM steps") == 5


async def press(carrier: Carrier, call: str, turn: int, key: str) -> Answer:
    answer = await carrier.post(f"/voice/{call}/turn/{turn}", Digits=key)
    assert answer.status == 200
    return answer


def kept(folder: Path, query: str) -> int:
    opened = sqlite3.connect(folder / "zhitong.db")
    (count,) = opened.execute(query).fetchone()
    opened.close()
    return int(count)


async def test_a_server_lives_on_beside_one_that_is_refused(tmp_path: Path) -> None:
    """On the same data, and on the same port; the refused ones end at once, with one sentence."""
    folder, port, script = tmp_path / "var", free_port(), str(ROOT / "server.py")
    async with running(folder, port, script) as (_, carrier):
        same_data, same_port = await asyncio.gather(
            start(folder, free_port(), script), start(tmp_path / "other", port, script)
        )
        said = await asyncio.gather(same_data.communicate(), same_port.communicate())

        assert [same_data.returncode, same_port.returncode] == [1, 1]
        assert said[0] == (
            b"",
            (
                b"server.py: another server works in this ZHITONG_DATA_DIR: stop it first, "
                b"or choose another folder\n"
            ),
        )
        told = f"server.py: port {port} on 127.0.0.1 is in use: set ZHITONG_PORT to a free one\n"
        assert said[1] == (b"", told.encode())
        assert (await carrier.ring()).status == 200


async def test_what_is_logged_names_nobody(tmp_path: Path) -> None:
    folder, port = tmp_path / "var", free_port()
    async with running(folder, port, "-c", FAILING) as (program, carrier):
        call = call_of((await carrier.ring()).body)
        for digits in ("13900007788", "1" * 40, CALLER):
            failed = await carrier.post(f"/voice/{call}/turn/1", SpeechResult=f"电话{digits}")
            assert failed.status == 200
            assert "nobody may read" not in failed.text
        await carrier.post(f"/voice/{call}/turn/1", Digits="139000x7788")
        await carrier.post("/voice/answer", From=CALLER, To=CALLER, CallSid="\n")
        await carrier.post("/voice/fallback", ErrorCode=CALLER, ErrorUrl=CALLER)
        await carrier.send("/voice/answer", b"\xff", "application/x-www-form-urlencoded")
        program.terminate()
        assert await program.wait() == 0
        lines = [json.loads(line) for line in (await errors(program)).splitlines()]

    told = {line["event"] for line in lines}
    assert {"voice.failed", "voice.refused", "voice.fallback"} <= told
    secret = Secrets.of(Settings(data_dir=folder))
    for line in lines:
        line.pop("timestamp")
        assert OUR_ID.fullmatch(line.pop("call", None) or call), line
        text = json.dumps(line, ensure_ascii=False)
        assert not MASKED.search(text), text
        assert secret.token not in text
        assert secret.key.decode() not in text
