"""Composition root: settings, build_app(), the background loops and the commands. It imports all
and nobody imports it; every part is made here and handed to those that need it."""

import argparse
import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
import structlog
from aiohttp import web

from deployment.clock import SystemClock
from deployment.log import log_as_json
from deployment.pauses import keep_short
from deployment.settings import Secrets, Settings, StartError, read_settings
from deployment.shared import SharedAnswer
from deployment.sockets import runner_of
from ivr.carrier.client import Account, Messages, RecordingRows
from ivr.carrier.errands import Deleting, Fetching, Settling, Texts
from ivr.carrier.local.line import LocalLine
from ivr.carrier.local.rest import REST_PATH
from ivr.carrier.profiles import LOCAL
from ivr.carrier.recordings import Media, MediaRules
from ivr.carrier.routes import VoiceRoutes
from ivr.carrier.signature import SignatureCheck
from ivr.carrier.twiml import Twiml, TwimlDocuments, Urls
from ivr.conversation import Conversation, Plans, Stores
from ivr.flow.instruction import Hangup, Language, Say
from ivr.flow.phrasebook import Phrasebook
from ivr.flow.world import Plan, Policy
from ivr.library import Inputs, LibraryError, compile_plan, shipped
from ivr.ports import Transcriber
from ivr.transcription.engines import Carrier, NoTranscriber
from ivr.transcription.errand import Transcribing
from ivr.web.phone import PHONE_LINK, PHONE_PAGES, Phones, phone_routes
from routing.city import AREA, calendar, demo_sheets
from routing.delivery.console import ConsoleMail
from routing.directory import Directory, DirectoryError
from routing.handoff import Handler, Handoff
from routing.ports import Job
from routing.web.demo.office import OFFICE_LINK, OFFICE_PAGES, OfficeDesk, office_routes
from routing.web.layout import add_layout
from storage.answers import StoredAnswers
from storage.calls import StoredCalls
from storage.cases import StoredCases
from storage.effects import Effects, enqueue
from storage.engine import Database, FolderLock, StorageError, migrate
from storage.journal import SqliteJournal
from storage.keymark import same_key
from storage.mails import StoredMails
from storage.outbox import StoredOutbox
from storage.plans import StoredPlans
from storage.recordings import StoredRecordings
from storage.retention import Retention
from storage.sealing import Sealing

LOG: Final = structlog.get_logger()
MOST_BODY: Final = 64 * 1024
"""Bytes of a request: a webhook is under 8 kB even with a long transcript."""
LEAST_ROOM: Final = 4 * 1024 * 1024
"""Bytes free in DATA_DIR below which a recording of five minutes may not fit."""
FORGET_EVERY: Final = 300.0
"""Seconds between two rounds of retention."""
DELETE_AFTER: Final = timedelta(minutes=10)
"""How long a recording that is kept here stays at the carrier, which may be asked for its words."""
PLAN_EVERY: Final = 3600.0
"""Seconds between two plans, each with the open intervals of the days to come."""
FAILED: Final = 1.0
"""Seconds until the drain begins again: a full disk must not be asked as fast as can be."""


@dataclass(frozen=True, slots=True)
class House:
    """The parts that live as long as the server."""

    settings: Settings
    secrets: Secrets
    clock: SystemClock
    database: Database
    sealing: Sealing
    effects: Effects
    plans: Plans
    conversation: Conversation
    journal: SqliteJournal
    outbox: StoredOutbox
    recordings: StoredRecordings
    cases: StoredCases
    mails: StoredMails
    calls: StoredCalls
    retention: Retention

    def directory(self) -> Directory:
        """Today's directory."""
        return self.plans.current.directory

    def phrases(self) -> Phrasebook:
        """Today's words."""
        return self.plans.current.phrases


HOUSE: Final = web.AppKey("house", House)
LINE: Final = web.AppKey("line", LocalLine)
TROUBLE: Final = web.AppKey("trouble", SharedAnswer)


def open_folder(settings: Settings) -> FolderLock:
    """DATA_DIR, made where absent and locked for this process. Raises StorageError, StartError."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise StartError(
            f"DATA_DIR {settings.data_dir} cannot be made ({wrong.strerror}): choose another"
        ) from wrong
    lock = FolderLock(settings.data_dir)
    lock.take()
    return lock


def plan_inputs(settings: Settings) -> Inputs:
    """What today's plan is compiled from: the demonstration city and the shipped words."""
    policy = Policy(
        audio_days=settings.retention_audio_days, hears=LOCAL.speech, whispers=LOCAL.whisper
    )
    return Inputs(demo_sheets(), shipped(), calendar(), AREA, settings.time_zone, policy)


def compiled(inputs: Inputs, number: int, today: date) -> Plan:
    """The plan. Raises StartError with every finding of script, words and register."""
    try:
        return compile_plan(inputs, number, today)
    except (LibraryError, DirectoryError) as wrong:
        raise StartError(f"the plan is refused:\n{wrong}") from wrong


def earlier_plans(bodies: Mapping[int, str], current: int, today: date) -> dict[int, Plan]:
    """The plans that live calls began with. The calls of one that this version cannot compile go
    on with today's."""
    plans: dict[int, Plan] = {}
    for number, body in bodies.items():
        try:
            if number != current:
                plans[number] = compiled(Inputs.from_text(body), number, today)
        except (StartError, LibraryError) as wrong:
            LOG.warning("plan.left_out", number=number, why=str(wrong))
    return plans


async def furnish(settings: Settings, clock: SystemClock, database: Database) -> House:
    """Compile the plan, put the parts together."""
    keys = Secrets.of(settings)
    zone = ZoneInfo(settings.time_zone)
    sealing = Sealing(keys.key)
    await same_key(database, sealing)
    effects = Effects(sealing, zone)
    inputs = plan_inputs(settings)
    stored = StoredPlans(database, clock)
    number = await stored.publish(inputs.to_text())
    today = clock.now().astimezone(zone).date()
    plans = Plans(
        compiled(inputs, number, today),
        earlier_plans(await stored.of_live_calls(clock.now()), number, today),
    )
    calls = StoredCalls(database, effects)
    journal = SqliteJournal(database, effects)
    recordings = StoredRecordings(database, settings.data_dir / "recordings")
    conversation = Conversation(
        plans=plans,
        stores=Stores(journal, calls, StoredAnswers(database, sealing, effects, zone)),
        documents=TwimlDocuments(LOCAL, settings.base),
        clock=clock,
        draw=sealing.draw,
        new_id=lambda: new_id(clock.now()),
    )
    return House(
        settings=settings,
        secrets=keys,
        clock=clock,
        database=database,
        sealing=sealing,
        effects=effects,
        plans=plans,
        conversation=conversation,
        journal=journal,
        outbox=StoredOutbox(database),
        recordings=recordings,
        cases=StoredCases(database, recordings),
        mails=StoredMails(database),
        calls=calls,
        retention=Retention(database, recordings, settings.retention_audio_days),
    )


def new_id(now: datetime) -> str:
    """A call's own id: nobody can guess it, and ids of one time lie together on the disk."""
    return f"{int(now.timestamp() * 1000):011x}{secrets.token_urlsafe(12)}"


def voice(house: House) -> VoiceRoutes:
    """The carrier's webhooks."""
    return VoiceRoutes(
        house.conversation,
        SignatureCheck(house.settings.base, house.secrets.token.split(",")),
        account=house.secrets.account,
        area=lambda: house.directory().area,
        apology=apology(house),
    )


def apology(house: House) -> bytes:
    """What a caller hears when anything fails: fixed, in both languages."""
    languages: tuple[Language, ...] = ("zh-CN", "en")
    words = tuple(
        Say(house.phrases().say("trouble.plain", language, str), language) for language in languages
    )
    return Twiml(LOCAL).render((*words, Hangup()), Urls(f"{house.settings.base}/voice"))


async def build_app(settings: Settings, clock: SystemClock | None = None) -> web.Application:
    """The whole application, ready to be served. The folder must be open and migrated."""
    database = Database(settings.data_dir / "zhitong.db")
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
    app[TROUBLE] = SharedAnswer(house.database.trouble)
    app.cleanup_ctx.append(_storage)
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready)
    app.add_routes(voice(house).routes())
    line = local_line(house)
    app[LINE] = line
    if settings.shows_demo:
        add_layout(app, (PHONE_PAGES, OFFICE_PAGES), (PHONE_LINK, OFFICE_LINK))
        phones = Phones(house.directory, line, house.mails, ZoneInfo(settings.time_zone))
        app.add_routes(phone_routes(phones))
        app.add_routes(office_routes(OfficeDesk(house.directory, house.cases)))
        app.router.add_get("/", _home)
    line.mount(app, phones=settings.shows_demo)
    app.cleanup_ctx.append(_background)
    return app


def local_line(house: House) -> LocalLine:
    """The embedded carrier of this server."""
    base = house.settings.base
    return LocalLine(
        base_url=base,
        voice_url=f"{base}/voice/answer",
        fallback_url=f"{base}/voice/fallback",
        status_url=f"{base}/voice/status",
        account_sid=house.secrets.account,
        auth_token=house.secrets.token.split(",")[0],
        data_dir=house.settings.data_dir,
        clock=house.clock,
    )


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _ready(request: web.Request) -> web.Response:
    """Ready means that a call can be answered: the database takes a write, and there is room
    for it (a transaction that writes nothing succeeds on a full disk)."""
    house = request.app[HOUSE]
    if shutil.disk_usage(house.settings.data_dir).free < LEAST_ROOM:
        return web.Response(status=503, text="the disk is full: free some room in DATA_DIR\n")
    wrong = await request.app[TROUBLE].now()
    return web.Response(status=503 if wrong else 200, text=f"{wrong or 'ready'}\n")


async def _home(_: web.Request) -> web.Response:
    raise web.HTTPFound("/phone")


async def _storage(app: web.Application) -> AsyncIterator[None]:
    house = app[HOUSE]
    await house.journal.start()
    yield
    await house.journal.stop()
    await house.database.close()


async def _background(app: web.Application) -> AsyncIterator[None]:
    """The outbox's drain, retention and the nightly plan, until the server stops."""
    house = app[HOUSE]
    await house.outbox.take_back(house.clock.now())  # what a killed server had begun
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        handoff = drain(house, session)
        tasks = [
            group.create_task(_forever(FAILED, handoff.run)),
            group.create_task(
                _forever(FORGET_EVERY, lambda: house.retention.run(house.clock.now()))
            ),
            group.create_task(_forever(PLAN_EVERY, lambda: _renew(house))),
        ]
        yield
        for task in tasks:
            task.cancel()


async def _forever(seconds: float, work: Any) -> None:
    while True:
        try:
            await work()
        except Exception:
            LOG.exception("background.failed")
        await asyncio.sleep(seconds)


async def _renew(house: House) -> None:
    """Open intervals for the next 60 days, beside the calls. If that fails the old ones stand."""
    today = house.clock.now().astimezone(ZoneInfo(house.settings.time_zone)).date()
    current = house.plans.current
    inputs = plan_inputs(house.settings)
    house.plans.publish(await asyncio.to_thread(compiled, inputs, current.number, today))


def drain(house: House, session: aiohttp.ClientSession) -> Handoff:
    """The outbox and the handlers of its kinds."""
    account = Account(
        house.secrets.account, house.secrets.token.split(",")[0], house.settings.base + REST_PATH
    )
    rows = RecordingRows(account, session)
    media = Media(account, session, MediaRules(longest=house.plans.current.policy.longest_call))

    async def kept(sid: str, language: Language | None) -> None:
        """Its words next; then it is deleted at the carrier, which may be asked for the words."""
        payload = {"recording": sid, "language": language}
        now = house.clock.now()
        later = now + DELETE_AFTER
        async with house.database.unit_of_work() as unit:
            await unit.execute(enqueue("transcribe", payload, f"transcribe:{sid}", now, None))
            await unit.execute(enqueue("delete_recording", payload, f"delete:{sid}", later, None))
        house.database.woken.set()

    async def keep(sid: str, text: str, source: str) -> None:
        await house.calls.hold_transcript(sid, text, source, house.clock.now())

    engine: Transcriber = (
        Carrier(rows.words) if house.settings.transcriber == "carrier" else NoTranscriber()
    )
    handlers: dict[str, Handler] = {
        "sms": Texts(Messages(account, session), house.phrases),
        "fetch_recording": Fetching(media, house.recordings, kept),
        "delete_recording": Deleting(rows),
        "transcribe": Transcribing(engine, keep),
        "tell_office": ConsoleMail(
            house.cases,
            house.directory,
            house.mails.write,
            lambda office: f"{house.settings.base}/demo/office/{office}",
            house.clock,
        ),
        "settle": Settling(house.conversation, rows),
    }
    return Handoff(house.outbox, handlers, house.clock, _report, careful=frozenset({"sms"}))


def _report(what: str, job: Job, why: str) -> None:
    LOG.warning("outbox", what=what, kind=job.kind, job=job.id, attempts=job.attempts, why=why)


async def serve(settings: Settings) -> None:
    """Run until told to stop. Raises StartError, StorageError with a sentence."""
    app = await build_app(settings)
    runner = runner_of(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    except OSError as wrong:
        await runner.cleanup()
        raise StartError(
            f"port {settings.port} on {settings.host} cannot be used ({wrong.strerror}): "
            "set ZHITONG_PORT to a free one"
        ) from wrong
    keep_short()
    welcome(settings, app[HOUSE])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
            loop.add_signal_handler(name, stop.set)
    await stop.wait()
    await runner.cleanup()


def welcome(settings: Settings, house: House) -> None:
    """A few lines that say where everything is."""
    directory = house.directory()
    base = settings.base
    lines = [
        f"直通 Zhitong answers {len(directory.numbers)} published numbers at {base}",
    ]
    if settings.shows_demo:
        lines += [
            f"  电话 the phone          {base}/phone",
            f"  单位 an office's cases  {base}/demo/office",
            "  终端 from a terminal    uv run server.py rehearse",
        ]
    print("\n".join(lines), flush=True)


@contextlib.contextmanager
def in_folder(settings: Settings) -> Iterator[None]:
    """Work in DATA_DIR, locked and migrated; what is made there is its owner's alone, also where
    the folder is older. Raises StartError, StorageError with a sentence."""
    lock = open_folder(settings)
    before = os.umask(0o077)
    try:
        migrate(settings.data_dir / "zhitong.db")
        yield
    except OSError as wrong:
        raise StartError(
            f"{wrong.filename or settings.data_dir} cannot be used ({wrong.strerror}): give this "
            "user the right to it, free some room, or choose another DATA_DIR"
        ) from wrong
    finally:
        os.umask(before)
        lock.release()


def command_run(settings: Settings) -> int:
    """`run`: migrate, then serve."""
    with in_folder(settings):
        asyncio.run(serve(settings))
    return 0


def command_migrate(settings: Settings) -> int:
    """`migrate`: bring the database to this version's schema and stop."""
    with in_folder(settings):
        return 0


def command_check(settings: Settings) -> int:
    """`check`: settings, script, words, register and calendar, without starting anything."""
    today = SystemClock().now().astimezone(ZoneInfo(settings.time_zone)).date()
    plan = compiled(plan_inputs(settings), 1, today)
    print(
        f"{len(plan.script.nodes)} nodes, {len(plan.directory.numbers)} numbers, "
        f"{len(plan.rules.rules.rules)} rules: nothing to mend"
    )
    missing = plan.holidays.missing_years(today, date(today.year + 1, 1, 31))
    for year in missing:
        print(f"warning: the holiday notice of {year} is not in the calendar yet")
    return 0


def command_rehearse(settings: Settings, arguments: argparse.Namespace) -> int:
    """`rehearse`: the terminal phone, at a running server or at a house of its own."""
    from ivr.carrier.local.rehearsal import rehearse_at  # noqa: PLC0415 - only here

    return asyncio.run(rehearse_at(settings.base, arguments.url, arguments.save, Path(__file__)))


COMMANDS: Final = {"run": command_run, "migrate": command_migrate, "check": command_check}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; any failure is one sentence that says what to do."""
    parser = argparse.ArgumentParser(prog="server.py", description=__doc__)
    parser.add_argument("command", nargs="?", default="run", choices=[*COMMANDS, "rehearse"])
    parser.add_argument("--url", help="rehearse: the address of a running server")
    parser.add_argument("--save", type=Path, help="rehearse: keep the call as a golden .call file")
    arguments = parser.parse_args(words)
    log_as_json()
    try:
        settings = read_settings()
        if arguments.command == "rehearse":
            return command_rehearse(settings, arguments)
        return COMMANDS[arguments.command](settings)
    except (StartError, StorageError) as wrong:
        print(f"server.py: {wrong}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
