"""From the caller's sound to the office that its words lead to, by the real handlers and the
demonstration's own rules."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import server
from deployment.carrier import rest_of
from deployment.house import HOUSE, House
from deployment.settings import Settings
from ivr.flow.effect import AttachRecording, TellOffice
from routing.cases.sorting import Doubt
from routing.handoff import Handoff
from routing.ports import Job, JobKind
from tests.databases import migrated
from tests.storage.stepping import first_step, later_step, open_case

CASE = "46270395"
MAYOR = "+865580000009"
CARRIED_OUT = frozenset(
    {
        JobKind.TRANSCRIBE,
        JobKind.HEED,
        JobKind.SORT,
        JobKind.TELL_OFFICE,
        JobKind.TELL_MOVED,
        JobKind.TELL_WORDS,
        JobKind.ESCALATE,
    }
)


@dataclass
class Recogniser:
    """What a server of one's own answers."""

    url: str = ""
    text: str = "我家停水三天了，自来水公司没人管。"
    confidence: float = 0.9

    async def take(self, request: web.Request) -> web.Response:
        await request.read()
        told = {"text": self.text, "avg_logprob": math.log(self.confidence), "no_speech_prob": 0.01}
        return web.json_response({"text": self.text, "segments": [told]})


@pytest.fixture
async def far() -> AsyncIterator[Recogniser]:
    one = Recogniser()
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", one.take)
    async with TestServer(app, host="127.0.0.1") as running:
        one.url = str(running.make_url("/v1"))
        yield one


async def sound() -> AsyncIterator[bytes]:
    yield b"RIFF" + bytes(20_000)


async def call_without_topic(house: House) -> None:
    """A caller of the mayor's who chose no topic, and the sound of it."""
    now = house.clock.now()
    first, attach = first_step("a"), AttachRecording(CASE, 1, "RE1", 12, "zh-CN")
    call = replace(first.call, dialled=MAYOR, plan=house.plans.current.number)
    await house.journal.append(replace(first, call=call, at=now))
    opening = replace(
        open_case(CASE),
        topic=None,
        office="市政府",
        district="云岭市",
        rule=f"{MAYOR}-own",
        dialled=MAYOR,
        due=now + timedelta(days=5),
    )
    step = later_step("a", 1, opening, TellOffice(CASE, "市政府"), attach)
    await house.journal.append(replace(step, call=replace(call, turn=2), at=now))
    await house.recordings.save("RE1", sound())
    await house.recordings.kept("RE1")
    await house.recordings.follow_up("RE1", "zh-CN", now)


async def carry_out(house: House, session: aiohttp.ClientSession) -> list[str]:
    """All that is due, by the handlers of the server; what failed."""
    failed: list[str] = []

    async def elsewhere(_: Job) -> None:
        """The carrier's part."""

    def report(what: str, job: Job, why: str) -> None:
        failed.append(f"{what} {job.kind}: {why}")

    rest = rest_of(house.settings, house.secrets, session, 300)
    work = server.handlers(house, rest)
    mine = {kind: do if kind in CARRIED_OUT else elsewhere for kind, do in work.items()}
    handoff = Handoff(house.outbox, mine, house.clock, report)
    while await handoff.drain():
        pass
    return failed


@pytest.mark.parametrize("confidence", [0.9, 0.3])
async def test_a_case_goes_where_its_words_surely_lead_and_everybody_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: Recogniser, confidence: float
) -> None:
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    far.confidence = confidence
    settings = Settings(data_dir=tmp_path, transcriber="openai", transcriber_url=far.url)
    app = await server.build_app(settings)
    house = app[HOUSE]
    await house.journal.start()
    try:
        async with aiohttp.ClientSession() as session:
            await call_without_topic(house)
            failed = await carry_out(house, session)
        case = await house.cases.case(CASE)
        mails = {(mail.to, mail.subject): mail.text for mail in await house.mails.mails()}
    finally:
        await house.journal.stop()
        await house.database.close()

    assert failed == []
    assert case is not None
    offices = house.directory().offices
    before, water = offices["市政府"].email, offices["市水利局"].email
    if confidence < 0.5:
        assert (case.office, case.unsorted) == ("市政府", True)
        assert case.to_sort is not None
        assert (case.to_sort.why, case.to_sort.topics) == (Doubt.UNSURE, ("water",))
        assert {to for to, _ in mails} == {before}
        assert any("〔？我家停水三天了" in text for text in mails.values())
    else:
        assert (case.office, case.topic, case.unsorted) == ("市水利局", "water", False)
        [told] = [text for (to, _), text in mails.items() if to == water]
        assert "我家停水三天了" in told
        assert any("已转到市水利局办理" in text for text in mails.values())
