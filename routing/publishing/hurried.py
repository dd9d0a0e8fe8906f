"""What one person does at once and a second confirms: one thing changed in a hurry, the way back;
and what comes back by itself (ADR 39). The counterpart of `desk`, whose plans are proposed first;
what stays when an earlier plan comes back is `hurry`'s."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from routing.audit import Action, subject
from routing.drafts.change import Author, Drafts, Edit
from routing.drafts.document import Difference, differences
from routing.drafts.kinds import Document
from routing.findings import EXAMPLE, Finding
from routing.ports import Clock
from routing.publishing.asked import Review, entry_of, errors_in, reason_of
from routing.publishing.composing import Beside, at_once, over_what_was_seen
from routing.publishing.hurry import MOST_QUICK, came_back, what_stays
from routing.publishing.release import (
    SYSTEM,
    Newest,
    NewRelease,
    NotSecond,
    NotThere,
    Overtaken,
    Refused,
    Release,
    Releases,
    TooFar,
    Unchanged,
    Way,
)
from routing.publishing.seconds import TwoPeople

TRIES: Final = 5
"""Times that a quick change is composed anew, where others publish at the same moment."""


@dataclass(frozen=True, slots=True)
class HurriedDesk:
    """Use cases over the published plans. `until` is the end of the next working day after an
    instant; bodies are put together `beside` the calls."""

    drafts: Drafts
    releases: Releases
    review: Review
    clock: Clock
    until: Callable[[datetime], datetime]
    two_people: TwoPeople = TwoPeople.NUMBERS
    beside: Beside = at_once

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
        reason = reason_of(reason)
        for _ in range(TRIES):
            newest, now = await self.releases.newest(), self.clock.now()
            document = await self.beside(partial(over_what_was_seen, newest, edits))
            await self._refuse_what_is_new(newest, document)
            entry = entry_of(by, action, _subject(edits), now, reason)
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
        errors = _in_the_way(await self.review(document))
        if errors:
            known = {(e.code, e.place) for e in errors_in(await self.review(newest.document))}
            if new := [error for error in errors if (error.code, error.place) not in known]:
                raise Refused(new)

    async def roll_back(self, number: int, reason: str, by: Author, seen: int | None = None) -> int:
        """An earlier body under a new number, by one person at once; a second confirms it within a
        working day. `seen` is the newest plan when they saw what it would change. Raises
        PublishingError."""
        newest, reason = await self.releases.newest(), reason_of(reason)
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
        if errors := _in_the_way(await self.review(document)):
            raise Refused(errors)
        entry = entry_of(by, Action.PLAN_ROLLED_BACK, "plan", now, reason, brought_back=number)
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
        entry = entry_of(by, Action.CONFIRMED, subject("plan", number), now, "")
        await self.releases.confirm(number, by, now, entry)

    async def look_for_missed(self) -> Sequence[Release]:
        """What nobody confirmed in time and nobody was told of yet. It stays as it is."""
        now, told = self.clock.now(), []
        for release in await self.releases.waiting():
            if release.confirm_by is not None and release.confirm_by <= now and not release.missed:
                at = subject("plan", release.number)
                entry = entry_of(SYSTEM, Action.NOT_CONFIRMED, at, now, release.reason)
                if await self.releases.missed(release.number, entry):
                    told.append(release)
        return told


def _in_the_way(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors that keep back what is done in a hurry: all but examples that fail. These are for
    plans that are made in peace; what comes back has taken calls, whatever a holiday notice that
    came since makes of its examples."""
    return tuple(
        error for error in errors_in(findings) if error.code != EXAMPLE or not error.place.key
    )


def _subject(edits: Sequence[Edit]) -> str:
    return subject(edits[0].kind, edits[0].key) if len(edits) == 1 else "plan"
