"""A call from its ringing to its end, over the proxy of a cluster, and what it leaves behind."""

import asyncio
from typing import Final

from tests.cluster import Cluster
from tests.ivr.carrier.signed import CALLER, LINE, Answer
from tests.ivr.desk import call_of

CALL: Final = "CA" + "1" * 32
RECORDING: Final = "RE" + "1" * 32
LEFT: Final = {
    "cases": "1",
    "recordings WHERE reference IS NOT NULL AND audio = 'kept'": "1",
    "mails WHERE id LIKE 'case-%'": "1",
    "sounds": "1",
    "steps": "5",
    "outbox WHERE state = 'dead'": "0",
}
"""Rows after one matter that nobody was there to take."""


async def press(both: Cluster, call: str, turn: int, key: str) -> Answer:
    return await both.line.spoken(f"/voice/{call}/turn/{turn}", CALL, Digits=key)


async def until_recorded(both: Cluster) -> tuple[str, list[Answer]]:
    """Our id of a call that is being recorded, and what its keys were answered."""
    first = await both.line.spoken("/voice/answer", CALL, From=CALLER, To=LINE)
    call = call_of(first.body)
    pressed = [await press(both, call, turn, key) for turn, key in ((1, "2"), (2, "1"))]
    assert "<Record" in pressed[1].text
    return call, pressed


async def recorded(both: Cluster, call: str) -> Answer:
    """The Record's action."""
    path = f"/voice/{call}/turn/3"
    return await both.line.spoken(path, CALL, **both.line.recording(RECORDING))


async def hang_up(both: Cluster, call: str) -> None:
    """Nobody answers; the caller hangs up."""
    unanswered = {"DialCallStatus": "no-answer", "DialCallSid": "CA" + "2" * 32}
    await both.line.spoken(f"/voice/{call}/turn/4", CALL, **unanswered)
    await both.line.post("/voice/status", CALL, CallStatus="completed", CallDuration="60")


async def one_whole_case(both: Cluster) -> None:
    """With its sound, and its office has been told; nothing that is due waits, and nothing was
    given up."""
    due = "state IN ('ready', 'sending') AND enqueued <= now() AT TIME ZONE 'utc'"
    await both.until(f"SELECT count(*) FROM outbox WHERE {due}", "0")  # noqa: S608 - ours
    counts = [f"SELECT count(*) FROM {what}" for what in LEFT]  # noqa: S608 - ours
    found = await asyncio.gather(*(asyncio.to_thread(both.ask, count) for count in counts))
    assert dict(zip(LEFT, found, strict=True)) == LEFT
