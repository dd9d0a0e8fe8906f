"""A small IMAP server on this machine (RFC 3501, as much of it as is asked for), with mails that a
test puts there, and faults."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

LOGIN = ("line", "hush")
_FETCH = re.compile(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)")
_STORE = re.compile(r"UID STORE (\d+) \+FLAGS\.SILENT \(\\Seen\)")


@dataclass
class Post:
    """Mails by their number; `seen` are those that are marked so; `asked` is what was asked."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    era: int = 7
    hangs: bool = False
    floods: bool = False
    drips: bool = False
    babbles: bool = False
    folder: str = "INBOX"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            self.asked.append(command)
            if self.hangs and command.startswith("UID"):
                await reader.read()
                return
            while command.startswith("UID") and (self.drips or self.babbles):
                writer.write(b"x" if self.drips else b"* 1 EXISTS\r\n" * 5_000)
                await writer.drain()
                await asyncio.sleep(0.05 if self.drips else 0)
            for untagged in self.said(command):
                writer.write(untagged)
            writer.write(f"{tag} {self.status(command)} done\r\n".encode())
            await writer.drain()
            if command == "LOGOUT":
                return

    def status(self, command: str) -> str:
        if command.startswith("LOGIN"):
            given = tuple(word.strip('"') for word in command.split()[1:])
            return "OK" if given == LOGIN else "NO"
        if command.startswith("SELECT"):
            return "OK" if command == f'SELECT "{self.folder}"' else "NO"
        return "OK"

    def said(self, command: str) -> list[bytes]:
        if command == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1\r\n"]
        if command.startswith("SELECT"):
            many = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.era}] ok\r\n"
            return [many.encode()]
        if command.startswith("UID SEARCH"):
            found = [uid for uid in self.mails if uid not in self.seen and self.is_report(uid)]
            return [f"* SEARCH {' '.join(map(str, found))}\r\n".encode()]
        if fetch := _FETCH.fullmatch(command):
            uid, most = int(fetch[1]), int(fetch[2])
            part = self.mails[uid][:most]
            size = 2**31 if self.floods else len(part)
            head = f"* {uid} FETCH (UID {uid} BODY[]<0> {{{size}}}\r\n"
            return [head.encode(), part, b")\r\n"]
        if store := _STORE.fullmatch(command):
            self.seen.add(int(store[1]))
        return []

    def is_report(self, uid: int) -> bool:
        return b"multipart/report" in self.mails[uid].split(b"\r\n\r\n")[0]


@contextlib.asynccontextmanager
async def serving_mailbox(post: Post, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server."""
    at_work: set[asyncio.Task[None] | None] = set()

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await post.talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(each, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(task for task in at_work if task), return_exceptions=True)
