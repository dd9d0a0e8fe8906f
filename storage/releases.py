"""Published plans with who published them, and what is proposed. A publication is one transaction:
the body, who and why, the draft that it empties, the proposal that it settles, the audit.
Implements `routing.publishing.release.Releases`."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from routing.audit import Action, Entry, subject
from routing.drafts.body import CutBody, in_parts
from routing.drafts.change import Author, Change
from routing.drafts.kinds import Document
from routing.publishing.release import (
    SYSTEM,
    Newest,
    NewRelease,
    NotThere,
    Proposal,
    ProposalState,
    Release,
    Way,
    stored_of,
)
from storage.audit import append, append_all
from storage.drafts import ONE, REVISIONS, TURN, change_of, next_revision, row_of
from storage.drafts import text_of as text_of_entity
from storage.engine import Database, Topic
from storage.plan_parts import keep as keep_parts
from storage.plans import PLANS_TURN, Published, digest_of_text, next_plan, parts_of
from storage.tables.calls import plans
from storage.tables.drafts import draft_changes, proposals, releases

AT_START: Final = "at the start of a server"
ANEW: Final = "proposed anew"
RELEASES: Final = select(plans.c.number, plans.c.published, releases).join_from(
    plans, releases, isouter=True
)
OPEN: Final = proposals.c.state.in_([ProposalState.WAITING.value, ProposalState.SCHEDULED.value])
WAITS: Final = and_(
    releases.c.confirm_by.is_not(None), or_(releases.c.second.is_(None), releases.c.second == "")
)
"""For a second person. "" is written where the time ran out and that was told."""


class StoredReleases:
    """The rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> Newest:
        """The plan that takes new calls."""
        query = select(plans.c.number, plans.c.body).order_by(plans.c.number.desc()).limit(1)
        for row in await self._database.read(query):
            return Newest(row.number, await self._document(row.number, row.body))
        raise NotThere("no plan was published yet")

    async def document(self, number: int) -> Document:
        """A plan's body."""
        for row in await self._database.read(select(plans.c.body).where(plans.c.number == number)):
            return await self._document(number, row.body)
        raise NotThere(f"there is no plan {number}")

    async def _document(self, number: int, body: str) -> Document:
        """The rules of a cut one stay in their parts."""
        plan = Published(number, body, await parts_of(self._database, body))
        return await asyncio.to_thread(plan.document)

    async def by_people(self) -> bool:
        """Whether anybody but a start has ever published."""
        return bool(await self._database.read(select(releases.c.number).limit(1)))

    async def releases(self, most: int, before: int | None = None) -> Sequence[Release]:
        """The latest first."""
        query = RELEASES.order_by(plans.c.number.desc()).limit(most)
        if before is not None:
            query = query.where(plans.c.number < before)
        return [_release(row) for row in await self._database.read(query)]

    async def release(self, number: int) -> Release:
        """One."""
        for row in await self._database.read(RELEASES.where(plans.c.number == number)):
            return _release(row)
        raise NotThere(f"there is no plan {number}")

    async def publish(self, new: NewRelease) -> int:
        """In one transaction; then the replicas are told, this one too."""
        document = await asyncio.to_thread(in_parts, new.document)
        body = await asyncio.to_thread(stored_of, document)
        digest = await asyncio.to_thread(digest_of_text, body)
        if isinstance(document, CutBody):
            await keep_parts(self._database, document.parts)

        def keep(unit: Connection) -> int:
            self._database.take_turns(unit, PLANS_TURN, TURN)
            if new.proposal is not None:
                _settled(unit, new)
            number = next_plan(unit, body, new.at, over=new.over, digest=digest)
            unit.execute(insert(releases).values(_row(new, number)))
            if new.changes:
                next_revision(unit)
                _published(unit, new.changes, number)
            whole = replace(new.entry, values={**new.entry.values, "plan": number})
            if whole.subject == "plan":
                whole = replace(whole, subject=subject("plan", number))
            append_all(unit, [*(() if new.approval is None else (new.approval,)), whole])
            return number

        number = await self._database.brief(keep)
        self._database.signals.tell(Topic.PLAN)
        self._database.signals.heard(Topic.PLAN)
        return number

    async def propose(self, new: Proposal, entry: Entry) -> int:
        """One draft, one proposal that waits."""

        def keep(unit: Connection) -> int:
            self._database.take_turns(unit, TURN)
            waits = proposals.c.state == ProposalState.WAITING.value
            before = unit.execute(select(proposals.c.id).where(waits)).scalars().all()
            withdrawn = {"state": ProposalState.WITHDRAWN.value, "why": ANEW}
            unit.execute(update(proposals).where(waits).values(withdrawn))
            made = unit.execute(insert(proposals).values(_proposal_row(new)))
            append_all(unit, [*(_withdrawn(one, entry) for one in before), entry])
            key: tuple[int] = made.inserted_primary_key  # type: ignore[assignment]  # one row has one
            return key[0]

        return await self._database.brief(keep)

    async def proposal(self, proposal: int) -> Proposal:
        """One."""
        for row in await self._database.read(select(proposals).where(proposals.c.id == proposal)):
            return _proposal(row)
        raise NotThere("there is no such proposal")

    async def proposals(self, most: int) -> Sequence[Proposal]:
        """Those that are not settled, then the latest others."""
        latest = select(proposals).order_by(proposals.c.id.desc())
        unsettled = await self._database.read(latest.where(OPEN))
        others = await self._database.read(latest.where(~OPEN).limit(most))
        return [_proposal(row) for row in (*unsettled, *others)]

    async def settle(self, proposal: Proposal, was: ProposalState, entry: Entry) -> None:
        """Unless somebody else did."""

        def keep(unit: Connection) -> None:
            mine = and_(proposals.c.id == proposal.id, proposals.c.state == was.value)
            if not unit.execute(update(proposals).where(mine).values(_standing(proposal))).rowcount:
                raise NotThere("this proposal was settled meanwhile")
            append(unit, entry)

        await self._database.brief(keep)

    async def due(self, now: datetime) -> Sequence[Proposal]:
        """Those whose time has come, the earliest first."""
        query = select(proposals).where(
            proposals.c.state == ProposalState.SCHEDULED.value, proposals.c.starts <= now
        )
        return [
            _proposal(row) for row in await self._database.read(query.order_by(proposals.c.starts))
        ]

    async def confirm(self, number: int, second: Author, at: datetime, entry: Entry) -> None:
        """Once."""

        def keep(unit: Connection) -> None:
            mine = and_(releases.c.number == number, WAITS)
            who = {"second": second.account, "second_name": second.name, "second_at": at}
            if not unit.execute(update(releases).where(mine).values(who)).rowcount:
                raise NotThere("somebody else confirmed it already")
            append(unit, entry)

        await self._database.brief(keep)

    async def waiting(self) -> Sequence[Release]:
        """The most urgent first."""
        rows = await self._database.read(RELEASES.where(WAITS).order_by(releases.c.confirm_by))
        return [_release(row) for row in rows]

    async def missed(self, number: int, entry: Entry) -> bool:
        """Once, on whichever replica."""

        def keep(unit: Connection) -> bool:
            mine = and_(releases.c.number == number, releases.c.second.is_(None))
            if not unit.execute(update(releases).where(mine).values(second="")).rowcount:
                return False
            append(unit, entry)
            return True

        return await self._database.brief(keep)


def _withdrawn(proposal: int, entry: Entry) -> Entry:
    """Of one whose place is taken by the proposal that `entry` tells of."""
    values = {**entry.values, "reason": ANEW}
    about = subject("proposal", proposal)
    return replace(entry, action=Action.PLAN_REFUSED, subject=about, values=values)


def _settled(unit: Connection, new: NewRelease) -> None:
    """Its proposal is published now; whoever is second here finds it settled."""
    mine = and_(proposals.c.id == new.proposal, OPEN)
    second = None if new.second is None else new.second.account
    name = None if new.second is None else new.second.name
    values = {
        "state": ProposalState.PUBLISHED.value,
        "number": new.over + 1,
        "second": second,
        "second_name": name,
        "second_at": new.second_at,
    }
    if not unit.execute(update(proposals).where(mine).values(values)).rowcount:
        raise NotThere("this proposal was settled meanwhile")


def _published(unit: Connection, changes: Sequence[Change], number: int) -> None:
    """What is published leaves the draft; what was changed further meanwhile stands over it. As
    many statements for thousands as for one."""
    kinds = draft_changes.c.kind.in_({change.kind for change in changes})
    found = {(row.kind, row.key): row.revision for row in unit.execute(REVISIONS.where(kinds))}
    done, further = [], []
    for change in changes:
        its = {"of_kind": change.kind, "of_key": change.key}
        if found.get(change.entity) == change.revision:
            done.append(its)
        elif change.entity in found:
            further.append({**its, "base": text_of_entity(change.body), "over_plan": number})
    if done:
        unit.execute(delete(draft_changes).where(ONE), done)
    if further:
        unit.execute(update(draft_changes).where(ONE), further)


def _row(new: NewRelease, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "way": new.way.value,
        "account": new.by.account,
        "name": new.by.name,
        "reason": new.reason,
        "of_plan": new.of,
        "confirm_by": new.confirm_by,
        "second": None if new.second is None else new.second.account,
        "second_name": None if new.second is None else new.second.name,
        "second_at": new.second_at,
    }


def _release(row: Row[Any]) -> Release:
    if row.way is None:  # a start published it
        return Release(row.number, row.published, Way.SYSTEM, SYSTEM, AT_START)
    return Release(
        number=row.number,
        at=row.published,
        way=Way(row.way),
        by=Author(row.account, row.name),
        reason=row.reason,
        of=row.of_plan,
        confirm_by=row.confirm_by,
        second=Author(row.second, row.second_name) if row.second else None,
        second_at=row.second_at,
        missed=row.second == "",
    )


def _proposal_row(new: Proposal) -> dict[str, Any]:
    changes = [
        {**row_of(change, change.revision, change.by, change.at), "at": change.at.isoformat()}
        for change in new.changes
    ]
    return {
        "sha256": new.digest,
        "changes": json.dumps(changes, ensure_ascii=False),
        "over_plan": new.over,
        "revision": new.revision,
        "account": new.by.account,
        "name": new.by.name,
        "reason": new.reason,
        "at": new.at,
        "starts": new.starts,
        **_standing(new),
    }


def _standing(proposal: Proposal) -> dict[str, Any]:
    second = proposal.second
    return {
        "state": proposal.state.value,
        "second": None if second is None else second.account,
        "second_name": None if second is None else second.name,
        "second_at": proposal.second_at,
        "number": proposal.number,
        "why": proposal.why or None,
    }


def _proposal(row: Row[Any]) -> Proposal:
    changes = tuple(
        change_of({**change, "at": datetime.fromisoformat(change["at"])})
        for change in json.loads(row.changes)
    )
    return Proposal(
        id=row.id,
        state=ProposalState(row.state),
        digest=row.sha256,
        changes=changes,
        over=row.over_plan,
        revision=row.revision,
        by=Author(row.account, row.name),
        reason=row.reason,
        at=row.at,
        starts=row.starts,
        second=Author(row.second, row.second_name) if row.second else None,
        second_at=row.second_at,
        number=row.number,
        why=row.why or "",
    )
