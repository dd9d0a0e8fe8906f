"""Posts signed webhooks over HTTP as Twilio would, within its limits (twilio-voice §1-§3).

Counterpart of ``ivr/carrier/signature.py`` on the application's side. ``send`` makes
one webhook with its retries; documents and fallbacks are ``documents.py``.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from ivr.carrier.local.leg import Timing

MAX_BODY = 64 * 1024  # 11750 beyond it (twilio-voice §4)
MAX_REDIRECTS = 10  # 11215 beyond it (twilio-voice §1)

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One webhook: where, how, with which form fields and idempotency token."""

    url: str
    method: str
    params: Params
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, content type (empty if missing), body, final URL."""

    status: int
    content_type: str
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Nothing usable came back; ``code`` is Twilio's (twilio-voice §9)."""

    code: int
    text: str


Reply = Answer | Failure
Post = Callable[[Parcel], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Overrides:
    """Connection overrides from a URL's fragment; seconds and counts (twilio-voice §3)."""

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0


def split_overrides(url: str, timing: Timing) -> tuple[str, Overrides]:
    """The URL without its fragment, and what the fragment asks for, within the hard limits."""
    bare, _, fragment = url.partition("#")
    given = dict(parse_qsl(fragment))

    def seconds(name: str, most: float) -> float:
        text = given.get(name, "")
        return min(int(text) / 1000, most) if text.isdigit() and int(text) >= 100 else most

    retries = given.get("rc", "1")
    return bare, Overrides(
        retries=min(int(retries), 5) if retries.isdigit() else 1,
        policy=frozenset(given.get("rp", "ct").split(",")),
        connect=seconds("ct", timing.connect),
        read=seconds("rt", timing.total),
        total=seconds("tt", timing.total),
    )


class Webhooks:
    """Sends parcels; one aiohttp session, one account. ``header`` holds the signature."""

    def __init__(
        self, session: aiohttp.ClientSession, auth_token: str, timing: Timing, header: str
    ) -> None:
        self._session = session
        self._header = header
        self._validator = RequestValidator(auth_token)
        self._timing = timing

    async def send(self, parcel: Parcel) -> Reply:
        """One webhook. By default it is repeated only when the connection failed
        (twilio-voice §3); the whole takes at most ``Timing.total`` seconds."""
        try:
            return await self._send(parcel)
        except ValueError:
            return Failure(11100, f"{parcel.url[:200]} is no address")

    async def _send(self, parcel: Parcel) -> Reply:
        url, overrides = split_overrides(parcel.url, self._timing)
        reply: Reply = Failure(11203, f"{url} did not answer within the total time")
        try:
            async with asyncio.timeout(overrides.total):
                for _ in range(overrides.retries + 1):
                    reply, kind = await self._once(parcel, url, overrides)
                    if kind is None or not overrides.policy & {kind, "all"}:
                        break
        except TimeoutError:
            return Failure(11203, f"{url} did not answer within {overrides.total:g} s")
        return reply

    async def _once(
        self, parcel: Parcel, url: str, overrides: Overrides
    ) -> tuple[Reply, str | None]:
        """One try: the reply, and which retry policy it would fall under."""
        try:
            answer = await self._exchange(parcel, url, overrides)
        except aiohttp.TooManyRedirects:
            return Failure(11215, f"{url} redirects more than {MAX_REDIRECTS} times"), None
        except (
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientConnectorError,
            ssl.SSLError,
        ) as error:
            return Failure(11205, f"no connection to {url}: {error}"), "ct"
        except (aiohttp.ServerTimeoutError, TimeoutError):
            return Failure(11200, f"{url} did not answer within {overrides.read:g} s"), "rt"
        except aiohttp.ClientError as error:
            return Failure(11206, f"{url} broke off its answer: {error}"), None
        if answer.status >= 400:
            text = f"{url} answered {answer.status}"
            return Failure(11200, text), "5xx" if answer.status >= 500 else "4xx"
        return answer, None

    async def _exchange(self, parcel: Parcel, url: str, overrides: Overrides) -> Answer:
        address, login = _without_login(url)
        form = None
        if parcel.method == "GET":
            address = _with_query(address, parcel.params)
        else:
            form = urlencode(parcel.params).encode()
        headers = self._headers(parcel, address)
        if login is not None:
            headers["Authorization"] = login
        limits = aiohttp.ClientTimeout(
            total=None, sock_connect=overrides.connect, sock_read=overrides.read
        )
        async with self._session.request(
            parcel.method,
            URL(address, encoded=True),  # percent-encoding stays as written, it is signed
            data=form,
            headers=headers,
            timeout=limits,
            max_redirects=MAX_REDIRECTS,
        ) as response:
            body = await response.content.read(MAX_BODY + 1)
            while not response.content.at_eof() and len(body) <= MAX_BODY:
                body += await response.content.read(MAX_BODY + 1)
            kind = response.headers.get("Content-Type", "")
            return Answer(response.status, kind, body, str(response.url))

    def _headers(self, parcel: Parcel, address: str) -> dict[str, str]:
        signed = {} if parcel.method == "GET" else dict(parcel.params)
        headers = {
            self._header: str(self._validator.compute_signature(address, signed)),
            "I-Twilio-Idempotency-Token": parcel.token,
            "User-Agent": "TwilioProxy/1.1",
            "X-Home-Region": "us1",
            "Accept": "*/*",
        }
        if parcel.method != "GET":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return headers


@dataclass(slots=True)
class Door:
    """Waits until the application accepts connections, so that a restored call is not
    sent to its fallback only because the server is still starting."""

    url: str
    timing: Timing
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Until a connection succeeds, at most ``Timing.up`` seconds."""
        if self._open.is_set():
            return
        end = asyncio.get_running_loop().time() + self.timing.up
        while asyncio.get_running_loop().time() < end and not await self._knock():  # noqa: ASYNC110 - a start can only be watched
            await asyncio.sleep(0.05)
        self._open.set()

    async def _knock(self) -> bool:
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            _, writer = await asyncio.open_connection(parts.hostname, port)
        except OSError:
            return False
        writer.close()
        return True


def _without_login(url: str) -> tuple[str, str | None]:
    """user:pass is never signed (twilio-voice §2); it becomes Basic authentication."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, None
    _, _, host = parts.netloc.rpartition("@")
    login = aiohttp.encode_basic_auth(unquote(parts.username or ""), unquote(parts.password or ""))
    return urlunsplit(parts._replace(netloc=host)), login


def _with_query(url: str, params: Params) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
