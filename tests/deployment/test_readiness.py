"""`/readyz` tells the truth: 503 only where a new call could not be answered the normal way, and
line by line what an operator should see to."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from deployment import shared
from deployment.fallback import fallback_of
from deployment.health import health_routes
from deployment.readiness import (
    AHEAD,
    STUCK,
    Check,
    Look,
    Readiness,
    State,
    of_database,
    of_disk,
    of_outbox,
    of_plan,
    of_spool,
)
from deployment.settings import Secrets, Settings
from deployment.shared import SharedAnswer
from ivr.carrier.local.recordings import FLOOR
from ivr.conversation.spooled import Spooled
from ivr.conversation.stores import Plans
from ivr.flow.fallback import Line
from ivr.flow.world import Plan
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from routing.hours import OpenIntervals
from routing.ports import JobKind
from storage.effects import enqueue
from storage.errors import StorageError
from storage.outbox import StoredOutbox
from tests.ivr.desk import Desk, StoppedClock, opened


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with opened(empty_database, demo_plan) as made:
        yield made


async def asked(**looks: Look) -> tuple[int, list[str]]:
    """Status and lines of `/readyz`."""
    checks = Readiness()
    for name, look in looks.items():
        checks.add(name, look)
    app = web.Application()
    app.add_routes(health_routes(SharedAnswer(checks.found)))
    async with TestClient(TestServer(app)) as client, client.get("/readyz") as answer:
        return answer.status, (await answer.text()).splitlines()


async def fine() -> Check:
    return Check("fine", State.OK, "is well")


async def test_all_well(desk: Desk, tmp_path: Path) -> None:
    status, lines = await asked(
        database=of_database(desk.database),
        disk=of_disk(tmp_path),
        plan=of_plan(lambda: desk.plans, desk.clock),
        outbox=of_outbox(desk.outbox, desk.clock),
    )

    assert status == 200
    assert lines[0] == "ready"
    assert [line.partition(":")[0] for line in lines[1:]] == ["database", "disk", "plan", "outbox"]


async def test_a_database_that_takes_no_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def trouble() -> str:
        return str(StorageError("the disk is full: free some room"))

    monkeypatch.setattr(desk.database, "trouble", trouble)

    status, lines = await asked(database=of_database(desk.database), fine=fine)

    assert status == 503
    assert lines[0].startswith("not ready")
    assert "database: the disk is full: free some room" in lines
    assert "fine: is well" in lines


async def test_a_database_that_does_not_answer(desk: Desk) -> None:
    """Whoever holds the writer's lock for ever must not keep the supervisor waiting."""
    async with desk.database.writer:
        status, lines = await asked(database=of_database(desk.database, 0.02))

    assert status == 503
    assert "does not answer" in lines[1]


@pytest.mark.parametrize(("free", "status"), [(FLOOR, 200), (FLOOR - 1, 503)])
async def test_room_for_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: int
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr("deployment.readiness.shutil.disk_usage", lambda _: usage)

    found, lines = await asked(disk=of_disk(tmp_path))

    assert found == status
    assert ("free some room" in lines[1]) is (status == 503)


async def test_open_hours_that_run_out_are_a_warning(desk: Desk, demo_plan: Plan) -> None:
    """Calls are answered still, by the offices' weeks."""
    short = OpenIntervals((), desk.clock.now() + AHEAD - timedelta(seconds=1))
    first = next(iter(demo_plan.open))
    plan = replace(demo_plan, open={**demo_plan.open, first: short})

    status, lines = await asked(plan=of_plan(lambda: Plans(plan), desk.clock))

    assert (status, lines[0]) == (200, "ready, but somebody should look")
    assert "known for 13 more days only" in lines[1]


async def test_a_plan_that_cannot_be_compiled_is_a_warning(desk: Desk, demo_plan: Plan) -> None:
    plans = Plans(demo_plan)
    plans.refuse(7, desk.clock.now())

    status, lines = await asked(plan=of_plan(lambda: plans, desk.clock))

    assert (status, lines[0]) == (200, "ready, but somebody should look")
    assert "plan 7 cannot be compiled" in lines[1]
    assert "by plan 1" in lines[1]


async def test_no_open_hours_at_all(desk: Desk, demo_plan: Plan) -> None:
    plan = replace(demo_plan, open={})

    status, _ = await asked(plan=of_plan(lambda: Plans(plan), desk.clock))

    assert status == 503


@pytest.mark.parametrize(
    ("waited", "first"), [(0, "ready"), (1, "ready, but somebody should look")]
)
async def test_work_that_nobody_takes_is_a_warning(desk: Desk, waited: int, first: str) -> None:
    job = enqueue(JobKind.TELL_OFFICE, {}, "job", desk.clock.now(), None)
    async with desk.database.unit_of_work() as unit:
        await unit.execute(job)
    desk.clock.pass_(STUCK.total_seconds() - 1 + waited)

    status, lines = await asked(outbox=of_outbox(StoredOutbox(desk.database), desk.clock))

    assert (status, lines[0]) == (200, first)
    assert ("due for 10 minutes" in lines[1]) is bool(waited)


async def test_a_check_that_fails_itself_is_a_warning() -> None:
    async def broken() -> Check:
        raise ZeroDivisionError

    status, lines = await asked(broken=broken, fine=fine)

    assert status == 200
    assert lines == [
        "ready, but somebody should look",
        "broken: cannot be told now; the log says why",
        "fine: is well",
    ]


async def test_checks_wait_together_and_not_for_one_another() -> None:
    """A database that hangs keeps more than one of them waiting, and whoever asks as well."""
    all_there = asyncio.Barrier(2)

    async def waits() -> Check:
        await all_there.wait()
        return Check("waits", State.OK, "is well")

    status, lines = await asked(one=waits, other=waits)
    assert (status, lines) == (200, ["ready", "waits: is well", "waits: is well"])


async def test_strangers_who_ask_often_cost_what_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared, "FRESH", 3600.0)
    looked = 0

    async def look() -> Check:
        nonlocal looked
        looked += 1
        return await fine()

    checks = Readiness()
    checks.add("look", look)
    app = web.Application()
    app.add_routes(health_routes(SharedAnswer(checks.found)))
    async with TestClient(TestServer(app)) as client:
        for _ in range(50):
            async with client.get("/readyz") as answer:
                assert answer.status == 200
    assert looked == 1


async def test_messages_that_wait_are_told_of(
    tmp_path: Path, demo_plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    clock = StoppedClock()
    settings = Settings(data_dir=tmp_path)
    fallback = fallback_of(settings, Secrets.of(settings), clock, Plans(demo_plan))
    look = of_spool(fallback)
    line = Spooled(
        Origin("AC1", "CA1"), Line("", None), "en", RecordingRef("RE1", "u", 9), clock.now()
    )
    assert (await look()).state is State.OK

    await fallback.spool.keep(line)
    assert "messages wait" in (await look()).text
    fallback.outage.unkept = clock.now()
    assert "carrier's list" in (await look()).text
    fallback.spool.close()


async def test_a_spool_that_takes_nothing_is_told_of_before_anything_is_lost(
    tmp_path: Path, demo_plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the folder's place stands for whatever keeps us from writing: root may all else."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(data_dir=tmp_path)
    fallback = fallback_of(settings, Secrets.of(settings), StoppedClock(), Plans(demo_plan))
    look = of_spool(fallback)
    assert (await look()).state is State.OK
    assert [*(tmp_path / "spool").iterdir()] == [], "the trial leaves nothing"
    (tmp_path / "spool").rmdir()
    (tmp_path / "spool").touch()
    found = await look()
    assert found.state is State.WARNING
    assert "cannot be kept in DATA_DIR/spool" in found.text
    assert "this user may write there" in found.text
    fallback.spool.close()
