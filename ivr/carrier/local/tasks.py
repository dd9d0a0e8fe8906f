"""Owns the background tasks of the embedded carrier: keeps, reports and cancels them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Tasks:
    """Tasks that live until they end or the line stops."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run ``work`` beside everything else; a failure is logged, never lost."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """End all tasks at once, as a killed process would."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s of the local line failed", task.get_name(), exc_info=error)


async def race(work: Coroutine[Any, Any, T], *watches: Coroutine[Any, Any, None]) -> T | None:
    """The result of ``work``; None if a watch ended first; what a watch raised is raised.

    All of them are over when this returns, however it returns.
    """
    loop = asyncio.get_running_loop()
    first = loop.create_task(work)
    guards = [loop.create_task(watch) for watch in watches]
    try:
        await asyncio.wait([first, *guards], return_when=asyncio.FIRST_COMPLETED)
        for guard in guards:
            if guard.done():
                return guard.result()
        return first.result()
    finally:
        for task in (first, *guards):
            task.cancel()
        await asyncio.gather(first, *guards, return_exceptions=True)
