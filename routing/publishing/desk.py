"""What people do with plans: look at what the draft would make, propose, approve, publish, change
one thing in a hurry, roll back, confirm. One place for every door; whatever is done is audited in
its own transaction (ADR 39). Bodies are put together `beside` the calls, which one of many rules
would hold up."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from routing.audit import BY, Action, Entry, subject
from routing.drafts.change import Author, Draft, Drafts, Edit
from routing.drafts.document import Difference, Rebased, differences
from routing.drafts.kinds import Document
from routing.findings import Finding, Level, Place
from routing.ports import Clock
from routing.publishing.composing import Beside, at_once, composed, made_of, over_what_was_seen
from routing.publishing.hurry import MOST_QUICK, came_back, what_stays
from routing.publishing.release import (
    MOST_REASON,
    SYSTEM,
    Newest,
    NewRelease,
    NotSecond,
    NotThere,
    Overtaken,
    Proposal,
    ProposalState,
    Refused,
    Release,
    Releases,
    TooFar,
    Unchanged,
    Unreasoned,
    Way,
    digest_of,
)
from routing.publishing.seconds import TwoPeople, needs_second

Review = Callable[[Document], Awaitable[Sequence[Finding]]]
"""Compiles a body and says all that is wrong with it, scenarios that fail included. Raises
Unfinished."""
TRIES: Final = 5
"""Times that a quick change is composed anew, where others publish at the same moment."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the draft would make, as a page shows it before anybody publishes."""

    draft: Draft
    over: int
    rebased: Rebased
    document: Document
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    needs_second: bool

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it from being published."""
        return _errors(self.findings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of publishing: the plan's number, or the proposal that waits for a second person
    or its time."""

    number: int | None = None
    proposal: int | None = None


@dataclass(frozen=True, slots=True)
class PublishingDesk:
    """Use cases over the draft and the published plans. `until` is the end of the next working
    day after an instant."""

    drafts: Drafts
    releases: Releases
    review: Review
    clock: Clock
    until: Callable[[datetime], datetime]
    two_people: TwoPeople = TwoPeople.NUMBERS
    beside: Beside = at_once

    async def preview(self) -> Preview:
        """The draft over the newest plan, with all that is to be said of it."""
        draft, newest = await self.drafts.draft(), await self.releases.newest()
        rebased, document, changed = await self.beside(partial(composed, draft.changes, newest))
        findings = (
            *(_stale(change.change.kind, change.change.key) for change in rebased.stale),
            *(await self.review(document)),
        )
        return Preview(
            draft,
            newest.number,
            rebased,
            document,
            changed,
            findings,
            needs_second(self.two_people, changed),
        )

    async def publish(
        self, seen: int, reason: str, by: Author, starts: datetime | None = None
    ) -> Outcome:
        """The draft as it was `seen`, now or from `starts` on. Raises PublishingError."""
        reason, now = _reason(reason), self.clock.now()
        preview = await self.preview()
        if preview.draft.revision != seen:
            raise Overtaken("the draft was changed since you looked at it: look at it again")
        if preview.errors:
            raise Refused(preview.errors)
        if not preview.differences:
            raise Overtaken("nothing is changed: there is nothing to publish")
        later = starts is not None and starts > now
        if not later and not preview.needs_second:
            return Outcome(number=await self._release(preview, reason, by))
        state = ProposalState.WAITING if preview.needs_second else ProposalState.SCHEDULED
        proposal = Proposal(
            id=0,
            state=state,
            digest=await self.beside(partial(digest_of, preview.document)),
            changes=preview.rebased.carried,
            over=preview.over,
            revision=seen,
            by=by,
            reason=reason,
            at=now,
            starts=starts if later else None,
        )
        entry = _entry(by, Action.PLAN_PROPOSED, subject("draft", seen), now, reason)
        return Outcome(proposal=await self.releases.propose(proposal, entry))

    async def _release(self, preview: Preview, reason: str, by: Author) -> int:
        now = self.clock.now()
        return await self.releases.publish(
            NewRelease(
                document=preview.document,
                over=preview.over,
                way=Way.PUBLISHED,
                by=by,
                reason=reason,
                at=now,
                entry=_entry(by, Action.PLAN_PUBLISHED, "plan", now, reason),
                changes=preview.rebased.carried,
            )
        )

    async def approve(self, proposal: int, by: Author) -> Outcome:
        """The second person's word, for exactly the body that was proposed: any change of the
        draft or of the plan since then voids it. Raises PublishingError."""
        now, found = self.clock.now(), await self.releases.proposal(proposal)
        if found.state is not ProposalState.WAITING:
            raise NotThere("this proposal does not wait for a second person any more")
        if found.by.account == by.account:
            raise NotSecond("whoever proposed it cannot approve it: ask somebody else")
        newest = await self.releases.newest()
        document = await self.beside(partial(made_of, newest, found.changes))
        draft, digest = await self.drafts.draft(), await self.beside(partial(digest_of, document))
        if draft.revision != found.revision or digest != found.digest:
            raise Overtaken("draft or plan was changed since this was proposed: propose it again")
        if errors := _errors(await self.review(document)):  # days have passed since it was proposed
            raise Refused(errors)
        approved = replace(found, second=by, second_at=now)
        entry = _entry(by, Action.PLAN_APPROVED, subject("proposal", proposal), now, found.reason)
        if found.starts is not None and found.starts > now:
            scheduled = replace(approved, state=ProposalState.SCHEDULED)
            await self.releases.settle(scheduled, ProposalState.WAITING, entry)
            return Outcome(proposal=proposal)
        return Outcome(number=await self._carry_out(approved, newest, document, entry))

    async def withdraw(self, proposal: int, by: Author) -> None:
        """It is not published after all. Raises NotThere."""
        now, found = self.clock.now(), await self.releases.proposal(proposal)
        if found.state not in (ProposalState.WAITING, ProposalState.SCHEDULED):
            raise NotThere("this proposal is settled already")
        entry = _entry(by, Action.PLAN_REFUSED, subject("proposal", proposal), now, "withdrawn")
        await self.releases.settle(
            replace(found, state=ProposalState.WITHDRAWN), found.state, entry
        )

    async def carry_out_due(self) -> Sequence[Proposal]:
        """Publish what was scheduled and whose time has come; those that failed. What others
        published meanwhile, such as a closure in a hurry, stays beneath."""
        failed = []
        for proposal in await self.releases.due(self.clock.now()):
            newest = await self.releases.newest()
            rebased, document, _ = await self.beside(partial(composed, proposal.changes, newest))
            errors = [
                *(_stale(stale.change.kind, stale.change.key) for stale in rebased.stale),
                *_errors(await self.review(document)),
            ]
            try:
                if errors:
                    raise Refused(errors)
                await self._carry_out(proposal, newest, document)
            except Refused as wrong:
                with contextlib.suppress(NotThere):  # settled meanwhile, by a person or a replica
                    failed.append(await self._failed(proposal, str(wrong)))
            except (Overtaken, NotThere):
                continue  # another replica did, or a plan came between: the next look sees it
        return failed

    async def _failed(self, proposal: Proposal, why: str) -> Proposal:
        now = self.clock.now()
        failed = replace(proposal, state=ProposalState.FAILED, why=why)
        entry = _entry(SYSTEM, Action.PLAN_REFUSED, subject("proposal", proposal.id), now, why)
        await self.releases.settle(failed, proposal.state, entry)
        return failed

    async def _carry_out(
        self,
        proposal: Proposal,
        newest: Newest,
        document: Document,
        approval: Entry | None = None,
    ) -> int:
        now = self.clock.now()
        return await self.releases.publish(
            NewRelease(
                document=document,
                over=newest.number,
                way=Way.PUBLISHED,
                by=proposal.by,
                reason=proposal.reason,
                at=now,
                entry=_entry(proposal.by, Action.PLAN_PUBLISHED, "plan", now, proposal.reason),
                second=proposal.second,
                second_at=proposal.second_at,
                changes=proposal.changes,
                proposal=proposal.id,
                approval=approval,
            )
        )

    async def change_quickly(
        self,
        edits: Sequence[Edit],
        reason: str,
        by: Author,
        action: Action = Action.PLAN_PUBLISHED,
        *,
        confirmed: bool = False,
    ) -> int:
        """One person's change over the newest plan, at once and without the draft's other changes;
        a second confirms it within a working day, unless it is `confirmed` by its nature. What an
        earlier plan had wrong does not keep it back. Raises PublishingError, Conflict where an
        entity is not as the editor saw it."""
        reason = _reason(reason)
        for _ in range(TRIES):
            newest, now = await self.releases.newest(), self.clock.now()
            document = await self.beside(partial(over_what_was_seen, newest, edits))
            await self._refuse_what_is_new(newest, document)
            entry = _entry(by, action, _subject(edits), now, reason)
            new = NewRelease(
                document, newest.number, Way.QUICK, by, reason, now, entry,
                confirm_by=None if confirmed else self.until(now),
            )  # fmt: skip
            try:
                return await self.releases.publish(new)
            except Overtaken:
                continue
        raise Overtaken("others publish at the same moment: try again")

    async def _refuse_what_is_new(self, newest: Newest, document: Document) -> None:
        errors = _errors(await self.review(document))
        if errors:
            known = {(e.code, e.place) for e in _errors(await self.review(newest.document))}
            if new := [error for error in errors if (error.code, error.place) not in known]:
                raise Refused(new)

    async def roll_back(self, number: int, reason: str, by: Author, seen: int | None = None) -> int:
        """An earlier body under a new number, by one person at once; a second confirms it within a
        working day. `seen` is the newest plan when they saw what it would change. Raises
        PublishingError."""
        newest, reason = await self.releases.newest(), _reason(reason)
        if seen not in (None, newest.number):
            raise Overtaken("another plan was published meanwhile: look at it again")
        return await self._bring_back(number, newest, reason, by, Way.ROLLED_BACK)

    async def bring_back(self, over: int, reason: str) -> int:
        """The one before the plan `over`, by itself. Raises Overtaken where that is not the newest
        any more."""
        newest = await self.releases.newest()
        if newest.number != over:
            raise Overtaken("another plan was published meanwhile")
        return await self._bring_back(over - 1, newest, reason, SYSTEM, Way.RETURNED)

    async def _bring_back(
        self, number: int, newest: Newest, reason: str, by: Author, way: Way
    ) -> int:
        now = self.clock.now()
        if not 0 < number < newest.number:
            raise NotThere(f"plan {number} is not an earlier one")
        document = await self.what_comes_back(number, newest)
        if document == newest.document:
            raise Unchanged(f"plan {newest.number} says what plan {number} would bring back")
        if errors := _errors(await self.review(document)):
            raise Refused(errors)
        entry = _entry(by, Action.PLAN_ROLLED_BACK, "plan", now, reason, brought_back=number)
        return await self.releases.publish(
            NewRelease(
                document,
                newest.number,
                way,
                by,
                reason,
                now,
                entry,
                of=number,
                confirm_by=self.until(now),
            )
        )

    async def what_comes_back(self, number: int, newest: Newest | None = None) -> Document:
        """The body that rolling back to this plan would publish. Raises NotThere, TooFar."""
        newest = newest or await self.releases.newest()
        old = await self.releases.document(number)
        since = await self.releases.releases(newest.number - number)
        quick = [one.number for one in since if one.way is Way.QUICK and one.number > number]
        if len(quick) > MOST_QUICK:
            raise TooFar(f"go back to a later plan: {len(quick)} changes in a hurry came since")
        stays: list[Edit] = []
        for at in sorted(quick):  # one after another: a body may be large
            before, after = await self.releases.document(at - 1), await self.releases.document(at)
            stays += await self.beside(partial(what_stays, before, after, newest.document))
        return await self.beside(partial(came_back, old, newest.document, stays))

    async def back_would_change(self, number: int) -> tuple[Difference, ...]:
        """What rolling back to this plan would change of the newest. Raises NotThere."""
        newest = await self.releases.newest()
        back = await self.what_comes_back(number, newest)
        return await self.beside(partial(differences, newest.document, back))

    async def confirm(self, number: int, by: Author) -> None:
        """The second person has looked at what one did in a hurry. Raises PublishingError."""
        now, found = self.clock.now(), await self.releases.release(number)
        if not found.waits:
            raise NotThere("this plan does not wait for a second person")
        if found.by.account == by.account:
            raise NotSecond("whoever did it cannot confirm it: ask somebody else")
        entry = _entry(by, Action.CONFIRMED, subject("plan", number), now, "")
        await self.releases.confirm(number, by, now, entry)

    async def look_for_missed(self) -> Sequence[Release]:
        """What nobody confirmed in time and nobody was told of yet. It stays as it is."""
        now, told = self.clock.now(), []
        for release in await self.releases.waiting():
            if release.confirm_by is not None and release.confirm_by <= now and not release.missed:
                at = subject("plan", release.number)
                entry = _entry(SYSTEM, Action.NOT_CONFIRMED, at, now, release.reason)
                if await self.releases.missed(release.number, entry):
                    told.append(release)
        return told

    async def difference(self, old: int, new: int) -> tuple[Difference, ...]:
        """Between two published plans. Raises NotThere."""
        before = await self.releases.document(old)
        after = await self.releases.document(new)
        return await self.beside(partial(differences, before, after))


def _reason(reason: str) -> str:
    reason = "".join(sign for sign in " ".join(reason.split()) if sign.isprintable())
    if not 0 < len(reason) <= MOST_REASON:
        raise Unreasoned(f"say why, in at most {MOST_REASON} characters")
    return reason


def _subject(edits: Sequence[Edit]) -> str:
    return subject(edits[0].kind, edits[0].key) if len(edits) == 1 else "plan"


def _errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.level is Level.ERROR)


def _stale(kind: str, key: str) -> Finding:
    says = {
        "zh-CN": f"“{key}”在草稿里修改之后，又有人发布了新的内容，请重新核对这一项。",
        "en": f"{key} was published differently since the draft changed it: look at it again.",
    }
    return Finding("stale", Level.ERROR, says, Place(kind, key))


def _entry(by: Author, action: Action, of: str, at: datetime, reason: str, **more: object) -> Entry:
    return Entry(by.account, action, of, at, {BY: by.name, "reason": reason, **more})
