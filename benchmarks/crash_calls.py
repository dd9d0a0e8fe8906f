"""The calls of `crash`: played until something dies, then asked for again and gone on with, as a
carrier would."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from benchmarks.caller import (
    ACTION,
    TURN,
    Account,
    Connection,
    Keys,
    fields,
    matters,
    request,
    wires,
)
from ivr.library.plans import shipped
from ivr.library.wording import load_phrases

STORIES: Final = partial(matters, every=2)
"""Every second call states a matter."""
CONNECTIONS: Final = 16
PATIENT: Final = 60.0
"""Seconds until everything must be answered again."""
BREATH: Final = 0.25
"""Seconds before the next call while nothing is answered by a step."""


@dataclass(slots=True)
class CutCall:
    """A call that was cut off: what it had been answered, and what it would have said next."""

    number: int
    path: str
    left: list[Keys]


@dataclass(slots=True)
class Seen:
    """What the caller was told: replies by address and form, and the recordings whose Record
    action was answered. While the database is away (`doubtful`) an answer may be the apology."""

    replies: list[tuple[str, Keys, bytes]] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    cut: list[CutCall] = field(default_factory=list)
    doubtful: bool = False


@dataclass(slots=True)
class Tally:
    """The figures of all rounds."""

    rounds: int = 0
    steps: int = 0
    matters: int = 0
    lost: int = 0
    changed: int = 0
    doubled: int = 0
    without_case: int = 0
    went_on: int = 0
    stuck: int = 0
    slowest: float = 0.0
    """Seconds from the last kill to the first answered step, at most."""

    @property
    def bad(self) -> int:
        """What must not be."""
        return self.lost + self.changed + self.doubled + self.without_case + self.stuck


async def run_until(account: Account, first: int, seen: Seen, stop: asyncio.Event) -> None:
    """Call after call over one connection, until told to stop or the server is gone."""
    number = first
    connection = await Connection.open(account.base)
    while not stop.is_set():
        number += 1
        keys, path = list(STORIES(number)), ""
        for turn, (address, form) in enumerate(wires(account, number, keys)):
            path = address or path
            try:
                status, body = await connection.post(request(account, path, form))
            except (OSError, asyncio.IncompleteReadError):
                seen.cut.append(CutCall(number, path, keys[turn:]))
                return
            following = _following(account, body)
            spoken = TURN in following or not (following or seen.doubtful)
            if not spoken or (seen.doubtful and status != 200):
                seen.cut.append(CutCall(number, path, keys[turn:]))
                await asyncio.sleep(BREATH)
                break
            seen.replies.append((path, form, body))
            if "RecordingSid" in form:
                seen.recorded.add(form["RecordingSid"])
            if not following:
                break
            path = following
    connection.close()


def _following(account: Account, body: bytes) -> str:
    """The next webhook's path; nothing where the document names none."""
    found = ACTION.search(body)
    return "" if found is None else found[1].decode()[len(account.base) :]


async def answered_again(account: Account, number: int) -> None:
    """Return once a new call is answered by a step. Ends the script where that takes too long."""
    until = time.monotonic() + PATIENT
    form = fields(account, f"{number:032x}", {"CallStatus": "ringing"})
    while time.monotonic() < until:
        try:
            connection = await Connection.open(account.base)
            status, body = await connection.post(request(account, "/voice/answer", form))
            connection.close()
        except (OSError, asyncio.IncompleteReadError):
            status, body = 0, b""
        if status == 200 and TURN in _following(account, body):
            return
        await asyncio.sleep(0.01)
    raise SystemExit(f"no step is answered {PATIENT:.0f} s after the kill")


Work = Callable[[Connection], Awaitable[None]]


async def shared(account: Account, works: Iterable[Work]) -> None:
    """Each work once, over a few connections at once."""
    waiting = iter(works)

    async def one() -> None:
        connection = await Connection.open(account.base)
        for work in waiting:
            await work(connection)
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one())


async def compare(account: Account, seen: Seen, tally: Tally) -> None:
    """Every answered webhook again: the same reply, byte for byte."""

    async def again(reply: tuple[str, Keys, bytes], connection: Connection) -> None:
        path, form, body = reply
        status, now = await connection.post(request(account, path, form))
        tally.lost += status != 200
        tally.changed += status == 200 and now != body

    await shared(account, [partial(again, reply) for reply in seen.replies])
    tally.steps += len(seen.replies)


async def go_on(account: Account, seen: Seen, tally: Tally) -> None:
    """The carrier repeats the webhook that was cut off, and the call goes on to its end."""
    sorry = apology()

    async def one(call: CutCall, connection: Connection) -> None:
        path, went = call.path, True
        for more in call.left:
            form = fields(account, f"{call.number:032x}", more)
            status, body = await connection.post(request(account, path, form))
            path = _following(account, body)
            went = status == 200 and sorry not in body and (not path or TURN in path)
            if went and "RecordingSid" in form:
                seen.recorded.add(form["RecordingSid"])
            if not went or not path:
                break
        tally.went_on += went
        tally.stuck += not went

    await shared(account, [partial(one, call) for call in seen.cut])
    tally.matters += len(seen.recorded)


def apology() -> bytes:
    """How that begins which a caller hears where everything failed: up to its first number, which
    documents write in their own way."""
    said = load_phrases(shipped().phrases).say("trouble.plain", "zh-CN", str)
    return re.split(r"[0-9]", said, maxsplit=1)[0].encode()
