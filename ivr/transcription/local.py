"""`local`: Whisper on this machine, in a process of its own. The kept WAV goes to it half a minute
at a time; what it answers is bounded, tidied and only ever text."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import orjson

from ivr.engine.process import EngineAway, EngineFailed, EngineProcess, EngineTaken
from ivr.flow.instruction import Language
from ivr.ports.recordings import Sound, Transcript
from ivr.transcription.hot_words import Expect, nothing_expected
from ivr.transcription.spoken import Heard, joined
from ivr.transcription.wav import Layout, NoWav, layout_of
from routing.handoff import NotYet, Refused, TryAgain

NO_SOUND: Final = 100
"""Bytes: a header, and nothing that could be heard."""
MOST_SECONDS: Final = 1800.0
"""Of one recording: above the longest that a call can leave. A machine would be kept from others
for a quarter of it and more."""
STRETCH: Final = 30.0
"""Seconds of sound that the engine is asked at once: what a model of the Whisper kind looks at."""
MOST_STRETCH: Final = 4 * 1024 * 1024
"""Bytes of them, where a carrier keeps more than a telephone carries."""
ANSWERS_WITHIN: Final = 90.0
"""Seconds for one stretch: a machine that takes three times as long as the sound lasts never
catches up; one that is busy with calls for a while does."""
BEGIN_WITHIN: Final = 15.0
"""Seconds after which no further stretch is begun: with the engine's start and one stretch it stays
below what the outbox gives a job (`routing.handoff.LONGEST_JOB`)."""
BUSY: Final = timedelta(seconds=5)
MOST_WAIT: Final = timedelta(minutes=1)
MOST_KEPT: Final = 16
"""Recordings whose first part is remembered until the rest is written down."""
MOST_PHRASES: Final = 500
"""Of one stretch."""
_SPOKEN: Final[Mapping[Language, str]] = {"zh-CN": "zh", "en": "en"}


@dataclass(frozen=True, slots=True)
class _Part:
    """What is written down of a recording: `at` bytes of its sound are done with."""

    at: int = 0
    heard: tuple[Heard, ...] = ()


class Local:
    """One recording at a time, a long one in several jobs between which others come in. `expect`
    tells what may be said."""

    name = "local"

    def __init__(
        self, engine: EngineProcess, sound: Sound, expect: Expect = nothing_expected
    ) -> None:
        self._engine = engine
        self._sound = sound
        self._expect = expect
        self._listening = False
        self._waiting = dict[str, float]()
        self._parts = dict[str, _Part]()
        self._number = 0

    async def transcribe(self, sid: str, language: Language) -> Transcript | None:
        """None where nothing was said. Raises TryAgain, NotYet, Refused."""
        if self._listening:
            raise NotYet("the transcriber has other recordings before it", after=self._wait(sid))
        self._listening = True
        try:
            return await self._words(sid, language)
        except EngineTaken as taken:
            raise NotYet(f"TRANSCRIBER=local: {taken}", after=self._wait(sid)) from None
        except EngineAway as away:
            raise NotYet(f"TRANSCRIBER=local: {away}") from None
        except EngineFailed as failed:
            raise TryAgain(f"TRANSCRIBER=local: {failed}") from None
        finally:
            self._waiting.pop(sid, None)
            self._listening = False

    def _wait(self, sid: str) -> timedelta:
        """The longer, the more of them wait: the table is not asked many times a second."""
        now = asyncio.get_running_loop().time()
        self._waiting[sid] = now
        lately = now - 2 * MOST_WAIT.total_seconds()
        self._waiting = {one: at for one, at in self._waiting.items() if at > lately}
        return min(BUSY * len(self._waiting), MOST_WAIT)

    async def _words(self, sid: str, language: Language) -> Transcript | None:
        size = await self._sound.size(sid)
        if size is None or size <= NO_SOUND:
            return None
        head = await self._sound.piece(sid, 0)
        if not head:
            return None
        layout = _read(head, size)
        hot = await self._expect(sid, language)
        asked = {"language": _SPOKEN[language], "prompt": hot.prompt(language)}
        part = await self._worked(_Reading(sid, layout, len(head)), asked)
        return joined(part.heard, self.name, language, hot)

    async def _worked(self, reading: "_Reading", asked: Mapping[str, str]) -> _Part:
        """All of it, from where the last try came to. Raises NotYet where the rest has to wait."""
        part = self._parts.pop(reading.sid, _Part())
        until = asyncio.get_running_loop().time() + BEGIN_WITHIN
        try:
            while part.at < reading.layout.size:
                part = await self._next(reading, part, asked)
                if asyncio.get_running_loop().time() > until:
                    break
        except EngineFailed:
            self._keep(reading.sid, part)
            raise
        if part.at < reading.layout.size:
            self._keep(reading.sid, part)
            after = 2 * BUSY if self._waiting else timedelta(0)
            raise NotYet("a long recording is written down in parts", after=after, in_turn=True)
        return part

    def _keep(self, sid: str, part: _Part) -> None:
        """For the next try, as long as this server runs; else it begins anew."""
        self._parts[sid] = part
        while len(self._parts) > MOST_KEPT:
            del self._parts[next(iter(self._parts))]

    async def _next(self, reading: "_Reading", part: _Part, told: Mapping[str, str]) -> _Part:
        layout = reading.layout
        most = min(layout.bytes_of(STRETCH), MOST_STRETCH - MOST_STRETCH % layout.block)
        most = min(most, layout.size - part.at)
        sound = await _bytes(self._sound, reading, layout.first + part.at, most)
        if len(sound) < most:
            raise TryAgain("the recording was deleted while it was written down")
        self._number += 1
        last = part.at + most >= layout.size
        asked = {**told, "number": self._number, "last": last}
        question = (orjson.dumps(asked), layout.stretch(sound))
        body = await self._engine.ask(question, ANSWERS_WITHIN)
        try:
            heard, seconds = _answer(body, self._number)
        except EngineFailed:
            await self._engine.refuse()
            raise
        done = most if last else min(layout.bytes_of(seconds), most)
        if done <= 0:
            await self._engine.refuse()
            raise EngineFailed("the engine says that it heard no sound where there is some")
        return _Part(part.at + done, (*part.heard, *heard))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A kept WAV, which is read in pieces of `step` bytes."""

    sid: str
    layout: Layout
    step: int


async def _bytes(sound: Sound, reading: _Reading, first: int, most: int) -> bytes:
    number, skip = divmod(first, reading.step)
    found = bytearray()
    while len(found) < skip + most and (piece := await sound.piece(reading.sid, number)):
        found += piece
        number += 1
    return bytes(found[skip : skip + most])


def _read(head: bytes, size: int) -> Layout:
    try:
        layout = layout_of(head, size)
    except NoWav as wrong:
        raise Refused(f"the recording cannot be written down, {wrong}: listen") from None
    if layout.seconds > MOST_SECONDS:
        minutes, most = layout.seconds / 60, MOST_SECONDS / 60
        raise Refused(
            f"a recording of {minutes:.0f} minutes is not written down ({most:.0f} at most): listen"
        )
    return layout


def _answer(body: bytes, number: int) -> tuple[Sequence[Heard], float]:
    """The phrases, and the seconds that are done with. Raises EngineFailed."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or told.get("number") != number:
        raise EngineFailed("the engine answered what it was not asked")
    if "failed" in told:
        raise EngineFailed("the engine failed in the midst of it")
    phrases, seconds = told.get("phrases"), told.get("seconds")
    if not isinstance(phrases, list) or not isinstance(seconds, int | float):
        raise EngineFailed("the engine's answer holds no phrases")
    if not 0 <= seconds <= MOST_SECONDS:
        raise EngineFailed("the engine heard more than it was told")
    return [_phrase(one) for one in phrases[:MOST_PHRASES] if isinstance(one, dict)], seconds


def _phrase(told: Mapping[str, Any]) -> Heard:
    text = told.get("text")
    numbers = ("avg_logprob", "no_speech_prob", "compression_ratio")
    return Heard(text if isinstance(text, str) else "", *(_number(told, name) for name in numbers))


def _number(told: Mapping[str, Any], name: str) -> float | None:
    number = told.get(name)
    return float(number) if isinstance(number, int | float) else None
