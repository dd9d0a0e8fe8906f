"""What `/metrics` tells and `/readyz` asks of this server's parts. Used by `server.py`."""

import asyncio
from typing import Protocol

from deployment.fallback import Fallback
from deployment.families import PLAN_REFUSED, UNCONFIRMED, Counted, plan_refused, unconfirmed, watch
from deployment.metrics import Metrics
from deployment.readiness import Readiness, of_database, of_disk, of_outbox, of_plan, of_spool
from deployment.settings import Settings
from ivr.carrier.routes import VoiceRoutes
from ivr.conversation.keeper import Keeper
from ivr.conversation.stores import Plans
from ivr.conversation.turns import Conversation
from routing.ports import Clock
from storage.engine import Database
from storage.journal import StoredJournal
from storage.ledger import StoredLedger
from storage.outbox import StoredOutbox
from storage.releases import StoredReleases
from storage.undelivered import StoredUndelivered


class Watched(Protocol):
    """The house, as far as it is looked after."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def conversation(self) -> Conversation: ...
    @property
    def keeper(self) -> Keeper: ...
    @property
    def fallback(self) -> Fallback: ...
    @property
    def journal(self) -> StoredJournal: ...
    @property
    def outbox(self) -> StoredOutbox: ...
    @property
    def undelivered(self) -> StoredUndelivered: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def readiness(self) -> Readiness: ...


def look_after(house: Watched, voice: VoiceRoutes) -> None:
    """Register all of it."""
    outbox, clock, ledger = house.outbox, house.clock, StoredLedger(house.database)
    counted = Counted(
        house.conversation.tally,
        house.keeper.door.live,
        lambda: voice.apologies,
        house.journal.commits,
        outbox=outbox,
        ledger=ledger,
        undelivered=house.undelivered,
        spool=house.fallback.spool.size,
        clock=clock,
    )
    watch(house.metrics, counted)
    house.metrics.shared(PLAN_REFUSED, lambda: plan_refused(house.plans))
    house.metrics.shared(UNCONFIRMED, lambda: unconfirmed(StoredReleases(house.database)))
    house.readiness.add("database", of_database(house.database))
    house.readiness.add("disk", of_disk(house.settings.data_dir))
    house.readiness.add("plan", of_plan(lambda: house.plans, clock))
    house.readiness.add("outbox", of_outbox(outbox, clock))
    house.readiness.add("spool", of_spool(house.fallback))


async def shared(house: Watched) -> None:
    """As long as the server lives: what several workers count is one sum."""
    if house.settings.workers > 1:
        await house.metrics.share(house.settings.data_dir / "metrics")
    await asyncio.Event().wait()
