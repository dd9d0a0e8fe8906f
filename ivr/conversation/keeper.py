"""Keeps the door up to date: who is blocked, which calls go on in other processes, and how often
whom was turned away. The counterpart of `door`, which decides from memory."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Final

from ivr.conversation.door import Door
from ivr.conversation.lines import SPOKEN, Line, patience_at
from ivr.conversation.ongoing import Blocks, LiveCalls
from ivr.conversation.stores import Plans
from ivr.ports.journal import Origin
from routing.ports import Clock

POLL: Final = 3.0
"""Seconds between two looks where nobody tells of a change."""
MOST: Final = 5_000
"""Live calls that are read: ten times as many as may usually go on."""


class Keeper:
    """`alone`: no other process answers calls on this database, so that none need be asked for
    after the start."""

    def __init__(
        self,
        door: Door,
        blocks: Blocks,
        calls: LiveCalls,
        plans: Plans,
        clock: Clock,
        *,
        alone: bool,
    ) -> None:
        self.door = door
        self._blocks = blocks
        self._calls = calls
        self._plans = plans
        self._clock = clock
        self._alone = alone
        self._told = asyncio.Event()

    def tell(self) -> None:
        """Somebody was blocked, or is no longer."""
        self._told.set()

    async def begin(self) -> None:
        """Before the first call: what a killed server left is not forgotten."""
        self.door.block(await self._blocks.current(self._clock.now()))
        await self._learn()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._told.wait()
            self._told.clear()
            await self.look()

    async def look(self) -> None:
        """One look."""
        await self.write_hits()
        self.door.forget(self._clock.now())
        self.door.block(await self._blocks.current(self._clock.now()))
        if not self._alone:
            await self._learn()

    async def write_hits(self) -> None:
        """Keep how often whom was turned away: one write for all of them."""
        hits = self.door.hits()
        if not hits:
            return
        try:
            await self._blocks.hit(hits, self._clock.now())
        except BaseException:
            self.door.missed(hits)
            raise

    async def _learn(self) -> None:
        asked = self._clock.now()
        rows = await self._calls.live(asked - self._longest(), MOST)
        lines: dict[Origin, Line] = {}
        plan = self._plans.current  # its nodes are near enough to those of an earlier one
        for row in rows:
            wait = patience_at(plan.script.nodes.get(row.call.at), plan.policy)
            if not row.call.over and row.at + wait > asked:
                lines[row.origin] = self.door.line_of(row.call, row.at, wait)
        if len(rows) < MOST:
            self.door.learn(lines, asked)

    def _longest(self) -> timedelta:
        policy = self._plans.current.policy
        return SPOKEN + timedelta(seconds=policy.longest_call + policy.longest_talk)
