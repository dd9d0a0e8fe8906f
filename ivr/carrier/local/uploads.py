"""A recording that somebody uploaded, as a telephone has it. Taken is what a telephone takes, 8 kHz
in one channel of 16-bit PCM or µ-law, so that nothing slow is done with a stranger's file; its
header is looked at, never its name. The counterpart of `own`, which reads a folder of one's own."""

from __future__ import annotations

import array
import struct
from typing import Final

from ivr.carrier.local.conversion import SILENT, UnusableSound, levelled
from ivr.carrier.local.mulaw import from_mulaw, from_mulaw_wav
from ivr.carrier.local.recordings import RATE, samples_of
from ivr.library.recordings import LONGEST
from ivr.ports.prompts import MOST_BYTES, Fault, UnusableUpload
from ivr.transcription.wav import MU_LAW, PCM, NoWav, layout_of

_TAKEN: Final = {(PCM, 1, RATE, 16), (MU_LAW, 1, RATE, 8)}
"""Format, channels, samples a second, bits."""


def telephone_upload(upload: bytes) -> bytes:
    """µ-law at 8 kHz, as loud as the shipped sentences. Raises UnusableUpload."""
    if len(upload) > MOST_BYTES:
        raise UnusableUpload(Fault.TOO_LARGE)
    try:
        layout = layout_of(upload, len(upload))
    except NoWav as wrong:
        raise UnusableUpload(Fault.FORMAT if upload[:4] == b"RIFF" else Fault.NO_WAV) from wrong
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", layout.told)
    if (kind, channels, rate, bits) not in _TAKEN:
        raise UnusableUpload(Fault.FORMAT)
    if layout.seconds > LONGEST:
        raise UnusableUpload(Fault.TOO_LONG)
    sound = upload[layout.first : layout.first + layout.size]
    try:
        return levelled(_samples(sound, kind))
    except UnusableSound as wrong:
        raise UnusableUpload(Fault.SILENT) from wrong


def is_telephone_wav(wav: bytes) -> bool:
    """Whether it is one that `telephone_upload` made, byte for byte, within the same bounds."""
    try:
        sound = samples_of(from_mulaw_wav(wav))
    except ValueError:
        return False
    whole = 0 < len(sound) <= LONGEST * RATE and len(wav) <= MOST_BYTES
    return whole and max(sound) - min(sound) >= SILENT


def _samples(sound: bytes, kind: int) -> array.array[int]:
    return samples_of(from_mulaw(sound) if kind == MU_LAW else sound)
