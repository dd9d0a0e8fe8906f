"""A server that starts again takes up at once what a killed one had begun."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

import server
from deployment.clock import SystemClock
from deployment.plans import earlier_plans, plan_inputs
from deployment.settings import Settings
from deployment.sockets import runner_of
from ivr.conversation import Conversation
from storage.effects import enqueue
from storage.engine import Database, migrate
from storage.outbox import StoredOutbox

DEADLINE = 20.0
"""Long for a loaded machine, and far from the lease that need not be waited for."""


async def leave_claimed(path: Path) -> None:
    """The work of a server that was killed a second after it had claimed it."""
    database = Database(path)
    before = SystemClock().now() - timedelta(seconds=1)
    async with database.unit_of_work() as unit:
        await unit.execute(enqueue("settle", {"call": "of-nobody"}, "settle:1", before, None))
    assert len(await StoredOutbox(database).claim(before, 1)) == 1
    await database.close()


async def test_claimed_work_is_done_long_before_its_lease_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = asyncio.Event()

    async def settle(self: Conversation, call_id: str, listed: object) -> None:
        assert call_id == "of-nobody"
        settled.set()

    monkeypatch.setattr(Conversation, "settle", settle)
    monkeypatch.chdir(tmp_path)
    settings = Settings(demo=False, data_dir=tmp_path)
    path = tmp_path / "zhitong.db"
    await asyncio.to_thread(migrate, path)
    await leave_claimed(path)
    app = await server.build_app(settings)
    runner = runner_of(app)
    await runner.setup()
    try:
        async with asyncio.timeout(DEADLINE):
            await settled.wait()
    finally:
        await runner.cleanup()


def test_a_plan_of_another_version_does_not_keep_the_line_from_starting(tmp_path: Path) -> None:
    settings = Settings(demo=False, data_dir=tmp_path)
    ours = plan_inputs(settings).to_text()
    today = SystemClock().now().date()

    plans = earlier_plans(
        {1: "{}", 2: ours, 3: ours, 4: ours.replace("[nodes.main]", "[nodes.other]")}, 3, today
    )

    assert list(plans) == [2]
