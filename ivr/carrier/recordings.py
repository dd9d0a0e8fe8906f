"""Brings a recording home: fetches its sound, checks it and keeps it.
The counterpart of `inbound.read_recording`, which announces it
(twilio-voice §7, Media; design §3, Audio)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from ivr.carrier.account import Account, CarrierRefused, CarrierUnreachable
from ivr.ports.recordings import RecordingRef, Recordings

_CHUNK: Final = 64 * 1024
_HEADER: Final = 4_096  # bytes within which a WAV's sound must begin
_NO_SOUND: Final = 100  # bytes: a header, and nothing that could be heard
_BYTES_A_SECOND: Final = 16_000  # 8 kHz, 16 bit, one channel
_SPARE_SECONDS: Final = 5  # a carrier stops a little after maxLength
_REDIRECTS: Final = 3
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class MediaRefused(CarrierRefused):
    """The sound cannot be taken from there, now or later; the message says why."""


class MediaNotYet(CarrierUnreachable):
    """The carrier does not have the sound yet (404 until it says completed); try later."""


class MediaBroken(CarrierUnreachable):
    """The sound came cut off or is no WAV; try again."""


@dataclass(frozen=True, slots=True)
class MediaRules:
    """From where and how much: `longest` is seconds of sound, `hosts` are further allowed
    origins (`https://media.example`) that a carrier redirects to, which never see our login."""

    longest: int = 300
    hosts: frozenset[str] = frozenset()
    seconds: float = 120.0

    @property
    def most(self) -> int:
        """Bytes of the whole file."""
        return _HEADER + (self.longest + _SPARE_SECONDS) * _BYTES_A_SECOND


class Media:
    """Fetches sound. The SDK decodes bodies as text and cannot (twilio-voice §7).

    `session` belongs to the caller, who made it in the running loop and closes it."""

    def __init__(
        self, account: Account, session: aiohttp.ClientSession, rules: MediaRules | None = None
    ) -> None:
        self._login = account.login
        self._home = _origin(URL(account.base))
        self._session = session
        self._rules = rules or MediaRules()
        self._origins = frozenset({self._home, *(_origin(URL(host)) for host in self._rules.hosts)})

    async def stream(self, ref: RecordingRef) -> AsyncIterator[bytes]:
        """The WAV in pieces. Only a stream that ends without an error is whole.

        Raises MediaRefused, MediaNotYet, MediaBroken, CarrierUnreachable."""
        try:
            async with await self._open(ref.url) as answer:
                async for piece in _whole(answer, self._rules.most, ref.seconds):
                    yield piece
        except (aiohttp.ClientPayloadError, TimeoutError) as error:
            raise MediaBroken("the recording broke off; fetch it again") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CarrierUnreachable("no connection to the recording; try later") from error

    async def _open(self, url: str) -> aiohttp.ClientResponse:
        """The answer that holds the sound, after redirects within the allowed origins. Whoever was
        asked elsewhere cannot send our login back to an address of its own choice."""
        address, trusted = self._allowed(url), True
        for _ in range(_REDIRECTS + 1):
            trusted = trusted and _origin(address) == self._home
            answer = await self._ask(address, login=trusted)
            if answer.status not in _MOVED:
                return _checked(answer)
            target = answer.headers.get("Location", "")
            answer.release()
            address = self._allowed(target, address)
        raise MediaRefused(f"the recording redirects more than {_REDIRECTS} times")

    async def _ask(self, address: URL, *, login: bool) -> aiohttp.ClientResponse:
        headers = {"Accept": "audio/wav, audio/x-wav", "Accept-Encoding": "identity"}
        if login:
            headers["Authorization"] = self._login
        limits = aiohttp.ClientTimeout(total=self._rules.seconds, sock_connect=5, sock_read=20)
        return await self._session.get(
            address, headers=headers, timeout=limits, allow_redirects=False
        )

    def _allowed(self, url: str, current: URL | None = None) -> URL:
        """Whoever can name an address must not make us fetch from, or log in at, another host."""
        try:
            address = URL(url) if current is None else current.join(URL(url))
            origin = _origin(address)
        except ValueError:
            raise MediaRefused("the recording's address is no absolute http address") from None
        if origin not in self._origins:
            raise MediaRefused("the recording is at a host that is not the carrier's API host")
        return address.with_user(None)


def _origin(address: URL) -> str:
    """Scheme, host and port, the usual one of which may be named or not. Raises ValueError."""
    return str(address.origin())


async def bring_home(ref: RecordingRef, media: Media, kept: Recordings) -> None:
    """Keep the sound here; repeating is safe. It is deleted at the carrier only after this.

    Raises CarrierError; what is a CarrierUnreachable may be tried again later."""
    if await kept.read(ref.sid) is None:
        await kept.save(ref.sid, media.stream(ref))


def _checked(answer: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    status = answer.status
    if status == 200:
        return answer
    answer.release()
    if status in {404, 409, 425}:
        raise MediaNotYet("the carrier does not have the recording yet; try later")
    if status == 429 or status >= 500:
        raise CarrierUnreachable(f"the carrier answered {status} for a recording; try later")
    raise MediaRefused(f"the carrier answered {status} for a recording; check AUTH_TOKEN")


async def _whole(answer: aiohttp.ClientResponse, most: int, seconds: int) -> AsyncIterator[bytes]:
    """The body in pieces, held against the limit, against its own header, and against the length
    that was announced: a file of no sound where there is some is one that is not written yet."""
    if (answer.content_length or 0) > most:
        raise _too_long(most)
    head, declared, received = b"", None, 0
    async for piece in answer.content.iter_chunked(_CHUNK):
        received += len(piece)
        if declared is None:
            head += piece
            declared = declared_length(head)
        if max(received, declared or 0) > most:
            raise _too_long(most)
        yield piece
    if declared is None or received < declared:
        raise MediaBroken(f"only {received} bytes of {declared or 'a WAV'} came; fetch it again")
    if received <= _NO_SOUND and seconds > 1:  # one may stand for a length that nobody knew
        raise MediaBroken(f"the recording has no sound in it, but {seconds} s; fetch it again")


def _too_long(most: int) -> MediaRefused:
    return MediaRefused(f"the recording is over {most} bytes, more than was asked for")


def declared_length(head: bytes) -> int | None:
    """How many bytes the file must have for its sound to be whole; None if more of its
    beginning is needed. Raises MediaBroken for what is no WAV."""
    if not b"RIFF".startswith(head[:4]) or not b"WAVE".startswith(head[8:12]):
        raise MediaBroken("the recording is no WAV; fetch it again")
    at, formatted = 12, False
    while len(head) >= at + 8:
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"data" and formatted:
            return at + 8 + size
        formatted = formatted or name == b"fmt "
        at += 8 + size + size % 2
    if at > _HEADER or len(head) >= _HEADER:
        raise MediaBroken("the recording's header leads to no sound; fetch it again")
    return None
