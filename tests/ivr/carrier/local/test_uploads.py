"""An uploaded recording is a telephone's own sound by its header, or is refused with a reason; no
file makes the check fail otherwise."""

import struct

import pytest

from ivr.carrier.local.mulaw import from_mulaw_wav, mulaw_wav
from ivr.carrier.local.recordings import samples_of
from ivr.carrier.local.uploads import is_telephone_wav, telephone_upload
from ivr.ports.prompts import MOST_BYTES, Fault, UnusableUpload
from tests.ivr.carrier.local.test_conversion import hertz_of, recording

PCM = recording(rate=8_000)


def refused(upload: bytes) -> Fault:
    with pytest.raises(UnusableUpload) as wrong:
        telephone_upload(upload)
    return wrong.value.fault


def test_pcm_and_mu_law_at_8_khz_are_taken_and_sound_alike() -> None:
    first = telephone_upload(PCM)
    assert hertz_of(list(samples_of(from_mulaw_wav(first)))) == pytest.approx(1003, rel=0.01)
    again = from_mulaw_wav(telephone_upload(first))
    assert again == from_mulaw_wav(first)


@pytest.mark.parametrize(
    ("upload", "fault"),
    [
        (b"", Fault.NO_WAV),
        (b"ID3\x04 an MP3 that is called sentence.wav", Fault.NO_WAV),
        (b"RIFF\x00\x00\x00\x00WAVE", Fault.FORMAT),
        (PCM[:30], Fault.FORMAT),
        (recording(rate=44_100), Fault.FORMAT),
        (recording(rate=8_000, channels=2), Fault.FORMAT),
        (recording(rate=8_000, width=1), Fault.FORMAT),
        (recording(rate=8_000, width=3), Fault.FORMAT),
        (recording(rate=8_000, strength=0.0), Fault.SILENT),
        (recording(rate=8_000, seconds=0.0), Fault.SILENT),
        (mulaw_wav(bytes(8_000 * 61)), Fault.TOO_LONG),
        (PCM + bytes(MOST_BYTES), Fault.TOO_LARGE),
    ],
)
def test_what_is_not_is_refused_with_its_reason(upload: bytes, fault: Fault) -> None:
    assert refused(upload) is fault


def test_no_damaged_or_hostile_header_does_more_than_be_refused() -> None:
    """Each cut, each byte of the header turned, and lengths that lie."""
    files = [PCM[:cut] for cut in range(60)]
    files += [PCM[:at] + bytes([PCM[at] ^ 0xA5]) + PCM[at + 1 :] for at in range(44)]
    for lie in (0, 1, 2**31, 2**32 - 1):
        told = struct.pack("<I", lie)
        files += [PCM[:4] + told + PCM[8:], PCM[:16] + told + PCM[20:], PCM[:40] + told + PCM[44:]]
    for file in files:
        try:
            wav = telephone_upload(file)
        except UnusableUpload:
            continue
        assert from_mulaw_wav(wav)


def test_what_was_kept_is_known_again_and_nothing_else() -> None:
    kept = telephone_upload(PCM)
    assert is_telephone_wav(kept)
    for other in (b"", PCM, kept + b"x", kept[:-2], mulaw_wav(b""), mulaw_wav(bytes([255]) * 800)):
        assert not is_telephone_wav(other)
    assert not is_telephone_wav(mulaw_wav(bytes(8_000 * 61)))
