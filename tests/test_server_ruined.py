"""The process dead, the database gone, and both: a caller is always spoken to, and what was said is
one case with its sound once all is back. Real processes and files, a carrier outside."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from deployment import commands
from deployment.clock import SystemClock
from ivr.carrier.local.leg import Timing
from ivr.carrier.local.line import LocalLine
from ivr.carrier.local.rest import REST_PATH
from ivr.carrier.local.telephone import Telephone
from tests.cluster import PATIENT
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import hear
from tests.ivr.carrier.local.sounds import tone
from tests.ports import free_port
from tests.programs import AnyProgram, begin

ROOT = Path(__file__).parents[1]
ACCOUNT, TOKEN = "AC" + "7" * 32, "a-token-of-the-test"
CALLER, OTHER, LINE = "+8613900000012", "+8613900000034", "+865580000021"
DAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
TROUBLE, KEPT = "系统有故障", "已收到"

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]

HURRIED = (
    PATIENT
    + """
import sys
from datetime import timedelta
import server
from deployment import standby
from ivr.conversation import recovery
from tests.test_server_ruined import Day

server.SystemClock = standby.SystemClock = Day
server.RECOVER_EVERY, standby.TRY_EVERY = 0.1, 0.1
recovery.SETTLED = recovery.LOOK_FIRST = timedelta(0)
recovery.LOOK_AGAIN = timedelta(seconds=0.1)
sys.exit(server.main(["run"]))
"""
)
"""The server, in a hurry to recover, on a Tuesday."""


class Day(SystemClock):
    """A Tuesday that began with the test, in all its processes."""

    def now(self) -> datetime:
        return DAY + timedelta(seconds=time.time() - float(os.environ["TEST_BEGAN"]))


@dataclass
class City:
    """A carrier, a web server with files, and at times a server of ours."""

    folder: Path
    session: aiohttp.ClientSession
    far: str
    here: str
    running: AnyProgram | None = None
    told: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "var"

    def phone(self, number: str) -> Telephone:
        return Telephone(self.session, self.far, number)

    async def start(self) -> None:
        """Until it answers calls in one way or the other."""
        kept = {name: each for name, each in os.environ.items() if "ZHITONG" not in name}
        ours = {
            "DATA_DIR": str(self.data),
            "PORT": self.here.rpartition(":")[2],
            "PUBLIC_URL": self.here,
            "CARRIER": "twilio",
            "CARRIER_URL": self.far + REST_PATH,
            "ACCOUNT_SID": ACCOUNT,
            "AUTH_TOKEN": TOKEN,
        }
        settings = {f"ZHITONG_{name}": each for name, each in ours.items()}
        with (self.folder / "log").open("ab") as log:
            self.running = await begin(
                *("-c", HURRIED),
                cwd=self.folder,
                env={**kept, **settings, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )
        await self.until(self.alive)

    async def alive(self) -> bool:
        return await self.asked("/healthz") == 200

    async def ready(self) -> bool:
        return await self.asked("/readyz") == 200

    async def asked(self, path: str) -> int:
        try:
            async with self.session.get(self.here + path) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0

    async def kill(self) -> None:
        if self.running is not None and self.running.returncode is None:
            self.running.send_signal(signal.SIGKILL)
            await self.running.wait()

    async def until(self, holds: Any) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                while not await holds():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError((self.folder / "log").read_text()[-4000:]) from None

    async def has_run(self) -> None:
        """Until it knows from when on all recordings are its own."""

        async def marked() -> bool:
            return (self.data / "spool" / "known-until").exists()

        await self.until(marked)

    def rows(self, query: str) -> list[Any]:
        opened = sqlite3.connect(self.data / "zhitong.db")
        try:
            return opened.execute(query).fetchall()
        finally:
            opened.close()

    async def cases_with_sound(self, many: int) -> None:
        """So many cases, each with one recording, each with its sound."""

        async def all_kept() -> bool:
            return len(self.rows("SELECT sid FROM recordings WHERE audio = 'kept'")) >= many

        await self.until(all_kept)
        assert len(self.rows("SELECT reference FROM cases")) == many
        joined = "SELECT DISTINCT reference FROM recordings WHERE reference IS NOT NULL"
        assert len(self.rows(joined)) == many
        for (sid,) in self.rows("SELECT sid FROM recordings"):
            assert (self.data / "recordings" / f"{sid}.wav").stat().st_size > 8_000


@pytest.fixture
async def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[City]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_BEGAN", str(time.time()))
    here, far, files = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
    assert commands.main(never, ROOT / "server.py", ["fallback", "--write", "files"]) == 0
    line = LocalLine(
        base_url=far,
        voice_url=f"{here}/voice/answer",
        fallback_url=f"{files}/zh.xml",
        status_url=f"{here}/voice/status",
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        data_dir=tmp_path / "far",
        clock=Day(),
        timing=Timing(back=DEADLINE),
        speech_program="",
    )
    carrier, host = web.Application(), web.Application()
    line.mount(carrier)
    host.router.add_route("*", "/{name}", file_of(tmp_path / "files"))
    async with contextlib.AsyncExitStack() as stack:
        for app, base in ((carrier, far), (host, files)):
            runner = web.AppRunner(app, shutdown_timeout=0.2)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", int(base.rpartition(":")[2])).start()
        session = await stack.enter_async_context(aiohttp.ClientSession())
        made = City(tmp_path, session, far, here)
        stack.push_async_callback(made.kill)
        yield made


async def never(_: object, __: object) -> None:
    raise AssertionError("no server is wanted here")


def file_of(folder: Path) -> Any:
    """A web server that knows nothing of calls."""

    async def answer(request: web.Request) -> web.FileResponse:
        kind = {"Content-Type": "text/xml; charset=utf-8"}
        return web.FileResponse(folder / request.match_info["name"], headers=kind)

    return answer


async def said(phone: Telephone, words: str) -> None:
    heard: list[str] = []
    try:
        async with asyncio.timeout(DEADLINE):
            while not (heard and words in heard[-1]):
                message = await phone.next()
                if isinstance(message, dict) and message["type"] == "say":
                    heard.append(message["text"])
    except TimeoutError:
        raise AssertionError(f"{words} is not among {heard}") from None


async def leave_a_message(city: City, number: str) -> None:
    """A whole call on the plan."""
    async with city.phone(number) as phone:
        await phone.send("dial", to=LINE)
        await said(phone, TROUBLE)
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(1.0))
        await phone.send("digits", digits="#")
        await said(phone, KEPT)
        await hear(phone, "hungup")


async def begin_a_matter(phone: Telephone) -> None:
    await phone.send("dial", to=LINE)
    for key in ("2", "1"):
        await hear(phone, "waiting")
        await phone.send("digits", digits=key)
    await hear(phone, "listening", kind="record")


@contextlib.asynccontextmanager
async def talking(phone: Telephone) -> AsyncIterator[None]:
    """Meanwhile it goes on speaking, so that no silence ends the recording."""

    async def talk() -> None:
        while True:
            await phone.send_audio(tone(0.5))
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(talk())
        yield
        task.cancel()


async def test_while_the_process_is_dead_a_file_speaks(city: City) -> None:
    """One caller was speaking when it died, another rings afterwards: the carrier has both."""
    await city.start()
    await city.has_run()
    async with city.phone(OTHER) as speaking:
        await begin_a_matter(speaking)
        await city.kill()
        await speaking.send_audio(tone(1.0))
        await speaking.send("digits", digits="#")
        await said(speaking, TROUBLE)
        await speaking.send("hangup")
        await hear(speaking, "hungup")
    await leave_a_message(city, CALLER)

    await city.start()
    await city.cases_with_sound(2)

    turns = [turn for (turn,) in city.rows("SELECT turn FROM cases ORDER BY turn")]
    assert turns == [3, 9999]


async def test_dead_and_the_database_gone_after_the_restart(city: City) -> None:
    """The server starts all the same and speaks the plan; killed once more it forgets nothing."""
    await city.start()
    await city.has_run()
    async with city.phone(OTHER) as speaking:
        await begin_a_matter(speaking)
        async with talking(speaking):
            await city.kill()
            gone = city.folder / "gone"
            gone.mkdir()
            for path in city.data.glob("zhitong.db*"):
                path.rename(gone / path.name)
            (city.data / "zhitong.db").write_bytes(b"no database " * 1000)
            await city.start()
            assert not await city.ready()
        await speaking.send("digits", digits="#")
        await said(speaking, KEPT)
        await hear(speaking, "hungup")
    await city.kill()
    await city.start()
    await leave_a_message(city, CALLER)
    assert len(list((city.data / "spool").glob("*.jsonl"))) == 2

    (city.data / "zhitong.db").unlink()
    for path in gone.iterdir():
        path.rename(city.data / path.name)
    await city.until(city.ready)
    await city.cases_with_sound(2)

    turns = [turn for (turn,) in city.rows("SELECT turn FROM cases ORDER BY turn")]
    assert turns == [3, 9999]
    assert not list((city.data / "spool").glob("*.jsonl"))
