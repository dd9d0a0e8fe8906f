"""A desk over the demonstration city's plan, with stores in a database of the test's own."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.library.plans import Inputs
from routing.drafts.change import Author, Edit, Entity
from routing.drafts.document import entity_of
from routing.drafts.kinds import Document
from routing.findings import Finding
from routing.publishing.desk import PublishingDesk
from routing.publishing.seconds import TwoPeople
from storage.audit import StoredAudit
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans
from storage.releases import StoredReleases
from tests.databases import database_at

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LIN, WANG = Author("a1", "lin"), Author("a2", "wang")
PHRASE = "greet.language"


@dataclass
class Trial:
    """The desk, and what a test sets: the time, and what a review finds."""

    at: datetime = AT
    found: list[Finding] = field(default_factory=list)
    desk: PublishingDesk = field(init=False)
    trail: StoredAudit = field(init=False)

    def now(self) -> datetime:
        return self.at

    async def review(self, document: Document) -> Sequence[Finding]:
        return self.found

    async def edit(self, kind: str, key: str, **fields: str) -> Edit:
        """Of an entity as it is published."""
        newest = await self.desk.releases.newest()
        base = entity_of(newest.document, kind, key)
        body: Entity = {**(base or {}), **fields}
        return Edit(kind, key, body, base, newest.number)

    async def say(self, text: str, by: Author = LIN) -> int:
        """The English words of a phrase, into the draft; its revision."""
        change = await self.desk.drafts.change("phrase", PHRASE)
        edit = await self.edit("phrase", PHRASE, en=text)
        seen = 0 if change is None else change.revision
        return await self.desk.drafts.save(
            [Edit(edit.kind, edit.key, edit.body, edit.base, edit.over, seen)], by, self.at
        )

    async def said(self) -> str:
        """The published words of that phrase."""
        newest = await self.desk.releases.newest()
        found = entity_of(newest.document, "phrase", PHRASE)
        return "" if found is None else str(found["en"])


@pytest.fixture
async def trial(tmp_path: Path, demo_inputs: Inputs) -> AsyncIterator[Trial]:
    database = await database_at(tmp_path / "plans.db")
    made = Trial()
    await StoredPlans(database, made).publish(json.dumps(json.loads(demo_inputs.to_text())))
    made.desk = PublishingDesk(
        StoredDrafts(database),
        StoredReleases(database),
        made.review,
        made,
        lambda at: at + timedelta(days=1),
        TwoPeople.NUMBERS,
    )
    made.trail = StoredAudit(database)
    yield made
    await database.close()
