"""Publications and proposals as they are kept: one number each, whoever is faster."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from routing.audit import Action, Entry
from routing.drafts.change import Author, Edit
from routing.drafts.kinds import Document
from routing.publishing.release import (
    NewRelease,
    NotThere,
    Overtaken,
    Proposal,
    ProposalState,
    Way,
)
from routing.trail import Search
from storage.audit import StoredAudit
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans
from storage.releases import StoredReleases
from storage.tables.audit import audit
from tests.storage.stepping import AT, House, StoppedAt, opened

LIN, WANG = Author("a1", "lin"), Author("a2", "wang")


def entry(action: Action = Action.PLAN_PUBLISHED) -> Entry:
    return Entry("a1", action, "plan", AT, {"reason": "trial"})


def new(document: Document, over: int, **more: object) -> NewRelease:
    given = NewRelease(document, over, Way.PUBLISHED, LIN, "trial", AT, entry())
    return replace(given, **more)  # type: ignore[arg-type]  # fields by name


async def begun(house: House) -> StoredReleases:
    """A house whose start has published plan 1."""
    await StoredPlans(house.database, StoppedAt()).publish(json.dumps({"zone": "a"}))
    return StoredReleases(house.database)


async def test_a_publication_has_its_author_its_reason_and_its_line_in_the_audit(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        assert not await store.by_people()
        number = await store.publish(new({"zone": "b"}, 1))
        latest, first = await store.releases(5)
        subjects = await house.scalar(select(audit.c.subject))
        assert await store.by_people()
    assert (number, latest.number, latest.by, latest.reason) == (2, 2, LIN, "trial")
    assert first.way is Way.SYSTEM
    assert subjects == "plan:2"


async def test_of_many_who_publish_over_one_plan_one_does(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        told = await asyncio.gather(
            *(store.publish(new({"zone": str(n)}, 1)) for n in range(6)), return_exceptions=True
        )
        assert (await store.newest()).number == 2
    assert [type(answer) for answer in told].count(int) == 1
    assert [type(answer) for answer in told].count(Overtaken) == 5


async def test_what_is_published_leaves_the_draft_and_what_was_changed_since_stays(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store, drafts = await begun(house), StoredDrafts(house.database)
        both = [Edit("topic", key, {"en": "new"}, {"en": "old"}, 1) for key in ("a", "b")]
        seen = await drafts.save(both, LIN, AT)
        published = (await drafts.draft()).changes
        await drafts.save([Edit("topic", "b", {"en": "newer"}, {"en": "old"}, 1, seen)], WANG, AT)
        await store.publish(new({"zone": "b"}, 1, changes=published))
        (left,) = (await drafts.draft()).changes
    assert (left.key, left.body, left.base, left.over) == ("b", {"en": "newer"}, {"en": "new"}, 2)


def proposal(state: ProposalState, **more: object) -> Proposal:
    given = Proposal(0, state, "d", (), 1, 1, LIN, "trial", AT)
    return replace(given, **more)  # type: ignore[arg-type]  # fields by name


async def test_a_scheduled_proposal_is_carried_out_once_whichever_replica_looks(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        later = AT + timedelta(hours=1)
        made = await store.propose(proposal(ProposalState.SCHEDULED, starts=later), entry())
        assert await store.due(AT) == []
        (due,) = await store.due(later)
        told = await asyncio.gather(
            *(store.publish(new({"zone": str(n)}, 1, proposal=due.id)) for n in range(4)),
            return_exceptions=True,
        )
        settled = await store.proposal(made)
        assert await store.due(later) == []
    assert [type(answer) for answer in told].count(int) == 1
    assert (settled.state, settled.number) == (ProposalState.PUBLISHED, 2)


async def test_a_later_proposal_takes_the_place_of_one_that_waits(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        first = await store.propose(proposal(ProposalState.WAITING), entry())
        second = await store.propose(proposal(ProposalState.WAITING, revision=2), entry())
        states = [(await store.proposal(one)).state for one in (first, second)]
        assert [one.id for one in await store.proposals(5)] == [second, first]
        gone = Search(action=Action.PLAN_REFUSED)
        (told,) = await StoredAudit(house.database).search(gone, most=5)
    assert states == [ProposalState.WITHDRAWN, ProposalState.WAITING]
    assert (told.link.subject, told.values) == (f"proposal:{first}", {"reason": "proposed anew"})


async def test_a_proposal_is_settled_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        made = await store.propose(proposal(ProposalState.WAITING), entry())
        gone = replace(await store.proposal(made), state=ProposalState.WITHDRAWN)
        await store.settle(gone, ProposalState.WAITING, entry(Action.PLAN_REFUSED))
        with pytest.raises(NotThere):
            await store.settle(gone, ProposalState.WAITING, entry(Action.PLAN_REFUSED))


async def test_what_one_did_in_a_hurry_waits_for_a_second_and_is_missed_once(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        by = AT + timedelta(days=1)
        number = await store.publish(new({"zone": "b"}, 1, way=Way.QUICK, confirm_by=by))
        (waits,) = await store.waiting()
        noted = [await store.missed(number, entry(Action.NOT_CONFIRMED)) for _ in range(2)]
        late = await store.release(number)
        await store.confirm(number, WANG, by, entry(Action.CONFIRMED))
        with pytest.raises(NotThere):
            await store.confirm(number, WANG, by, entry(Action.CONFIRMED))
        assert await store.waiting() == []
    assert (waits.number, waits.waits, noted) == (number, True, [True, False])
    assert late.missed
    assert late.waits


async def test_of_two_who_confirm_at_once_one_does_and_is_audited(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await begun(house)
        by = AT + timedelta(days=1)
        number = await store.publish(new({"zone": "b"}, 1, way=Way.QUICK, confirm_by=by))
        third = Author("a3", "zhao")
        told = await asyncio.gather(
            *(store.confirm(number, one, AT, entry(Action.CONFIRMED)) for one in (WANG, third)),
            return_exceptions=True,
        )
        confirmed = Search(action=Action.CONFIRMED)
        assert len(await StoredAudit(house.database).search(confirmed, most=5)) == 1
        release = await store.release(number)
    assert [type(answer) for answer in told].count(NotThere) == 1
    assert release.second in {WANG, third}
