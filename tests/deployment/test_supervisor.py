"""systemd is told when calls are answered, and when the server leaves."""

import os
import socket
import sys
from pathlib import Path

import pytest

from deployment.supervisor import READY, tell

if sys.platform == "win32":
    pytest.skip("there is no systemd", allow_module_level=True)


@pytest.mark.parametrize("kind", ["a file", "a name of the kernel's"])
def test_it_is_told_where_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind != "a file" and sys.platform != "linux":
        pytest.skip("such names are Linux's")
    told = str(tmp_path / "notify") if kind == "a file" else f"@zhitong-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(5)
        systemd.bind(told.replace("@", "\0"))
        monkeypatch.setenv("NOTIFY_SOCKET", told)
        tell(READY)
        assert systemd.recv(200).splitlines()[0] == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "/nowhere/at/all"])
def test_nobody_is_told_where_nobody_asks(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    tell(READY)
