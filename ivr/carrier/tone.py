"""The sound of a phone that rings, as a WAV: computed once, eight thousand samples a second of one
byte each, as carriers take it."""

import io
import math
import wave
from typing import Final

from aiohttp import web

from ivr.carrier.twiml import TONE_PATH
from ivr.flow.instruction import Tone

RATE: Final = 8000
HERTZ: Final = 450
SOUNDS: Final = 1
"""Seconds of the ring that are not silent."""
LOUD: Final = 40
"""Of 127: as loud as a voice, not louder."""
_FADE: Final = RATE // 100
"""Samples over which it swells and fades, so that it does not click."""


def ringing() -> bytes:
    """One ring and the silence after it."""
    length = RATE * SOUNDS
    swell = (min(1.0, at / _FADE, (length - at) / _FADE) for at in range(length))
    tone = bytes(
        128 + round(LOUD * loud * math.sin(2 * math.pi * HERTZ * at / RATE))
        for at, loud in enumerate(swell)
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes(tone.ljust(RATE * Tone().seconds, b"\x80"))
    return file.getvalue()


TONE: Final = ringing()
_A_DAY: Final = "public, max-age=86400"


def tone_route() -> web.RouteDef:
    """For the application's router."""
    return web.get(TONE_PATH, _tone)


async def _tone(_: web.Request) -> web.Response:
    """GET `/voice/ringing.wav`: it says nothing, so without a signature."""
    headers = {"Cache-Control": _A_DAY}
    return web.Response(body=TONE, content_type="audio/wav", headers=headers)
