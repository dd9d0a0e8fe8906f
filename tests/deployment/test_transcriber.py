"""Words from a server of one's own: from the settings to the words beside a recording."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import server
from deployment import engine
from deployment.carrier import carrier_of, rest_of
from deployment.house import HOUSE
from deployment.settings import Settings
from ivr.carrier.local.mulaw import mulaw_wav
from ivr.carrier.profiles import profile_of
from ivr.engine.process import of_module
from ivr.transcription import model
from routing.handoff import NotYet, TryAgain
from routing.ports import Job, JobKind, Statement
from storage.effects import enqueue
from tests.databases import migrated

SOUND = b"RIFF" + bytes(20_000)
LATER = datetime(2999, 1, 1, tzinfo=UTC)
ACCOUNT = {"account_sid": "AC1", "auth_token": "hush", "public_url": "https://phone.example"}


async def sound() -> AsyncIterator[bytes]:
    yield SOUND


async def spoken_sound() -> AsyncIterator[bytes]:
    yield mulaw_wav(bytes(8_000))


@pytest.fixture
async def far() -> AsyncIterator[str]:
    """Hears danger in every sound that it is sent whole, with what may be said in this city."""

    async def take(request: web.Request) -> web.Response:
        form = await request.read()
        whole = SOUND in form and "云岭市、".encode() in form
        return web.json_response({"text": "楼下着火了" if whole else "half of it"})

    app = web.Application()
    app.router.add_post("/asr/v1/audio/transcriptions", take)
    async with TestServer(app, host="127.0.0.1") as running:
        yield str(running.make_url("/asr/v1"))


async def test_a_kept_recording_gets_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: str
) -> None:
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    settings = Settings(data_dir=tmp_path, transcriber="openai", transcriber_url=far)
    app = await server.build_app(settings)
    async with TestServer(app), aiohttp.ClientSession() as session:
        house = app[HOUSE]
        await house.recordings.save("RE1", sound())
        work = server.handlers(house, rest_of(house.settings, house.secrets, session, 300))
        await work[JobKind.TRANSCRIBE](Job(1, "transcribe", {"recording": "RE1"}, 1))
        said = await house.cases.statement("RE1")

    assert said == Statement(None, ("楼下着火了",))


@pytest.mark.parametrize("waits", [False, True])
async def test_only_the_carriers_own_words_keep_a_recording_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: str, *, waits: bool
) -> None:
    """They go with it; any other transcriber reads what is kept here."""
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    ours = Settings(data_dir=tmp_path, transcriber="openai", transcriber_url=far)
    app = await server.build_app(Settings(data_dir=tmp_path) if waits else ours)
    async with TestServer(app), aiohttp.ClientSession() as session:
        house = app[HOUSE]
        asking = enqueue(JobKind.TRANSCRIBE, {}, "transcribe:RE1", LATER, None)
        await house.database.brief(lambda unit: unit.execute(asking))
        rest = rest_of(house.settings, house.secrets, session, 300)
        delete = server.handlers(house, rest)[JobKind.DELETE_RECORDING]
        with pytest.raises(NotYet if waits else TryAgain):
            await delete(Job(1, "delete_recording", {"recording": "RE1"}, 1))


def test_the_carrier_is_not_asked_for_words_beside_it(tmp_path: Path) -> None:
    url = "https://words.example"
    settings = Settings(
        data_dir=tmp_path,
        carrier="twilio",
        transcriber="openai",
        transcriber_url=url,
        **ACCOUNT,  # type: ignore[arg-type]  # as from .env
    )

    assert profile_of("twilio").live
    assert not carrier_of(settings).live


async def test_the_engine_of_this_machine_begins_with_a_recording_and_ends_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that answers at once stands where Whisper would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model, "find_spec", lambda name: object())
    told = tmp_path / "number"
    program = of_module("tests.ivr.transcription.lying_engine", "tells its number", str(told))
    monkeypatch.setattr(engine, "of_module", lambda *words: program)
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    settings = Settings(data_dir=tmp_path, transcriber="local")
    app = await server.build_app(settings)
    async with TestServer(app), aiohttp.ClientSession() as session:
        house = app[HOUSE]
        await house.recordings.save("RE1", spoken_sound())
        work = server.handlers(house, rest_of(house.settings, house.secrets, session, 300))
        assert not told.exists()
        await work[JobKind.TRANSCRIBE](Job(1, "transcribe", {"recording": "RE1"}, 1))
        said = await house.cases.statement("RE1")
        pid = int(told.read_text(encoding="utf-8"))
        assert psutil.pid_exists(pid)

    assert said == Statement(None, ("路灯坏了。",))
    assert not psutil.pid_exists(pid)
