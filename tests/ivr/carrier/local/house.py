"""A small application for the embedded carrier to call: it answers with chosen TwiML.

Real HTTP on loopback; every webhook is recorded and its signature checked as
the SDK does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from ivr.carrier.local.dialects import EMBEDDED, Dialect
from ivr.carrier.local.leg import Timing
from ivr.carrier.local.line import LocalLine
from ivr.carrier.local.speech.synthesiser import Speech
from ivr.carrier.local.telephone import Telephone
from ivr.carrier.local.webhooks import Post
from tests.deadline import DEADLINE
from tests.ports import free_port

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-of-the-test"
CALLER, LINE, OFFICIAL = "+8613900000012", "+865580000021", "+8613900000034"
# One second of TwiML in real ones: long where a phone must act in time, short where it
# stays silent, so that no test depends on the machine's speed.
PATIENT, HASTY = Timing(second=0.5, back=8.0), Timing(second=0.03, back=0.5)

Reply = str | web.StreamResponse | Callable[[dict[str, str]], Any]


class StoppedClock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook as it arrived."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    method: str
    url: str


@dataclass
class House:
    """The application, the line in it, and what the line posted."""

    folder: Path
    timing: Timing = field(default_factory=lambda: PATIENT)
    faults: Callable[[Post], Post] | None = None
    replies: dict[str, Reply] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)
    clock: StoppedClock = field(default_factory=StoppedClock)
    holdable: tuple[str, ...] = ()
    speech: str = ""
    engine: Sequence[str] = ()
    port: int = 0
    voice_tail: str = ""
    dialect: Dialect = EMBEDDED

    async def __aenter__(self) -> Self:
        self.port = self.port or free_port()
        self._came = asyncio.Condition()
        await self.open()
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()
        await self.shut()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rest(self) -> str:
        return f"{self.base}/line/2010-04-01/Accounts/{ACCOUNT}"

    async def open(self) -> None:
        """Start the server with a line that knows only the folder."""
        self.line = LocalLine(
            base_url=self.base,
            voice_url=f"{self.base}/voice/answer{self.voice_tail}",
            fallback_url=f"{self.base}/voice/fallback",
            status_url=f"{self.base}/voice/status",
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            data_dir=self.folder,
            clock=self.clock,
            numbers=lambda: (LINE,),
            holdable=self.holdable,
            timing=self.timing,
            faults=self.faults,
            speech_program=self.speech,
            speech=Speech(self.engine) if self.engine else None,
            dialect=self.dialect,
        )
        app = web.Application()
        app.router.add_route("*", "/voice/{rest:.*}", self._answer)
        self.line.mount(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def shut(self) -> None:
        """Stop at once; live calls stay in the folder."""
        await self.line.stop()
        await self._runner.cleanup()

    async def restart(self) -> None:
        """A new server process on the same data, as far as the line can tell."""
        await self.shut()
        await self.open()

    def phone(self, number: str = CALLER, handset: str | None = None) -> Telephone:
        return Telephone(self.session, self.base, number, handset=handset)

    async def hook(self, path: str, *, nth: int = 1) -> Hook:
        """The nth webhook to a path, waited for with a deadline."""
        async with asyncio.timeout(DEADLINE), self._came:
            await self._came.wait_for(lambda: len(self.to(path)) >= nth)
        return self.to(path)[nth - 1]

    def to(self, path: str) -> list[Hook]:
        return [hook for hook in self.hooks if hook.path == path]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        posted = await request.post()
        form = {name: str(value) for name, value in (posted or request.query).items()}
        url = self.base + request.raw_path
        self._check_signature(request, url, {name: str(value) for name, value in posted.items()})
        hook = Hook(request.path, form, dict(request.headers), request.method, url)
        async with self._came:
            self.hooks.append(hook)
            self._came.notify_all()
        return await self._reply(self.replies.get(request.path, twiml()), form)

    async def _reply(self, reply: Reply, form: dict[str, str]) -> web.StreamResponse:
        if callable(reply) and not isinstance(reply, web.StreamResponse):
            reply = reply(form)
            if isinstance(reply, Awaitable):
                reply = await reply
        if isinstance(reply, str):
            return web.Response(text=reply, content_type="text/xml")
        assert isinstance(reply, web.StreamResponse)
        return reply

    def _check_signature(self, request: web.Request, url: str, form: dict[str, str]) -> None:
        signature = request.headers[self.dialect.signature]
        assert RequestValidator(TOKEN).validate(url, form, signature), f"badly signed: {url}"


def twiml(*verbs: str) -> str:
    return "<Response>" + "".join(verbs) + "</Response>"


async def hear(phone: Telephone, type: str, **wanted: object) -> dict[str, Any]:
    """The next message of a type with such fields; others are passed over."""
    passed: list[object] = []
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                heard = await phone.next()
                if isinstance(heard, bytes):
                    continue
                passed.append(heard)
                same = all(heard.get(name) == value for name, value in wanted.items())
                if heard["type"] == type and same:
                    return heard
    except TimeoutError:
        raise AssertionError(f"no {type} {wanted} among {passed}") from None


async def listen(phone: Telephone) -> bytes:
    """The next audio."""
    async with asyncio.timeout(DEADLINE):
        while True:
            heard = await phone.next()
            if isinstance(heard, bytes):
                return heard


async def texts_until_hangup(phone: Telephone) -> list[str]:
    """All that is said until the call is over."""
    said: list[str] = []
    async with asyncio.timeout(DEADLINE):
        while True:
            heard = await phone.next()
            if isinstance(heard, dict) and heard["type"] == "say":
                said.append(heard["text"])
            if isinstance(heard, dict) and heard["type"] == "hungup":
                return said
