"""What the outbox has done with words: asked of the Transcriber for a kept recording, beside it,
marked with their source; then read for danger. The recording stays the record."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, cast

from ivr.flow.instruction import Language
from ivr.flow.words import Vocabulary
from ivr.ports.recordings import Transcriber, Transcript
from routing.handoff import CASE_COMES, TryAgain
from routing.ports import Clock, Job, Statement

Keep = Callable[[str, Transcript], Awaitable[None]]
"""Keeps the words of the recording with this id."""


class Transcribing:
    """Handler of `transcribe` jobs."""

    def __init__(self, transcriber: Transcriber, keep: Keep) -> None:
        self._transcriber = transcriber
        self._keep = keep

    async def __call__(self, job: Job) -> None:
        """No words is an answer too; an engine that fails raises, and is asked again later."""
        sid = str(job.payload["recording"])
        language = cast("Language", job.payload.get("language") or "zh-CN")
        words = await self._transcriber.transcribe(sid, language)
        if words is not None:
            await self._keep(sid, words)


class Statements(Protocol):
    """What was heard, and the mark of danger."""

    async def statement(self, sid: str) -> Statement | None:
        """The words of a recording; None where there are none."""
        ...

    async def mark_danger(self, reference: str, now: datetime) -> bool:
        """The case is urgent from now on, and its office is told again; False if it was."""
        ...


class Heeding:
    """Handler of `heed` jobs: a statement that speaks of danger makes its case urgent."""

    def __init__(
        self, statements: Statements, vocabulary: Callable[[], Vocabulary], clock: Clock
    ) -> None:
        self._statements = statements
        self._vocabulary = vocabulary
        self._clock = clock

    async def __call__(self, job: Job) -> None:
        """Raises TryAgain while the recording has no case yet. Repeating is safe."""
        said = await self._statements.statement(str(job.payload["recording"]))
        if said is None or not any(map(self._vocabulary().speaks_of_danger, said.texts)):
            return
        if said.reference is not None:
            await self._statements.mark_danger(said.reference, self._clock.now())
        elif job.tries < CASE_COMES:
            raise TryAgain("the recording speaks of danger and has no case yet")
