"""Whether a new call can be answered the normal way, and what an operator should see to before it
no longer can. Each check is one sentence; strangers read it too, so it names nobody."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Final

import structlog

from deployment.fallback import Fallback
from ivr.carrier.local.recordings import FLOOR
from ivr.conversation.stores import Plans, Refused
from routing.ports import Clock
from storage.engine import Database
from storage.outbox import Standing, StoredOutbox

LOG: Final = structlog.get_logger()
AHEAD: Final = timedelta(days=14)
"""How far the open hours must be known: their plan is renewed every hour for 60 days, so fewer mean
that it has failed for weeks."""
STUCK: Final = timedelta(minutes=10)
"""Work that was due for so long is taken by nobody."""
PATIENCE: Final = 5.0
"""Seconds for a check; a carrier waits 15 for an answer."""


class State(IntEnum):
    """What a check found; the worst says whether the server is ready."""

    OK = 0
    WARNING = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `/readyz`."""

    name: str
    state: State
    text: str


Look = Callable[[], Awaitable[Check]]


class Readiness:
    """The checks, in their order. Parts that know more add their own."""

    def __init__(self) -> None:
        self._looks: dict[str, Look] = {}

    def add(self, name: str, look: Look) -> None:
        """One more. What it raises, or takes too long for, is a warning: only a check itself says
        that calls cannot be answered."""
        self._looks[name] = look

    async def found(self) -> Sequence[Check]:
        """All of them, now, and together: each may take its whole patience."""
        looks = [self._look(name, look) for name, look in self._looks.items()]
        return await asyncio.gather(*looks)

    async def _look(self, name: str, look: Look) -> Check:
        try:
            async with asyncio.timeout(PATIENCE):
                return await look()
        except Exception:
            LOG.exception("readiness.untold", check=name)
            return Check(name, State.WARNING, "cannot be told now; the log says why")


def of_database(database: Database, patience: float = PATIENCE / 2) -> Look:
    """It takes a write. Asks for the writer's turn, which steps wait for, `patience` seconds: well
    under PATIENCE, after which it would be a mere warning."""

    async def look() -> Check:
        try:
            async with asyncio.timeout(patience):
                wrong = await database.trouble()
        except TimeoutError:
            wrong = "it does not answer: see whether it is running and its disk is not overloaded"
        return Check("database", *((State.FAILED, wrong) if wrong else (State.OK, "takes writes")))

    return look


def of_disk(folder: Path) -> Look:
    """Room for recordings: below the floor nothing is recorded. A transaction that writes nothing
    succeeds on a full disk."""

    async def look() -> Check:
        if shutil.disk_usage(folder).free >= FLOOR:
            return Check("disk", State.OK, "has room for recordings")
        least = FLOOR // 1024**2
        text = f"less than {least} MiB are free in DATA_DIR, nothing is recorded: free some room"
        return Check("disk", State.FAILED, text)

    return look


def of_plan(plans: Callable[[], Plans], clock: Clock) -> Look:
    """That the newest plan takes the calls, and how far ahead the offices' open hours are known:
    beyond that their week alone is asked."""

    async def look() -> Check:
        known = plans()
        until = min((hours.until for hours in known.current.open.values()), default=None)
        if until is None:
            return Check("plan", State.FAILED, "no office has open hours: check the register")
        left = until - clock.now()
        if known.refused is not None:
            return Check("plan", State.WARNING, _refused(known.refused, known.current.number))
        if left >= AHEAD:
            return Check("plan", State.OK, "is published, its open hours reach far enough")
        text = f"open hours are known for {max(left.days, 0)} more days only: see why no new plan"
        return Check("plan", State.WARNING, f"{text} was made (the log says background.failed)")

    return look


def _refused(refused: Refused, stands: int) -> str:
    since = f"{refused.since:%Y-%m-%d %H:%M} UTC"
    return (
        f"plan {refused.number} cannot be compiled since {since}; calls go on by plan {stands} as "
        "it last was. The log says why (plan.refused): correct it and publish, or roll back"
    )


def of_outbox(outbox: StoredOutbox, clock: Clock) -> Look:
    """Somebody takes the work that calls leave."""

    async def look() -> Check:
        now = clock.now()
        due = [b.run_at for b in await outbox.backlog(now) if b.standing is Standing.DUE]
        if not due or now - min(due) < STUCK:
            return Check("outbox", State.OK, "is being worked off")
        return Check("outbox", State.WARNING, _stuck(now, min(due)))

    return look


def _stuck(now: datetime, since: datetime) -> str:
    minutes = int((now - since).total_seconds()) // 60
    return (
        f"work has been due for {minutes} minutes and nobody takes it: calls are answered, but "
        "texts, mails and recordings wait; restart the server if the log does not say why"
    )


def of_spool(fallback: Fallback) -> Look:
    """Nobody is waiting for a case beside the database, and there is where to wait: calls are
    answered meanwhile."""

    async def look() -> Check:
        text = await fallback.spool.trouble() or await _waiting(fallback)
        return Check("spool", State.WARNING if text else State.OK, text or "is empty")

    return look


async def _waiting(fallback: Fallback) -> str:
    if fallback.outage.unkept is not None:
        return (
            "what was said lately could not be noted anywhere: within ten minutes it is looked "
            "up in the carrier's list"
        )
    waits = await fallback.spool.waiting()
    return "messages wait in DATA_DIR/spool until the database takes them" if waits else ""
