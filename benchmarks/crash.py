"""Kills the server with -9 at random under load, again and again, and looks what is left: every
answered step must be found byte for byte, every recorded matter be exactly one case, and the calls
go on. `python -m benchmarks.crash --rounds 200`; exits 1 if anything was lost or doubled."""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.caller import (
    ACTION,
    Account,
    Connection,
    Keys,
    fields,
    request,
    story,
    wires,
)
from benchmarks.servers import free_port, start

CONNECTIONS = 16
MATTERS = 2
"""Every second call states a matter."""


@dataclass(slots=True)
class LiveCall:
    """A call that was cut off: what it had been answered, and what it would have said next."""

    number: int
    path: str
    left: list[Keys]


@dataclass(slots=True)
class Seen:
    """What the caller was told: replies by address and form, and the recordings whose Record
    action was answered."""

    replies: list[tuple[str, Keys, bytes]] = field(default_factory=list)
    recorded: set[str] = field(default_factory=set)
    cut: list[LiveCall] = field(default_factory=list)


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


async def run_until_killed(account: Account, first: int, seen: Seen, killed: asyncio.Event) -> None:
    """Calls over one connection until the server is gone."""
    number = first
    connection = await Connection.open(account.base)
    while not killed.is_set():
        number += 1
        path = ""
        keys = story(number, matters=MATTERS)
        for turn, (address, form) in enumerate(wires(account, number, keys)):
            path = address or path
            try:
                _, body = await connection.post(request(account, path, form))
            except (OSError, asyncio.IncompleteReadError):
                if address == "":
                    seen.cut.append(LiveCall(number, path, list(keys[turn - 1 :])))
                return
            seen.replies.append((path, form, body))
            if "RecordingSid" in form:
                seen.recorded.add(form["RecordingSid"])
            found = ACTION.search(body)
            if found is None:
                break
            path = found[1].decode()[len(account.base) :]
    connection.close()


async def one_round(folder: Path, port: int, number: int, seconds: float, tally: Tally) -> None:
    """Start, load for `seconds`, kill, start again, compare, go on."""
    server = await asyncio.to_thread(start, "ours", folder, port, None)
    seen, killed = Seen(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for place in range(CONNECTIONS):
            first = number * 1_000_000 + place * 10_000
            group.create_task(run_until_killed(server.account, first, seen, killed))
        await asyncio.sleep(seconds)
        server.process.kill()
        killed.set()
    server.process.wait()
    again = await asyncio.to_thread(start, "ours", folder, port, None)
    try:
        await compare(again.account, seen, tally)
        await go_on(again.account, seen, tally)
    finally:
        again.process.kill()
        again.process.wait()
    count_cases(folder, seen, tally)
    tally.rounds += 1
    tally.steps += len(seen.replies)
    tally.matters += len(seen.recorded)


async def compare(account: Account, seen: Seen, tally: Tally) -> None:
    """Every answered webhook again: the same reply, byte for byte."""
    connection = await Connection.open(account.base)
    for path, form, body in seen.replies:
        status, now = await connection.post(request(account, path, form))
        tally.lost += status != 200
        tally.changed += status == 200 and now != body
    connection.close()


async def go_on(account: Account, seen: Seen, tally: Tally) -> None:
    """The carrier repeats the webhook that was cut off, and the call goes on to its end."""
    connection = await Connection.open(account.base)
    for call in seen.cut:
        path, went = call.path, True
        for more in call.left:
            form = fields(account, f"{call.number:032x}", more)
            status, body = await connection.post(request(account, path, form))
            went = went and status == 200
            if "RecordingSid" in form and status == 200:
                seen.recorded.add(form["RecordingSid"])
            found = ACTION.search(body)
            if not went or found is None:
                break
            path = found[1].decode()[len(account.base) :]
        tally.went_on += went
        tally.stuck += not went
    connection.close()


def count_cases(folder: Path, seen: Seen, tally: Tally) -> None:
    """Every recorded matter has exactly one case."""
    database = sqlite3.connect(f"file:{folder / 'zhitong.db'}?mode=ro", uri=True)
    query = (
        "SELECT r.sid, count(DISTINCT c.reference) FROM recordings r"
        " LEFT JOIN cases c ON c.call_id = r.call_id AND c.turn = r.turn GROUP BY r.sid"
    )
    cases = dict(database.execute(query).fetchall())
    database.close()
    for sid in seen.recorded:
        tally.without_case += cases.get(sid, 0) == 0
        tally.doubled += cases.get(sid, 0) > 1


async def run(rounds: int, seed: int) -> Tally:
    """All rounds on one folder, so that the database grows as it would."""
    tally, luck = Tally(), random.Random(seed)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zhitong-crash-") as folder:
        port = free_port()
        for number in range(1, rounds + 1):
            await one_round(Path(folder), port, number, luck.uniform(0.05, 0.6), tally)
            if number % 10 == 0 or number == rounds:
                print(f"round {number}: {tally}  {time.monotonic() - begun:.0f} s", flush=True)
    return tally


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tally = asyncio.run(run(asked.rounds, asked.seed))
    bad = tally.lost + tally.changed + tally.doubled + tally.without_case + tally.stuck
    print(
        f"{tally.rounds} kills, {tally.steps} answered steps, {tally.matters} recorded matters: "
        f"{tally.lost} lost, {tally.changed} changed, {tally.doubled} doubled, "
        f"{tally.without_case} without a case; {tally.went_on} calls went on, {tally.stuck} did not"
    )
    return 1 if bad or not tally.matters else 0


if __name__ == "__main__":
    sys.exit(main())
