"""The whole server with a carrier outside: two applications over loopback HTTP, where the embedded
carrier stands in that one's place and speaks its dialect. Each knows of the other what is set."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp
from aiohttp import web

import server
from deployment.clock import SystemClock
from deployment.house import HOUSE, House
from deployment.settings import Settings
from ivr.carrier.local.dialects import dialect_of
from ivr.carrier.local.leg import Timing
from ivr.carrier.local.line import LocalLine
from ivr.carrier.local.rest import REST_PATH
from ivr.carrier.local.telephone import Telephone
from ivr.carrier.local.webhooks import Post
from ivr.carrier.profiles import CarrierName
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.ports import free_port

ACCOUNT: Final = "7d1c1a4e-5b1f-4a7e-9d7e-1f0c55a1c0de"
TOKEN: Final = "a-token-of-the-test"
BY_DAY: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
BRISK: Final = Timing(second=0.1, back=DEADLINE)
"""Where somebody presses nothing until the carrier's time for it ends."""
UNHURRIED: Final = Timing(back=DEADLINE)
"""Where somebody presses in time, on a busy machine too."""


class DayTime(SystemClock):
    """Tuesday, ten in the morning, when every office is open; it moves only when told."""

    def __init__(self) -> None:
        self.at = BY_DAY

    def now(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Outside:
    """Both sides; phones are the carrier's."""

    app: web.Application
    line: LocalLine
    session: aiohttp.ClientSession
    far: str
    clock: DayTime

    @property
    def house(self) -> House:
        return self.app[HOUSE]

    def phone(self, number: str) -> Telephone:
        return Telephone(self.session, self.far, number)

    async def rows(self, query: Any) -> list[Any]:
        async with self.house.database.reading() as connection:
            return list((await connection.execute(query)).all())


@contextlib.asynccontextmanager
async def outside(
    folder: Path,
    carrier: CarrierName,
    faults: Callable[[Post], Post] | None = None,
    timing: Timing = UNHURRIED,
    transcriber: Literal["carrier", "none"] = "carrier",
    *,
    database_url: str = "",
) -> AsyncIterator[Outside]:
    """Open for as long as the block lasts; on SQLite unless a PostgreSQL is named."""
    here, there = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    if not database_url:
        migrated(folder / "zhitong.db")
    settings = Settings(
        data_dir=folder,
        carrier=carrier,
        carrier_url=there + REST_PATH,
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        public_url=here,
        port=int(here.rpartition(":")[2]),
        transcriber=transcriber,
        database_url=database_url,
    )
    clock = DayTime()
    app = await server.build_app(settings, clock)
    line = LocalLine(
        base_url=there,
        voice_url=f"{here}/voice/answer",
        fallback_url=f"{here}/voice/fallback",
        status_url=f"{here}/voice/status",
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        data_dir=folder / "far",
        clock=clock,
        timing=timing,
        faults=faults,
        speech_program="",
        dialect=dialect_of(carrier),
    )
    far = web.Application()
    line.mount(far)
    async with contextlib.AsyncExitStack() as stack:
        for made, base in ((app, here), (far, there)):
            await _serve(stack, made, base)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Outside(app, line, session, there, clock)


async def _serve(stack: contextlib.AsyncExitStack, app: web.Application, base: str) -> None:
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", int(base.rpartition(":")[2])).start()
