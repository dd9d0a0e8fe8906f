"""The calls of `crash`: played until something dies, then asked for again and gone on with, as a
carrier would."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
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
from ivr.flow.fallback import BOTH
from ivr.library.plans import shipped
from ivr.library.wording import load_phrases

STORIES: Final = partial(matters, every=2)
"""Every second call states a matter."""
CONNECTIONS: Final = 16
PATIENT: Final = 60.0
"""Seconds until everything must be answered again."""
LAST_WORDS: Final = ("trouble.plain", "trouble.saved", "trouble.unsure")
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
    action a step answered."""

    replies: list[tuple[str, Keys, bytes]] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    cut: list[CutCall] = field(default_factory=list)


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
    by_plan: int = 0
    """Webhooks that the plan answered, since no step could."""
    slowest: float = 0.0
    """Seconds from the last kill to the first answered step, at most."""

    @property
    def bad(self) -> int:
        """What must not be."""
        return self.lost + self.changed + self.doubled + self.without_case + self.stuck


async def run_until(
    account: Account, first: int, seen: Seen, stop: asyncio.Event, tally: Tally
) -> None:
    """Call after call over one connection, until told to stop or the server is gone. A call that
    the plan takes over is cut off there, to be gone on with afterwards."""
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
            if status != 200 or of_plan(account, body):
                tally.by_plan += 1
                seen.cut.append(CutCall(number, path, keys[turn:]))
                await asyncio.sleep(BREATH)
                break
            seen.replies.append((path, form, body))
            if "RecordingSid" in form:
                seen.recorded.add(form["RecordingSid"])
            path = _following(account, body)
            if not path:
                break
    connection.close()


@cache
def _sorry() -> tuple[bytes, ...]:
    """How the documents begin that the plan ends a call with, up to their first number, which
    documents write in their own way."""
    book = load_phrases(shipped().phrases)
    said = (book.say(phrase, tag, str) for phrase in LAST_WORDS for tag in BOTH)
    return tuple(re.split(r"[0-9]", words, maxsplit=1)[0].encode() for words in said)


def of_plan(account: Account, body: bytes) -> bool:
    """Whether this is what is said where no step could be kept, by the plan or the apology."""
    following = _following(account, body)
    return TURN not in following if following else any(words in body for words in _sorry())


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


async def _asked(
    connection: Connection, account: Account, path: str, form: Keys, tally: Tally
) -> tuple[int, bytes]:
    """A webhook's answer; asked again as long as the plan answers still (on a slow machine a step
    may take longer than the two seconds that it is given)."""
    until = time.monotonic() + PATIENT
    wire = request(account, path, form)
    status, body = await connection.post(wire)
    while of_plan(account, body) and time.monotonic() < until:
        tally.by_plan += 1
        await asyncio.sleep(BREATH)
        status, body = await connection.post(wire)
    return status, body


async def compare(account: Account, seen: Seen, tally: Tally) -> None:
    """Every answered webhook again: the same reply, byte for byte."""

    async def again(reply: tuple[str, Keys, bytes], connection: Connection) -> None:
        path, form, body = reply
        status, now = await _asked(connection, account, path, form, tally)
        tally.lost += status != 200
        tally.changed += status == 200 and now != body

    await shared(account, [partial(again, reply) for reply in seen.replies])
    tally.steps += len(seen.replies)


async def go_on(account: Account, seen: Seen, tally: Tally) -> None:
    """The webhook that was cut off is repeated, and the call goes on to its end."""

    async def one(call: CutCall, connection: Connection) -> None:
        path = call.path
        for more in call.left:
            form = fields(account, f"{call.number:032x}", more)
            status, body = await _asked(connection, account, path, form, tally)
            if status != 200 or of_plan(account, body):
                tally.stuck += 1
                print(f"call {call.number} does not go on at {path}: {status} {body[:200]!r}")
                return
            if "RecordingSid" in form:
                seen.recorded.add(form["RecordingSid"])
            path = _following(account, body)
            if not path:
                break
        tally.went_on += 1

    await shared(account, [partial(one, call) for call in seen.cut])
    tally.matters += len(seen.recorded)
