"""What people do with plans: look at what the draft would make, propose, approve, publish, at once
or at its time. One place for every door, with `hurried`, where what one person may do alone is;
whatever is done is audited in its own transaction (ADR 39)."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from routing.audit import Action, Entry, subject
from routing.drafts.change import Author, Draft
from routing.drafts.document import Difference, Rebased, differences
from routing.drafts.kinds import Document
from routing.findings import Finding, Level, Place
from routing.publishing.asked import entry_of, errors_in, reason_of
from routing.publishing.composing import composed, made_of
from routing.publishing.hurried import HurriedDesk
from routing.publishing.release import (
    SYSTEM,
    Newest,
    NewRelease,
    NotSecond,
    NotThere,
    Overtaken,
    Proposal,
    ProposalState,
    Refused,
    Unchanged,
    Unfinished,
    Way,
    digest_of,
)
from routing.publishing.seconds import needs_second


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
        return errors_in(self.findings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of publishing: the plan's number, or the proposal that waits for a second person
    or its time."""

    number: int | None = None
    proposal: int | None = None


@dataclass(frozen=True, slots=True)
class PublishingDesk(HurriedDesk):
    """Use cases over the draft, and those of `HurriedDesk`."""

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
        reason, now = reason_of(reason), self.clock.now()
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
        entry = entry_of(by, Action.PLAN_PROPOSED, subject("draft", seen), now, reason)
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
                entry=entry_of(by, Action.PLAN_PUBLISHED, "plan", now, reason),
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
        # days have passed since it was proposed
        if errors := errors_in(await self.review(document)):
            raise Refused(errors)
        approved = replace(found, second=by, second_at=now)
        entry = entry_of(by, Action.PLAN_APPROVED, subject("proposal", proposal), now, found.reason)
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
        entry = entry_of(by, Action.PLAN_REFUSED, subject("proposal", proposal), now, "withdrawn")
        await self.releases.settle(
            replace(found, state=ProposalState.WITHDRAWN), found.state, entry
        )

    async def carry_out_due(self) -> Sequence[Proposal]:
        """Publish what was scheduled and whose time has come; those that failed. What others
        published meanwhile, such as a closure in a hurry, stays beneath."""
        failed = []
        for proposal in await self.releases.due(self.clock.now()):
            try:
                await self._carry_out_one(proposal)
            except Unchanged as wrong:
                with contextlib.suppress(NotThere):
                    await self._settled(proposal, ProposalState.WITHDRAWN, str(wrong))
            except Refused as wrong:
                with contextlib.suppress(NotThere):  # settled meanwhile, by a person or a replica
                    failed.append(await self._settled(proposal, ProposalState.FAILED, str(wrong)))
            except (Overtaken, NotThere, Unfinished):
                continue  # another replica did, a plan came between, or its checks ended early: the
                # next look sees it, and what is due behind it does not wait
        return failed

    async def _carry_out_one(self, proposal: Proposal) -> None:
        newest = await self.releases.newest()
        rebased, document, _ = await self.beside(partial(composed, proposal.changes, newest))
        if not rebased.carried and not rebased.stale:
            raise Unchanged("what was scheduled was published meanwhile")
        stale = [_stale(one.change.kind, one.change.key) for one in rebased.stale]
        if errors := (*stale, *errors_in(await self.review(document))):
            raise Refused(errors)
        await self._carry_out(proposal, newest, document)

    async def _settled(self, proposal: Proposal, state: ProposalState, why: str) -> Proposal:
        now = self.clock.now()
        settled = replace(proposal, state=state, why=why)
        entry = entry_of(SYSTEM, Action.PLAN_REFUSED, subject("proposal", proposal.id), now, why)
        await self.releases.settle(settled, proposal.state, entry)
        return settled

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
                entry=entry_of(proposal.by, Action.PLAN_PUBLISHED, "plan", now, proposal.reason),
                second=proposal.second,
                second_at=proposal.second_at,
                changes=proposal.changes,
                proposal=proposal.id,
                approval=approval,
            )
        )

    async def difference(self, old: int, new: int) -> tuple[Difference, ...]:
        """Between two published plans. Raises NotThere."""
        before = await self.releases.document(old)
        after = await self.releases.document(new)
        return await self.beside(partial(differences, before, after))


def _stale(kind: str, key: str) -> Finding:
    says = {
        "zh-CN": f"“{key}”在草稿里修改之后，又有人发布了新的内容，请重新核对这一项。",
        "en": f"{key} was published differently since the draft changed it: look at it again.",
    }
    return Finding("stale", Level.ERROR, says, Place(kind, key))
