"""`openai`: any server with OpenAI's `/v1/audio/transcriptions` (FunASR, whisper servers): the kept
WAV goes out, words come back. Whatever it answers is bounded, tidied and only ever text."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import aiohttp
import orjson

from ivr.flow.instruction import Language
from ivr.ports.recordings import Sound, Transcript
from ivr.transcription.hot_words import Expect, nothing_expected
from ivr.transcription.spoken import Heard, joined
from routing.handoff import NotYet, Refused, TryAgain, retry_after

PATH: Final = "/v1/audio/transcriptions"
MODEL: Final = "whisper-1"
"""Where the operator names none: such servers know it, and take it for their own."""
NO_SOUND: Final = 100
"""Bytes: a header, and nothing that could be heard."""
MOST_SOUND: Final = 25_000_000
"""Bytes that such a server takes (OpenAI's own bound): 26 minutes as a telephone sounds."""
MOST_ANSWER: Final = 1024 * 1024
"""Bytes of words, times and what else is told of 26 minutes."""
SECONDS: Final = 140.0
"""For all of it: below what the outbox gives a job (`routing.handoff.LONGEST_JOB`)."""
AT_ONCE: Final = 4
"""Recordings on their way: a slow server must not hold the hands that texts are sent with."""
BUSY: Final = timedelta(seconds=5)
_CHUNK: Final = 64 * 1024
_SPOKEN: Final[Mapping[Language, str]] = {"zh-CN": "zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class Far:
    """Where and as whom it is asked. `base` is the address before `/v1`; without a `key` nobody
    logs in; `seconds` bound a whole request."""

    base: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class _Asked:
    """One recording: its id and bytes, what is spoken in it and what the engine is told first."""

    sid: str
    size: int
    language: Language
    prompt: str


class OpenAi:
    """Asks for phrases, and for text alone where the server knows no phrases. The address is the
    operator's own and no answer leads to another one. `expect` tells what may be said."""

    name = "openai"

    def __init__(self, far: Far, sound: Sound, expect: Expect = nothing_expected) -> None:
        self._far = far
        self._sound = sound
        self._expect = expect
        self._format = "verbose_json"
        self._asking = 0

    async def transcribe(self, sid: str, language: Language) -> Transcript | None:
        """None where nothing was said. Raises TryAgain, NotYet, Refused."""
        if self._asking >= AT_ONCE:
            raise NotYet("the transcriber has other recordings before it", after=BUSY)
        self._asking += 1
        try:
            return await self._words(sid, language)
        finally:
            self._asking -= 1

    async def _words(self, sid: str, language: Language) -> Transcript | None:
        size = await self._sound.size(sid)
        if size is None or size <= NO_SOUND:
            return None
        if size > MOST_SOUND:
            raise Refused(f"a recording of {size} bytes is too long to be written down: listen")
        hot = await self._expect(sid, language)
        heard = await self._ask(_Asked(sid, size, language, hot.prompt(language)))
        return joined(heard, self.name, language, hot)

    async def _ask(self, asked: _Asked) -> Sequence[Heard]:
        limits = aiohttp.ClientTimeout(total=self._far.seconds, sock_connect=5)
        try:
            async with aiohttp.ClientSession(timeout=limits, auto_decompress=False) as session:
                status, heard = await self._try(session, asked)
                if status in {400, 422} and self._format != "json":
                    self._format = "json"
                    status, heard = await self._try(session, asked)
                if status != 200:
                    self._format = "verbose_json"
                    raise _refusal(status)
                return heard
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise TryAgain("the transcriber gave no answer, or one without end") from None

    async def _try(
        self, session: aiohttp.ClientSession, asked: _Asked
    ) -> tuple[int, Sequence[Heard]]:
        """The status, and the words with a status of 200. Raises TryAgain."""
        form = _Form(self._fields(asked), asked.size)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **form.headers}
        if self._far.key:
            headers["Authorization"] = f"Bearer {self._far.key}"
        async with session.post(
            self._far.base + PATH,
            data=form.body(_pieces(self._sound, asked.sid)),
            headers=headers,
            allow_redirects=False,
        ) as answer:
            if answer.status == 200:
                return 200, heard_in(await _bounded(answer))
            if answer.status in {408, 425, 429} or answer.status >= 500:
                after = retry_after(answer.headers.get("Retry-After", ""))
                raise TryAgain(f"the transcriber answered {answer.status}; try later", after=after)
            return answer.status, ()

    def _fields(self, asked: _Asked) -> Mapping[str, str]:
        told = {
            "model": self._far.model,
            "language": _SPOKEN[asked.language],
            "response_format": self._format,
            "temperature": "0",
            "prompt": asked.prompt,
        }
        return {name: value for name, value in told.items() if value}


class _Form:
    """A multipart form of fields and one file of a known size: servers that want a length to be
    told first are given one."""

    def __init__(self, fields: Mapping[str, str], size: int) -> None:
        self._mark = secrets.token_hex(24)
        texts = "".join(f"{self._head(name)}\r\n{value}\r\n" for name, value in fields.items())
        file = self._head('file"; filename="recording.wav') + "Content-Type: audio/wav\r\n\r\n"
        self._before = f"{texts}{file}".encode()
        self._after = f"\r\n--{self._mark}--\r\n".encode()
        self._size = size

    def _head(self, name: str) -> str:
        return f'--{self._mark}\r\nContent-Disposition: form-data; name="{name}"\r\n'

    @property
    def headers(self) -> Mapping[str, str]:
        length = len(self._before) + self._size + len(self._after)
        kind = f"multipart/form-data; boundary={self._mark}"
        return {"Content-Type": kind, "Content-Length": str(length)}

    async def body(self, file: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Raises ConnectionAbortedError where the file is shorter or longer than it was told."""
        yield self._before
        left = self._size
        async for piece in file:
            left -= len(piece)
            if left < 0:
                break
            yield piece
        if left:
            raise ConnectionAbortedError("the recording was deleted while it was sent")
        yield self._after


async def _pieces(sound: Sound, sid: str) -> AsyncIterator[bytes]:
    number = 0
    while piece := await sound.piece(sid, number):
        yield piece
        number += 1


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_chunked(_CHUNK):
        body += piece
        if len(body) > MOST_ANSWER:
            raise TryAgain(f"the transcriber answered with more than {MOST_ANSWER} bytes")
    return bytes(body)


def heard_in(body: bytes) -> Sequence[Heard]:
    """The words of an answer, by phrases where it tells any. Raises TryAgain for what is none."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("text"), str):
        raise TryAgain("the transcriber's answer holds no text: is TRANSCRIBER_URL its address?")
    phrases = told.get("segments")
    if not isinstance(phrases, list) or not phrases:
        return (Heard(told["text"]),)
    return [_phrase(one) for one in phrases if isinstance(one, dict)]


def _phrase(told: Mapping[str, Any]) -> Heard:
    text = told.get("text")
    return Heard(
        text if isinstance(text, str) else "",
        _number(told, "avg_logprob"),
        _number(told, "no_speech_prob"),
        _number(told, "compression_ratio"),
    )


def _number(told: Mapping[str, Any], name: str) -> float | None:
    number = told.get(name)
    return float(number) if isinstance(number, int | float) else None


def _refusal(status: int) -> Refused:
    if status in {401, 403}:
        return Refused(f"the transcriber answered {status}: check TRANSCRIBER_KEY")
    if status in {404, 405} or 300 <= status < 400:
        return Refused(f"the transcriber answered {status}: check TRANSCRIBER_URL and its model")
    return Refused(f"the transcriber answered {status} for a recording: it cannot take it")
