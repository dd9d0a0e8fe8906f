"""The plans of replicas: what one publishes, the other has for the calls that began with it."""

import asyncio
from pathlib import Path

import pytest

from deployment.clock import SystemClock
from deployment.plans import Newest, published
from deployment.settings import Settings
from storage.plans import StoredPlans
from tests.databases import database_at


async def test_a_call_of_another_replica_keeps_its_plan(tmp_path: Path) -> None:
    """Before the news of it has been heard here."""
    database, clock = await database_at(tmp_path / "zhitong.db"), SystemClock()
    ours = Settings(data_dir=tmp_path)
    theirs = Settings(data_dir=tmp_path, retention_audio_days=30)
    here = await published(ours, clock, database)
    there = await published(theirs, clock, database)

    plan = await here.of(there.current.number)

    assert (plan.number, plan.policy.audio_days) == (2, 30)
    assert (here.current.number, here.current.policy.audio_days) == (1, 90)
    await Newest(here, database, ours, clock).look()
    assert here.current.number == 2
    await database.close()


async def test_a_plan_of_another_version_is_looked_for_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    database, clock = await database_at(tmp_path / "zhitong.db"), SystemClock()
    here = await published(Settings(data_dir=tmp_path), clock, database)
    number = await StoredPlans(database, clock).publish("{}")

    found = await asyncio.gather(*(here.of(number) for _ in range(4)))

    assert {plan.number for plan in found} == {1}
    assert (await here.of(99)).number == 1
    assert capfd.readouterr().out.count("plan.left_out") == 1
    await database.close()
