"""One answer for all who ask at about the same time: what costs something is asked once a second,
however many strangers want to know. Used by `/readyz` and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
FRESH: Final = 1.0
"""Seconds for which an answer is told again."""


class SharedAnswer(Generic[T]):
    """Asks through `ask`."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._turn = asyncio.Lock()
        self._told: T | None = None
        self._until = float("-inf")

    async def now(self) -> T:
        """The answer, at most a second old; whoever comes meanwhile waits for the same one."""
        async with self._turn:
            time = asyncio.get_running_loop().time
            if self._told is None or time() >= self._until:
                self._told = await self._ask()
                self._until = time() + FRESH
            return self._told
