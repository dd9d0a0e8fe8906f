"""The embedded carrier as one object: what ``server.py`` starts, mounts and stops.

A small Twilio of our own. It knows the application only as HTTP: it posts
signed webhooks, carries out the TwiML it gets, and offers REST and phones.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path

import aiohttp
from aiohttp import WSCloseCode, web

from ivr.carrier.local.bank import Bank
from ivr.carrier.local.callbacks import Callbacks
from ivr.carrier.local.desk import Desk
from ivr.carrier.local.dialects import EMBEDDED, Dialect
from ivr.carrier.local.exchange import Exchange
from ivr.carrier.local.history import History
from ivr.carrier.local.ledger import Ledger
from ivr.carrier.local.leg import Timing
from ivr.carrier.local.numbers import NumberBook, Webhook
from ivr.carrier.local.recordings import Recordings
from ivr.carrier.local.rest import REST_PATH, rest_app
from ivr.carrier.local.socket import serve
from ivr.carrier.local.speech.synthesiser import Speech, Synthesiser, Urgency
from ivr.carrier.local.switch import Switch
from ivr.carrier.local.tasks import Tasks
from ivr.carrier.local.voice import Voice
from ivr.carrier.local.webhooks import Door, Parcel, Post, Reply, Webhooks
from ivr.ports.local_line import SentText
from routing.ports import Clock
from routing.web.guard import loopback_only

_log = logging.getLogger(__name__)
FORGET_EVERY = 60.0  # seconds


class LocalLine:
    """The line of one account.

    ``base_url`` is where this server is reached (REST is mounted at ``/line`` there);
    ``numbers`` says which numbers REST lists; ``holdable`` are those that a phone may
    answer for (empty: any); ``faults`` wraps the sending of webhooks in tests;
    ``dialect`` takes another carrier's place there. ``bank`` are the
    recorded sentences, ``speech`` the voice for the others, beside espeak-ng.
    """

    def __init__(
        self,
        *,
        base_url: str,
        voice_url: str,
        fallback_url: str | None,
        status_url: str | None,
        account_sid: str,
        auth_token: str,
        data_dir: Path,
        clock: Clock,
        numbers: Callable[[], Sequence[str]] = tuple,
        holdable: tuple[str, ...] = (),
        timing: Timing | None = None,
        faults: Callable[[Post], Post] | None = None,
        speech_program: str | None = None,
        bank: Bank | None = None,
        speech: Speech | None = None,
        dialect: Dialect = EMBEDDED,
    ) -> None:
        self._auth_token = auth_token
        self._dialect = dialect
        self._timing = timing or Timing()
        self._folder = data_dir / "line"
        self._session: aiohttp.ClientSession | None = None
        self._webhooks: Webhooks | None = None
        self._tasks = Tasks()
        self._sockets: set[web.WebSocketResponse] = set()
        self._ledger = Ledger(self._folder / "calls")
        self._door = Door(base_url, self._timing)
        self.recordings = Recordings(self._folder / "recordings")
        self._speech = speech
        self.voice = self._voice(speech_program, bank)
        self.history = History(self._folder, clock.now)
        self.switch = Switch(self._ledger, self.history, self._timing, clock.now)
        self.switch.holdable, self.switch.voice = holdable, self.voice.available
        post: Post = self._post if faults is None else faults(self._post)
        self.desk = self._lay_desk(account_sid, base_url, post, clock)
        usual = Webhook(voice_url, fallback_url, status_url)
        self.numbers = NumberBook(self._folder / "numbers.jsonl", usual, numbers)
        self.exchange = Exchange(
            self.desk, self.switch, self._tasks, numbers=self.numbers, door=self._door
        )

    def _voice(self, program: str | None, bank: Bank | None) -> Voice:
        folder, speech = self._folder / "voice", self._speech
        if speech is None:
            return Voice(folder, program, bank)
        synthesiser = Synthesiser(speech.command, self._folder / "speech")
        return Voice(folder, program, bank, synthesiser=synthesiser, lexicon=speech.lexicon)

    def _lay_desk(self, account: str, base_url: str, post: Post, clock: Clock) -> Desk:
        path = self._folder / "callbacks.jsonl"
        return Desk(
            account=account,
            rest_url=base_url.rstrip("/") + REST_PATH,
            post=post,
            callbacks=Callbacks(path, post, self._tasks, self._door),
            recordings=self.recordings,
            voice=self.voice,
            now=clock.now,
            switchboard=self.switch,
            dialect=self._dialect,
        )

    async def start(self) -> None:
        """Open the line and go on with the calls of an earlier server."""
        jar = aiohttp.DummyCookieJar()  # calls must not share cookies
        # No bound on connections: a webhook that queued would eat up its own 15 s. Idle ones
        # go before a server closes them, as a POST that meets a closing one is not repeated.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=5)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=jar)
        self._webhooks = Webhooks(
            self._session, self._auth_token, self._timing, self._dialect.signature
        )
        self.history.restore()
        self.numbers.restore()
        self.desk.callbacks.restore()
        self.exchange.restore(self._ledger)
        self._tasks.spawn(self._forget(), "forgetting")
        self._tasks.spawn(self.voice.run(), "the voice")
        for text, language in self._speech.public() if self._speech else ():
            self.voice.foresee(text, language, Urgency.SOMETIME)

    async def _forget(self) -> None:
        """Callers' numbers, prompts with a case number and texts with a PIN go when they are
        due, whether or not anybody rings: at the next round where the disk was full."""
        while True:
            try:
                self.history.forget()
                self.voice.sweep()
            except OSError as wrong:
                _log.warning("what is due could not be forgotten: %s", wrong.strerror)
            await asyncio.sleep(FORGET_EVERY)

    async def stop(self) -> None:
        """Stop at once. Live calls are kept and go on at the next start."""
        await self._tasks.cancel()
        if self._session is not None:
            await self._session.close()

    def mount(self, app: web.Application, *, phones: bool = True) -> None:
        """Add everything to the server's application: REST, start and stop, and, where
        ``phones`` are wanted, their socket and voice for this machine."""
        app.add_subapp(REST_PATH, self.rest_app())
        if phones:
            self._mount_phones(app)
        app.cleanup_ctx.append(self._running)
        app.on_shutdown.append(self._close_sockets)

    def _mount_phones(self, app: web.Application) -> None:
        app.router.add_get("/phone/socket", loopback_only(self.socket_handler))
        app.router.add_get("/phone/voice/{key}.wav", loopback_only(self.voice_handler))

    async def _running(self, app: web.Application) -> AsyncIterator[None]:
        await self.start()
        yield
        await self.stop()

    async def _close_sockets(self, app: web.Application) -> None:
        """Before the server waits for its handlers: a phone's never ends by itself."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def rest_app(self) -> web.Application:
        """The REST side, to be mounted at ``/line``."""
        return rest_app(self.exchange, self.history, self.recordings, self._auth_token)

    async def socket_handler(self, request: web.Request) -> web.StreamResponse:
        """GET ``/phone/socket``."""
        return await serve(request, self.exchange, self._sockets)

    async def voice_handler(self, request: web.Request) -> web.StreamResponse:
        """GET ``/phone/voice/{key}.wav``; 404 where no voice speaks it."""
        spoken = await self.voice.wav(request.match_info["key"])
        if spoken is None:
            raise web.HTTPNotFound(text="this prompt has no recording; let the browser speak")
        kept = "private, max-age=86400" if spoken.best else "no-store"
        headers = {"Cache-Control": kept}
        return web.Response(body=spoken.wav, content_type="audio/wav", headers=headers)

    def texts(self) -> Sequence[SentText]:
        """The latest text messages to anyone, newest first (``ivr.ports.local_line.LocalLine``)."""
        return tuple(
            SentText(sid=m.sid, to=m.to, text=m.text, at=datetime.fromisoformat(m.at))
            for m in reversed(self.history.messages())
        )

    async def _post(self, parcel: Parcel) -> Reply:
        if self._webhooks is None:
            raise RuntimeError("the local line was not started; call start() first")
        return await self._webhooks.send(parcel)
