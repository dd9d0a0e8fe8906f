"""An uploaded recording is heard with the plan that it is published with, by the embedded carrier
and in the documents of one outside, and no longer once another plan is the newest."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from deployment.prompts import HousePrompts, PublishedPrompts
from ivr.carrier.local.bank import Bank
from ivr.carrier.local.voice import Voice
from ivr.carrier.playing import SoundRoutes, Sounds
from ivr.carrier.profiles import LOCAL, TWILIO
from ivr.carrier.twiml import TwimlDocuments
from ivr.conversation.stores import Plans
from ivr.flow.instruction import Language, Say
from ivr.flow.world import Plan
from storage.prompts import StoredPrompts
from tests.databases import database_at
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.test_conversion import recording
from tests.people import PeoplesClock

BYE: Final[tuple[Language, str]] = ("zh-CN", "再见。")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoredPrompts]:
    database = await database_at(tmp_path / "x.db")
    yield StoredPrompts(database)
    await database.close()


async def test_it_is_heard_once_its_plan_takes_calls_and_gone_with_it(
    tmp_path: Path, store: StoredPrompts, demo_plan: Plan
) -> None:
    bank = Bank()
    shipped, edition = bank.paths[BYE], bank.edition
    sounds = Sounds.of(bank, "https://x")
    before = sounds.addresses[BYE]
    prompts = HousePrompts(bank, store, PeoplesClock())
    sound = await prompts.keep(recording(rate=8_000, hertz=700))
    plans = Plans(demo_plan)
    published = PublishedPrompts(bank, store, plans, tmp_path)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(published.run())
        plans.publish(replace(demo_plan, number=2, recordings={BYE: sound.sha256}))
        async with asyncio.timeout(DEADLINE):
            while bank.edition == edition:
                await asyncio.sleep(0)
        assert sounds.addresses[BYE] == f"https://x/voice/sounds/{sound.sha256[:32]}"
        assert await prompts.heard(BYE[1]) == await prompts.kept(sound.sha256)
        assert bank.parts("再见。", "zh-CN")[0].recorded == bank.own[0]

        plans.publish(replace(demo_plan, number=3))
        async with asyncio.timeout(DEADLINE):
            while bank.edition != edition:
                await asyncio.sleep(0)
        assert (bank.paths[BYE], sounds.addresses[BYE]) == (shipped, before)
        app = web.Application()
        app.add_routes(SoundRoutes(bank).routes())
        async with TestClient(TestServer(app)) as client:
            for name, status in ((sound.sha256[:32], 200), (sound.sha256[32:], 404)):
                answer = await client.get(f"/voice/sounds/{name}.wav")
                assert answer.status == status, "a document that names it may be on its way"
        running.cancel()


async def test_a_sound_that_is_not_kept_here_is_read_by_a_voice(
    tmp_path: Path, store: StoredPrompts, demo_plan: Plan
) -> None:
    bank = Bank()
    plan = replace(demo_plan, recordings={BYE: "0" * 64})
    await PublishedPrompts(bank, store, Plans(plan), tmp_path).take(plan)
    assert bank.own == ()


async def test_a_call_that_goes_on_with_an_earlier_plan_hears_its_own_recordings(
    tmp_path: Path, store: StoredPrompts, demo_plan: Plan
) -> None:
    """By `<Play>` at a carrier outside, by the name of a voice at the embedded one; also of a
    sentence that its version had no recording of."""
    bank = Bank()
    shipped = bank.paths[BYE].stem if BYE in bank.paths else ""
    prompts = HousePrompts(bank, store, PeoplesClock())
    old, new = [await prompts.keep(recording(rate=8_000, hertz=tone)) for tone in (700, 900)]
    none = replace(demo_plan, number=1)
    first = replace(demo_plan, number=2, recordings={BYE: old.sha256})
    newest = replace(demo_plan, number=3, recordings={BYE: new.sha256})
    plans = Plans(newest, {1: none, 2: first})
    outside = TwimlDocuments(TWILIO, "https://x", Sounds.of(bank, "https://x"), bank)
    embedded = TwimlDocuments(LOCAL, "https://x", None, bank)
    voice = Voice(tmp_path / "spoken", "", bank)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(PublishedPrompts(bank, store, plans, tmp_path).run())
        async with asyncio.timeout(DEADLINE):
            while old.sha256[:32] not in bank.named:
                await asyncio.sleep(0)
        running.cancel()

    def played(plan: Plan) -> str:
        return outside.of(plan).turn((Say(*BYE[::-1]),), "c4ll", 1).decode()

    def spoken(plan: Plan) -> tuple[str, str | None]:
        document = embedded.of(plan).turn((Say(*BYE[::-1]),), "c4ll", 1).decode()
        name = re.findall('voice="([^"]+)"', document)[0]
        assert "<Play>" not in document
        path = bank.parts(BYE[1], BYE[0], name)[0].recorded
        return (path.stem if path else ""), voice.order(BYE[1], "cmn-CN", 1.0, name)

    assert f"/{old.sha256[:32]}.wav" in played(first)
    assert f"/{new.sha256[:32]}.wav" in played(newest)
    assert f"/{bank.name(Bank().paths[BYE])}.wav" in played(none)
    sounds = [spoken(plan) for plan in (none, first, newest)]
    assert [stem for stem, _ in sounds] == [shipped, old.sha256[:32], new.sha256[:32]]
    assert len({key for _, key in sounds}) == 3
    assert outside.of(newest) is outside
