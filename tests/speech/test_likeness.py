"""That the comparison of the first tests bears a busy browser and nothing else."""

from pathlib import Path

from tests.speech.likeness import RATE, SAME, likeness, samples

HERE = Path(__file__).parent
SPOKEN = samples((HERE / "street_light.zh-CN.wav").read_bytes())
PIECE = RATE // 50 * 4
"""Samples of one message from the browser's microphone."""


def with_gaps(sound: list[int], every: int) -> list[int]:
    """The sound without each so many-th piece, as a starved microphone gives it."""
    pieces = [sound[at : at + PIECE] for at in range(0, len(sound), PIECE)]
    return [value for n, piece in enumerate(pieces, 1) if n % every for value in piece]


def test_the_same_speech_with_gaps_is_the_same() -> None:
    assert likeness(with_gaps(SPOKEN * 2, 40), SPOKEN) > SAME


def test_other_speech_is_not() -> None:
    for name in ("repair_light.zh-CN.wav", "repair_light.en.wav"):
        other = samples((HERE / name).read_bytes())
        assert likeness(other * 2, SPOKEN) < SAME - 0.05


def test_speech_whose_second_half_is_lost_is_not() -> None:
    half = SPOKEN[: 4 * RATE]
    assert likeness(half + [0] * len(half), SPOKEN) < SAME
