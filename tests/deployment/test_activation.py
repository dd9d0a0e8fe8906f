"""A publication is in use on every replica: by the news of it, by the poll where that is lost, at
the next start; and what a killed publisher had committed is not lost. Two servers' worth of
connections, listeners and look-outs on one PostgreSQL."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from deployment.clock import SystemClock
from deployment.plans import Newest, published
from deployment.settings import Settings
from ivr.conversation.stores import Plans
from ivr.flow.world import Plan
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import Overtaken, text_of
from storage.engine import Database, Topic
from storage.errors import StorageError
from storage.plans import StoredPlans
from tests.databases import ASYNCPG, chosen, database_at, in_child
from tests.deadline import DEADLINE
from tests.deployment.renaming import LIN, desk_at, drafted, rename
from tests.programs import begin
from tools.postgres import Postgres

ROOT: Final = Path(__file__).parents[2]
CUT: Final = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_locks"
    " WHERE locktype = 'advisory' AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""Each listener holds the lock that says that its replica lives."""
KILLED: Final = """
import asyncio, os, signal, sys
from pathlib import Path
from unittest.mock import patch
import storage.releases
from tests.databases import database_at
from tests.deployment.renaming import desk_at, rename_quickly

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    path = Path(sys.argv[1])
    database = await database_at(path)
    if sys.argv[2] == "before":
        patch.object(storage.releases, "append_all", killed).start()
    else:
        patch.object(database.signals, "tell", killed).start()
    await rename_quickly(desk_at(database, path.parent), "From the killed one")

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def on_postgres(postgres: Postgres) -> Iterator[None]:
    with chosen(ASYNCPG, postgres):
        yield


@dataclass
class Server:
    """What of one server has to do with plans."""

    database: Database
    plans: Plans
    desk: PublishingDesk
    tasks: asyncio.TaskGroup
    look_out: Newest
    ears: "asyncio.Task[None] | None" = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def takes(self, number: int) -> None:
        """Until new calls are taken with the plan of this number."""
        async with asyncio.timeout(DEADLINE):
            while self.plans.current.number < number:
                self.changed.clear()
                await self.changed.wait()

    async def listens(self) -> None:
        """Until it hears what others tell."""
        hears = asyncio.Event()
        self.database.signals.hear(Topic.PLAN, hears.set)
        self.ears = self.tasks.create_task(self._ears())
        async with asyncio.timeout(DEADLINE):
            await hears.wait()

    async def _ears(self) -> None:
        try:
            await self.database.signals.listen()
        except StorageError:
            return  # cut off

    @property
    def said(self) -> str:
        """What callers hear of the topic that the tests rename."""
        return self.plans.current.directory.topics["hotline"].names["en"]


@asynccontextmanager
async def server(
    folder: Path, *, listens: bool = True, meanwhile: Callable[[], Awaitable[object]] | None = None
) -> AsyncIterator[Server]:
    """One more on the folder's database, begun as it was left; `meanwhile` happens between its
    first look at the plans and the next."""
    database, settings = await database_at(folder / "zhitong.db"), Settings(data_dir=folder)
    plans = await published(settings, SystemClock(), database)
    if meanwhile is not None:
        await meanwhile()
    look_out = Newest(plans, database, settings, SystemClock())
    async with asyncio.TaskGroup() as tasks:
        made = Server(database, plans, desk_at(database, folder), tasks, look_out)
        publish = plans.publish

        def noted(plan: Plan) -> None:
            publish(plan)
            made.changed.set()

        plans.publish = noted  # type: ignore[method-assign]  # so that nobody has to look again
        looking = tasks.create_task(look_out.run())
        if listens:
            await made.listens()
        yield made
        looking.cancel()
        if made.ears is not None:
            made.ears.cancel()
    await database.close()


@pytest.fixture
def no_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known in time was told."""
    monkeypatch.setattr("deployment.plans.POLL", 10 * DEADLINE)


@pytest.mark.usefixtures("no_poll")
async def test_what_one_publishes_the_other_takes_by_the_news_of_it(tmp_path: Path) -> None:
    async with server(tmp_path) as one, server(tmp_path) as other:
        began = other.plans.current
        number = await rename(one.desk, "The city's line")
        await one.takes(number)
        await other.takes(number)

        assert (one.said, other.said) == ("The city's line", "The city's line")
        assert await other.plans.of(began.number) is began
        back = await other.desk.roll_back(began.number, "undone", LIN)
        await one.takes(back)
        assert one.said == began.directory.topics["hotline"].names["en"]


async def test_where_the_news_is_lost_the_poll_finds_it(tmp_path: Path) -> None:
    async with server(tmp_path) as one, server(tmp_path, listens=False) as deaf:
        await deaf.takes(await rename(one.desk, "The city's line"))
        assert deaf.said == "The city's line"


@pytest.mark.usefixtures("no_poll")
async def test_what_was_told_while_a_listener_was_cut_off_is_looked_for_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with server(tmp_path) as one, server(tmp_path) as other:
        assert other.ears is not None
        async with asyncio.timeout(DEADLINE), one.database.unit_of_work() as unit:
            while not other.ears.done():  # it is heard before it holds the lock
                await unit.execute(CUT)
                await asyncio.sleep(0.05)
        number = await rename(one.desk, "The city's line")
        assert other.plans.current.number < number
        await other.listens()
        await other.takes(number)


async def test_a_server_that_starts_between_commit_and_news_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server(tmp_path) as one:
        monkeypatch.setattr(one.database.signals, "tell", lambda _: None)
        number = await rename(one.desk, "The city's line")
        async with server(tmp_path, listens=False) as started:
            assert (started.plans.current.number, started.said) == (number, "The city's line")


async def test_a_publication_while_a_server_starts_is_not_missed(tmp_path: Path) -> None:
    """It has read the newest plan, and does not listen yet."""
    async with server(tmp_path) as one:

        async def publish() -> None:
            await rename(one.desk, "While it starts")

        number = one.plans.current.number
        async with server(tmp_path, listens=False, meanwhile=publish) as started:
            await started.takes(number + 1)
            assert started.said == "While it starts"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_publisher_that_is_killed_loses_nothing_that_it_committed(
    tmp_path: Path, when: str
) -> None:
    """After the commit and before anybody is told: the other replica finds it, and the next start.
    Before the commit: nothing was published, and the next publication is not held up."""
    path = tmp_path / "zhitong.db"
    async with server(tmp_path) as other:
        first, said = other.plans.current.number, other.said
        environment = {**await in_child(path), "PYTHONPATH": str(ROOT)}
        child = await begin("-c", KILLED, str(path), when, cwd=ROOT, env=environment)
        async with asyncio.timeout(DEADLINE):
            assert await child.wait() == -signal.SIGKILL
        if when == "after":
            await other.takes(first + 1)
            assert other.said == "From the killed one"
        async with server(tmp_path, listens=False) as next_start:
            expected = "From the killed one" if when == "after" else said
            assert next_start.said == other.said == expected
        number = await rename(other.desk, "Then")
        assert number == first + (2 if when == "after" else 1)
        await other.takes(number)


async def test_of_two_who_publish_one_draft_at_once_the_second_is_told(tmp_path: Path) -> None:
    """On two replicas: one number, and whoever was slower looks again."""
    async with server(tmp_path) as one, server(tmp_path) as other:
        newest = await one.desk.releases.newest()
        await rename(one.desk, "First")
        await one.takes(newest.number + 1)
        seen = await drafted(one.desk, "Drafted")
        results = await asyncio.gather(
            *(s.desk.publish(seen, "at once", LIN) for s in (one, other)), return_exceptions=True
        )

        told = [r for r in results if isinstance(r, BaseException)]
        assert [type(r) for r in told] == [Overtaken]
        latest = await one.desk.releases.releases(5)
        assert latest[0].number == newest.number + 2
        await other.takes(newest.number + 2)
        assert other.said == "Drafted"


async def test_a_version_that_one_replica_cannot_compile_alarms_there_and_the_old_one_stands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older code, which does not know a field of the body."""
    async with server(tmp_path) as one, server(tmp_path, listens=False) as older:
        refused = asyncio.Event()
        refuse = older.plans.refuse

        def noted(number: int, at: object) -> None:
            refuse(number, at)  # type: ignore[arg-type]  # an instant
            refused.set()

        monkeypatch.setattr(older.plans, "refuse", noted)
        good = older.plans.current
        newest = await one.desk.releases.newest()
        body = text_of({**newest.document, "later": "than this code"})
        number = await StoredPlans(one.database, SystemClock()).publish(body)
        async with asyncio.timeout(DEADLINE):
            await refused.wait()

        assert older.plans.current is good
        assert older.plans.refused is not None
        assert older.plans.refused.number == number
        assert "plan.refused" in capfd.readouterr().out
