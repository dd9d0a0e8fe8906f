"""What deploy/ holds: systemd reads the unit and finds little to do harm with; the container file's
steps, carried out in a folder, make a server that its own words start and find healthy."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.cluster import ROOT
from tests.deadline import DEADLINE
from tests.first_call import fresh_clone
from tests.ports import free_port

UNIT: Final = ROOT / "deploy" / "zhitong.service"
FILE: Final = ROOT / "deploy" / "Containerfile"
SPEECH: Final = ROOT / "deploy" / "speech.conf"
COMMAND: Final = ROOT / "deploy" / "zhitong"
HOME: Final = "/opt/zhitong"
PROGRAM: Final = [f"{HOME}/.venv/bin/python", f"{HOME}/server.py"]
DATA: Final = "/var/lib/zhitong"
MOST_EXPOSED: Final = 20
"""Tenths; systemd calls it OK below 50, and 96 without any bound."""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="these files are Linux's"),
]


def analyzed(*words: str) -> str:
    """What systemd-analyze says. Skips the test where there is none, which CI does not bear."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze here: on Debian, apt install systemd")
    said = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr + said.stdout
    return said.stderr + said.stdout


@pytest.fixture
def unit(tmp_path: Path) -> str:
    """The unit, with a Python that is here."""
    text = UNIT.read_text(encoding="utf-8")
    path = tmp_path / "zhitong.service"
    path.write_text(text.replace(f"{HOME}/.venv/bin/python", sys.executable))
    return str(path)


def test_systemd_reads_the_unit(unit: str) -> None:
    assert "zhitong.service" not in analyzed("verify", unit), "it found something odd"


def dropped_in(unit: str) -> None:
    """Put the drop-in beside the unit, as an operator does."""
    folder = Path(f"{unit}.d")
    folder.mkdir()
    shutil.copy(SPEECH, folder / SPEECH.name)


def test_where_this_machine_listens_code_may_be_made_and_nothing_else_changes(unit: str) -> None:
    """Whisper's libraries make code as they run, which the unit forbids."""
    strict = analyzed("security", "--offline=true", "--json=short", unit)
    dropped_in(unit)
    loose = analyzed("security", "--offline=true", "--json=short", unit)
    before, after = (
        {str(row["json_field"]): bool(row["set"]) for row in json.loads(told)}
        for told in (strict, loose)
    )

    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert changed == {"MemoryDenyWriteExecute": (True, False)}


def test_systemd_reads_the_unit_with_its_drop_in(unit: str) -> None:
    dropped_in(unit)
    assert "zhitong.service" not in analyzed("verify", unit), "it found something odd"
    told = analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)
    assert "Overall exposure level" in told


def test_operating_says_where_the_drop_in_goes() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    line = "install -Dm 0644 deploy/speech.conf /etc/systemd/system/zhitong.service.d/speech.conf"
    assert line in page
    assert line in SPEECH.read_text(encoding="utf-8")
    assert SPEECH.name in UNIT.read_text(encoding="utf-8")


def test_the_unit_exposes_little(unit: str) -> None:
    told = analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)
    assert "Overall exposure level" in told


def test_the_unit_names_what_is_there() -> None:
    text = UNIT.read_text(encoding="utf-8")
    for path in re.findall(rf"{HOME}/(\S+)", text):
        assert path.startswith(".venv/") or (ROOT / path).exists(), path
    assert f"ZHITONG_DATA_DIR={DATA}\n" in text


def properties() -> dict[str, str]:
    """What `deploy/zhitong` asks of systemd."""
    asked = re.findall(r"--property=(\w+)=(\S+)", COMMAND.read_text(encoding="utf-8"))
    return dict(asked)


def test_a_command_runs_as_the_service_does() -> None:
    """Another user's files in its folder would stop the server."""
    assert os.access(COMMAND, os.X_OK)
    unit = UNIT.read_text(encoding="utf-8").splitlines()
    assert {"User", "EnvironmentFile", "StateDirectory", "UMask"} <= properties().keys()
    for name, value in properties().items():
        assert f"{name}={value}" in unit


def test_systemd_reads_what_a_command_asks(tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in properties().items()]
    path = tmp_path / "zhitong-command.service"
    path.write_text("\n".join(["[Service]", f"ExecStart={sys.executable}", *lines, ""]))
    assert path.name not in analyzed("verify", str(path)), "it found something odd"


def test_a_command_hands_its_words_on(tmp_path: Path) -> None:
    """As they are, spaces and all; with a `systemd-run` that only shows them."""
    shown = tmp_path / "systemd-run"
    shown.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    shown.chmod(0o755)
    words = ["block", "13900000000", "--reason", "rings every night"]
    told = subprocess.run(
        [COMMAND, *words], capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:{os.defpath}"},
    )  # fmt: skip
    heard = told.stdout.splitlines()
    assert heard[heard.index("--") :] == ["--", *PROGRAM, *words]
    assert " ".join(PROGRAM) in UNIT.read_text(encoding="utf-8")


def test_the_python_of_the_service_does_not_lie_where_it_cannot_look() -> None:
    """ProtectHome hides /root, where uv would put one that it fetches."""
    page = (ROOT / "docs" / "replicas.md").read_text(encoding="utf-8")
    blocks = [block for block in page.split("```")[1::2] if "/opt/uv/bin/uv sync" in block]
    assert len(blocks) == 2
    assert all("UV_PYTHON_INSTALL_DIR=/opt/uv/python" in block for block in blocks)


async def test_systemd_is_told_once_calls_are_answered(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        environment = {
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "ZHITONG_PORT": str(free_port()),
            "ZHITONG_DATA_DIR": str(tmp_path / "var"),
        }
        server = await asyncio.create_subprocess_exec(
            sys.executable, str(ROOT / "server.py"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE):
            told = await loop.sock_recv(systemd, 200)
        assert told.startswith(b"READY=1\n")
        assert server.stdout is not None
        assert b"published numbers" in await server.stdout.readline()
        server.terminate()
        assert await server.wait() == 0


@dataclass
class Build:
    """A container file's steps, in `root` instead of an image."""

    root: Path
    source: Path
    folder: str = "/"
    user: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    health: list[str] = field(default_factory=list)
    entry: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        """A path of the image's as it is called here."""
        for path in (HOME, DATA):
            text = text.replace(path, f"{self.root}{path}")
        return text

    def carry_out(self, word: str, rest: str) -> None:
        """One step."""
        match word:
            case "WORKDIR":
                self.folder = rest
                Path(self.here(rest)).mkdir(parents=True, exist_ok=True)
            case "COPY" if not rest.startswith("--from"):
                *what, to = rest.split()
                for one in what:
                    self._copy(self.source / one, Path(self.here(self.folder)) / to)
            case "RUN" if not rest.startswith("pip "):  # uv is here
                self._run(self.here(rest))
            case "ENV":
                self.environment |= dict(part.split("=", 1) for part in self.here(rest).split())
            case "USER":
                self.user = rest
            case "HEALTHCHECK":
                self.health = json.loads(self.here(rest[rest.index("[") :]))
            case "ENTRYPOINT":
                self.entry = json.loads(self.here(rest))

    def _copy(self, what: Path, to: Path) -> None:
        assert what.exists(), f"{what.name} is not in the repository"
        if what.is_dir():
            shutil.copytree(what, to)
        else:
            shutil.copy2(what, to)

    def _run(self, command: str) -> None:
        """What the environment here was made of is at hand; only what is not is fetched. An owner
        can only be given away by root."""
        command = command.replace("install -d ", f"mkdir -p {self.root}{DATA} && install -d ")
        command = re.sub(r" -[og] \d+", "", command)
        kept = {n: v for n, v in os.environ.items() if n not in {"VIRTUAL_ENV", PROJECT}}
        for more in ({"UV_OFFLINE": "1"}, {}):
            done = subprocess.run(
                ["sh", "-c", command], cwd=self.here(self.folder), env={**kept, **more},
                check=False, timeout=120,
            )  # fmt: skip
            if done.returncode == 0:
                return
        raise AssertionError(f"it ended with {done.returncode}: {command}")


PROJECT: Final = "UV_PROJECT_ENVIRONMENT"


def steps() -> Iterator[tuple[str, str]]:
    """Each line's first word, and the rest."""
    text = FILE.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        if not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_an_image_comes_from_no_other_registry() -> None:
    """Only the base image's name is said: whose registry that is, the builder's machine knows."""
    bases = [rest.partition(" ")[0] for word, rest in steps() if word == "FROM"]
    assert bases == ["python:${PYTHON}-slim"] * 2
    assert "://" not in FILE.read_text(encoding="utf-8").replace("http://127.0.0.1", "")


async def test_the_containers_steps_make_a_server(tmp_path: Path) -> None:
    if shutil.which("uv") is None:
        pytest.skip("no uv here: pip install uv")
    build = Build(tmp_path / "image", await asyncio.to_thread(fresh_clone, tmp_path / "clone"))
    for word, rest in steps():
        await asyncio.to_thread(build.carry_out, word, rest)
    assert build.user.split(":")[0] not in {"", "0", "root"}

    port = str(free_port())
    settings = {"ZHITONG_PORT": port, "ZHITONG_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    server = await asyncio.create_subprocess_exec(
        *build.entry, cwd=build.here(build.folder), stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **build.environment, **settings, "ZHITONG_HOST": "127.0.0.1"},
    )  # fmt: skip
    try:
        assert server.stdout is not None
        async with asyncio.timeout(DEADLINE):
            assert b"published numbers" in await server.stdout.readline()
            assert await healthy(build, port) == 0
    finally:
        server.terminate()
        await server.wait()
    assert await healthy(build, port) != 0
    assert (tmp_path / f"image{DATA}" / "zhitong.db").exists()


async def healthy(build: Build, port: str) -> int:
    words = [word.replace(":8080/", f":{port}/") for word in build.health]
    null = asyncio.subprocess.DEVNULL
    return await (await asyncio.create_subprocess_exec(*words, stderr=null)).wait()
