"""A mail server that keeps its connections as it likes: each mail of each connection meets what it
is told, and everything that it took is noted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from enum import Enum, auto
from typing import Final

from tests.routing.delivery.office import talking


class Mood(Enum):
    """What one mail meets."""

    TAKES = auto()
    TAKES_AND_LEAVES = auto()
    """250, then the connection is closed before QUIT"""
    TAKES_AND_SAYS_421 = auto()
    """the same with a word, as a server does whose connection was idle for too long"""
    LEAVES_AT_MAIL = auto()
    LEAVES_AT_RCPT = auto()
    LEAVES_BEFORE_250 = auto()
    """the mail is taken, and nobody is told"""
    HANGS_AT_MAIL = auto()
    HANGS_AT_RCPT = auto()
    HANGS_BEFORE_250 = auto()


GONE: Final = {Mood.LEAVES_AT_MAIL: b"MAIL", Mood.LEAVES_AT_RCPT: b"RCPT"}
SILENT: Final = {Mood.HANGS_AT_MAIL: b"MAIL", Mood.HANGS_AT_RCPT: b"RCPT"}
Answer = tuple[str, str]
"""A verb and what is said to it instead."""
VERBS: Final = {"EHLO": "250 mail.example", "DATA": "354 go on", "QUIT": "221 bye"}


class Left(Exception):
    """The server closes the connection."""


@dataclass
class Moody:
    """`moods` by the number of the connection and of its mail, both from 1; a mail that none is
    named for is taken. `said` is every verb heard, by connection."""

    moods: dict[tuple[int, int], Mood | Answer] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    said: list[list[str]] = field(default_factory=list)
    resets: bool = True
    """whether it knows RSET"""
    parted: asyncio.Event = field(default_factory=asyncio.Event)
    """set by a QUIT"""
    hung: Callable[[], None] | None = None
    """called once it says nothing any more"""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        """Its port."""
        async with talking(self._talk) as port:
            yield port

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[str] = []
        self.said.append(heard)
        number, mail = len(self.said), 0
        writer.write(b"220 mail.example\r\n")
        with contextlib.suppress(Left):
            while line := await reader.readline():
                verb = line[:4].upper()
                heard.append(verb.decode())
                mail += verb == b"MAIL"
                mood = self.moods.get((number, mail), Mood.TAKES)
                await self._answer(verb, mood, reader, writer)

    async def _answer(
        self,
        verb: bytes,
        mood: Mood | Answer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if verb == b"RSET" and not self.resets:
            told = "502 5.5.1 what?"
        elif isinstance(mood, Mood):
            await self._moved(verb, mood, reader)
            told = VERBS.get(verb.decode(), "250 OK")
        else:
            named, instead = mood
            told = instead if verb.decode() == named else VERBS.get(verb.decode(), "250 OK")
        writer.write(told.encode() + b"\r\n")
        if verb == b"QUIT":
            self.parted.set()
            raise Left
        if told.startswith("421"):
            raise Left
        if verb == b"DATA" and told.startswith("354"):
            await self._mail(mood, reader, writer)

    async def _mail(
        self, mood: Mood | Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        mail = await reader.readuntil(b"\r\n.\r\n")
        if isinstance(mood, tuple) and mood[0] == ".":
            writer.write(mood[1].encode() + b"\r\n")
            return
        self.taken.append(message_from_bytes(mail)["Message-ID"])
        if mood is Mood.HANGS_BEFORE_250:
            await self._says_nothing(reader)
        if mood in {Mood.LEAVES_BEFORE_250, Mood.HANGS_BEFORE_250}:
            raise Left
        writer.write(b"250 it is ours\r\n")
        if mood is Mood.TAKES_AND_SAYS_421:
            writer.write(b"421 4.4.2 idle for too long\r\n")
        if mood in {Mood.TAKES_AND_LEAVES, Mood.TAKES_AND_SAYS_421}:
            raise Left

    async def _moved(self, verb: bytes, mood: Mood, reader: asyncio.StreamReader) -> None:
        if GONE.get(mood) == verb:
            raise Left
        if SILENT.get(mood) == verb:
            await self._says_nothing(reader)
            raise Left

    async def _says_nothing(self, reader: asyncio.StreamReader) -> None:
        if self.hung is not None:
            self.hung()
        await reader.read()
