"""What is accepted while the database is gone: on the disk before anybody is told, whole or not
there, sealed, and each process's own."""

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.conversation.spooled import Spooled
from ivr.flow.fallback import Line
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from storage.errors import DiskFull, ReadOnly, StorageError
from storage.sealing import Sealing
from storage.spool import FileSpool
from tests.deadline import DEADLINE

pytestmark = pytest.mark.sqlite
"""Files of ours, whichever the database is."""

ROOT = Path(__file__).parents[2]
KEY = b"a test's own key, never a server's"
AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LINE = Spooled(
    Origin("AC1", "CA1"),
    Line("+865580000021", "+8613900007788"),
    "zh-CN",
    RecordingRef("RE1", "https://api.example/RE1", 20),
    AT,
)
OTHER = replace(LINE, ref=RecordingRef("RE2", "u", 0), matter=("call-1", 3), heard=False)

LIVES = """
import asyncio, sys
from pathlib import Path
from tests.storage.test_spool import LINE, spool_in

async def main():
    spool = spool_in(Path(sys.argv[1]))
    await spool.keep(LINE)
    print("kept", flush=True)
    sys.stdin.readline()

asyncio.run(main())
"""


def spool_in(folder: Path, key: bytes = KEY) -> FileSpool:
    return FileSpool(folder, Sealing(key), lambda: AT)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[FileSpool]:
    opened = spool_in(tmp_path)
    yield opened
    opened.close()


async def read(spool: FileSpool) -> list[Spooled]:
    return [line for batch in await spool.batches() for line in batch.lines]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


async def test_what_is_kept_is_read_back_after_a_kill(tmp_path: Path, spool: FileSpool) -> None:
    await spool.keep(LINE)
    await spool.keep(OTHER)
    assert await read(spool) == [LINE, OTHER]
    spool.close()

    again = spool_in(tmp_path)

    (batch,) = await again.batches()
    assert batch.lines == (LINE, OTHER)
    await again.done(batch)
    assert list(tmp_path.iterdir()) == []
    again.close()


async def test_no_number_stands_in_the_file(tmp_path: Path, spool: FileSpool) -> None:
    await spool.keep(LINE)

    (path,) = files(tmp_path)
    text = path.read_bytes()
    for part in (b"8613900007788", b"13900007788", b"5580000021", b"RE1", b"CA1"):
        assert part not in text
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


async def test_a_line_is_on_the_disk_before_anybody_is_told(
    tmp_path: Path, spool: FileSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        fsync(descriptor)
        flushed.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr("storage.spool.os.fsync", noting)
    await spool.keep(LINE)

    (path,) = files(tmp_path)
    assert flushed[-1] == path.stat().st_size


async def test_half_a_line_is_left_out_and_goes_with_its_file(
    tmp_path: Path, spool: FileSpool
) -> None:
    await spool.keep(LINE)
    spool.close()
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    for kept in range(1, len(whole)):  # a power cut may leave any part of the second line
        path.write_bytes(whole + whole[:kept])
        again = spool_in(tmp_path)
        (batch,) = await again.batches()
        assert batch.lines in ((LINE,), (LINE, LINE)), kept
        assert len(batch.lines) == 1 or kept == len(whole) - 1  # all but the line's end
        again.close()

    again = spool_in(tmp_path)
    (batch,) = await again.batches()
    await again.done(batch)
    assert files(tmp_path) == []
    again.close()


@pytest.mark.parametrize("suffix", [".jsonl", ".lock"])
async def test_a_file_that_cannot_be_read_holds_up_no_other(
    tmp_path: Path, spool: FileSpool, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """As one that root copied from another machine's spool, its lock too."""
    foreign = tmp_path / "0-copied.jsonl"
    foreign.write_bytes(b"{}\n")
    await spool.keep(LINE)
    opened, read_bytes = os.open, Path.read_bytes

    def refuse(path: Path) -> None:
        if path == foreign.with_suffix(suffix):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def opening(path: Path, *how: int) -> int:
        refuse(Path(path))
        return opened(path, *how)

    def reading(path: Path) -> bytes:
        refuse(path)
        return read_bytes(path)

    monkeypatch.setattr("storage.lock.os.open", opening)
    monkeypatch.setattr(Path, "read_bytes", reading)
    with capture_logs() as log:
        assert await read(spool) == [LINE]
        assert await read(spool) == [LINE]
    assert [(entry["event"], entry["file"]) for entry in log] == [("spool.left_out", foreign.name)]

    monkeypatch.undo()
    (left, _) = await spool.batches()
    assert left.name == foreign.name


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
async def test_what_is_no_file_is_not_waited_for(tmp_path: Path, spool: FileSpool) -> None:
    os.mkfifo(tmp_path / "0-pipe.jsonl")
    (tmp_path / "1-folder.jsonl").mkdir()
    await spool.keep(LINE)

    async with asyncio.timeout(DEADLINE):
        assert await read(spool) == [LINE]


async def test_how_much_waits(tmp_path: Path, spool: FileSpool) -> None:
    """A file that goes between the listing and the look counts nothing."""
    assert await spool.size() == 0
    await spool.keep(LINE)
    (file,) = tmp_path.glob("*.jsonl")
    (tmp_path / "0-gone.jsonl").symlink_to(tmp_path / "nowhere")

    assert await spool.size() == file.stat().st_size > 0


async def test_what_another_key_sealed_stays(tmp_path: Path, spool: FileSpool) -> None:
    await spool.keep(LINE)
    spool.close()
    other = spool_in(tmp_path, b"another key, of another server...")
    (batch,) = await other.batches()
    assert batch.lines == ()
    await other.done(batch)
    other.close()

    ours = spool_in(tmp_path)
    assert await read(ours) == [LINE]
    ours.close()


async def test_a_line_that_was_changed_on_the_disk_is_not_believed(
    tmp_path: Path, spool: FileSpool
) -> None:
    await spool.keep(LINE)
    spool.close()
    (path,) = files(tmp_path)
    text = path.read_text()
    at = text.index('"sealed":"') + 40
    path.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])

    again = spool_in(tmp_path)

    assert await read(again) == []
    (batch,) = await again.batches()
    await again.done(batch)
    assert files(tmp_path) == [path]
    again.close()


async def test_a_batch_that_has_grown_stays(tmp_path: Path, spool: FileSpool) -> None:
    await spool.keep(LINE)
    (batch,) = await spool.batches()
    await spool.keep(OTHER)

    await spool.done(batch)
    assert await read(spool) == [LINE, OTHER]

    (batch,) = await spool.batches()
    await spool.done(batch)
    await spool.keep(OTHER)
    assert await read(spool) == [OTHER]


async def test_a_full_disk_tears_a_line_and_no_other(
    tmp_path: Path, spool: FileSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    await spool.keep(LINE)

    def half(descriptor: int, text: memoryview) -> int:
        if len(text) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, text[: len(text) // 2])

    monkeypatch.setattr("storage.spool.os.write", half)
    with pytest.raises(DiskFull):
        await spool.keep(OTHER)
    monkeypatch.setattr("storage.spool.os.write", write)
    await spool.keep(OTHER)

    assert await read(spool) == [LINE, OTHER]
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.EROFS, ReadOnly), (errno.EACCES, ReadOnly), (errno.EIO, StorageError)]
)
async def test_each_failure_is_a_sentence(
    spool: FileSpool, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[StorageError]
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("storage.spool.os.open", refuse)

    with pytest.raises(kind, match="DATA_DIR"):
        await spool.keep(LINE)


async def test_a_process_that_lives_keeps_its_file_to_itself(
    tmp_path: Path, spool: FileSpool
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIVES, str(tmp_path), cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        async with asyncio.timeout(DEADLINE):
            assert await child.stdout.readline() == b"kept\n"
            await spool.keep(OTHER)
            assert await read(spool) == [OTHER]
            child.kill()
            await child.wait()
            assert sorted(await read(spool), key=lambda line: line.ref.sid) == [LINE, OTHER]
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert len({path.name for path in files(tmp_path)}) == 2


async def test_until_when_all_is_known(spool: FileSpool, tmp_path: Path) -> None:
    assert await spool.known_until() is None
    await spool.know_until(AT)
    await spool.know_until(AT + timedelta(hours=1))
    assert await spool.known_until() == AT + timedelta(hours=1)

    (tmp_path / "known-until").write_text("yesterday")
    assert await spool.known_until() is None
