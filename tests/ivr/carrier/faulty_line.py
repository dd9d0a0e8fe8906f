"""An embedded carrier with faults: what a real carrier may do to its webhooks.

Doubles, delays and reorders requests, cuts off at the time limit, goes to the
fallback, delivers media late. Wraps the one executor; there is no second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as _replace

from ivr.carrier.local.line import LocalLine
from ivr.carrier.local.webhooks import Failure, Parcel, Post, Reply
from tests.deadline import DEADLINE

Where = Callable[[Parcel], bool]


def everywhere(parcel: Parcel) -> bool:
    """Every webhook."""
    return True


def to(part: str) -> Where:
    """Webhooks whose URL holds ``part``."""
    return lambda parcel: part in parcel.url


@dataclass
class Faults:
    """Which webhooks suffer what; pass ``wrap`` as ``LocalLine(faults=...)``.

    ``doubled`` are sent twice in parallel, ``repeated`` once more after the answer;
    ``held`` wait until ``release`` (so that others overtake them); ``cut_off`` never
    answer in time (11203); ``failing`` are sent, but their answer is lost (11200) and
    the carrier asks the fallback; ``unreached`` are not even sent (11205).
    ``sent`` holds every parcel in order, ``answers`` what came back for it.
    """

    doubled: Where | None = None
    repeated: Where | None = None
    held: Where | None = None
    cut_off: Where | None = None
    failing: Where | None = None
    unreached: Where | None = None
    sent: list[Parcel] = field(default_factory=list)
    answers: list[tuple[Parcel, Reply]] = field(default_factory=list)
    _waiting: list[asyncio.Event] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def wrap(self, post: Post) -> Post:
        """The faulty way of sending."""

        async def faulty(parcel: Parcel) -> Reply:
            return await self._send(post, parcel)

        return faulty

    def release(self, *, reverse: bool = False) -> None:
        """Let the held webhooks go, in the order they came or the last first."""
        waiting, self._waiting = self._waiting, []
        for event in reversed(waiting) if reverse else waiting:
            event.set()

    async def held_up(self, count: int = 1) -> None:
        """Until so many webhooks are being held."""
        async with asyncio.timeout(DEADLINE):
            while len(self._waiting) < count:
                self._came.clear()
                await self._came.wait()

    async def _send(self, post: Post, parcel: Parcel) -> Reply:
        if _applies(self.unreached, parcel):
            return Failure(11205, f"no connection to {parcel.url}: refused by the test")
        if _applies(self.held, parcel):
            event = asyncio.Event()
            self._waiting.append(event)
            self._came.set()
            await event.wait()
        if _applies(self.doubled, parcel):
            reply, _ = await asyncio.gather(self._once(post, parcel), self._once(post, parcel))
        else:
            reply = await self._once(post, parcel)
        if _applies(self.repeated, parcel):
            await self._once(post, parcel)
        if _applies(self.cut_off, parcel):
            return Failure(11203, f"{parcel.url} did not answer in time, says the test")
        if _applies(self.failing, parcel):
            return Failure(11200, f"the answer of {parcel.url} was lost by the test")
        return reply

    async def _once(self, post: Post, parcel: Parcel) -> Reply:
        self.sent.append(parcel)
        reply = await post(parcel)
        self.answers.append((parcel, reply))
        return reply

    async def send_again(self, post: Post, parcel: Parcel, **form: str) -> Reply:
        """An old webhook once more, with fields changed (an old turn, another account)."""
        fields = {**dict(parcel.params), **form}
        return await self._once(post, _replace(parcel, params=tuple(fields.items())))


def media_late(line: LocalLine, times: int) -> None:
    """Media answer 404 so many times after a recording was completed."""
    line.recordings.hold_back = times


def _applies(where: Where | None, parcel: Parcel) -> bool:
    return where is not None and where(parcel)
