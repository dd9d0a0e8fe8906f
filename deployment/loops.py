"""What is done over and over beside the calls, as long as the server lives."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from storage.errors import StorageError

LOG: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Loop:
    """`work`, `first` seconds after the start and then each time `seconds` after it ended, however
    it ended."""

    seconds: float
    work: Callable[[], Awaitable[None]]
    first: float = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(self.first)
        while True:
            try:
                await self.work()
            except StorageError as wrong:
                LOG.warning("background.waits", why=str(wrong))
            except Exception:
                LOG.exception("background.failed")
            await asyncio.sleep(self.seconds)
