"""Which engine listens on this machine, and that a start without its packages is refused."""

from pathlib import Path

import pytest

from deployment import commands
from deployment.engine import engine_of, threads_of
from deployment.listening import Worker
from deployment.settings import Settings, StartError, read_settings
from ivr.transcription import model
from storage.errors import InUse
from storage.lock import FileLock


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZHITONG_TRANSCRIBER", "local")
    monkeypatch.setattr(model, "find_spec", lambda name: object())


def test_without_the_extra_start_and_check_are_refused_with_the_command(
    local: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "find_spec", lambda name: None)

    async def serve(settings: Settings, worker: Worker | None) -> None:
        raise AssertionError

    for word in ("run", "check"):
        assert commands.main(serve, Path("server.py"), (word,)) == 1
        said = capsys.readouterr().err
        assert "TRANSCRIBER=local wants packages that are not installed" in said
        assert "uv sync --extra speech" in said


def test_a_model_is_a_folder_whose_name_may_be_of_any_script(
    local: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "模型"
    monkeypatch.setenv("ZHITONG_TRANSCRIBER_MODEL", str(folder))
    with pytest.raises(StartError, match=r"has no model\.bin"):
        read_settings()
    folder.mkdir()
    for name in model.NEEDED:
        (folder / name).touch()

    assert read_settings().transcriber_model == str(folder)


def test_nothing_runs_before_the_first_recording(local: None) -> None:
    engine = engine_of(read_settings())

    assert engine is not None
    assert engine.pid is None
    assert engine_of(Settings(transcriber="none")) is None


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (4, 2), (8, 4), (64, 4)])
def test_half_of_the_machine_stays_for_calls(cores: int, threads: int) -> None:
    assert threads_of(cores) == threads


def test_the_lock_of_the_engines_place_says_in_use(tmp_path: Path) -> None:
    """What `engine_of` hands on as the error of a place that is taken."""
    one, other = (FileLock(tmp_path / "engine.lock") for _ in range(2))
    one.take()
    with pytest.raises(InUse):
        other.take()
    one.release()
    other.take()
    other.release()
