"""How long each webhook may take, watched by one timer for all: a timer of its own, set and taken
back each time, is a tenth of what a webhook costs. The counterpart of `asyncio.timeout`."""

import asyncio
from types import TracebackType
from typing import Any, Self


class Deadline:
    """The same `seconds` for every block that it is asked for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[Limit, float] = {}  # in the order of their ends, since all are alike
        self._timer: asyncio.TimerHandle | None = None

    def each(self) -> "Limit":
        """For a block within a task: its statements are cancelled where they take too long, and
        TimeoutError is raised."""
        return Limit(self)

    def begin(self, limit: "Limit") -> None:
        """Watch it from now on."""
        loop = asyncio.get_running_loop()
        self._running[limit] = end = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(end, self._look, loop)

    def leave(self, limit: "Limit") -> None:
        """Its block is left."""
        self._running.pop(limit, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is due; look again when the next may be."""
        self._timer = None
        now = loop.time()
        while self._running:
            limit, end = next(iter(self._running.items()))
            if end > now:
                self._timer = loop.call_at(end, self._look, loop)
                return
            del self._running[limit]
            limit.expire()


class Limit:
    """One block, and the task that is in it."""

    __slots__ = ("_cancelled_before", "_deadline", "_expired", "_task")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._task: asyncio.Task[Any] | None = None
        self._cancelled_before = 0
        self._expired = False

    def expire(self) -> None:
        """The block has taken too long."""
        if self._task is not None:
            self._expired = True
            self._task.cancel()

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("a deadline is kept by a task: nothing else can be cancelled")
        self._cancelled_before = self._task.cancelling()
        self._deadline.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._deadline.leave(self)
        if not self._expired or self._task is None:
            return
        ours_alone = self._task.uncancel() <= self._cancelled_before
        if ours_alone and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error
