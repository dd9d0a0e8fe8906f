"""One server a folder, and one sentence where the folder is not ours."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from storage.errors import InUse
from storage.lock import FolderLock
from tests.deadline import DEADLINE

pytestmark = pytest.mark.sqlite
ROOT = Path(__file__).parents[2]

_AS_NOBODY = """
import os, sys
from pathlib import Path
from storage.errors import ReadOnly
from storage.lock import FolderLock
from storage.schema import migrate
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
for attempt in (FolderLock(Path(sys.argv[1])).take, lambda: migrate(Path(sys.argv[1]) / "new.db")):
    try:
        attempt()
    except ReadOnly as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a folder's mode is POSIX")
def test_a_read_only_folder_is_one_sentence() -> None:
    """Seen by another user, so that it holds where the suite is run by root; outside pytest's
    own folders, which that user could not even enter."""
    program = f"import storage.schema, alembic.command\n{_AS_NOBODY}"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        told = subprocess.run(
            [sys.executable, "-c", program, folder],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
    sentences = told.stdout.splitlines()
    assert len(sentences) == 2, told.stderr
    assert all("DATA_DIR" in sentence for sentence in sentences)


_HOLDER = """
import sys
from pathlib import Path
from storage.errors import InUse
from storage.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
try:
    lock.take()
except InUse as error:
    print(error, flush=True)
else:
    print("held", flush=True)
    sys.stdin.read()
"""


def _holder(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_second_server_is_refused_until_the_first_dies(tmp_path: Path) -> None:
    with _holder(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with _holder(tmp_path) as second:
            refused, _ = second.communicate("", timeout=DEADLINE)
        with pytest.raises(InUse, match="stop it first"):
            FolderLock(tmp_path).take()
        first.kill()
        first.wait(DEADLINE)
    assert "another server works in this DATA_DIR" in refused
    lock = FolderLock(tmp_path)
    lock.take()
    lock.release()
    lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="a file's mode is POSIX")
@pytest.mark.parametrize("before", [None, 0o644])
def test_nobody_else_can_hold_the_lock(tmp_path: Path, before: int | None) -> None:
    """Whoever may read the file could lock it, and the server would not start."""
    path = tmp_path / "server.lock"
    if before is not None:
        path.touch(before)
    lock = FolderLock(tmp_path)
    lock.take()

    assert path.stat().st_mode & 0o777 == 0o600
    lock.release()
