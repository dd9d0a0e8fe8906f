"""Long work on large plans, in a process of its own: what a publisher's checks need of 100,000
rules is seconds in which no thread of this process would let a call through (ADR 45). Work on a
small plan is done `beside` the calls, in a thread. The counterpart of `apart_program`, which is
what runs there; `ivr.engine.process` begins and ends it."""

import asyncio
import copyreg
import pickle
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from deployment.pauses import beside
from ivr.engine.process import EngineError, EngineProcess, Program, of_module
from routing.drafts.body import CutBody
from routing.publishing.release import Newest, Unfinished

T = TypeVar("T")
WITHIN: Final = 300.0
"""Seconds of one piece of work: 100,000 rules are reviewed in some twenty."""
IDLE: Final = 60.0
"""Seconds after which its memory is given back."""
MOST_ANSWER: Final = 256 * 1024 * 1024
"""Bytes: packed parts, findings and differences are a hundredth of it."""


def table(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """One that nobody may change: pickle knows none."""
    return MappingProxyType(values)


copyreg.pickle(MappingProxyType, lambda proxy: (table, (dict(proxy),)))


class Apart:
    """Where long work is done: the port `Beside` of the publishing desk. One piece at a time has
    the process; others wait."""

    def __init__(self, module: str = "deployment.apart_program", within: float = WITHIN) -> None:
        program = Program(of_module(module), idle=IDLE, most_answer=MOST_ANSWER)
        self._process = EngineProcess(program)
        self._within = within
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._process.pid

    async def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns, or raises. What is to be done apart is a `partial` of a function
        with a name, and of values. Raises Unfinished where the process came to no end."""
        if not isinstance(work, partial) or not any(map(_is_large, work.args)):
            return await beside(work)
        question = await beside(lambda: pickle.dumps(work))
        async with self._turn:
            try:
                answer = await self._process.ask([question], self._within)
            except EngineError as wrong:
                raise Unfinished(str(wrong)) from wrong
        # What is read back was written by our own program, of what we told it.
        value, raised = await beside(lambda: pickle.loads(answer))  # noqa: S301 - as said
        if isinstance(raised, MemoryError):
            raise Unfinished("the plan is too large for the memory of its checks") from raised
        if raised is not None:
            raise raised
        made: T = value
        return made

    async def close(self) -> None:
        """End it, where it runs."""
        await self._process.close()


def _is_large(value: Any) -> bool:
    return isinstance(value.document if isinstance(value, Newest) else value, CutBody)
