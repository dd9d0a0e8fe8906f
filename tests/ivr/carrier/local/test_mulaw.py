"""µ-law WAV files, there and back."""

from __future__ import annotations

import array

import pytest

from ivr.carrier.local.mulaw import LEVELS, from_mulaw_wav, mulaw_wav
from ivr.carrier.local.recordings import samples_of, to_wav


@pytest.mark.parametrize("codes", [b"", b"\xff", bytes(range(256))])
def test_each_byte_comes_back_as_its_level(codes: bytes) -> None:
    heard = samples_of(from_mulaw_wav(mulaw_wav(codes)))

    assert heard == array.array("h", [LEVELS[code] for code in codes])


def test_the_levels_are_those_of_the_standard() -> None:
    """G.711 table 2a, decoder output values, of 14 bits: here of 16."""
    assert [LEVELS[code] // 4 for code in (0x80, 0x8F, 0x9F, 0xAF, 0xFE, 0xFF)] == [
        8031, 4191, 2079, 1023, 2, 0,
    ]  # fmt: skip
    assert LEVELS[0] == -LEVELS[0x80]


@pytest.mark.parametrize("wrong", [b"", b"RIFF", to_wav(bytes(80)), mulaw_wav(bytes(9))[:-3]])
def test_another_file_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="build it anew"):
        from_mulaw_wav(wrong)
