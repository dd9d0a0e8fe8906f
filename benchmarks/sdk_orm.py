"""The usual step, to be compared with ours: RequestValidator, an ORM session a request on aiosqlite
with synchronous=FULL or on asyncpg, VoiceResponse; around the same `advance`, so that only the
house differs. What the turn has to remember is kept as a row each, as ours keeps it."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import ForeignKey, Text, event, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Gather, VoiceResponse

from ivr.carrier.inbound import Form, read_answer, read_turn
from ivr.flow.advance import advance
from ivr.flow.call import Call, from_plain, to_plain
from ivr.flow.event import (
    Answer,
    Answered,
    CaseMissed,
    Found,
    LineEvent,
    LiveCallsToday,
    MatterFound,
    RecentCases,
    TextsToday,
)
from ivr.flow.instruction import Ask, Dial, Hangup, Instruction, Record, Say
from ivr.flow.turn import Turn
from ivr.flow.world import Draws, Policy, World
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets


class Base(DeclarativeBase):
    """The ORM's own."""


class CallRow(Base):
    """A call."""

    __tablename__ = "calls"
    sid: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(Text)


class StepRow(Base):
    """A step and its reply."""

    __tablename__ = "steps"
    call_sid: Mapped[str] = mapped_column(ForeignKey("calls.sid"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(Text)
    reply: Mapped[str] = mapped_column(Text)


class EffectRow(Base):
    """What a step has to remember or to send."""

    __tablename__ = "effects"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_sid: Mapped[str] = mapped_column(ForeignKey("calls.sid"), index=True)
    kind: Mapped[str]
    payload: Mapped[str] = mapped_column(Text)


AT_ONCE = 32
"""Connections to PostgreSQL: as many as there are calls at once."""


def _engine(folder: Path, url: str) -> AsyncEngine:
    if url:
        address = make_url(url).set(drivername="postgresql+asyncpg")
        return create_async_engine(address, pool_size=AT_ONCE)
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'orm.db'}")

    @event.listens_for(engine.sync_engine, "connect")
    def _(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # the driver's connection
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


async def application(folder: Path, token: str, url: str) -> web.Application:
    """The server around one plan; `url` is PostgreSQL's, or nothing."""
    engine = _engine(folder, url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    inputs = Inputs(demo_sheets(), shipped(), calendar(), AREA, "Asia/Shanghai", Policy())
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()  # noqa: TID251 - the plan is of the day that it runs
    plan = compile_plan(inputs, 1, today)
    validator = RequestValidator(token)
    writers = asyncio.Semaphore(AT_ONCE if url else 1)  # SQLite has one

    async def step(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        now = datetime.now(UTC)  # noqa: TID251 - the usual step asks where it stands
        url = f"{request.scheme}://{request.host}{request.raw_path}"
        if not validator.validate(url, form, request.headers["X-Twilio-Signature"]):
            raise web.HTTPForbidden
        sid = str(form["CallSid"])
        async with writers, sessions() as session:
            row = await session.get(CallRow, sid)
            if row is None:
                call, line = _arrived(form, plan.script.start, now)
            else:
                call, line = from_plain(json.loads(row.state)), read_turn(form)
            turn = _turn(World(plan, now, Draws("46270395", "1825")), call, line)
            reply = document(turn.say, f"http://{request.host}/voice/{sid}/turn/{turn.call.turn}")
            state = json.dumps(to_plain(turn.call))
            if row is None:
                session.add(CallRow(sid=sid, state=state))
                await session.flush()
            else:
                row.state = state
            session.add(
                StepRow(call_sid=sid, turn=call.turn, event=type(line).__name__, reply=reply)
            )
            session.add_all(
                EffectRow(
                    call_sid=sid,
                    kind=type(effect).__name__,
                    payload=json.dumps(asdict(effect), default=str),
                )
                for effect in turn.do
            )
            await session.commit()
        return web.Response(text=reply, content_type="text/xml")

    async def health(_: web.Request) -> web.Response:
        async with sessions() as session:
            await session.execute(select(1))
        return web.Response(text="ok\n")

    app = web.Application()
    app.router.add_post(r"/voice/{any:.*}", step)
    app.router.add_get("/healthz", health)
    return app


def _arrived(form: Form, at: str, now: datetime) -> tuple[Call, LineEvent]:
    arrival = read_answer(form)
    call = Call(arrival.sid, arrival.caller, arrival.dialled, "zh-CN", at, 1, now)
    return call, Answered()


def _turn(world: World, call: Call, line: LineEvent) -> Turn:
    answers: tuple[Answer, ...] = (
        RecentCases(0, None),
        LiveCallsToday(),
        MatterFound(None, None),
        TextsToday(full=False),
        CaseMissed(locked=False),
    )
    return advance(world, call, Found(line, answers))


def document(say: tuple[Instruction, ...], action: str) -> str:
    """The reply by the SDK's builder."""
    response = VoiceResponse()
    for part in say:
        match part:
            case Say():
                response.say(part.text, language="cmn-CN", voice="Polly.Zhiyu-Neural")
            case Ask():
                gather = Gather(
                    action=action,
                    num_digits=part.digits,
                    finish_on_key=part.finish,
                    timeout=part.wait,
                    action_on_empty_result=True,
                )
                for prompt in part.prompts:
                    gather.say(prompt.text, language="cmn-CN", voice="Polly.Zhiyu-Neural")
                response.append(gather)
            case Record():
                response.record(action=action, max_length=part.longest, timeout=part.silence)
            case Dial():
                response.dial(part.number, action=action, caller_id=part.caller_id)
            case Hangup():
                response.hangup()
    return str(response)
