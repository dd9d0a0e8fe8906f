"""What the engines of `benchmarks.words` are measured by: sound on a line, noise, and edits."""

import array
import math
import random

import pytest

from benchmarks.errors import edits, error_rate
from benchmarks.spoken import NOISES, in_noise, minute, on_the_line, recorded, samples
from ivr.carrier.local.mulaw import from_mulaw_wav

TONE = array.array("h", (int(8000 * math.sin(at / 3)) for at in range(8000))).tobytes()


def power(sound: bytes) -> float:
    values = array.array("h", sound)
    return sum(one * one for one in values) / len(values)


@pytest.mark.parametrize("above", [0.0, 5.0, 15.0])
def test_the_noise_is_as_loud_as_it_is_said_to_be(above: float) -> None:
    noisy = array.array("h", in_noise(TONE, above, random.Random(1)))  # noqa: S311 - noise
    noise = array.array("h", (a - b for a, b in zip(noisy, array.array("h", TONE), strict=True)))

    assert 10 * math.log10(power(TONE) / power(noise.tobytes())) == pytest.approx(above, abs=0.5)


def test_the_line_carries_the_nearest_levels() -> None:
    heard = array.array("h", from_mulaw_wav(on_the_line(TONE)))

    errors = (abs(a - b) for a, b in zip(heard, array.array("h", TONE), strict=True))
    assert max(errors) <= 256  # half a step of the loudest that is in it


def test_every_sentence_is_said_still_and_in_each_noise() -> None:
    made = list(samples("en", {"tone": {"a tone": TONE}}))

    assert [one.noise for one in made] == list(NOISES)
    assert len({one.wav for one in made}) == len(NOISES)


def test_the_set_is_always_the_same() -> None:
    sentences = {"recorded": recorded("zh-CN", 2)}

    assert list(samples("zh-CN", sentences)) == list(samples("zh-CN", sentences))
    assert len(sentences["recorded"]) == 2


def test_the_minute_is_one() -> None:
    assert len(from_mulaw_wav(minute())) == 2 * 8000 * 60


def test_edits_are_counted_by_characters() -> None:
    assert edits("kitten", "sitting") == 3
    assert edits("", "abc") == 3
    assert error_rate("路灯坏了。", "路 灯，坏了") == 0
    assert error_rate("路灯坏了", "路登坏") == 0.5
