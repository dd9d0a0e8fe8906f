"""How long each page holds up the calls of its server, in a large city: 2,000 rules, 10,000
numbers, 100,000 entries of the audit, 50,000 cases.

    python -m benchmarks.pages [--only /admin/audit]

Every page that `tests/test_pages_browser.py` looks at is asked for, and the files beside them; told
is the longest time that the loop did nothing else, in CPU of its own thread, which no other process
makes longer (the second time, and how often that of an empty page it is), and the bytes. Exits 1
where a page holds up the loop for more than 50 ms.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from sqlalchemy import Connection, update

import server
from benchmarks.audit import TOGETHER, entry
from benchmarks.fill import fill
from benchmarks.machine import facts
from benchmarks.publisher import ADMIN, rules_of
from benchmarks.register import published, sheets
from benchmarks.servers import Place
from deployment.folder import open_folder
from deployment.house import HOUSE, House
from deployment.settings import Settings
from routing.accounts.account import Account
from routing.accounts.roles import Actor, Role
from routing.audit import SYSTEM, Action, Entry
from routing.publishing.release import NewRelease, Way
from routing.rules.document import Written
from routing.signing_in import Signed, Visitor
from routing.web.entry import Cookies
from storage.audit import append_all
from storage.engine import Database
from storage.sealing import Sealing
from storage.tables.cases import case_callers
from tests.test_pages_browser import LINE, OFFICE, OPENED, OTHERS, REFERENCE, pages

GOAL: Final = 50.0
"""Milliseconds."""
CASES_OF: Final = 5
"""Calls for each case of `fill`."""
FILES: Final = (
    "/admin/plan/plan.yaml",
    "/admin/plan/plan.zip",
    "/admin/plan/plan.zip?of=draft",
    "/admin/export/numbers.csv",
)
FLOOR: Final = "/admin/services"
"""A page that says little."""
PATIENCE: Final = 300.0
OURS: Final = (
    "UPDATE cases SET office = ?, topic = 'water' WHERE rowid % 5 = 0",
    "UPDATE cases SET state = 'dispatched' WHERE office = ? AND rowid % 10 = 0",
)
CASE: Final = "SELECT reference FROM cases WHERE office = ? LIMIT 1"


class Holds:
    """The longest time that one callback of a thread's loop took, in milliseconds of its CPU."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._thread = threading.get_ident()

    def watch(self) -> None:
        """From now on; asyncio has no hook for it."""
        run = asyncio.Handle._run  # noqa: SLF001 - see the docstring

        def timed(handle: asyncio.Handle) -> None:
            if threading.get_ident() != self._thread:
                return run(handle)
            begun = time.thread_time()
            run(handle)
            self.longest = max(self.longest, (time.thread_time() - begun) * 1000)
            return None

        asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above

    def taken(self) -> float:
        """The longest, from now on anew."""
        told, self.longest = self.longest, 0.0
        return told


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one address: its status, bytes, and the longest hold of the loop in milliseconds."""

    status: int
    size: int
    held: float


async def large_plan(house: House, rules: int, numbers: int) -> None:
    """Published, and in use."""
    newest = await house.publishing().releases.newest()
    body = {**newest.document, "sheets": asdict(sheets(numbers))}
    written = {rule["id"]: rule for rule in rules_of(house.plans.current.directory, rules)}
    for rule in written.values():
        rule["when"].pop("dialled")  # the demonstration's numbers are not in this register
    text = Written(written).to_text()
    now = house.clock.now()
    entry_ = Entry(ADMIN.account, Action.PLAN_PUBLISHED, "plan", now, {})
    new = NewRelease(
        {**body, "rules": text}, newest.number, Way.PUBLISHED, ADMIN, "benchmark", now, entry_
    )
    number = await house.publishing().releases.publish(new)
    async with asyncio.timeout(PATIENCE):
        while house.plans.current.number < number:
            house.plans.changed.clear()
            await house.plans.changed.wait()


async def callable_back(house: House) -> None:
    """`fill` leaves callers' numbers that nobody can read: each gets one that pages can show."""
    sealed = Sealing(house.secrets.key).seal("+8613800001234")
    await house.database.brief(
        lambda unit: unit.execute(update(case_callers).values(number=sealed, tail="34"))
    )


def _append(entries: Sequence[Entry], unit: Connection) -> None:
    append_all(unit, entries)


async def audited(database: Database, many: int) -> None:
    """So many entries."""
    for first in range(0, many, TOGETHER):
        some = [entry(number) for number in range(first, first + TOGETHER)]
        await database.brief(partial(_append, some))


async def cookies(house: House) -> dict[Role, str]:
    """What a browser of somebody in each role sends."""
    found = {}
    for role in (Role.ADMIN, Role.SUPERVISOR, Role.OFFICIAL):
        office = OFFICE if role is Role.OFFICIAL else None
        account = Account("", f"bench-{role}", role, office)
        by = Actor(SYSTEM, "", Role.ADMIN)
        once = await house.signing_in.create(account, frozenset({OFFICE}), by)
        made = next(
            one for one in await house.signing_in.people.listed() if one.name == account.name
        )
        hashed = await house.signing_in.passwords.hashed(str(once) + "x")
        entry_ = house.signing_in.entry(made, Action.ACCOUNT_PASSWORD)
        await house.signing_in.people.set_password(made.id, hashed, entry_)
        signed = await house.signing_in.signed(made, Visitor("127.0.0.1"))
        if not isinstance(signed, Signed):
            raise SystemExit(f"{role} could not sign in: {signed}")
        found[role] = f"{Cookies(secure=False).session}={signed.token}"
    return found


def asked(url: str, cookie: str) -> tuple[int, int]:
    """Status and bytes."""
    request = urllib.request.Request(url, headers={"Cookie": cookie})  # noqa: S310 - our server
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, len(refused.read())


@dataclass(frozen=True, slots=True)
class Named:
    """What is opened of pages that are about something, in place of what the tests open."""

    case: str
    number: str
    account: str

    def put_into(self, address: str) -> str:
        """The address with these."""
        address = address.replace(REFERENCE, self.case).replace(LINE[1:], self.number[1:])
        return address.format_map({"rule": "r1", "account": self.account})


def addresses(app: web.Application, only: str, named: Named) -> Iterator[tuple[str, Role]]:
    """Of every page and file, with the role of who asks."""
    for door in (FLOOR, *pages(app), *FILES):
        place = named.put_into(OPENED.get(door, door))
        if place.startswith(only):
            who = next((role for at, role in OTHERS.items() if door.startswith(at)), Role.ADMIN)
            yield place, who


async def seen(url: str, cookie: str, holds: Holds) -> Seen:
    """The second of two visits: templates are compiled at the first."""
    await asyncio.to_thread(asked, url, cookie)
    holds.taken()
    status, size = await asyncio.to_thread(asked, url, cookie)
    return Seen(status, size, holds.taken())


async def measure(app: web.Application, wanted: Any, url: str, reference: str) -> bool:
    """Whether no page holds the loop up for long."""
    house, holds = app[HOUSE], Holds()
    await callable_back(house)
    await audited(house.database, wanted.entries)
    await large_plan(house, wanted.rules, wanted.numbers)
    session = await cookies(house)
    print("made", flush=True)
    holds.watch()
    listed = await house.signing_in.people.listed()
    named = Named(reference, published(wanted.numbers)[0], listed[0].id)
    floor = (await seen(url + FLOOR, session[Role.ADMIN], holds)).held
    found: list[float] = []
    for place, who in addresses(app, wanted.only, named):
        whole = url + urllib.parse.quote(place, "/?&=%:")
        one = await seen(whole, session[who], holds)
        found.append(one.held)
        times = f"{one.held / floor:6.1f} times {FLOOR}"
        print(
            f"{one.held:7.1f} ms, {times}, {one.size:9,} bytes, {one.status}  {place}", flush=True
        )
    print(f"{len(found)} pages and files, the longest hold {max(found):.1f} ms")
    return max(found) <= GOAL


async def run(wanted: Any) -> bool:
    """Make the city, serve it, look at all of it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # no .env of a developer
        fill(Place(Path(folder)), wanted.cases * CASES_OF)
        print("filled", flush=True)
        with sqlite3.connect(Path(folder) / "zhitong.db") as database:
            for change in OURS:
                database.execute(change, (OFFICE,))
            reference = database.execute(CASE, (OFFICE,)).fetchone()[0]
        database.close()
        settings = Settings(data_dir=Path(folder), demo=True)
        lock = open_folder(settings)
        app = await server.build_app(settings)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            return await measure(app, wanted, f"http://127.0.0.1:{port}", reference)
        finally:
            await runner.cleanup()
            lock.release()


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=2_000)
    parser.add_argument("--numbers", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--only", default="", help="what addresses begin with")
    wanted = parser.parse_args()
    print(facts())
    met = asyncio.run(run(wanted))
    print(f"{'met' if met else 'NOT met'} (goal at most {GOAL:g} ms)")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
