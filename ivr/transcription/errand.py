"""What the outbox has the Transcriber do: words for a kept recording, beside it, marked with
their source. The recording stays the record."""

from collections.abc import Awaitable, Callable
from typing import cast

from ivr.flow.instruction import Language
from ivr.ports import Transcriber
from routing.ports import Job

Keep = Callable[[str, str, str], Awaitable[None]]
"""Keeps the words: the recording's id, text and source."""


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
            await self._keep(sid, words.text, words.source)
