"""Several servers on one PostgreSQL behind a proxy, as processes of their own that can be told to
stop or killed; and the carrier before them, which asks again as our addresses tell it to."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import Answer, Carrier
from tests.ports import free_port
from tests.programs import AnyProgram, begin
from tests.proxy import Proxy, proxy
from tools.postgres import Postgres

ROOT: Final = Path(__file__).parents[1]
ACCOUNT: Final = "AC" + "7" * 32
TOKEN: Final = "a-token-of-the-tests"
KEY: Final = "one key for all that seals what is kept"
PATIENT: Final = """
import ivr.carrier.routes, storage.postgres.database
ivr.carrier.routes.PATIENCE = storage.postgres.database.PATIENCE = 60.0
"""
"""What a program begins with whose callers must not be told the plan because the machine is busy,
as after two seconds an operator's are."""
SERVER: Final = (
    "-c",
    PATIENT + "import sys, server\nsys.exit(server.main(['run']))",
)
NAME: Final = "NAME"
TRIES: Final = 3
"""What our addresses ask of the carrier (`ivr.carrier.profiles`)."""
ONE_TRY: Final = aiohttp.ClientTimeout(total=DEADLINE)
ACTION: Final = re.compile(r'action="([^"#]+)')
SOUND: Final = b"RIFF" + (36 + 16_000).to_bytes(4, "little") + (
    b"WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"
) + (16_000).to_bytes(4, "little") + b"\1\2" * 8_000  # fmt: skip


@dataclass
class Replica:
    """One server; `program` is run in place of `server.py` where it is given."""

    folder: Path
    settings: dict[str, str]
    program: Sequence[str] = SERVER
    port: int = field(default_factory=free_port)
    _running: AnyProgram | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says on standard error, over all its starts."""
        return self.folder / "log"

    async def start(self) -> None:
        """In a folder of its own, so that no developer's `.env` is near."""
        self.folder.mkdir(exist_ok=True)
        kept = {n: value for n, value in os.environ.items() if not n.startswith("ZHITONG_")}
        ours = {
            "SPEECH": "none",
            **self.settings,
            "PORT": str(self.port),
            "DATA_DIR": str(self.folder / "var"),
        }
        environment = {**kept, **{f"ZHITONG_{name}": value for name, value in ours.items()}}
        with self.log.open("ab") as log:
            self._running = await begin(
                *self.program,
                cwd=self.folder,
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        """Until it says that it can take a call."""
        async with aiohttp.ClientSession() as session, asyncio.timeout(DEADLINE):
            while not await self._answers(session):
                assert self._running is not None
                assert self._running.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._running is not None
        return self._running.pid

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        assert self._running is not None
        async with asyncio.timeout(DEADLINE):
            return await self._running.wait()

    def tell(self, how: signal.Signals) -> None:
        """Send it a signal."""
        if self._running is not None and self._running.returncode is None:
            self._running.send_signal(how)

    async def end(self, how: signal.Signals) -> int:
        """Send it a signal; its exit code."""
        self.tell(how)
        return await self.ended()

    async def is_leaving(self) -> None:
        """Until it takes no connection any more."""
        async with asyncio.timeout(DEADLINE):
            with contextlib.suppress(ConnectionRefusedError):
                while True:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    await asyncio.sleep(0.05)


@dataclass
class Rest:
    """As much of a carrier's REST side as a call wants; every recording has the same sound."""

    url: str = ""
    texts: list[dict[str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        root = f"/2010-04-01/Accounts/{ACCOUNT}"
        return [
            web.post(root + "/Messages.json", self._text),
            web.get(root + "/{rows:Calls|Recordings|Messages}.json", self._nothing),
            web.get(root + "/Calls/{call}/Recordings.json", self._no_recordings),
            web.get("/media/{recording}", self._sound),
            web.delete(root + "/Recordings/{recording}.json", self._delete),
        ]

    async def _text(self, request: web.Request) -> web.Response:
        self.texts.append({name: str(value) for name, value in (await request.post()).items()})
        sid = f"SM{len(self.texts):032x}"
        return web.json_response({"sid": sid, "status": "queued"}, status=201)

    async def _nothing(self, request: web.Request) -> web.Response:
        return _page(request.match_info["rows"].lower())

    async def _no_recordings(self, _: web.Request) -> web.Response:
        return _page("recordings")

    async def _sound(self, _: web.Request) -> web.Response:
        return web.Response(body=SOUND, content_type="audio/x-wav")

    async def _delete(self, request: web.Request) -> web.Response:
        self.deleted.append(request.match_info["recording"])
        return web.Response(status=204)


def _page(rows: str) -> web.Response:
    return web.json_response({rows: [], "page": 0, "next_page_uri": None})


@dataclass(frozen=True, slots=True)
class Line(Carrier):
    """A carrier that asks a webhook up to three times, with more patience than a real one."""

    rest: Rest = field(default_factory=Rest)
    trouble: list[str] = field(default_factory=list)

    async def request(self, path: str, **given: Any) -> Answer:
        answer = Answer(0, b"", "")
        for _ in range(TRIES):
            try:
                answer = await super(Line, self).request(path, timeout=ONE_TRY, **given)
            except (aiohttp.ClientError, TimeoutError) as error:
                self.trouble.append(f"{path}: {error!r}")
                continue
            if answer.status < 400:
                break
        return answer

    async def spoken(self, path: str, sid: str, **fields: str) -> Answer:
        """A webhook whose answer a caller hears, whatever has happened."""
        answer = await self.post(path, sid, **fields)
        assert answer.status == 200, (path, answer, self.trouble)
        assert "<Say" in answer.text, answer.text
        return answer

    def recording(self, sid: str, seconds: int = 20) -> dict[str, str]:
        """The fields of a Record's action."""
        address = f"{self.rest.url}/media/{sid}"
        told = {"RecordingSid": sid, "RecordingUrl": address, "RecordingDuration": str(seconds)}
        return {**told, "Digits": "#"}

    def next_of(self, answer: Answer) -> str | None:
        """The path that a document goes on with."""
        found = ACTION.search(answer.text)
        return None if found is None else found[1].removeprefix(self.base)


@dataclass(frozen=True, slots=True)
class Cluster:
    """`database` is the name of theirs in `postgres`."""

    postgres: Postgres
    database: str
    proxy: Proxy
    line: Line
    replicas: tuple[Replica, ...]

    def ask(self, sql: str) -> str:
        """What psql says to a query."""
        return self.postgres.run(sql, self.database)

    async def until(self, sql: str, says: str) -> None:
        """Wait for it."""
        async with asyncio.timeout(DEADLINE):
            while (found := await asyncio.to_thread(self.ask, sql)) != says:
                await asyncio.sleep(0.05 if found else 0.2)


@asynccontextmanager
async def cluster(
    folder: Path,
    postgres: Postgres,
    *programs: Sequence[str] | None,
    driver: str = "postgresql",
    kept: bool = True,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Cluster]:
    """One replica for each of `programs`, all begun at the same time on a new database, whose name
    stands for NAME in a setting; `kept` says whether the proxy keeps its connections to them."""
    name = f"cluster_{os.urandom(6).hex()}"
    await asyncio.to_thread(postgres.run, f"CREATE DATABASE {name}")
    async with proxy(kept=kept) as before, rest() as far, aiohttp.ClientSession() as session:
        common = {
            "DATABASE_URL": postgres.url(name, driver),
            "PUBLIC_URL": before.url,
            "CARRIER": "twilio",
            "CARRIER_URL": far.url,
            "ACCOUNT_SID": ACCOUNT,
            "AUTH_TOKEN": TOKEN,
            "SECRET_KEY": KEY,
            **{setting: value.replace(NAME, name) for setting, value in (settings or {}).items()},
        }
        replicas = tuple(
            Replica(folder / f"replica{n}", common, program or SERVER)
            for n, program in enumerate(programs)
        )
        before.servers = [replica.url for replica in replicas]
        line = Line(session, common["PUBLIC_URL"], ACCOUNT, TOKEN, rest=far)
        try:
            await asyncio.gather(*(replica.start() for replica in replicas))
            await asyncio.gather(*(replica.ready() for replica in replicas))
            yield Cluster(postgres, name, before, line, replicas)
        finally:
            await asyncio.gather(*(replica.end(signal.SIGKILL) for replica in replicas))


@asynccontextmanager
async def rest() -> AsyncIterator[Rest]:
    """One that listens."""
    made, app = Rest(), web.Application()
    app.add_routes(made.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
