"""The model of `local`: joined once from its packages, checked each time, or the operator's."""

import hashlib
import sys
from pathlib import Path

import pytest

from ivr.transcription import model
from ivr.transcription.model import ModelError, fault_of, ready

PARTS = (b"first half, ", b"second half")
WHOLE = b"".join(PARTS)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages in small, with the files of the real ones."""
    names = ("whisper_part_one", "whisper_part_two")
    for number, name in enumerate(names, start=1):
        data = tmp_path / "site" / name / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        (data / f"model.bin.part{number}").write_bytes(PARTS[number - 1])
        (data / "config.json").write_bytes(b"{}")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(model, "PACKAGES", names)
    hashes = {"model.bin": sha(WHOLE), "config.json": sha(b"{}")}
    monkeypatch.setattr(model, "HASHES", hashes)
    return tmp_path / "site"


def test_the_packaged_model_is_joined_once(packages: Path, tmp_path: Path) -> None:
    folder = ready("", tmp_path / "models")
    weights = folder / "model.bin"
    joined = weights.stat().st_mtime_ns

    assert weights.read_bytes() == WHOLE
    assert (folder / "config.json").read_bytes() == b"{}"
    assert ready("", tmp_path / "models") == folder
    assert weights.stat().st_mtime_ns == joined
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["whisper-base"]


def test_a_package_that_is_another_one_is_refused_and_leaves_nothing(
    packages: Path, tmp_path: Path
) -> None:
    (packages / "whisper_part_two" / "data" / "model.bin.part2").write_bytes(b"somebody else's")
    with pytest.raises(ModelError, match=r"model\.bin .* is another one than was chosen"):
        ready("", tmp_path / "models")

    assert list((tmp_path / "models").iterdir()) == []


def test_a_model_that_was_changed_on_the_disk_is_refused(packages: Path, tmp_path: Path) -> None:
    folder = ready("", tmp_path / "models")
    (folder / "model.bin").write_bytes(WHOLE + b"!")
    with pytest.raises(ModelError, match=r"is not what it was: delete .*whisper-base"):
        ready("", tmp_path / "models")


def test_a_join_that_was_cut_off_is_no_model(packages: Path, tmp_path: Path) -> None:
    cut_off = tmp_path / "models" / "whisper-base-cut"
    cut_off.mkdir(parents=True)
    (cut_off / "model.bin").write_bytes(PARTS[0])

    assert (ready("", tmp_path / "models") / "model.bin").read_bytes() == WHOLE
    assert not cut_off.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"a file")
    with pytest.raises(ModelError, match=r"cannot be laid in .* 150 MB"):
        ready("", tmp_path / "models")


def test_the_operators_own_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert ready(str(tmp_path), tmp_path / "models") == tmp_path


def nothing_installed(name: str) -> None:
    return None


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "find_spec", nothing_installed)

    assert "uv sync --extra speech" in fault_of("")
    assert "uv sync --extra speech" in fault_of("/models/small")


def test_a_folder_that_is_no_model_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(model, "find_spec", lambda name: object())
    (tmp_path / "config.json").touch()

    assert f"{tmp_path} has no model.bin, tokenizer.json" in fault_of(str(tmp_path))
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).touch()
    assert fault_of(str(tmp_path)) == ""
    assert fault_of("") == ""
