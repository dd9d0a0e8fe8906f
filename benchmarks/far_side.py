"""Whom a server hands its work to: a mail server that takes every mail and notes when it said so,
and a carrier that has every recording. A process of its own, started by `office_told`; both speak
no more of their protocols than is asked of them, so that they cost little beside the server."""

import argparse
import asyncio
import contextlib
import io
import re
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.databases import CALLER_CORE
from benchmarks.machine import pin, usual

SECONDS: Final = 2
"""Of sound in each recording."""
MESSAGE_ID: Final = re.compile(rb"^Message-ID:\s*<([^@>.]+)", re.IGNORECASE | re.MULTILINE)
LENGTH: Final = re.compile(rb"^Content-Length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
END: Final = b"\r\n.\r\n"
ROOT: Final = Path(__file__).parents[1]


class Notes:
    """One line for each mail taken: its Message-ID before its mark, and the second of the machine's
    monotonic clock at which it was answered. On the disk's cache at once, whoever is killed."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def taken(self, mail: bytes) -> None:
        """Its 250 goes out now."""
        found = MESSAGE_ID.search(mail)
        name = b"?" if found is None else found[1]
        self._file.write(b"%s %.6f\n" % (name, time.monotonic()))


class MailServer(asyncio.Protocol):
    """One connection; every command is fine."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._heard = bytearray()
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._line = transport
        self._line.write(b"220 mail.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Whatever is whole of it is answered."""
        self._heard += data
        while self._one():
            pass

    def _one(self) -> bool:
        end = END if self._in_mail else b"\r\n"
        at = self._heard.find(end)
        if at < 0:
            return False
        said = bytes(self._heard[:at])
        del self._heard[: at + len(end)]
        if self._in_mail:
            self._in_mail = False
            self._notes.taken(said)
            self._line.write(b"250 OK\r\n")
        else:
            self._answer(said[:4].upper())
        return True

    def _answer(self, verb: bytes) -> None:
        self._in_mail = verb == b"DATA"
        said = {
            b"DATA": b"354 go on",
            b"QUIT": b"221 bye",
            b"EHLO": b"250-mail.example\r\n250 SIZE",
        }
        self._line.write(said.get(verb, b"250 OK") + b"\r\n")
        if verb == b"QUIT":
            self._line.close()


class Carrier(asyncio.Protocol):
    """One connection of HTTP/1.1; every recording is there, every text is taken."""

    def __init__(self, sound: bytes, waits: float) -> None:
        self._found = answer(b"200 OK", b"audio/x-wav", sound)
        self._waits = waits
        self._heard = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        self._line = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        self._heard += data
        while (at := self._heard.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._heard[:at])
            length = LENGTH.search(head)
            whole = at + 4 + (int(length[1]) if length else 0)
            if len(self._heard) < whole:
                return
            del self._heard[:whole]
            asyncio.get_running_loop().call_later(self._waits, self._say, head.split(b" ", 2)[1])

    def _say(self, path: bytes) -> None:
        if b"/Messages.json" in path:
            text = b'{"sid": "SM%032x", "status": "queued"}' % time.monotonic_ns()
            self._line.write(answer(b"201 Created", b"application/json", text))
        elif b"/Recordings/RE" in path:
            self._line.write(self._found)
        else:
            self._line.write(answer(b"404 Not Found", b"application/json", b"{}"))


def answer(status: bytes, kind: bytes, body: bytes) -> bytes:
    """One response."""
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (status, kind, len(body)) + body


def wav(seconds: int) -> bytes:
    """Silence, as a carrier keeps it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(16_000 * seconds))
    return file.getvalue()


class Noting:
    """The same notes, of aiosmtpd's server."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def handle_DATA(self, *told: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Taken."""
        self._notes.taken(told[-1].content)
        return "250 OK"


@dataclass(frozen=True, slots=True)
class FarSide:
    """Both ports, and what the mail server notes."""

    mail: int
    carrier: int
    notes: Path

    def taken(self, since: int = 0) -> list[tuple[str, float]]:
        """What was taken, after the first `since` mails: Message-IDs, and when."""
        lines = self.notes.read_text().splitlines()[since:]
        return [(name, float(at)) for name, _, at in (line.partition(" ") for line in lines)]


@contextlib.contextmanager
def far_side(folder: Path, *options: str) -> Iterator[FarSide]:
    """At work for the length of a block, in a process beside the caller's."""
    notes = folder / "mails"
    notes.touch()
    process = subprocess.Popen(  # noqa: S603 - this module
        [sys.executable, "-m", "benchmarks.far_side", str(notes), *options],
        cwd=ROOT,
        env=usual(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        mail, carrier = map(int, process.stdout.readline().split())
        yield FarSide(mail, carrier, notes)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def serve(asked: argparse.Namespace) -> None:
    """Until told to stop."""
    loop, notes, sound = asyncio.get_running_loop(), Notes(asked.notes), wav(SECONDS)

    def minimal() -> asyncio.Protocol:
        return MailServer(notes)

    def usual_one() -> asyncio.Protocol:
        from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - only where it is asked for

        made: asyncio.Protocol = SMTP(Noting(notes), loop=loop, hostname="mail.example")
        return made

    mail = await loop.create_server(usual_one if asked.aiosmtpd else minimal, "127.0.0.1", 0)
    carrier = await loop.create_server(lambda: Carrier(sound, asked.waits), "127.0.0.1", 0)
    print(*(server.sockets[0].getsockname()[1] for server in (mail, carrier)), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """`python -m benchmarks.far_side NOTES [--aiosmtpd] [--waits SECONDS]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notes", type=Path)
    parser.add_argument("--aiosmtpd", action="store_true", help="the usual server of tests")
    parser.add_argument(
        "--waits", type=float, default=0.0, help="of the carrier, before it answers"
    )
    pin(CALLER_CORE)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
