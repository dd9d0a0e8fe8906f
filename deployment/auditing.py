"""`audit`: the chain of who changed what, verified, written out, and its values erased, from the
terminal. It works beside a running server (ADR 34)."""

import argparse
import asyncio
import contextlib
import getpass
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from deployment.clock import SystemClock
from deployment.database import database_of, file_of
from deployment.settings import Settings, StartError
from routing.audit import TERMINAL, Action, Entry, Fault, subject
from routing.trail import Search, Verdict, heading, table
from storage.audit import StoredAudit, erasure

SLICE: Final = 500
"""Entries read at a time."""
SAID: Final = {
    Fault.MISSING: "该条缺失 it is missing",
    Fault.UNLINKED: "与上一条不衔接 it does not follow the one before",
    Fault.ALTERED: "内容被改动 it was altered",
    Fault.VALUES_ALTERED: "所记内容被改动 its values were altered",
    Fault.VALUES_GONE: "内容不见了，也没有清除记录 its values are gone, and nobody erased them",
}


def ask(parts: argparse.ArgumentParser) -> None:
    """The words behind the command."""
    do = parts.add_mutually_exclusive_group(required=True)
    do.add_argument(
        "--verify",
        action="store_true",
        help="核对整条链 follow the whole chain; exit code 1 at the first entry that does not hold",
    )
    do.add_argument(
        "--head",
        action="store_true",
        help="最后一条的校验值 the last entry's hash, to be kept elsewhere",
    )
    do.add_argument("--export", type=Path, metavar="FILE", help="导出为CSV write it all as CSV")
    do.add_argument(
        "--erase", type=int, metavar="NUMBER", help="清除一条的内容 erase one entry's values"
    )
    parts.add_argument(
        "--kept", metavar="HASH", help="以前记下的校验值 with --verify: a hash kept from --head"
    )
    parts.add_argument("--reason", help="理由 with --erase: why; kept in the audit")


def carry_out(settings: Settings, arguments: argparse.Namespace) -> int:
    """One of the four."""
    if arguments.kept and not arguments.verify:
        raise StartError("--kept belongs to --verify")
    if (arguments.erase is not None) != bool((arguments.reason or "").strip()):
        raise StartError("--erase NUMBER and --reason WHY belong together")
    return asyncio.run(_carry_out(settings, arguments))


async def _carry_out(settings: Settings, arguments: argparse.Namespace) -> int:
    async with _opened(settings) as store:
        if arguments.verify:
            return await _verify(store, arguments.kept)
        if arguments.head:
            head = await store.head()
            print(f"{head.number} {head.hash}")
            return 0
        if arguments.export is not None:
            return await _export(store, arguments.export)
        return await _erase(store, arguments.erase, arguments.reason)


async def _verify(store: StoredAudit, kept: str | None) -> int:
    verdict = await store.verify()
    print(told(verdict))
    if verdict.broken is not None:
        return 1
    if kept:
        place = await store.place_of(kept.split()[-1].lower())
        if place is None:
            print(
                "记下的校验值不在链上，记录被替换或截断 "
                "broken: the hash that was kept is not in the chain, which was replaced or cut"
            )
            return 1
        print(f"记下的校验值是第{place}条 the hash that was kept is that of entry {place}")
    return 0


def told(verdict: Verdict) -> str:
    """The verdict in a line."""
    if verdict.broken is not None:
        number, fault = verdict.broken.number, verdict.broken.fault
        return f"第{number}条起链断开 broken at entry {number}: {SAID[fault]}"
    return (
        f"全部{verdict.count}条完好，其中{verdict.erased}条内容已清除 all {verdict.count} entries "
        f"hold, of which {verdict.erased} have their values erased; head {verdict.head}"
    )


async def _export(store: StoredAudit, to: Path) -> int:
    """That it was done is an entry itself, and stands last in the file."""
    told_of = Entry(
        TERMINAL,
        Action.EXPORTED,
        subject("audit", "all"),
        SystemClock().now(),
        {"by": _user()},
    )
    try:
        with to.open("xb") as file:
            await store.append(told_of)
            file.write(heading())
            last, many = 0, 0
            while found := await store.search(Search(), after=last, most=SLICE):
                file.write(table(found))
                last, many = found[-1].link.number, many + len(found)
    except FileExistsError as wrong:
        raise StartError(f"--export {to}: there is such a file already; name another") from wrong
    except OSError as wrong:
        raise StartError(f"--export {to}: {wrong.strerror}; name a file that can be written") from (
            wrong
        )
    print(f"{to}: {many}条 entries")
    return 0


async def _erase(store: StoredAudit, number: int, reason: str) -> int:
    entry = erasure(number, TERMINAL, f"{reason} ({_user()})", SystemClock().now())
    if not await store.erase(number, entry):
        print(f"第{number}条没有内容可清除 entry {number} has no values to erase", file=sys.stderr)
        return 1
    print(f"第{number}条的内容已清除 the values of entry {number} are erased")
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user often has no name
        return TERMINAL


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[StoredAudit]:
    """The audit, beside whoever else is at work. Makes nothing."""
    if not settings.database_url and not file_of(settings).is_file():
        raise StartError("there is no data in DATA_DIR yet: start the server once")
    database = database_of(settings)
    try:
        store = StoredAudit(database)
        await store.check()
        yield store
    finally:
        await database.close()
