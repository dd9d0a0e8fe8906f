"""Said slower: longer, at the same pitch, and nothing else."""

from __future__ import annotations

import array
import json
import math
from itertools import accumulate, pairwise

import pytest

from ivr.carrier.local.bank import SHIPPED, frames
from ivr.carrier.local.recordings import loudness, samples_of
from ivr.carrier.local.stretching import slower
from ivr.carrier.playing import PACE
from tests.ivr.carrier.local.sounds import hush, tone


def crossings(heard: bytes) -> float:
    """How often a second the sound changes its sign."""
    signs = [sample >= 0 for sample in samples_of(heard)]
    return sum(a != b for a, b in pairwise(signs)) / (len(signs) / 8000)


@pytest.mark.parametrize("pace", [0.9, PACE])
def test_a_tone_is_longer_and_no_lower(pace: float) -> None:
    sound = tone(2.0)

    heard = slower(sound, pace)

    assert len(heard) / len(sound) == pytest.approx(1 / pace, rel=0.02)
    assert crossings(heard) == pytest.approx(crossings(sound), rel=0.02)
    assert loudness(heard) == pytest.approx(loudness(sound), rel=0.05)


@pytest.mark.parametrize("pace", [0.9, PACE])
def test_a_voice_has_no_clicks(pace: float) -> None:
    """No step between two samples that the voice itself does not make."""
    turns = accumulate(180 + 40 * math.sin(at / 2000) for at in range(16000))  # hertz
    samples = array.array("h", (int(6000 * math.sin(turn * math.tau / 8000)) for turn in turns))
    steps = [abs(a - b) for a, b in pairwise(samples)]

    heard = samples_of(slower(samples.tobytes(), pace))

    assert max(abs(a - b) for a, b in pairwise(heard)) <= max(steps) * 1.1


def test_what_is_said_as_it_is_and_what_is_short_stay() -> None:
    assert slower(tone(1.0), 1.0) == tone(1.0)
    assert slower(b"", 0.9) == b""
    assert slower(hush(0.02), 0.9) == hush(0.02)


def test_after_the_star_every_recorded_sentence_is_clearly_slower_and_as_loud() -> None:
    lines = json.loads((SHIPPED / "manifest.json").read_text("utf-8"))[::40]
    for line in lines:
        said = frames(SHIPPED / line["file"])

        heard = slower(said, PACE)

        assert 1.2 < len(heard) / len(said) < 1.27, line
        loud = pytest.approx(loudness(said), rel=0.09)  # a little more: vowels last longest
        assert loudness(heard) == loud, line
