"""The real server, without its port and in simulated time: furnished by `server`, with a simulated
carrier at its REST side. It can be killed and begun anew, with other tokens."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any, Final, cast

from aiohttp import web

import server
from benchmarks.simulation.carrier import Carrier
from benchmarks.simulation.timeline import JumpingClock
from benchmarks.simulation.wire import Wire
from deployment import house as making
from deployment.carrier import Rest
from deployment.ledger import sweep_of
from deployment.settings import Settings
from ivr.carrier.account import Account, CarrierError
from ivr.carrier.sweep import Sweep
from ivr.conversation.recovery import Recovery
from routing.handoff import Drains
from storage.ledger import StoredLedger
from storage.retention import Retention
from storage.sqlite.database import SqliteDatabase

ACCOUNT: Final = "AC" + "5" * 32
RETENTION_DAYS: Final = 90
BASE: Final = "https://phone.city.example"


class House:
    """One run of the server after another, on one database."""

    def __init__(self, folder: Path, carrier: Carrier, clock: JumpingClock) -> None:
        self._folder = folder
        self._carrier = carrier
        self.clock = clock
        self.inner: making.House
        self.wire: Wire
        self._drains: Drains
        self._sweep: Sweep
        self._recovery: Recovery
        self._retention: Retention
        self.runs = 0

    async def start(self, tokens: str) -> None:
        """A run of the server, whose webhooks are signed with one of these tokens."""
        settings = Settings(
            data_dir=self._folder,
            carrier="local",
            public_url=BASE,
            account_sid=ACCOUNT,
            auth_token=tokens,
            secret_key="a simulated server's own key, for nothing else",
        )
        database = SqliteDatabase(self._folder / "zhitong.db")
        self.inner = await making.furnish(settings, self.clock, database)
        rest = self._rest()
        self._drains = server.drains(self.inner, rest)
        plans = self.inner.plans
        self._sweep = sweep_of(
            rest,
            database,
            self.inner.conversation,
            lambda: plans.current,
            calls=self.inner.calls,
            clock=self.clock,
        )
        self._sweep.ticks = self._carrier.timeline.ticks
        self._sweep.holder = "simulated"  # a lease is of the database's own, real time
        self._recovery = server.recovery(self.inner, rest)
        ticks = self._carrier.timeline.ticks
        self._retention = Retention(database, self.inner.recordings, RETENTION_DAYS, ticks)
        app = web.Application()
        app.add_routes(server.voice(self.inner).routes())
        self.wire = Wire(app, BASE, ACCOUNT)
        await self.wire.open()
        await self.inner.journal.start()
        await self.inner.outbox.take_back(self.clock.now())
        self.runs += 1

    def _rest(self) -> Rest:
        account = Account(ACCOUNT, "nobody asks for it", BASE)
        side = cast("Any", self._carrier)
        return Rest(account, side, side, side, side)

    async def stop(self) -> None:
        """End this run; what it had in hand is cut off."""
        await self._drains.stop()
        await self.inner.journal.stop()
        await self.wire.close()
        self.inner.fallback.spool.close()
        await self.inner.database.close()

    async def killed_at_work(self, tokens: str, turns: int) -> None:
        """The work in hand is cut off after so many turns of the loop; then a new run."""
        working = asyncio.get_running_loop().create_task(self._drains.drain())
        for _ in range(turns):
            await asyncio.sleep(0)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        await self.stop()
        await self.start(tokens)

    async def work(self) -> None:
        """All that is due in the outbox."""
        while await self._drains.drain():
            pass

    async def sweep(self) -> None:
        """One sweep."""
        await self._sweep.run()

    async def look_after(self) -> None:
        """A person sends again what was given up."""
        for job in await self.ledger.given_up():
            await self.ledger.again(job.id, self.clock.now())

    async def recover(self) -> None:
        """What the fallback took becomes cases; where the carrier is silent, later."""
        with contextlib.suppress(CarrierError):
            await self._recovery.run()

    async def forget(self) -> None:
        """One round of retention."""
        await self._retention.run(self.clock.now())

    @property
    def ledger(self) -> StoredLedger:
        """What is missing."""
        return StoredLedger(self.inner.database)
