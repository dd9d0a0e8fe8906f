"""twilio's generated API on a wire of our own. Read by `client` in a thread, at the first request:
that takes up to a third of a second."""

from datetime import timedelta
from typing import Any, Final

import aiohttp
import twilio.rest.api  # noqa: F401 - what a Client would import on the loop, at its first use
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from yarl import URL

from ivr.carrier.account import Account, CarrierRefused, CarrierUnreachable, CarrierUnsure
from routing.handoff import retry_after

LONGEST_PATIENCE: Final = timedelta(minutes=10)
"""For so long a carrier may ask to be left alone; beyond it our own waits rule."""
MOST_ANSWER: Final = 8 * 1024 * 1024
"""Bytes of one answer, unpacked: a page of a thousand rows has two million."""
MOST_ASKED: Final = 1_000
"""Requests for one question: the pages of the longest list that is read, twenty rows each. A list
may name a next page for ever."""
_CHUNK: Final = 64 * 1024
_TOO_MANY: Final = 429
_NO_ENVIRONMENT: Final = {"TWILIO": ""}  # an empty one would mean os.environ (twilio-voice §8)


def client_of(account: Account, session: aiohttp.ClientSession, extra: dict[str, str]) -> Client:
    """One request's SDK client, with `extra` headers; its host is set per product (§8)."""
    wire = Wire(account, session, extra)
    api = Client(account.sid, account.token, http_client=wire, environment=dict(_NO_ENVIRONMENT))
    api.api.base_url = account.base.rstrip("/")
    return api


class Wire(AsyncHttpClient):  # type: ignore[misc]  # the SDK is not typed
    """Carries the SDK's requests: bounded in time, never logged (the SDK's own client logs
    addresses, and keeps the last request), `auth=` replaced, which aiohttp 4 drops."""

    def __init__(
        self, account: Account, session: aiohttp.ClientSession, extra: dict[str, str]
    ) -> None:
        self.is_async = True
        self._session = session
        self._base = URL(account.base.rstrip("/"))
        self._headers = {**extra, "Authorization": account.login}
        self._limits = aiohttp.ClientTimeout(total=account.seconds, sock_connect=5)
        self._asked = 0

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        **_: object,
    ) -> Response:
        """One exchange. Raises CarrierRefused, CarrierUnreachable or CarrierUnsure, which the SDK
        lets pass."""
        address = self._ours(uri)
        self._asked += 1
        if self._asked > MOST_ASKED:
            raise CarrierRefused("the carrier's list has no end; look at its own pages")
        form: dict[str, Any] = {"params": params, "data": data, "allow_redirects": False}
        try:
            async with self._session.request(
                method,
                address,
                headers={**(headers or {}), **self._headers},
                timeout=self._limits,
                **form,
            ) as answer:
                if answer.status == _TOO_MANY:
                    asked = retry_after(answer.headers.get("Retry-After", ""), LONGEST_PATIENCE)
                    raise CarrierUnreachable("the carrier is busy", after=asked.total_seconds())
                return Response(answer.status, await _text(answer), answer.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise CarrierUnreachable("no connection to the carrier; check CARRIER_URL") from None
        except (aiohttp.ClientError, TimeoutError, OSError, _TooLong):
            if method == "POST":
                raise CarrierUnsure("the carrier did not answer; look it up first") from None
            raise CarrierUnreachable("the carrier gave no answer, or one without end") from None

    def _ours(self, uri: str) -> URL:
        """The address within the account's own base. A page names the next one: with the base's
        path before it or without (SignalWire, Twilio), and never at another host with our login."""
        address, home = URL(uri), self._base
        if str(address.origin()) != str(home.origin()):  # the usual port named or not
            raise CarrierRefused("the carrier's list goes on at another host; check CARRIER_URL")
        prefix = home.path.rstrip("/")
        if prefix and address.path.startswith(f"{prefix}{prefix}/"):
            return address.with_path(address.raw_path[len(prefix) :], encoded=True, keep_query=True)
        return address


class _TooLong(Exception):
    """An answer beyond MOST_ANSWER."""


async def _text(answer: aiohttp.ClientResponse) -> str:
    """The body, as the UTF-8 that JSON is: a charset may be named that takes seconds to decode."""
    body = bytearray()
    async for piece in answer.content.iter_chunked(_CHUNK):
        body += piece
        if len(body) > MOST_ANSWER:
            raise _TooLong
    return body.decode(errors="replace")
