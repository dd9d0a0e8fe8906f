"""Composition root: build_app() and the background loops. It imports all and nobody imports it;
every part is made here and handed to those that need it. The commands are `deployment.commands`."""

from deployment import uncaught  # noqa: F401 - first, for what is said where the rest fails

# isort: split
from deployment import modules  # before the rest, which it makes quick

# isort: split
import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web

from deployment import commands, forgetting, undelivered
from deployment.admin import admin_routes
from deployment.bounces import EVERY as EVERY_LOOK
from deployment.bounces import looking
from deployment.carrier import (
    Rest,
    Voices,
    carrier_of,
    local_line,
    rest_of,
    speech_of,
    transcriber,
)
from deployment.clock import SystemClock
from deployment.database import database_of
from deployment.delivery import MAILED, telling
from deployment.desk import desk_routes, dispatching
from deployment.engine import engine_of
from deployment.fallback import RECOVER_EVERY
from deployment.families import watch_webhooks
from deployment.forgetting import Forgetting
from deployment.health import health_routes
from deployment.house import HOUSE, House, furnish, new_id
from deployment.ledger import sweep_of
from deployment.listening import Worker, listening, taking_leave, told_to_stop
from deployment.lookout import look_after, shared
from deployment.loops import Loop
from deployment.outgoing import RUNG, Kept, Outgoings
from deployment.pauses import keep_short
from deployment.people import BEHIND_SIGN_IN, LINKS, front_door, mount_people
from deployment.plans import Newest
from deployment.prompts import prompt_loops
from deployment.publishing import DUE, WATCH, Due, Watch, city_time
from deployment.scrape import metrics_routes
from deployment.settings import Settings
from deployment.shared import SharedAnswer
from deployment.threads import many_threads
from deployment.voices import TIDIED, played, sound_routes, tidying
from deployment.watchers import watchers_only
from deployment.welcome import ready, welcome
from ivr.carrier.errands import Deleting, DeletingTexts, Fetching, Settling, Texts
from ivr.carrier.local.line import LocalLine
from ivr.carrier.receipts import ReceiptRoutes
from ivr.carrier.routes import VoiceRoutes
from ivr.carrier.sweep import EVERY
from ivr.conversation.recovery import Recovery
from ivr.conversation.stores import Stores
from ivr.engine.process import EngineProcess
from ivr.flow.instruction import Language
from ivr.flow.words import Vocabulary
from ivr.ports.recordings import Transcript
from ivr.transcription.errand import Heeding, Transcribing
from ivr.transcription.hot_words import HotWords, hot_words
from ivr.transcription.sorting import SortingByWords
from ivr.web.phone import PHONE_LINK, PHONE_PAGES, Phones, phone_routes
from routing.delivery.webhook import Endpoint
from routing.handoff import IN_TURN, Drains, Handler, Handoff
from routing.ports import Job, JobKind
from routing.web.api.accept import AcceptDesk, accept_routes
from routing.web.desk.office import DESK_DOOR
from routing.web.entry import signed_in
from routing.web.layout import add_layout
from routing.web.ledger.page import LEDGER_LINK, LEDGER_PAGES, LedgerDesk, ledger_routes
from routing.web.undelivered.page import (
    AT_DESK,
    SEND_AGAIN,
    UNDELIVERED_LINK,
    UNDELIVERED_PAGES,
    UndeliveredDesk,
    undelivered_routes,
)
from storage.answering import StoredAnswerRates
from storage.errors import StorageError
from storage.lanes import lanes
from storage.leases import StoredLeases
from storage.ledger import StoredLedger
from storage.pieces import StoredPieces
from storage.presence import BEAT, Presence
from storage.sealing import Sealing
from storage.sessions import StoredSessions

modules.all_read()
LOG: Final = structlog.get_logger()
MOST_BODY: Final = 64 * 1024
"""Bytes of a request: a webhook is under 8 kB even with a long transcript."""
WATCHED: Final = (LEDGER_PAGES, UNDELIVERED_PAGES)
WATCHED_LINKS: Final = (LEDGER_LINK, UNDELIVERED_LINK)
"""The pages of those who run the line, whoever carries it."""
DEMO_LINKS: Final = (PHONE_LINK, DESK_DOOR, *WATCHED_LINKS)
FAILED: Final = 1.0
"""Seconds until the drain begins again: a full disk must not be asked as fast as can be."""


LINE: Final = web.AppKey("line", LocalLine)


def voice(house: House) -> VoiceRoutes:
    """The carrier's webhooks."""
    conversation, fallback = house.conversation, house.fallback
    return VoiceRoutes(
        conversation,
        fallback.entrance,
        fallback.routes(conversation.remembered),
        carrier=carrier_of(house.settings),
        directory=house.directory,
    )


def outgoings(house: House) -> Outgoings:
    """The calls that we place."""
    sounds = played(house.settings, house.fallback.bank)
    kept = Kept(house.outgoing, house.rounds)
    return Outgoings(house.settings, house.plans, kept, house.clock, sounds)


async def build_app(settings: Settings, clock: SystemClock | None = None) -> web.Application:
    """The whole application, ready to be served. The folder must be open and migrated."""
    database = database_of(settings)
    try:
        return assembled(await furnish(settings, clock or SystemClock(), database))
    except BaseException:
        await database.close()
        raise


def assembled(house: House) -> web.Application:
    """The parts at their addresses."""
    settings = house.settings
    app = web.Application(client_max_size=MOST_BODY)
    app[HOUSE] = house
    app.cleanup_ctx.append(_storage)
    app.add_routes(health_routes(SharedAnswer(house.readiness.found)))
    app.add_routes(metrics_routes(house.metrics, settings.metrics_token, public=settings.is_public))
    webhooks = voice(house)
    receipts = ReceiptRoutes(webhooks, house.texts, house.clock)
    placed = outgoings(house).routes(webhooks, house.conversation, house.fallback.documents)
    routes = [*webhooks.routes(), *placed, *receipts.routes()]
    access = settings.log_level == "debug"
    app.add_routes(watch_webhooks(house.metrics, routes, access=access))
    app.add_routes(sound_routes(settings, house.fallback.bank))
    look_after(house, webhooks)
    mount_api(app, house)
    mount_ledger(app, house)
    speech = speech_of(settings, lambda: house.plans.current, house.clock)
    voices = Voices(house.fallback.bank, speech)
    line = local_line(settings, house.secrets, house.clock, house.numbers, voices)
    if line is not None:
        mount_line(app, house, line)
    app.cleanup_ctx.append(background)
    return app


def mount_api(app: web.Application, house: House) -> None:
    """What an office's own system may do, signed with its channel's secret."""
    known = house.channels.items()
    secrets = {name: to.secrets for name, to in known if isinstance(to, Endpoint)}
    desk = AcceptDesk(secrets, house.directory, house.cases, house.casework(), house.clock)
    app.add_routes(accept_routes(desk, (StorageError,)))


def mount_ledger(app: web.Application, house: House) -> None:
    """The pages of those who run the line, and what all pages share."""
    settings = house.settings
    if settings.shows_demo:
        pages = (PHONE_PAGES, *WATCHED, *BEHIND_SIGN_IN)
        add_layout(app, pages, (*DEMO_LINKS, *LINKS))
    else:
        add_layout(app, (*WATCHED, *BEHIND_SIGN_IN), (*WATCHED_LINKS, *LINKS), demo=False)
    mount_people(app, front_door(settings, house.signing_in, house.factors), house.directory)
    zone = ZoneInfo(settings.time_zone)
    admit = watchers_only(settings.metrics_token, public=settings.is_public)
    app.add_routes([*admin_routes(house), *desk_routes(house)])
    app.add_routes(
        ledger_routes(LedgerDesk(StoredLedger(house.database), house.clock, zone), admit)
    )
    desk = UndeliveredDesk(house.undelivered, house.casework(), house.directory, house.clock, zone)
    app.add_routes(undelivered_routes(desk, admit))
    app.add_routes(undelivered_routes(desk, signed_in(*SEND_AGAIN), AT_DESK))


def mount_line(app: web.Application, house: House, line: LocalLine) -> None:
    """The embedded carrier, with the demonstration's pages where they are shown."""
    settings = house.settings
    app[LINE] = line
    if settings.shows_demo:
        zone = ZoneInfo(settings.time_zone)
        phones = Phones(
            directory=house.directory,
            rosters=lambda: house.plans.current.rosters,
            phrases=lambda: house.plans.current.phrases,
            line=line,
            mails=house.mails,
            zone=zone,
        )
        app.add_routes(phone_routes(phones))
        app.router.add_get("/", _home)
    line.mount(app, phones=settings.shows_demo)


async def _home(_: web.Request) -> web.Response:
    raise web.HTTPFound("/phone")


async def _storage(app: web.Application) -> AsyncIterator[None]:
    house = app[HOUSE]
    await house.journal.start()
    yield
    await house.journal.stop()
    house.fallback.spool.close()
    await house.database.close()


async def background(app: web.Application) -> AsyncIterator[None]:
    """All that goes on beside the calls, until the server stops."""
    house = app[HOUSE]
    await house.keeper.begin()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        longest = house.plans.current.policy.longest_call
        rest = rest_of(house.settings, house.secrets, session, longest)
        hands = drains(house, rest)
        presence = Presence(house.database, house.outbox, house.clock, hands)
        await presence.begin()
        draining = (Loop(FAILED, one.run) for one in hands.each)
        beating = Loop(BEAT, presence.beat, first=BEAT)
        tasks = [
            group.create_task(loop.run()) for loop in (*draining, beating, *loops(house, rest))
        ]
        yield
        for task in tasks:
            task.cancel()
        await presence.end()
        await house.at_end.aclose()
        await house.apart.close()
        with contextlib.suppress(StorageError):
            await house.keeper.write_hits()


def loops(house: House, rest: Rest) -> Iterator[Loop]:
    """The ledger's sweep, retention, the newest plan and what else is looked after."""
    database, clock, settings = house.database, house.clock, house.settings
    sweep = sweep_of(
        rest,
        database,
        house.conversation,
        lambda: house.plans.current,
        calls=house.calls,
        clock=clock,
    )
    yield Loop(EVERY, sweep.run, first=EVERY)
    sessions = StoredSessions(database, Sealing(house.secrets.key))
    forget = Forgetting(StoredLeases(database), house.retention, house.outgoing, sessions, clock)
    yield Loop(forgetting.EVERY, forget.run)
    yield Loop(undelivered.EVERY, undelivered.Aloud(house.undelivered).run)
    yield Loop(FAILED, house.keeper.run)
    yield Loop(FAILED, lambda: shared(house))
    yield Loop(FAILED, Newest(house.plans, database, settings, clock).run)
    rates, leases = StoredAnswerRates(database), StoredLeases(database)
    city = city_time(ZoneInfo(settings.time_zone), lambda: house.plans.current)
    watch = Watch(house.publishing(), rates, leases, city)
    yield Loop(WATCH, watch.run, first=WATCH)
    yield Loop(DUE, Due(house.publishing()).run, first=DUE)
    yield Loop(FAILED, database.signals.listen)
    yield Loop(RECOVER_EVERY, recovery(house, rest).run)
    yield Loop(TIDIED, tidying(settings, house.fallback.bank))
    yield from prompt_loops(house)
    bounces = looking(settings, database, Sealing(house.secrets.key), clock)
    if bounces is not None:
        yield Loop(EVERY_LOOK, bounces.run)


def drains(house: House, rest: Rest) -> Drains:
    """The outbox, drained by the handlers of its kinds: what is done by mail has hands of its own,
    so that a slow carrier holds up no mail, and goes before the rest; and so have phones that ring
    for a caller who waits. No text is blindly sent again and no phone rung; a full disk costs no
    job one of its tries."""
    by_kind, clock, ours = handlers(house, rest), house.clock, (StorageError,)
    careful = frozenset({JobKind.SMS, JobKind.TEXT_OFFICE, JobKind.CALL, JobKind.RING})
    mailed, rung, other = lanes(house.outbox, MAILED, RUNG)
    mails = Handoff(mailed, by_kind, clock, _report, ours=ours)
    others = Handoff(other, by_kind, clock, _report, careful=careful, ours=ours, before=mails)
    rings = Handoff(rung, by_kind, clock, _report, careful=careful, ours=ours)
    return Drains([mails, rings, others])


def recovery(house: House, rest: Rest) -> Recovery:
    """What makes cases of the spool."""
    pieces = StoredPieces(house.database)
    stores = Stores(house.journal, house.calls, house.answers, pieces, house.rounds)
    return house.fallback.recovery(stores, rest, lambda: new_id(house.clock.now()))


def handlers(house: House, rest: Rest) -> Mapping[str, Handler]:
    """Who carries out which kind of work."""
    pieces = StoredPieces(house.database)

    async def expect(sid: str, language: Language) -> HotWords:
        plan, dialled = house.plans.current, await house.calls.dialled_for(sid)
        return hot_words(plan.directory, plan.vocabulary, language, dialled)

    async def follow_up(sid: str, language: Language | None) -> None:
        await house.recordings.follow_up(sid, language, house.clock.now())

    async def keep(sid: str, words: Transcript) -> None:
        await house.calls.keep_transcript(sid, words, house.clock.now())

    async def taken(job: Job, sid: str) -> None:
        await house.answers.text_taken(job, sid, house.clock.now())

    async def vocabulary(plan: int) -> Vocabulary:
        return (await house.plans.of(plan)).vocabulary

    of_carrier = house.settings.transcriber == "carrier"
    awaited = house.recordings.words_awaited if of_carrier else None
    words = transcriber(
        house.settings, rest.recordings, pieces, house.recordings, expect, engine=engine(house)
    )
    return {
        JobKind.SMS: Texts(rest.messages, house.phrases, taken),
        JobKind.DELETE_TEXT: DeletingTexts(rest.messages, house.texts, house.clock),
        JobKind.FETCH_RECORDING: Fetching(rest.media, house.recordings, follow_up),
        JobKind.DELETE_RECORDING: Deleting(rest.recordings, awaited),
        JobKind.TRANSCRIBE: Transcribing(words, keep),
        JobKind.HEED: Heeding(house.cases, lambda: house.plans.current.vocabulary, house.clock),
        JobKind.SORT: SortingByWords(house.cases, dispatching(house), vocabulary),
        JobKind.SETTLE: Settling(house.conversation, rest.recordings),
        **telling(house, rest.messages),
        **outgoings(house).handlers(rest.calls, rest.account.sid),
    }


def engine(house: House) -> EngineProcess | None:
    """What listens on this machine, if anything does: it begins when the first recording wants
    words, and ends with the server."""
    listener = engine_of(house.settings)
    if listener is not None:
        house.at_end.push_async_callback(listener.close)
    return listener


def _report(what: str, job: Job, why: str) -> None:
    tell = LOG.info if what == IN_TURN else LOG.warning
    tell("outbox", what=what, kind=job.kind, job=job.id, attempts=job.attempts, why=why)


async def serve(settings: Settings, worker: Worker | None = None) -> None:
    """Run until told to stop, alone or as one of several. Raises StartError, StorageError with a
    sentence."""
    many_threads()
    app = await build_app(settings)
    stop = told_to_stop(worker)  # before anybody is told that it is up, and may tell it to stop
    runner = await listening(app, settings, worker)
    keep_short()
    many = len(app[HOUSE].numbers())
    first = await app[HOUSE].signing_in.first()
    welcome(settings, many, first) if worker is None else ready(many, first)
    await stop.wait()
    await taking_leave(runner, settings)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; any failure is one sentence that says what to do."""
    return commands.main(serve, Path(__file__), words)


if __name__ == "__main__":
    sys.exit(main())
