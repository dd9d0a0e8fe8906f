"""Mail that came back, put together: looked for in the mailbox of BOUNCES_URL by one replica at a
time, or handed in by a mail server's pipe (`bounce`). Used by `server.py` and `commands`."""

import argparse
import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.imap_url import box_of
from deployment.settings import Secrets, Settings, StartError
from routing.delivery.bounce import MOST, Bounce, read_bounce
from routing.delivery.mailbox import Found, Mailbox, MailboxError
from routing.delivery.tags import Tags
from routing.ledger import Leases
from routing.ports import Clock
from storage.bounces import StoredBounces
from storage.engine import Database
from storage.errors import StorageError
from storage.keymark import same_key
from storage.leases import StoredLeases
from storage.sealing import Sealing

LOG: Final = structlog.get_logger()
EVERY: Final = 60.0
"""Seconds between two looks."""
LEASE: Final = 180
"""Seconds for which a replica has the duty: longer than two looks may take."""
LATER: Final = 75
"""The exit code by which a mail server keeps the message for another try (sysexits.h)."""


def tags_of(sealing: Sealing) -> Tags:
    """The marks of this server's mails."""
    return Tags(lambda letter: sealing.digest("mail", letter))


@dataclass(slots=True)
class Looking:
    """One replica's looks into the mailbox."""

    mailbox: Mailbox
    tags: Tags
    kept: StoredBounces
    leases: Leases
    clock: Clock
    holder: str = field(default_factory=lambda: secrets.token_hex(16))

    async def run(self) -> None:
        """One look, unless another replica has the duty. A mailbox that cannot be looked into is a
        line of the log, and looked into again."""
        if not await self.leases.take("bounces", self.holder, LEASE):
            return
        try:
            await self._look()
        except MailboxError as wrong:
            why = f"the mailbox of bounces: {wrong}"
            LOG.error("bounces.unread", why=why)  # noqa: TRY400 - a trace would hold the server's words

    async def _look(self) -> None:
        found = await asyncio.to_thread(self.mailbox.reports)
        read = await asyncio.to_thread(_read, found, self.tags)
        ours = [(report, bounce) for report, bounce in read if bounce is not None]
        for _, bounce in ours:
            await keep(bounce, self.kept, self.clock)
        self.mailbox.leave([report for report, bounce in read if bounce is None])
        await asyncio.to_thread(self.mailbox.seen, [report for report, _ in ours])


def _read(found: Sequence[Found], tags: Tags) -> list[tuple[Found, Bounce | None]]:
    return [(report, read_bounce(report.raw, tags)) for report in found]


async def keep(bounce: Bounce, kept: StoredBounces, clock: Clock) -> bool:
    """Keep one; whether it is news."""
    news = await kept.came_back(bounce.id, bounce.code, clock.now())
    LOG.warning("bounce", letter=bounce.id.partition("-")[0], code=bounce.code, news=news)
    return news


def looking(
    settings: Settings, database: Database, sealing: Sealing, clock: Clock
) -> Looking | None:
    """None where no mailbox is named."""
    if not settings.bounces_url:
        return None
    return Looking(
        Mailbox(box_of(settings.bounces_url)),
        tags_of(sealing),
        StoredBounces(database),
        StoredLeases(database),
        clock,
    )


def ask(_: argparse.ArgumentParser) -> None:
    """No words behind `bounce`."""


def hand_in(
    settings: Settings, _: argparse.Namespace, read: Callable[[int], bytes] | None = None
) -> int:
    """`bounce < message`: a mail server's pipe. What is no bounce of ours is no fault; where it
    cannot be kept the mail server is asked to try again."""
    raw = (read or sys.stdin.buffer.read)(MOST)

    async def work() -> bool | None:
        async with _opened(settings) as (database, sealing):
            bounce = read_bounce(raw, tags_of(sealing))
            if bounce is None:
                return None
            return await keep(bounce, StoredBounces(database), SystemClock())

    try:
        news = asyncio.run(work())
    except StorageError as wrong:
        print(f"server.py: {wrong}", file=sys.stderr)
        return LATER
    told = {None: "no bounce of ours", False: "known already", True: "kept: see /undelivered"}
    print(told[news])
    return 0


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Database, Sealing]]:
    """Beside whoever else is at work. Makes nothing: neither data nor a key."""
    if not settings.database_url and not file_of(settings).is_file():
        raise StartError("there is no data in DATA_DIR yet: start the server once")
    if not settings.secret_key and not (settings.data_dir / "secret.key").is_file():
        raise StartError(
            "SECRET_KEY is missing, by which our mails are known: set the server's, or run this in "
            "its folder, where DATA_DIR/secret.key lies"
        )
    sealing = Sealing(Secrets.of(settings).key)
    database = database_of(settings)
    try:
        await same_key(database, sealing)
        yield database, sealing
    finally:
        await database.close()
