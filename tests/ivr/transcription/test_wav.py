"""Where the sound of a WAV lies, and files that lie about it."""

import io
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.transcription.wav import A_LAW, MU_LAW, PCM, NoWav, layout_of

SOUND = bytes(range(200)) * 4


def chunk(name: bytes, content: bytes, told: int | None = None) -> bytes:
    length = len(content) if told is None else told
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


def form(kind: int = PCM, channels: int = 1, rate: int = 8_000, bits: int = 16) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", kind, channels, rate, rate * block, block, bits)


def file(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_it_lies_behind_whatever_stands_before_it() -> None:
    whole = file(chunk(b"LIST", b"odd"), chunk(b"fmt ", form() + b"\0\0"), chunk(b"data", SOUND))
    layout = layout_of(whole, len(whole))

    assert whole[layout.first : layout.first + layout.size] == SOUND
    assert layout.seconds == pytest.approx(len(SOUND) / 16_000)


@pytest.mark.parametrize("told", [0, 0xFFFFFFFF, 10**6])
def test_a_length_that_was_never_written_means_to_the_end(told: int) -> None:
    whole = file(chunk(b"fmt ", form()), chunk(b"data", SOUND, told))

    assert layout_of(whole, len(whole)).size == len(SOUND)


def test_what_follows_the_sound_is_none_of_it() -> None:
    whole = file(chunk(b"fmt ", form()), chunk(b"data", SOUND), chunk(b"LIST", b"name"))

    assert layout_of(whole, len(whole)).size == len(SOUND)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (form(kind=85), "its format"),
        (form(channels=6), "its format"),
        (form(rate=0), "its format"),
        (form(bits=0), "its format"),
        (form()[:10], "does not tell its format"),
    ],
)
def test_a_format_that_is_not_read_is_named(told: bytes, why: str) -> None:
    whole = file(chunk(b"fmt ", told), chunk(b"data", SOUND))
    with pytest.raises(NoWav, match=why):
        layout_of(whole, len(whole))


@pytest.mark.parametrize("whole", [b"", b"RIFF", b"ID3" + bytes(50), file(chunk(b"fmt ", form()))])
def test_what_is_no_wav_is_said_to_be_none(whole: bytes) -> None:
    with pytest.raises(NoWav):
        layout_of(whole, len(whole))


@pytest.mark.parametrize(("kind", "bits"), [(PCM, 16), (A_LAW, 8), (MU_LAW, 8)])
def test_a_stretch_is_a_wav_of_its_own(kind: int, bits: int) -> None:
    whole = file(chunk(b"fmt ", form(kind, bits=bits)), chunk(b"data", SOUND))
    stretch = layout_of(whole, len(whole)).stretch(SOUND[:100])
    layout = layout_of(stretch, len(stretch))

    assert stretch[layout.first :] == SOUND[:100]
    assert layout.block == bits // 8


def test_python_reads_the_stretch_too() -> None:
    whole = file(chunk(b"fmt ", form()), chunk(b"data", SOUND))
    stretch = layout_of(whole, len(whole)).stretch(SOUND[:100])
    with wave.open(io.BytesIO(stretch)) as read:
        assert read.readframes(1000) == SOUND[:100]


@given(st.binary(max_size=120), st.integers(0, 10**9))
def test_whatever_comes_is_a_layout_or_none(head: bytes, size: int) -> None:
    for whole in (head, b"RIFF" + head[:4] + b"WAVE" + head):
        try:
            layout = layout_of(whole, size)
        except NoWav:
            continue
        assert 0 <= layout.size <= size
        assert layout.size % layout.block == 0
