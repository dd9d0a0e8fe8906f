"""The only batch writer of call steps: many steps of many calls in one transaction, each answered
after its commit (design §3, The journal). What a batch is on each database: `steps`."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivr.ports.journal import Reply, Step
from storage.durations import Durations
from storage.effects import Effects, enqueues
from storage.engine import Database
from storage.errors import StorageError
from storage.steps import Hook, KillPoint, Outcome

MOST_STEPS: Final = 256
"""Steps of one transaction: more wait for the next, so that none holds the lock for long."""
QUIET: Final = 3
"""Turns of the loop from a socket that can be read to its step in the queue."""
LONGEST_GATHER: Final = 0.003
"""Seconds that a step waits for others at most: less than a caller or a carrier could notice."""


@dataclass(slots=True)
class _Waiting:
    """A step and whoever waits for it."""

    step: Step
    answer: asyncio.Future[Reply]


class StoredJournal:
    """Implements `ivr.ports.journal.Journal`. Start it in the running loop, stop it before the
    database."""

    def __init__(self, database: Database, effects: Effects, hook: Hook | None = None) -> None:
        self._database = database
        self._rows = database.steps(effects, hook)
        self._hook = hook
        self._queue: list[_Waiting] = []
        self._filled = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._stopped = False
        self.commits = Durations()
        """How long its batches took to be durable."""

    async def start(self) -> None:
        """Open the journal's connection and begin to write."""
        await self._rows.open()
        loop = asyncio.get_running_loop()
        self._writer = loop.create_task(self._write(), name="journal")

    async def stop(self) -> None:
        """Write what waits, then close; later steps are refused."""
        self._stopped = True
        if self._writer is not None:
            await asyncio.gather(*(w.answer for w in self._queue), return_exceptions=True)
            async with self._database.writer:
                self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        await self._rows.close()

    async def append(self, step: Step) -> Reply:
        """Keep the step; return once it is durable. Raises MatterTaken, ReferenceTaken,
        RecordingTaken, TokenTaken, StorageError."""
        if self._stopped:
            raise StorageError("the journal is stopped: the server is ending, try again soon")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(step, answer))
        self._filled.set()
        return await answer

    async def _gather(self) -> None:
        """Let what is arriving join the batch, for a commit costs as much as ten steps: until the
        loop has turned QUIET times without another step."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST_GATHER
        seen, quiet = len(self._queue), 0
        while quiet < QUIET and seen < MOST_STEPS and loop.time() < until:
            await asyncio.sleep(0)
            found = len(self._queue)
            seen, quiet = found, 0 if found > seen else quiet + 1

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            await self._gather()
            async with self._database.writer:
                batch, self._queue = self._queue[:MOST_STEPS], self._queue[MOST_STEPS:]
                if not self._queue:
                    self._filled.clear()
                batch = [waiting for waiting in batch if not waiting.answer.done()]
                if not batch:  # all were answered by the plan while the database hung
                    continue
                began = loop.time()
                self._database.handing.begin()
                outcomes = await self._kept([waiting.step for waiting in batch])
                self.commits.note(loop.time() - began)
            if self._hook is not None:
                self._hook(KillPoint.BEFORE_ANSWER)
            _answer(batch, outcomes)
            self._database.handing.end()
            if any(enqueues(waiting.step.effects) for waiting in batch):
                self._database.woken.set()

    async def _kept(self, steps: Sequence[Step]) -> Sequence[Outcome]:
        """Nothing may end the only writer: what a database did not foresee is told to whoever
        waits."""
        try:
            return await self._rows.keep(steps)
        except Exception as unforeseen:  # noqa: BLE001 - as said
            return [unforeseen] * len(steps)


def _answer(batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    for waiting, outcome in zip(batch, outcomes, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Reply):
            waiting.answer.set_result(outcome)
        else:
            waiting.answer.set_exception(outcome)
