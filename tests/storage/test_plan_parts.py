"""The rules of large plans as rows: shared between plans, whole or no plan at all, on either
database; what was stored whole before is read as it is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from routing.audit import Action, Entry
from routing.drafts.body import CutBody, in_parts
from routing.drafts.change import Author
from routing.publishing.release import NewRelease, Overtaken, Way, text_of
from routing.rules.document import Written
from storage.plans import StoredPlans
from storage.releases import StoredReleases
from storage.tables.calls import plan_parts, plans
from tests.storage.stepping import AT, House, StoppedAt, opened

LIN = Author("a1", "lin")


def body(note: str = "") -> Mapping[str, Any]:
    """Whole, of 3,000 rules; the one in the middle has this note."""
    rules = {f"r{n}": {"id": f"r{n}", "name": "供电" * 30, "when": {}} for n in range(3000)}
    rules["r1500"] |= {"note": note}
    return {"area": "0999", "rules": Written(rules).to_text(), "zone": "Asia/Shanghai"}


def new(document: Mapping[str, Any], over: int) -> NewRelease:
    entry = Entry("a1", Action.PLAN_PUBLISHED, "plan", AT, {"reason": "trial"})
    return NewRelease(document, over, Way.PUBLISHED, LIN, "trial", AT, entry)


async def two_plans(house: House) -> StoredReleases:
    """The first stored whole, as versions before did; the second by this one."""
    await StoredPlans(house.database, StoppedAt()).publish(text_of(body()))
    store = StoredReleases(house.database)
    assert await store.publish(new(body("second"), 1)) == 2
    return store


async def test_what_was_stored_whole_and_what_is_in_parts_are_read_alike(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await two_plans(house)
        newest, first = await store.newest(), await store.document(1)
        stored = await house.scalar(select(plans.c.body).where(plans.c.number == 2))
        found = await StoredPlans(house.database, StoppedAt()).plan(1)
        latest = await StoredPlans(house.database, StoppedAt()).latest()
    assert dict(first) == body()
    assert dict(newest.document) == body("second")
    assert found is not None
    assert found.document() == body()
    assert latest is not None
    assert dict(latest.document()) == body("second")
    assert len(stored) < 10_000, "the rules are named in it"


async def test_a_rule_that_is_changed_adds_one_part(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await two_plans(house)
        before = await house.rows(plan_parts)
        await store.publish(new(body("third"), 2))
        assert await house.rows(plan_parts) == before + 1
        assert dict((await store.newest()).document) == body("third")
        assert dict(await store.document(2)) == body("second")


async def test_parts_alone_are_no_plan_and_the_next_attempt_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after its first parts, and once after all of them."""
    async with opened(tmp_path) as house:
        store = await two_plans(house)
        wanted = in_parts(body("third"))
        assert isinstance(wanted, CutBody)

        def ends(*_: object, **__: object) -> None:
            raise Overtaken("killed here")

        with monkeypatch.context() as broken:
            broken.setattr("storage.releases.next_plan", ends)
            with pytest.raises(Overtaken, match="killed"):
                await store.publish(new(wanted, 2))
        with pytest.raises(Overtaken):
            await store.publish(new(wanted, 1))
        half = await house.rows(plan_parts)
        assert (await store.newest()).number == 2
        assert dict((await store.newest()).document) == body("second")
        assert await store.publish(new(wanted, 2)) == 3
        assert await house.rows(plan_parts) == half


async def test_a_part_that_is_gone_is_said_and_no_plan_is_made_of_the_rest(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await two_plans(house)
        named = json.loads(await house.scalar(select(plans.c.body).where(plans.c.number == 2)))
        gone = named["rules"]["parts"][3]
        async with house.database.unit_of_work() as unit:
            await unit.execute(delete(plan_parts).where(plan_parts.c.sha256 == gone))
        latest = await StoredPlans(house.database, StoppedAt()).latest()
        assert latest is not None
        with pytest.raises(ValueError, match="restore a backup"):
            latest.document()
