"""A closure from the order on one replica to the words that a caller hears at another."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployment.plans import Newest, published
from deployment.publishing import desk_of
from deployment.settings import Settings
from routing.audit import Action
from routing.drafts.change import Author, Edit
from routing.worktime.closures import standing
from routing.worktime.templates import TEMPLATES
from tests.databases import database_at

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
SOMEBODY = Author("a1", "lin")
ORDER = {
    "scope": ["市政府"],
    "start": NOW.isoformat(),
    "end": (NOW + timedelta(hours=8)).isoformat(),
    "reason": "台风",
    "words": dict(TEMPLATES[0].words),
    "ordered": {"by": "lin", "at": NOW.isoformat()},
}


@dataclass(frozen=True)
class Stopped:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


async def test_an_order_closes_at_every_replica_and_the_draft_stays_a_draft(tmp_path: Path) -> None:
    database, clock, settings = await database_at(tmp_path / "z.db"), Stopped(), ours(tmp_path)
    replicas = [await published(settings, clock, database) for _ in range(2)]
    looks = [Newest(plans, database, settings, clock).look for plans in replicas]
    desk = desk_of(settings, database, clock)
    before = replicas[0].current
    drafted = Edit("calendar", "a", {"first": "2026-11-24", "what": "off"}, None, before.number)
    await desk.drafts.save([drafted], SOMEBODY, NOW)

    given = Edit("closure", "C1", ORDER, None, before.number)
    number = await desk.change_quickly([given], "台风", SOMEBODY, Action.CLOSURE_ORDERED)
    for look in looks:
        await look()

    for plans in replicas:
        plan = plans.current
        assert plan.number == number
        assert not plan.open["市教育局"].is_open(NOW)
        assert plan.open["市教育局"].is_open(NOW + timedelta(days=1))
        assert plan.open["市委"].is_open(NOW), "the draft's day off is not published with it"
        order = standing(plan.orders["市教育局"], NOW)
        assert order is not None
        assert order.words == TEMPLATES[0].words
    assert before.open["市教育局"].is_open(NOW), "a call that goes on keeps the plan it began with"
    (waiting,) = await desk.releases.waiting()
    assert waiting.number == number
    await database.close()


def ours(folder: Path) -> Settings:
    return Settings(data_dir=folder)
