"""A carrier's REST side that keeps what it accepted and then, if the test says so, is silent."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from ivr.carrier.account import Account
from routing.ports import Clock

LAG = timedelta(seconds=5)
"""What was accepted comes into the lists so much later."""


class Fault(StrEnum):
    """What becomes of one request that would ring a phone or send a text."""

    FINE = "fine"
    BUSY = "busy"  # 429, nothing accepted
    ERROR = "error"  # 500, nothing accepted
    ERROR_AFTER = "error after"  # accepted, then 500
    DROP = "drop"  # the connection is cut, nothing accepted
    DROP_AFTER = "drop after"  # accepted, then cut
    SLOW = "slow"  # accepted, and no answer within our time
    KILL = "kill"  # accepted, and we are killed before the answer
    GARBLED = "garbled"  # accepted, and the answer is no JSON


@dataclass(frozen=True, slots=True)
class Accepted:
    """What somebody's phone was troubled with."""

    sid: str
    at: datetime
    form: dict[str, str]


@dataclass
class FarSide:
    """One account; `base` and `session` are set while it is open."""

    clock: Clock
    faults: deque[Fault] = field(default_factory=deque)
    texts: list[Accepted] = field(default_factory=list)
    calls: list[Accepted] = field(default_factory=list)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    freed: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""
    session: aiohttp.ClientSession | None = None

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["FarSide"]:
        """Serve until the block ends."""
        app = web.Application()
        root = "/2010-04-01/Accounts/AC1"
        for name, kept in (("Messages", self.texts), ("Calls", self.calls)):
            app.router.add_post(f"{root}/{name}.json", self._taking(kept))
            app.router.add_get(f"{root}/{name}.json", self._listing(name.lower(), kept))
        async with TestServer(app) as server, aiohttp.ClientSession() as self.session:
            self.base = str(server.make_url("")).rstrip("/")
            yield self
            self.freed.set()

    @property
    def account(self) -> Account:
        """How to ask here; patience is short."""
        return Account("AC1", "s3cret", self.base, seconds=0.3)

    def _taking(self, kept: list[Accepted]) -> Handler:
        async def take(request: web.Request) -> web.StreamResponse:
            form = {name: str(value) for name, value in (await request.post()).items()}
            fault = self.faults.popleft() if self.faults else Fault.FINE
            if fault in (Fault.BUSY, Fault.ERROR):
                status = 429 if fault is Fault.BUSY else 500
                return web.json_response({"code": 20000 + status, "status": status}, status=status)
            if fault is not Fault.DROP:
                kept.append(Accepted(f"X{len(kept) + 1}", self.clock.now(), form))
            return await self._answer(request, fault, kept)

        return take

    async def _answer(
        self, request: web.Request, fault: Fault, kept: list[Accepted]
    ) -> web.StreamResponse:
        assert request.transport is not None
        match fault:
            case Fault.DROP | Fault.DROP_AFTER:
                request.transport.abort()
            case Fault.ERROR_AFTER:
                return web.json_response({"code": 20500, "status": 500}, status=500)
            case Fault.GARBLED:
                return web.Response(status=201, text="<html>")
            case Fault.SLOW:
                await self.freed.wait()
            case Fault.KILL:
                self.hung.set()
                await self.freed.wait()
            case _:
                return web.json_response({"sid": kept[-1].sid, "status": "queued"}, status=201)
        return web.Response()

    def _listing(self, name: str, kept: list[Accepted]) -> Handler:
        async def rows(request: web.Request) -> web.StreamResponse:
            now = self.clock.now()
            same = [
                _row(one)
                for one in reversed(kept)
                if one.at + LAG <= now
                and all(one.form[key] == request.query[key] for key in ("To", "From"))
            ]
            return web.json_response({name: same, "page": 0, "next_page_uri": None})

        return rows


def _row(one: Accepted) -> dict[str, str]:
    return {
        "sid": one.sid,
        "to": one.form["To"],
        "from": one.form["From"],
        "body": one.form.get("Body", ""),
        "status": "queued",
        "direction": "outbound-api",
        "date_created": one.at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    }
