"""`block`, `unblock` and `blocks`: who is turned away, from the terminal. They work beside a
running server, which heeds a change within seconds."""

import argparse
import asyncio
import contextlib
import getpass
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.plans import compiled, local_day, plan_inputs
from deployment.settings import Secrets, Settings, StartError
from routing.city import AREA
from routing.directory import Directory
from routing.numbers.forms import mask_all, masked
from routing.numbers.reading import MissingArea, Number, caller_form, read_number
from storage.blocks import LONGEST, Block, Decision, StoredBlocks
from storage.effects import Effects
from storage.keymark import same_key
from storage.sealing import Sealing

USUAL_DAYS: Final = 7


def ask_of_block(parts: argparse.ArgumentParser) -> None:
    """The words behind `block`."""
    parts.add_argument("number", metavar="NUMBER", help="来电号码 the caller's number")
    parts.add_argument(
        "--days",
        type=int,
        default=USUAL_DAYS,
        help=f"天数 for how long, {LONGEST.days} at most (default {USUAL_DAYS})",
    )
    parts.add_argument("--reason", required=True, help="理由 why; kept with the block")
    _ask_who(parts)


def ask_of_unblock(parts: argparse.ArgumentParser) -> None:
    """The words behind `unblock`."""
    parts.add_argument("number", metavar="NUMBER", help="来电号码 the caller's number")
    parts.add_argument("--reason", default="lifted", help="理由 why; kept in the audit")
    _ask_who(parts)


def _ask_who(parts: argparse.ArgumentParser) -> None:
    parts.add_argument("--by", default="", help="决定人 who decided (default: this user)")


def block(settings: Settings, arguments: argparse.Namespace) -> int:
    """`block NUMBER --reason WHY`: turn a caller away, before the call is answered."""
    length = _length(arguments.days)
    number = _blockable(settings, arguments.number)

    async def work() -> datetime:
        async with _opened(settings) as store:
            decision = _decision(arguments)
            await store.block(number, decision, length)
            return decision.at + length

    until = _local(settings, asyncio.run(work()))
    print(f"{masked(number)} is blocked until {until}; a running server heeds it within seconds")
    return 0


def _length(days: int) -> timedelta:
    """Raises StartError for one that no block may have."""
    if not 1 <= days <= LONGEST.days:
        raise StartError(f"--days: 1 to {LONGEST.days}; a block lasts {LONGEST.days} days at most")
    return timedelta(days=days)


def unblock(settings: Settings, arguments: argparse.Namespace) -> int:
    """`unblock NUMBER`: let a caller in again."""
    number = _read(arguments.number)

    async def work() -> bool:
        async with _opened(settings) as store:
            return await store.lift(number, _decision(arguments))

    lifted = asyncio.run(work())
    print(f"{masked(number)} is {'no longer' if lifted else 'not'} blocked")
    return 0


def blocks(settings: Settings, _: argparse.Namespace) -> int:
    """`blocks`: who is turned away now, masked."""

    async def work() -> list[Block]:
        async with _opened(settings) as store:
            return [*await store.listed(SystemClock().now())]

    found = asyncio.run(work())
    for entry in found:
        print(_line(settings, entry))
    print(f"{len(found)} blocked")
    return 0


def _line(settings: Settings, entry: Block) -> str:
    last = "" if entry.last_hit is None else f", last {_local(settings, entry.last_hit)}"
    until = _local(settings, entry.expires)
    times = f"{entry.hits} calls turned away{last}"
    return f"{masked(entry.tail)}  until {until}  {times}  {entry.reason} ({entry.by})"


def _local(settings: Settings, at: datetime) -> str:
    here = at.astimezone(ZoneInfo(settings.time_zone))
    return f"{here:%Y-%m-%d %H:%M} ({settings.time_zone})"


def _decision(arguments: argparse.Namespace) -> Decision:
    """The reason outlives the block, in the audit: a number in it is kept by its end alone."""
    by = (arguments.by or user())[:64]
    return Decision(mask_all(arguments.reason), mask_all(by), SystemClock().now())


def user() -> str:
    """Who sits at the terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user often has no name
        return "terminal"


def _read(text: str) -> str:
    """The number as a call from it shows. Raises StartError."""
    match read_number(text, area=AREA):
        case Number(e164=number):
            return number
        case MissingArea():
            return caller_form(text, AREA)
        case _:
            raise StartError(f"{text!r} is no complete telephone number: give it as +8613…")


def _blockable(settings: Settings, text: str) -> str:
    """Raises StartError for a number that must always come through."""
    number = _read(text)
    directory = _directory(settings)
    if number in directory.numbers:
        raise StartError("this is one of our own published numbers, which forward to us")
    if number in directory.public_services:
        raise StartError("this is a public service, which is never turned away")
    return number


def _directory(settings: Settings) -> Directory:
    return compiled(plan_inputs(settings), 1, local_day(settings, SystemClock())).directory


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[StoredBlocks]:
    """The list, beside whoever else is at work. Makes nothing: neither data nor a key."""
    if not settings.database_url and not file_of(settings).is_file():
        raise StartError("there is no data in DATA_DIR yet: start the server once")
    if not settings.secret_key and not (settings.data_dir / "secret.key").is_file():
        raise StartError(
            "SECRET_KEY is missing, by which callers are known: set the server's, or run this in "
            "its folder, where DATA_DIR/secret.key lies"
        )
    sealing = Sealing(Secrets.of(settings).key)
    database = database_of(settings)
    try:
        store = StoredBlocks(database, sealing, Effects(sealing, ZoneInfo(settings.time_zone)))
        await store.check()
        await same_key(database, sealing)
        yield store
    finally:
        await database.close()
