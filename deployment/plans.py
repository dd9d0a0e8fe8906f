"""What today's plan is made of, and the plans that live calls began with. The counterpart of
`ivr.library.plans`, which compiles one, and of `storage.plans`, which numbers them."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from deployment.compiler import COMPILER
from deployment.pauses import beside
from deployment.settings import Settings, StartError
from ivr.carrier.profiles import profile_of
from ivr.conversation.stores import Plans
from ivr.flow.phrasebook import PhraseError
from ivr.flow.world import Plan, Policy
from ivr.library.errors import LibraryError
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets
from routing.directory import DirectoryError
from routing.drafts.body import CutBody, same
from routing.drafts.kinds import Document
from routing.ports import Clock
from routing.publishing.hurry import FOLLOWING, following
from routing.publishing.release import Overtaken, document_of, stored_of
from routing.rules.errors import RuleSetError
from routing.week import HoursError
from storage.engine import Database, Topic
from storage.plans import Published, StoredPlans
from storage.releases import StoredReleases

POLL: Final = 1.5
"""Seconds between two looks for a newer plan that nobody told of: one number, read by its key. A
publication is in use everywhere within two."""
LOG: Final = structlog.get_logger()
REFUSED: Final = (LibraryError, DirectoryError, RuleSetError, HoursError, PhraseError)
"""What compiling refuses with a sentence."""


def plan_inputs(settings: Settings) -> Inputs:
    """What today's plan is compiled from: the demonstration city and the shipped words."""
    carrier = profile_of(settings.carrier)
    policy = Policy(
        audio_days=settings.retention_audio_days,
        hears=carrier.speech,
        whispers=carrier.whisper,
        together=carrier.together,
        hash_told=carrier.gather_key,
    )
    return Inputs(demo_sheets(), shipped(), calendar(), AREA, settings.time_zone, policy)


def local_day(settings: Settings, clock: Clock) -> date:
    """Today where the offices are."""
    return clock.now().astimezone(ZoneInfo(settings.time_zone)).date()


def compiled(inputs: Inputs, number: int, today: date) -> Plan:
    """The plan. Raises StartError with every finding of script, words and register."""
    with _refusing():
        return compile_plan(inputs, number, today)


def of_body(document: Document, number: int, today: date) -> Plan:
    """The plan of a body. Raises StartError as `compiled`."""
    with _refusing():
        return COMPILER.plan(document, number, today)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except REFUSED as wrong:
        raise StartError(f"the plan is refused:\n{wrong}") from wrong


class Newest:
    """Keeps the plan that takes new calls the newest of all replicas', with the open intervals of
    the days to come. Where one cannot be compiled the old one stands."""

    def __init__(self, plans: Plans, database: Database, settings: Settings, clock: Clock) -> None:
        self._plans = plans
        self._stored = StoredPlans(database, clock)
        self._settings = settings
        self._clock = clock
        self._compiled = local_day(settings, clock)
        self._refused: set[tuple[int, date]] = set()
        self._told = asyncio.Event()
        database.signals.hear(Topic.PLAN, self._told.set)

    async def run(self) -> None:
        """Until cancelled: at once when another replica publishes, each day, and by the poll."""
        while True:
            await self.look()
            self._told.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._told.wait()

    async def look(self) -> None:
        """One look: compiles, beside the calls, only what is new. Where the newest plan cannot be,
        the one that stands gets the open hours of the days to come."""
        number, today = await self._stored.newest(), local_day(self._settings, self._clock)
        standing = self._plans.current.number
        if today == self._compiled and (number == standing or (number, today) in self._refused):
            return
        newest = await self._stored.latest()
        if newest is None or await self._taken(newest, today):
            return
        body = await self._stored.plan(standing)
        if body is not None and standing != newest.number:
            await self._taken(body, today)

    async def _taken(self, plan: Published, today: date) -> bool:
        """Whether it takes new calls with today's hours, once it has been compiled. Whatever keeps
        it from being so is an alarm, and what stands goes on: never "closed" (design §4)."""
        if (plan.number, today) in self._refused:
            return False
        if plan.number == self._plans.current.number and today == self._compiled:
            return True
        try:
            made = await beside(lambda: _of_body(plan, today))
        except Exception as wrong:  # noqa: BLE001 - also what nobody thought of must not close
            LOG.warning("plan.refused", number=plan.number, day=today.isoformat(), why=str(wrong))
            self._refused.add((plan.number, today))
            self._plans.refuse(plan.number, self._clock.now())
            return False
        self._plans.publish(made)
        self._compiled = today
        if self._plans.refused is not None and self._plans.refused.number <= plan.number:
            self._plans.refused = None
        return True


async def published(settings: Settings, clock: Clock, database: Database) -> Plans:
    """Today's plan under its number, those that live calls began with, and the way to any other
    that a call may have begun with at another replica."""
    today = local_day(settings, clock)
    stored = StoredPlans(database, clock)
    current = await begun(settings, stored, StoredReleases(database), today)

    async def find(number: int) -> Plan | None:
        plan = await stored.plan(number)
        if plan is None:
            return None
        return await beside(lambda: usable(plan, local_day(settings, clock)))

    earlier = await stored.of_live_calls(clock.now())
    return Plans(current, earlier_plans(earlier, current.number, today), find)


async def begun(
    settings: Settings, stored: StoredPlans, releases: StoredReleases, today: date
) -> Plan:
    """The plan that a start takes new calls with: the shipped one as long as nobody has published
    another; then the newest, with the words of this version and these settings (ADR 39). Where
    those do not fit it, it stands as it is. Raises StartError where that cannot be used either."""
    ours = plan_inputs(settings).to_text()
    while True:
        newest = await stored.latest() if await releases.by_people() else None
        if newest is None:
            return of_body(document_of(ours), await stored.publish(ours), today)
        was = _document(newest)
        body = following(was, document_of(ours))
        try:
            plan = of_body(body, newest.number, today)
        except StartError as wrong:
            LOG.warning("plan.kept_as_it_was", number=newest.number, why=str(wrong))
            return of_body(was, newest.number, today)
        if all(same(was, body, name) for name in FOLLOWING):
            return plan
        with contextlib.suppress(Overtaken):  # then by whoever was faster
            parts = body.parts if isinstance(body, CutBody) else ()
            number = await stored.publish(stored_of(body), newest.number, parts)
            return of_body(body, number, today)


def _of_body(plan: Published, today: date) -> Plan:
    """Raises what keeps it from being compiled."""
    return of_body(_document(plan), plan.number, today)


def _document(plan: Published) -> Document:
    """Raises StartError for another version's."""
    try:
        return plan.document()
    except ValueError as wrong:
        raise StartError(f"plan {plan.number} cannot be read: {wrong}") from wrong


def earlier_plans(plans: Sequence[Published], current: int, today: date) -> dict[int, Plan]:
    """The plans that live calls began with. The calls of one that this version cannot compile go
    on with today's."""
    read = {plan.number: usable(plan, today) for plan in plans if plan.number != current}
    return {number: plan for number, plan in read.items() if plan is not None}


def usable(plan: Published, today: date) -> Plan | None:
    """A plan as calls follow it; None, with a line of the log, where this version cannot compile
    it."""
    try:
        return of_body(_document(plan), plan.number, today)
    except StartError as wrong:
        LOG.warning("plan.left_out", number=plan.number, why=str(wrong))
        return None
