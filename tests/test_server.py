"""A server that cannot start says in one sentence what to do, and ends with 1; one that is killed
forgets nothing that it answered; what it logs names nobody."""

import errno
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import server
from deployment.settings import Settings
from storage.lock import FolderLock
from storage.schema import migrate
from storage.sqlite import database

ROOT = Path(__file__).parents[1]
PUBLIC = "https://phone.example"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is what may not be used alone
Prepare = Callable[[Path], object]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, neither a developer's `.env` nor his environment."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ZHITONG_{name.upper()}", raising=False)


def refusal(capsys: pytest.CaptureFixture[str], command: str = "run") -> str:
    """The sentence of a start that failed."""
    code = server.main([command])
    heard = capsys.readouterr()
    assert (code, heard.out) == (1, "")
    return sentence(heard.err)


def sentence(heard: str) -> str:
    """One line, with no word of an exception in it."""
    (line,) = heard.splitlines()
    assert line.startswith("server.py: ")
    assert "Traceback" not in line
    assert "Error" not in line
    assert "[Errno" not in line
    return line


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"PORT": "many"}, "ZHITONG_PORT"),
        ({"PORT": "0"}, "ZHITONG_PORT"),
        ({"TIME_ZONE": "Mars/Olympus"}, "say Asia/Shanghai"),
        ({"HOST": EVERYWHERE}, "PUBLIC_URL is required"),
        ({"HOST": EVERYWHERE, "PUBLIC_URL": PUBLIC, "DEMO": "1"}, "HOST must be 127.0.0.1"),
        ({"PUBLIC_URL": PUBLIC, "DEMO": "1"}, "PUBLIC_URL not set"),
        ({"PUBLIC_URL": "phone.example"}, "must look like https://"),
        ({"PUBLIC_URL": "https://user:word@phone.example"}, "must look like"),
        ({"PUBLIC_URL": "https://phone.example/?a=b"}, "must look like"),
        ({"PUBLIC_URL": "https://phone.example:99999"}, "must look like"),
        ({"PUBLIC_URL": "https://[::1"}, "must look like"),
        ({"PUBLIC_URL": "https://"}, "must look like"),
        ({"PUBLIC_URL": 'https://phone.example/"><Hangup/>'}, "must look like"),
        ({"PUBLIC_URL": "https://phone.example/a b"}, "must look like"),
        ({"PUBLIC_URL": "https://电话.example"}, "must look like"),
        ({"AUTH_TOKEN": "a,,b"}, "AUTH_TOKEN"),
        ({"AUTH_TOKEN": " , "}, "AUTH_TOKEN"),
        ({"DEMO": "perhaps"}, "ZHITONG_DEMO"),
        ({"SECRET_KEY": "short"}, "32 random characters"),
        ({"WORKERS": "4"}, "ZHITONG_WORKERS needs ZHITONG_DATABASE_URL"),
        ({"DATA_DIR": "/dev/null/x"}, "choose another"),
        ({"DATA_DIR": ""}, "ZHITONG_DATA_DIR is empty: give it a value"),
        ({"PORT": ""}, "ZHITONG_PORT is empty: give it a value, or leave the line out for 8080"),
        ({"DEMO": ""}, "ZHITONG_DEMO is empty: give it a value, or leave the line out"),
        ({"RETENTION_AUDIO_DAYS": ""}, "leave the line out for 90"),
        ({"PROT": "8081"}, "ZHITONG_PROT is no setting; did you mean ZHITONG_PORT?"),
        ({"BANANA": "1"}, "README.md lists all of them"),
        ({"DATA_DIR": "x\0y"}, "DATA_DIR"),
        ({"HOST": "192.0.2.1", "PUBLIC_URL": PUBLIC}, "set ZHITONG_HOST to one"),
        ({"HOST": "no host at all", "PUBLIC_URL": PUBLIC}, "set ZHITONG_HOST to one"),
    ],
)
def test_settings_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, str],
    says: str,
) -> None:
    (Path.cwd() / ".env").write_text("".join(f"ZHITONG_{n}={v}\n" for n, v in values.items()))

    assert says in refusal(capsys)


def test_an_env_file_that_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    (Path.cwd() / ".env").write_bytes(b"ZHITONG_PORT=\xff\xfe\x00")

    assert "it must be UTF-8 text" in refusal(capsys)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('ZHITONG_SECRET_KEY="a key whose quote is not closed', 3),  # another would be made
        ("ZHITONG_PORT 8081", 3),
        ("ZHITONG_PORT", 3),
        ("= 8081", 3),
    ],
)
def test_a_line_of_the_env_file_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str], line: str, number: int
) -> None:
    (Path.cwd() / ".env").write_text(f"# ours\n\n{line}\nZHITONG_PORT=8082 # beside the other\n")

    assert f"line {number} of .env cannot be read" in refusal(capsys)


def test_a_setting_that_is_none_in_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHITONG_SECRETKEY", "x" * 40)

    assert "did you mean ZHITONG_SECRET_KEY?" in refusal(capsys)


def test_what_an_env_file_may_hold(capsys: pytest.CaptureFixture[str]) -> None:
    (Path.cwd() / ".env").write_text(
        "\ufeff# ours\n\nexport ZHITONG_PORT=8082 # free\nOTHER=1\nZHITONG_PUBLIC_URL=\n",
        encoding="utf-8",
    )

    assert server.main(["check"]) == 0
    assert "can be used" in capsys.readouterr().out


def a_folder(name: str) -> Prepare:
    return lambda data: (data / name).mkdir(parents=True)


def a_file(name: str, content: bytes = b"") -> Prepare:
    def write(data: Path) -> None:
        data.mkdir(exist_ok=True)
        (data / name).write_bytes(content)

    return write


def of_the_future(data: Path) -> None:
    data.mkdir()
    migrate(data / "zhitong.db")
    with sqlite3.connect(data / "zhitong.db") as opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")
    opened.close()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda data: data.write_bytes(b""), "choose another"),
        (a_folder("server.lock"), "choose another folder"),
        (a_folder("zhitong.db"), "check that ZHITONG_DATA_DIR exists and is ours"),
        (a_file("zhitong.db", b"this is no database" * 100), "restore the last backup"),
        (a_folder("secret.key"), "secret.key"),
        (a_file("secret.key", b"half"), "bring it back from a backup"),
        (a_file("line"), "line"),
        (of_the_future, "written by a newer version"),
    ],
    ids=["file", "lock", "folder", "damaged", "key folder", "half a key", "line", "newer"],
)
def test_a_folder_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], prepare: Prepare, says: str
) -> None:
    prepare(Path.cwd() / "var")

    assert says in refusal(capsys)


@pytest.mark.parametrize("command", ["run", "migrate"])
def test_a_second_server_on_the_same_data(capsys: pytest.CaptureFixture[str], command: str) -> None:
    folder = Path.cwd() / "var"
    folder.mkdir()
    first = FolderLock(folder)
    first.take()

    refused = refusal(capsys, command)
    assert "another server works in this ZHITONG_DATA_DIR: stop it first" in refused
    first.release()


def test_what_is_kept_is_its_owners_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Also in a folder that somebody made before, for all to read."""
    if os.name != "posix":
        pytest.skip("elsewhere the folder's own rights count")
    folder = Path.cwd() / "var"
    folder.mkdir(mode=0o755)

    assert server.main(["migrate"]) == 0

    assert (folder / "zhitong.db").stat().st_mode & 0o077 == 0
    assert capsys.readouterr().err == ""


def test_another_key_than_the_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    """Numbers could not be opened and every PIN would be wrong, without a word."""
    monkeypatch.setenv("ZHITONG_PORT", str(taken_port))
    assert "ZHITONG_PORT" in refusal(capsys)  # the folder is begun
    monkeypatch.setenv("ZHITONG_SECRET_KEY", "another" * 5)

    assert "bring back its ZHITONG_SECRET_KEY" in refusal(capsys)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    monkeypatch.setenv("ZHITONG_PORT", str(taken_port))

    said = refusal(capsys)

    assert str(taken_port) in said
    assert "set ZHITONG_PORT to a free one" in said
    lock = FolderLock(Path.cwd() / "var")
    lock.take()  # the failed start holds nothing any more
    lock.release()


@pytest.mark.parametrize("command", ["run", "migrate"])
def test_a_disk_that_is_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """SQLite's own "database or disk is full", by a bound on its pages."""
    monkeypatch.setattr(database, "PRAGMAS", (*database.PRAGMAS, "PRAGMA max_page_count=8"))

    assert "the disk is full: free some room" in refusal(capsys, command)


def test_no_room_for_the_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("deployment.settings.os.fsync", full)

    assert "No space left" in refusal(capsys)
    assert not (Path.cwd() / "var" / "secret.key").exists()
