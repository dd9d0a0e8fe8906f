"""A plan with its recordings as one file: a zip of `plan.yaml` and `recordings/<hash>.wav`, which
another deployment takes whole (ADR 47). What a stranger packed is looked at by its list of contents
before anything is unpacked, and unpacked within bounds, in memory alone."""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from routing.drafts.kinds import KINDS, Document
from routing.exchange.document import PlanFile, read_plan
from routing.exchange.sentences import FileFault, fault
from routing.exchange.tree import MOST_BYTES

PLAN: Final = "plan.yaml"
FOLDER: Final = "recordings/"
RECORDING: Final = "recording"
"""The kind of entity that names a sound by its hash."""
MOST_PACKED: Final = 22 * 1024 * 1024
"""Bytes of a file: three quarters of an hour of speech. Proxies let 24 MB through to /admin."""
MOST_SOUND: Final = 1_000_000
"""Bytes of one recording, as of an upload."""
MOST_SOUNDS: Final = 2_000
MOST_UNPACKED: Final = 48 * 1024 * 1024
"""Bytes of all that is in it."""
_ENDING: Final = 22
_DIRECTORY: Final = 8 + (MOST_SOUNDS + 2) * 160
"""Bytes of the list of contents: a name of ours has 79, and a program adds its own notes."""
_NAME: Final = re.compile(r"recordings/([0-9a-f]{64})\.wav")
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
_NEVER: Final = (1980, 1, 1, 0, 0, 0)
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError,
    OverflowError, RuntimeError, ValueError,
)  # fmt: skip
Unusable = Callable[[bytes], bool]
"""Whether a recording is none that a telephone line plays, as an upload becomes one."""


class TooMuch(ValueError):
    """The recordings are too large or too many for one file: carry them with a backup."""


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A plan's file, and the sounds that came with it, by their hashes: those of its recordings."""

    plan: PlanFile
    text: bytes = b""
    sounds: Mapping[str, bytes] = field(default_factory=dict)


def named_sounds(document: Document) -> frozenset[str]:
    """The hashes of all recordings of a plan."""
    return _hashes(KINDS[RECORDING].read(document))


def _hashes(recordings: Mapping[str, Mapping[str, object]]) -> frozenset[str]:
    told = (body.get("sha256") for body in recordings.values())
    return frozenset(one for one in told if isinstance(one, str))


def packed(text: str, sounds: Mapping[str, bytes]) -> bytes:
    """The file: the same bytes for the same plan. Raises TooMuch."""
    if len(sounds) > MOST_SOUNDS:
        raise TooMuch
    parts = {f"{FOLDER}{sha256}.wav": wav for sha256, wav in sorted(sounds.items())}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as container:
        for name, content in {PLAN: text.encode(), **parts}.items():
            told = zipfile.ZipInfo(name, _NEVER)
            told.create_system = 3  # or it would differ by the machine
            told.external_attr = 0o600 << 16
            how = zipfile.ZIP_DEFLATED if name == PLAN else zipfile.ZIP_STORED
            container.writestr(told, content, how)
    if made.tell() > MOST_PACKED:
        raise TooMuch
    return made.getvalue()


def is_container(raw: bytes) -> bool:
    """By its first bytes, whatever it is called."""
    return raw[:2] == b"PK"


def read_whole(raw: bytes, document: Document, unusable: Unusable) -> WholeFile:
    """A plan alone or with its recordings, to be taken over `document`. Never raises: all that is
    wrong is among the faults of its plan."""
    if not is_container(raw):
        return WholeFile(read_plan(raw, document), raw)
    content, faults = _unpacked(raw)
    if faults:
        return WholeFile(PlanFile({}, tuple(faults)))
    text = content.pop(PLAN)
    plan = read_plan(text, document)
    named = _hashes(plan.kinds.get(RECORDING, {}))
    sounds = {found[1]: wav for name, wav in content.items() if (found := _NAME.fullmatch(name))}
    wrong = tuple(_of_sounds(sounds, named, unusable))
    meant = {sha256: wav for sha256, wav in sounds.items() if sha256 in named}
    return WholeFile(replace(plan, faults=(*plan.faults, *wrong)), text, meant)


def _of_sounds(
    sounds: Mapping[str, bytes], named: frozenset[str], unusable: Unusable
) -> Iterator[FileFault]:
    for sha256, wav in sounds.items():
        place = f"{FOLDER}{sha256}.wav"
        if hashlib.sha256(wav).hexdigest() != sha256:
            yield fault(0, place, "other_sound")
        elif unusable(wav):
            yield fault(0, place, "no_sound")
        elif sha256 not in named:
            yield fault(0, place, "unnamed_sound", only_told=True)


def _unpacked(raw: bytes) -> tuple[dict[str, bytes], list[FileFault]]:
    """What is in it by name, or what is wrong with it."""
    if len(raw) > MOST_PACKED:
        return {}, [fault(0, "", "too_large", n=MOST_PACKED // 1024**2)]
    if not _is_bounded(raw):
        return {}, [fault(0, "", "not_ours")]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as container:
            entries = [one for one in container.infolist() if one.filename != FOLDER]
            if faults := [*_of_list(entries)]:
                return {}, faults
            return {one.filename: _content(container, one) for one in entries}, []
    except _BROKEN:
        return {}, [fault(0, "", "not_ours")]


def _is_bounded(raw: bytes) -> bool:
    """Whether its end says how long its list of contents is, and that is not too long: whoever
    reads one, reads all of it. No comment stands behind, and no second list of larger files."""
    end = raw[-_ENDING:]
    if len(end) < _ENDING or end[:4] != b"PK\x05\x06" or raw[-42:-38] == b"PK\x06\x07":
        return False
    size, comment = int.from_bytes(end[12:16], "little"), int.from_bytes(end[20:22], "little")
    return size <= _DIRECTORY and not comment


def _of_list(entries: list[zipfile.ZipInfo]) -> Iterator[FileFault]:
    """By the list of contents alone."""
    names = Counter(one.filename for one in entries)
    if len(entries) > MOST_SOUNDS + 1:
        yield fault(0, "", "too_many_sounds", n=MOST_SOUNDS)
        return
    if PLAN not in names:
        yield fault(0, "", "no_plan", key=PLAN)
    for name in (name for name, often in names.items() if often > 1):
        yield fault(0, name, "part_twice", key=name)
    yield from (found for one in entries if (found := _of_part(one)))
    if sum(one.file_size for one in entries) > MOST_UNPACKED:
        yield fault(0, "", "large_whole", n=MOST_UNPACKED // 1024**2)


def _of_part(one: zipfile.ZipInfo) -> FileFault | None:
    name, most = one.filename, MOST_BYTES if one.filename == PLAN else MOST_SOUND
    if name != PLAN and not _NAME.fullmatch(name):
        return fault(0, name, "unknown_part", key=name)
    if one.flag_bits & _ENCRYPTED or one.compress_type not in _METHODS:
        return fault(0, name, "closed_part")
    return fault(0, name, "large_part", n=most // 1000) if one.file_size > most else None


def _content(container: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    """No more than its list says, however much there is; its checksum must hold."""
    with container.open(one) as part:
        return part.read(one.file_size + 1)
