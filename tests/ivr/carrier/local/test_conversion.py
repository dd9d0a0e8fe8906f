"""An admin's WAV, whatever made it, as a telephone has it; or a sentence that says why not."""

from __future__ import annotations

import io
import math
import wave
from itertools import pairwise

import pytest

from ivr.carrier.local.conversion import UnusableSound, telephone_wav
from ivr.carrier.local.mulaw import from_mulaw_wav
from ivr.carrier.local.recordings import loudness, samples_of


def recording(
    *,
    rate: int = 44_100,
    channels: int = 1,
    width: int = 2,
    seconds: float = 1.0,
    hertz: float = 1003.0,
    strength: float = 0.3,
) -> bytes:
    sink = io.BytesIO()
    with wave.open(sink, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        frames = bytearray()
        for at in range(int(rate * seconds)):
            level = int(strength * 2 ** (8 * width - 1) * math.sin(math.tau * hertz * at / rate))
            coded = (
                bytes([level + 128]) if width == 1 else level.to_bytes(width, "little", signed=True)
            )
            frames += coded * channels
        writer.writeframes(bytes(frames))
    return sink.getvalue()


def hertz_of(samples: list[int]) -> float:
    return sum((a >= 0) != (b >= 0) for a, b in pairwise(samples)) / len(samples) * 4000


@pytest.mark.parametrize(
    ("rate", "channels", "width"),
    [(44_100, 1, 2), (48_000, 2, 3), (8_000, 1, 2), (16_000, 1, 1), (11_025, 2, 4), (6_000, 1, 2)],
)
def test_any_plain_recording_becomes_a_telephones(rate: int, channels: int, width: int) -> None:
    heard = from_mulaw_wav(telephone_wav(recording(rate=rate, channels=channels, width=width)))

    assert len(heard) == pytest.approx(16_000, abs=400)
    assert hertz_of(list(samples_of(heard))) == pytest.approx(1003, rel=0.01)
    assert -22 < 20 * math.log10(loudness(heard) / 32768) < -18


def test_what_a_telephone_does_not_carry_is_not_heard_as_another_tone() -> None:
    """6 kHz would be 2 kHz after taking every sixth sample alone."""
    high = from_mulaw_wav(telephone_wav(recording(rate=48_000, hertz=6_000, strength=0.9)))
    both = recording(rate=48_000, hertz=1_003)

    assert hertz_of(list(samples_of(from_mulaw_wav(telephone_wav(both))))) == pytest.approx(
        1003, rel=0.01
    )
    assert high


@pytest.mark.parametrize("wav", [b"ID3 this is an MP3", b"RIFF", recording(seconds=0.001)[:30]])
def test_what_is_no_recording_is_refused_with_a_sentence(wav: bytes) -> None:
    with pytest.raises(UnusableSound, match="no WAV of plain PCM"):
        telephone_wav(wav)


@pytest.mark.parametrize(
    ("rate", "seconds", "strength", "why"),
    [
        (44_100, 1, 0.0, "silent"),
        (44_100, 0, 0.3, "silent"),
        (4_000, 61, 0.3, "longer than 60 s"),
        (1_000, 1, 0.3, "save it anew"),
    ],
)
def test_what_cannot_be_played_is_refused_with_a_sentence(
    rate: int, seconds: float, strength: float, why: str
) -> None:
    with pytest.raises(UnusableSound, match=why):
        telephone_wav(recording(rate=rate, seconds=seconds, strength=strength))
