"""The parts that live as long as the server, put together over its database: what they are and how
they are made. Used by `server.py` and by benchmarks that run the house without its web side."""

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from deployment.apart import Apart
from deployment.channels import Channel, channels_of
from deployment.clock import SystemClock
from deployment.database import sounds_of
from deployment.door import Kept, keeper_of
from deployment.fallback import Fallback, fallback_of
from deployment.metrics import Metrics
from deployment.people import factors_of, signing_in_of
from deployment.plans import published
from deployment.publishing import desk_of
from deployment.readiness import Readiness
from deployment.settings import Secrets, Settings
from ivr.conversation.keeper import Keeper
from ivr.conversation.stores import Plans, Stores
from ivr.conversation.turns import Conversation
from ivr.flow.phrasebook import Phrasebook
from ivr.ports.calls import first_id
from routing.casework import Casework
from routing.directory import Directory
from routing.publishing.desk import PublishingDesk
from routing.second_factors import SecondFactors
from routing.signing_in import SigningIn
from storage.answers import StoredAnswers
from storage.blocks import StoredBlocks
from storage.calls import StoredCalls
from storage.cases import StoredCases
from storage.effects import Effects
from storage.engine import Database
from storage.journal import StoredJournal
from storage.keymark import same_key
from storage.mails import StoredMails
from storage.outbox import StoredOutbox
from storage.outgoing import StoredOutgoing
from storage.pieces import StoredPieces
from storage.recordings import StoredRecordings
from storage.retention import Retention
from storage.rounds import StoredRounds
from storage.sealing import Sealing
from storage.sorting import StoredSorting
from storage.texts import StoredTexts
from storage.undelivered import StoredUndelivered


@dataclass(frozen=True, slots=True)
class House:
    """The parts that live as long as the server."""

    settings: Settings
    secrets: Secrets
    clock: SystemClock
    database: Database
    plans: Plans
    conversation: Conversation
    fallback: Fallback
    keeper: Keeper
    answers: StoredAnswers
    journal: StoredJournal
    outbox: StoredOutbox
    recordings: StoredRecordings
    cases: StoredCases
    mails: StoredMails
    calls: StoredCalls
    outgoing: StoredOutgoing
    rounds: StoredRounds
    sorting: StoredSorting
    retention: Retention
    undelivered: StoredUndelivered
    channels: Mapping[str, Channel]
    texts: StoredTexts
    signing_in: SigningIn
    factors: SecondFactors
    metrics: Metrics = field(default_factory=Metrics)
    readiness: Readiness = field(default_factory=Readiness)
    apart: Apart = field(default_factory=Apart)
    at_end: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    """Connections to others, which are ended once nobody is at work any more."""

    def directory(self) -> Directory:
        """Today's directory."""
        return self.plans.current.directory

    def numbers(self) -> tuple[str, ...]:
        """Those that are published."""
        return tuple(self.directory().numbers)

    def publishing(self) -> PublishingDesk:
        """What people do with the draft and the published plans."""
        return desk_of(self.settings, self.database, self.clock, self.apart)

    def casework(self) -> Casework:
        """What people do with the cases."""
        return Casework(self.cases, self.clock)

    async def phrases(self, plan: int | None) -> Phrasebook:
        """Those of a plan; today's where none is named, or it is known no more."""
        known = self.plans.current if plan is None else await self.plans.of(plan)
        return known.phrases


HOUSE: Final = web.AppKey("house", House)


async def furnish(settings: Settings, clock: SystemClock, database: Database) -> House:
    """Compile the plan, put the parts together."""
    keys = Secrets.of(settings)
    zone = ZoneInfo(settings.time_zone)
    sealing = Sealing(keys.key)
    await same_key(database, sealing)
    effects = Effects(sealing, zone)
    plans = await published(settings, clock, database)
    calls = StoredCalls(database, effects)
    journal = StoredJournal(database, effects)
    recordings = StoredRecordings(database, sounds_of(settings, database, clock))
    answers = StoredAnswers(database, sealing, effects, zone)
    fallback = fallback_of(settings, keys, clock, plans)
    blocks = StoredBlocks(database, sealing, effects)
    keeper = keeper_of(settings, database, Kept(effects, blocks, calls), plans, clock)
    rounds = StoredRounds(database, sealing)
    stores = Stores(journal, calls, answers, StoredPieces(database), rounds)
    signing_in = signing_in_of(database, sealing, clock)
    conversation = conversing(plans, stores, fallback, keeper, clock)
    return House(
        settings=settings,
        secrets=keys,
        clock=clock,
        database=database,
        plans=plans,
        conversation=conversation,
        fallback=fallback,
        keeper=keeper,
        answers=answers,
        journal=journal,
        outbox=StoredOutbox(database),
        recordings=recordings,
        cases=StoredCases(database, recordings, zone),
        mails=StoredMails(database),
        calls=calls,
        outgoing=StoredOutgoing(database, sealing),
        rounds=rounds,
        sorting=StoredSorting(database, sealing),
        retention=Retention(database, recordings, settings.retention_audio_days),
        undelivered=StoredUndelivered(database, sealing),
        channels=channels_of(settings, plans.current.directory),
        texts=StoredTexts(database, sealing),
        signing_in=signing_in,
        factors=factors_of(settings, database, sealing, signing_in),
    )


def conversing(
    plans: Plans, stores: Stores, fallback: Fallback, keeper: Keeper, clock: SystemClock
) -> Conversation:
    """What answers the webhooks of a call, over what is stored of it."""
    return Conversation(
        plans=plans,
        stores=stores,
        documents=fallback.documents,
        clock=clock,
        draw=fallback.sealing.draw,
        new_id=lambda: new_id(clock.now()),
        door=keeper.door,
    )


def new_id(now: datetime) -> str:
    """A call's own id: nobody can guess it, and ids of one time lie together on the disk."""
    return f"{first_id(now)}{secrets.token_urlsafe(12)}"
