"""The plans of replicas: what one publishes, the other has for the calls that began with it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployment.clock import SystemClock
from deployment.plans import Newest, published
from deployment.publishing import desk_of
from deployment.settings import Settings
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
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


@dataclass
class Days:
    """A clock that is set by hand."""

    at: datetime = datetime(2026, 11, 24, 2, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


async def test_each_day_the_open_hours_reach_further(tmp_path: Path) -> None:
    database, clock, settings = await database_at(tmp_path / "zhitong.db"), Days(), ours(tmp_path)
    plans = await published(settings, clock, database)
    newest = Newest(plans, database, settings, clock)
    before = plans.current.open["市教育局"].until

    clock.at += timedelta(days=1)
    await newest.look()

    assert plans.current.open["市教育局"].until == before + timedelta(days=1)
    await database.close()


async def test_what_cannot_be_evaluated_is_an_alarm_and_the_last_good_answer_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever it is that fails, also for longer than the hours were compiled for."""
    database, clock, settings = await database_at(tmp_path / "zhitong.db"), Days(), ours(tmp_path)
    plans = await published(settings, clock, database)
    newest = Newest(plans, database, settings, clock)
    good = plans.current

    def fails(*_: object) -> None:
        raise ZeroDivisionError("no such day")

    with monkeypatch.context() as broken:
        broken.setattr("deployment.compiler.compile_plan", fails)
        for _ in range(75):
            clock.at += timedelta(days=1)
            await newest.look()
            await newest.look()

    assert plans.current is good
    assert plans.refused is not None
    assert plans.refused.since == datetime(2026, 11, 25, 2, tzinfo=UTC)
    assert capfd.readouterr().out.count("plan.refused") == 75  # once a day
    assert clock.at > good.open["市教育局"].until
    weekday = datetime(2027, 2, 9, 2, tzinfo=UTC)
    assert good.open["市教育局"].is_open(weekday)

    clock.at += timedelta(days=1)
    await newest.look()

    assert plans.refused is None
    assert plans.current.open["市教育局"].until > clock.at
    await database.close()


async def test_where_the_newest_plan_cannot_be_compiled_the_one_that_stands_is_renewed(
    tmp_path: Path,
) -> None:
    database, clock, settings = await database_at(tmp_path / "zhitong.db"), Days(), ours(tmp_path)
    plans = await published(settings, clock, database)
    newest = Newest(plans, database, settings, clock)
    before = plans.current.open["市教育局"].until
    await StoredPlans(database, clock).publish("{}")

    await newest.look()
    clock.at += timedelta(days=1)
    await newest.look()

    assert plans.current.number == 1
    assert plans.current.open["市教育局"].until == before + timedelta(days=1)
    assert plans.refused is not None
    assert plans.refused.number == 2
    await database.close()


def ours(folder: Path) -> Settings:
    return Settings(data_dir=folder)


async def test_a_start_keeps_what_people_published_and_brings_its_own_words_and_settings(
    tmp_path: Path,
) -> None:
    database, clock = await database_at(tmp_path / "zhitong.db"), SystemClock()
    first = Settings(data_dir=tmp_path)
    await published(first, clock, database)
    desk = desk_of(first, database, clock)
    edit = Edit("topic", "hotline", None, None, 1)
    base = entity_of((await desk.releases.newest()).document, "topic", "hotline")
    assert base is not None
    renamed = replace(edit, base=base, body={**base, "en": "The city's line"})
    await desk.change_quickly([renamed], "clearer", Author("a1", "lin"))

    again = await published(Settings(data_dir=tmp_path, retention_audio_days=30), clock, database)

    assert again.current.number == 3
    assert again.current.policy.audio_days == 30
    assert again.current.directory.topics["hotline"].names["en"] == "The city's line"
    same = await published(Settings(data_dir=tmp_path, retention_audio_days=30), clock, database)
    assert same.current.number == 3
    await database.close()


async def test_a_plan_that_this_version_does_not_fit_stands_as_it_was(tmp_path: Path) -> None:
    """Its own script names nothing of the shipped one, whose policy is other."""
    database, clock = await database_at(tmp_path / "zhitong.db"), SystemClock()
    ours = Settings(data_dir=tmp_path)
    await published(ours, clock, database)
    desk = desk_of(ours, database, clock)
    newest = await desk.releases.newest()
    base = entity_of(newest.document, "script", "main")
    assert base is not None
    odd = {"text": base["text"] + "\n# an admin's own\n"}
    number = await desk.change_quickly(
        [Edit("script", "main", odd, base, 1)], "own menus", Author("a1", "lin")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deployment.plans.following", lambda *_: {**newest.document, "script": "["})
        kept = await published(ours, clock, database)
    assert kept.current.number == number
    await database.close()


async def test_a_publication_is_in_use_at_the_next_look_and_after_a_kill_before_it(
    tmp_path: Path,
) -> None:
    database, clock = await database_at(tmp_path / "zhitong.db"), SystemClock()
    ours = Settings(data_dir=tmp_path)
    here = await published(ours, clock, database)
    began = here.current
    desk = desk_of(ours, database, clock)
    base = entity_of((await desk.releases.newest()).document, "topic", "hotline")
    assert base is not None
    edit = Edit("topic", "hotline", {**base, "en": "The city's line"}, base, 1)
    seen = await desk.drafts.save([edit], Author("a1", "lin"), clock.now())
    number = (await desk.publish(seen, "clearer", Author("a1", "lin"))).number
    assert here.current.number == 1, "committed, not yet in use: here a kill may come"

    after_a_kill = await published(ours, clock, database)
    await Newest(here, database, ours, clock).look()

    assert (after_a_kill.current.number, here.current.number) == (number, number)
    assert await here.of(1) is began, "a call keeps the plan it began with"
    back = await desk.roll_back(1, "undo", Author("a1", "lin"))
    await Newest(here, database, ours, clock).look()
    assert here.current.number == back
    assert here.current.directory.topics["hotline"].names["en"] == base["en"]
    assert await here.of(1) is began
    await database.close()
