"""An admin's own recordings: `DATA_DIR/voices/<language>/<phrase>.<sentence>.wav`, read at start
and kept beside as a telephone has them. One whose phrase was changed since is not played."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivr.carrier.local.conversion import UnusableSound, telephone_wav
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook
from ivr.library.sentences import Numbered, language_of, numbered

_MADE = ".made"  # what was converted, by the hash of the file that it is of
_TAKEN = "taken.json"  # which words each file was first taken for
_MOST_BYTES = 30_000_000
UNUSED = 86_400.0
"""Seconds for which what was made of a recording stays after the last server that played it: one
beside us may have begun before the recording was replaced, and a carrier fetch it meanwhile."""


@dataclass(frozen=True, slots=True)
class Own:
    """What was found: sounds by language and sentence, where each is from, and what is wrong."""

    sounds: Mapping[tuple[Language, str], Path] = field(default_factory=dict)
    refused: tuple[tuple[str, str], ...] = ()


def own_sentences(folder: Path, book: Phrasebook, days: int) -> Own:
    """All of a folder that can be used. Nothing is written where there is no such folder; a file
    that appears while we read counts from the next start on."""
    files = sorted(folder.glob("*/*.wav")) if folder.is_dir() else []
    if not files:
        return Own()
    known = {f"{each.folder}/{each.name}.wav": each for each in numbered(book, days)}
    before, taken = _taken_before(folder), {}
    sounds: dict[tuple[Language, str], Path] = {}
    refused = []
    for path in files:
        file = path.relative_to(folder).as_posix()
        try:
            sentence = _sentence(known.get(file))
            digest = _digest(path)
            taken[file] = _still_meant(before.get(file), [digest, sentence])
            sounds[language_of(sentence), sentence] = _made(folder, path, digest)
        except UnusableSound as wrong:
            refused.append((file, str(wrong)))
            if file in before:
                taken.setdefault(file, before[file])
        except OSError as wrong:
            refused.append((file, f"cannot be read ({wrong.strerror})"))
    with contextlib.suppress(OSError):  # a folder that is not ours to write is still played
        _write(folder / _TAKEN, json.dumps(taken, ensure_ascii=False, indent=1).encode())
    return Own(sounds, tuple(refused))


def _sentence(of: Numbered | None) -> str:
    if of is None:
        raise UnusableSound(
            "is no sentence's: name it as `server.py voices` does, such as menu.main.1.wav"
        )
    if not of.fixed:
        raise UnusableSound(f"is of a sentence that changes from call to call: {of.text}")
    return of.text


def _still_meant(before: list[str] | None, now: list[str]) -> list[str]:
    """A file is of the words that it was first taken for, until it is another file."""
    if before is not None and before[0] == now[0] and before[1] != now[1]:
        raise UnusableSound(f"was recorded when the words were: {before[1]} They are now: {now[1]}")
    return now


def _taken_before(folder: Path) -> dict[str, list[str]]:
    try:
        read = json.loads((folder / _TAKEN).read_text(encoding="utf-8"))
        return {str(file): [str(part) for part in said] for file, said in read.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _digest(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise UnusableSound(f"is over {_MOST_BYTES // 1_000_000} MB: a sentence takes seconds")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _made(folder: Path, path: Path, digest: str) -> Path:
    """What was made of it, now or at an earlier start; named by the hash of its own sound, as
    carriers keep it under that name for good."""
    made = folder / _MADE
    for found in made.glob(f"{digest[:32]}/*.wav"):
        return found
    wav = telephone_wav(path.read_bytes())
    kept = made / digest[:32] / f"{hashlib.sha256(wav).hexdigest()[:32]}.wav"
    kept.parent.mkdir(parents=True, exist_ok=True)
    _write(kept, wav)
    return kept


def tidy(folder: Path, sounds: Iterable[Path], now: float) -> None:
    """Mark as played what was made of these recordings, and delete what nobody has marked for
    UNUSED seconds: whoever takes a recording away takes its voice away. `now` is the machine's
    time, as files bear it. Raises OSError where the folder is not ours to write."""
    made = folder / _MADE
    played = {path for path in sounds if made in path.parents}
    for path in played:
        with contextlib.suppress(FileNotFoundError):  # somebody has tidied too much
            os.utime(path, (now, now))
    for path in made.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):  # a server beside us tidies as well
            if path not in played and path.stat().st_mtime < now - UNUSED:
                path.unlink()
    for emptied in made.glob("*"):
        with contextlib.suppress(OSError):  # it is not empty
            emptied.rmdir()


def published_path(folder: Path, sha256: str) -> Path:
    """Where a published recording lies beside what was made of an admin's own, named as carriers
    keep it for good; `tidy` deletes it once it is in no plan that is played."""
    return folder / _MADE / "published" / f"{sha256[:32]}.wav"


def write_published(path: Path, wav: bytes) -> None:
    """Whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, wav)


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def listed(
    book: Phrasebook, days: int, sounds: Mapping[tuple[Language, str], Path]
) -> Iterator[str]:
    """A line for each sentence of the phrases: its file's name, whose sound it has, its words."""
    for each in numbered(book, days):
        path = sounds.get((language_of(each.text), each.text))
        if not each.fixed:
            whose = "changes"
        elif path is None:
            whose = "MISSING"
        else:
            whose = "own" if _MADE in path.parts else "shipped"
        yield f"{each.folder}/{each.name}.wav  {whose}  {each.text}"
