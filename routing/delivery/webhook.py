"""Posts a notice to a receiver of the city's own, signed, so that it can tell us from anybody else
(docs/webhook.md). What is answered counts by its status alone, and no answer leads elsewhere."""

import hashlib
import hmac
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver

from routing.delivery.addresses import Lookups, connector
from routing.delivery.notice import Notice, as_json
from routing.handoff import HandoffError, NotYet, Refused, TryAgain, retry_after
from routing.ports import Clock

SECONDS: Final = 20.0
"""For all of it: the name, the connection, and the head of the answer."""
_LATER: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where notices go. `secrets` are one, or two while one replaces the other: each signs."""

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    allow_private: bool = False

    @property
    def clear(self) -> bool:
        """Whether it is reached without TLS."""
        return self.url.startswith("http://")


def signature(secrets: Sequence[str], timestamp: str, body: bytes) -> str:
    """What stands in `Zhitong-Signature`: one `v1=` for each secret. The time is signed with the
    body, so that what was overheard cannot be sent again later."""
    signed = timestamp.encode() + b"." + body
    made = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join(f"v1={digest}" for digest in made)


class WebhookPost:
    """Posts to one endpoint. `resolver` and `tls` are a test's to replace."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, *, seconds: float = SECONDS,
        resolver: AbstractResolver | None = None, tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self._endpoint = endpoint
        self._clock = clock
        self._seconds = seconds
        self._resolver = resolver or Lookups()
        self._tls = tls

    async def __call__(self, notice: Notice) -> None:
        """Returns once the receiver has taken it. Raises Refused where it never will, TryAgain,
        NotYet where its certificate is in the way."""
        try:
            status, after = await self._posted(notice.id, as_json(notice))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as wrong:
            raise _meaning(wrong) from None  # what it says may hold the address and its secrets
        if not 200 <= status < 300:
            raise _refusal(status, after)

    async def _posted(self, key: str, body: bytes) -> tuple[int, timedelta]:
        """The answer's status, and how long it asks to wait. Its body is not read."""
        now = self._clock.now()
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Zhitong-Timestamp": timestamp,
            "Zhitong-Signature": signature(self._endpoint.secrets, timestamp, body),
            "User-Agent": "Zhitong",
            "Accept-Encoding": "identity",
        }
        to = connector(
            clear=self._endpoint.clear,
            private=self._endpoint.allow_private,
            resolver=self._resolver,
        )
        limits = aiohttp.ClientTimeout(total=self._seconds)
        async with (
            aiohttp.ClientSession(
                connector=to,
                timeout=limits,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            ) as session,
            session.post(
                self._endpoint.url,
                data=body,
                headers=headers,
                allow_redirects=False,
                ssl=self._tls or True,
            ) as answer,
        ):
            return answer.status, retry_after(answer.headers.get("Retry-After", ""), now=now)


def _meaning(wrong: Exception) -> HandoffError:
    """What an error asks of us."""
    match wrong:
        case aiohttp.ClientConnectorCertificateError():
            return NotYet("the webhook's certificate is not for its name, or not trusted here")
        case aiohttp.ClientSSLError():
            return TryAgain("the webhook's server could not agree with us on TLS")
        case aiohttp.ClientConnectorDNSError():
            return TryAgain("the webhook's name is not known: see to its url")
        case TimeoutError():
            return TryAgain("the webhook did not answer in time")
        case aiohttp.InvalidURL():
            return Refused("the webhook's url cannot be one: correct it in the file of channels")
    return TryAgain(f"the webhook cannot be reached, or broke off ({type(wrong).__name__})")


def _refusal(status: int, after: timedelta) -> HandoffError:
    if status in _LATER or status >= 500:
        return TryAgain(f"the webhook answered {status}: later", after=after)
    if 300 <= status < 400:
        return Refused(
            f"the webhook answered {status}, and no redirect is followed: "
            "write where it is now into the file of channels, then send again"
        )
    if status in {401, 403}:
        return Refused(f"the webhook answered {status}: does it know the secret that we sign with?")
    if status == 410:
        return Refused(
            "the webhook answered 410, it is gone for good: "
            "take its channel out of the register, or correct its url"
        )
    return Refused(f"the webhook answered {status}: ask who runs it, then send again")
