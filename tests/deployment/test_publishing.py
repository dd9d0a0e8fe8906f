"""The plan before comes back by itself, once, where fewer calls are answered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deployment.families import unconfirmed
from deployment.plans import published
from deployment.publishing import Due, Watch, desk_of
from deployment.settings import Settings
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from routing.drafts.kinds import Document
from routing.findings import Finding
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import Way
from storage.engine import Database
from storage.errors import StorageError
from storage.leases import StoredLeases
from tests.databases import database_at
from tests.people import PeoplesClock
from tests.rates import BEIJING, Rates


async def two_plans(folder: Path, clock: PeoplesClock) -> tuple[Database, PublishingDesk]:
    """The second one published by somebody."""
    database, settings = await database_at(folder / "zhitong.db"), Settings(data_dir=folder)
    await published(settings, clock, database)
    desk, lin = desk_of(settings, database, clock), Author("a1", "lin")
    base = entity_of((await desk.releases.newest()).document, "topic", "hotline")
    assert base is not None
    edit = Edit("topic", "hotline", {**base, "en": "Line"}, base, 1)
    await desk.publish(await desk.drafts.save([edit], lin, clock.now()), "clearer", lin)
    return database, desk


@pytest.mark.parametrize("minutes", [59, 61])
async def test_within_the_first_hour_the_plan_before_comes_back_later_a_person_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], minutes: int
) -> None:
    clock = PeoplesClock()
    database, desk = await two_plans(tmp_path, clock)
    watch = Watch(desk, Rates(), StoredLeases(database), BEIJING)
    clock.at += timedelta(minutes=minutes)
    for _ in range(2):
        await watch.run()
    latest, *_ = await desk.releases.releases(1)
    said = capfd.readouterr().out
    if minutes < 60:
        assert (latest.number, latest.of, latest.way) == (3, 1, Way.RETURNED)
        assert latest.waits
        assert said.count("plan.brought_back") == 1
    else:
        assert latest.number == 2
        assert said.count("plan.fewer_answered") == 1
    await database.close()


async def test_a_database_that_was_away_keeps_no_plan_from_coming_back(tmp_path: Path) -> None:
    clock, away = PeoplesClock(), [True]
    database, desk = await two_plans(tmp_path, clock)

    async def review(document: Document) -> Sequence[Finding]:
        if away.pop():
            raise StorageError("the database cannot be reached")
        return ()

    desk = replace(desk, review=review)
    watch = Watch(desk, Rates(), StoredLeases(database), BEIJING)
    with pytest.raises(StorageError):
        await watch.run()
    away.append(False)
    await watch.run()
    assert (await desk.releases.newest()).number == 3
    await database.close()


async def test_what_was_done_in_a_hurry_does_not_come_back_by_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A closure leaves calls unanswered; that is what it is for. But the plan beneath is watched
    on: a person is told, once."""
    clock = PeoplesClock()
    database, desk = await two_plans(tmp_path, clock)
    base = entity_of((await desk.releases.newest()).document, "topic", "power")
    assert base is not None
    edit = Edit("topic", "power", {**base, "en": "Power"}, base, 2)
    await desk.change_quickly([edit], "storm", Author("a1", "lin"))
    watch = Watch(desk, Rates(), StoredLeases(database), BEIJING)
    for _ in range(2):
        await watch.run()

    assert (await desk.releases.newest()).number == 3
    assert capfd.readouterr().out.count("plan.fewer_answered") == 1
    await database.close()


async def test_what_nobody_confirms_is_counted_in_time_and_late(tmp_path: Path) -> None:
    clock = PeoplesClock()
    database, desk = await two_plans(tmp_path, clock)
    assert await unconfirmed(desk.releases) == [(("waiting",), 0), (("late",), 0)]
    base = entity_of((await desk.releases.newest()).document, "topic", "power")
    assert base is not None
    edit = Edit("topic", "power", {**base, "en": "Power"}, base, 2)
    await desk.change_quickly([edit], "storm", Author("a1", "lin"))
    assert await unconfirmed(desk.releases) == [(("waiting",), 1), (("late",), 0)]
    clock.at += timedelta(days=14)
    await Due(desk).run()
    assert await unconfirmed(desk.releases) == [(("waiting",), 0), (("late",), 1)]
    await database.close()


async def test_what_was_scheduled_is_published_once_in_its_time_after_a_restart(
    tmp_path: Path,
) -> None:
    """By whichever server looks first; the other finds it done."""
    clock, lin, settings = PeoplesClock(), Author("a1", "lin"), Settings(data_dir=tmp_path)
    database, desk = await two_plans(tmp_path, clock)
    base = entity_of((await desk.releases.newest()).document, "topic", "hotline")
    assert base is not None
    edit = Edit("topic", "hotline", {**base, "en": "Tomorrow's line"}, base, 2)
    seen = await desk.drafts.save([edit], lin, clock.now())
    later = await desk.publish(seen, "later", lin, clock.now() + timedelta(hours=1))
    assert (later.number, later.proposal) == (None, 1)
    await database.close()

    again = await database_at(tmp_path / "zhitong.db")
    desks = [desk_of(settings, again, clock) for _ in range(2)]
    await Due(desks[0]).run()
    assert (await desks[0].releases.newest()).number == 2
    clock.at += timedelta(hours=1)
    for one in desks:
        await Due(one).run()

    newest = await desks[0].releases.newest()
    assert newest.number == 3
    now = entity_of(newest.document, "topic", "hotline")
    assert now is not None
    assert now["en"] == "Tomorrow's line"
    await again.close()
