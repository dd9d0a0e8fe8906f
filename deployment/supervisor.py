"""Tells systemd how the server stands, where it asks (`Type=notify` in deploy/zhitong.service).
Used by whatever serves."""

import contextlib
import os
import socket
from typing import Final

READY: Final = "READY=1\nSTATUS=calls are answered"
PLAN_ALONE: Final = "READY=1\nSTATUS=the database is not there: callers hear the plan"


def tell(state: str) -> None:
    """One datagram; where nobody asks, or listens any more, nothing."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    name = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect(name)
        one.sendall(state.encode())
