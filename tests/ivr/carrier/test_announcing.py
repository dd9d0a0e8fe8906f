"""A call that we place: its webhooks are of one call at the carrier, and a real phone rings, hears
who it is, presses 1 and is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

import server
from deployment.clock import SystemClock
from deployment.house import HOUSE, House
from deployment.settings import Settings
from ivr.carrier.local.telephone import Telephone
from ivr.flow.announcing import Announcement
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import hear
from tests.ivr.carrier.signed import Carrier, Heard, house_of
from tests.ports import free_port

CALLEE, LINE, ID = "+8613900000012", "+865580000001", "0123456789abcdef"
SAID = Announcement(LINE, "zh-CN", "sms.pin", (("case", "4627 0395"), ("pin", "1825")))
BY_DAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
async def ordered(carrier: Carrier) -> Carrier:
    """A call is ordered; nothing was heard of it yet."""
    house = house_of(carrier)
    await house.outgoing.order(ID, CALLEE, SAID, house.clock.now())
    return carrier


async def test_the_first_webhook_says_which_call_it_is_at_the_carrier(ordered: Carrier) -> None:
    first = await ordered.post(f"/voice/{ID}/announce/0", "CAa")
    assert first.status == 200
    assert "有一条给您的通知，收听按1" in first.text
    assert f"/voice/{ID}/announce/1" in first.text
    assert "1825" not in first.text
    assert (await ordered.post(f"/voice/{ID}/announce/0", "CAb")).status == 403
    assert (await ordered.post(f"/voice/{ID}/status", "CAb", CallStatus="ringing")).status == 403
    assert (await ordered.post("/voice/fedcba9876543210/announce/0", "CAa")).status == 404


async def test_it_is_told_after_a_1_and_again_after_a_star(ordered: Carrier) -> None:
    await ordered.post(f"/voice/{ID}/announce/0", "CAa")
    told = await ordered.post(f"/voice/{ID}/announce/1", "CAa", Digits="1")
    assert "新查询码1825" in told.text
    again = await ordered.post(f"/voice/{ID}/announce/2", "CAa", Digits="*")
    assert "新查询码1825" in again.text
    assert (await ordered.post(f"/voice/{ID}/announce/1", "CAa", Digits="1")).body == told.body
    silent = await ordered.post(f"/voice/{ID}/announce/3", "CAa")
    assert "<Gather" not in silent.text
    assert silent.text.endswith("<Hangup/></Response>")


async def test_a_mailbox_is_told_nothing(ordered: Carrier) -> None:
    """It presses nothing, however long it listens."""
    for step in range(4):
        answer = await ordered.post(
            f"/voice/{ID}/announce/{step}", "CAa", AnsweredBy="machine_start"
        )
        assert "1825" not in answer.text
    assert "<Gather" not in answer.text


async def test_after_its_end_nobody_is_told_anything(ordered: Carrier, log: Heard) -> None:
    await ordered.post(f"/voice/{ID}/announce/0", "CAa")
    over = {"CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "12"}
    assert (await ordered.post(f"/voice/{ID}/status", "CAa", **over)).status == 204
    late = {"CallStatus": "ringing", "SequenceNumber": "1"}
    assert (await ordered.post(f"/voice/{ID}/status", "CAa", **late)).status == 204
    answer = await ordered.post(f"/voice/{ID}/announce/1", "CAa", Digits="1")
    assert answer.text.endswith("<Response><Hangup/></Response>")
    kept = await house_of(ordered).outgoing.find(ID)
    assert kept is not None
    assert (kept.over, kept.to) == (True, None)
    assert log.failures == []


async def test_a_status_that_nobody_knows_is_refused(ordered: Carrier) -> None:
    assert (await ordered.post(f"/voice/{ID}/status", "CAa", CallStatus="asleep")).status == 400


class DayTime(SystemClock):
    """People are rung by day only."""

    def now(self) -> datetime:
        return BY_DAY


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[web.Application]:
    """The whole server on a port, with its embedded carrier."""
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    migrated(tmp_path / "zhitong.db")
    settings = Settings(data_dir=tmp_path, port=free_port(), demo=True)
    app = await server.build_app(settings, DayTime())
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.port).start()
    yield app
    await runner.cleanup()


async def test_a_phone_rings_once_and_its_owner_is_told(served: web.Application) -> None:
    house = served[HOUSE]
    async with (
        aiohttp.ClientSession() as session,
        Telephone(session, house.settings.base, CALLEE) as phone,
    ):
        await hear(phone, "attached")
        await house.outgoing.order(ID, CALLEE, SAID, house.clock.now())
        assert (await hear(phone, "ringing"))["from"] == LINE
        await phone.send("answer")
        assert "收听按1" in (await hear(phone, "say"))["text"]
        await hear(phone, "waiting")
        await phone.send("digits", digits="1")
        assert "新查询码1825" in (await hear(phone, "say"))["text"]
        await hear(phone, "waiting")
        await phone.send("digits", digits="*")
        assert "新查询码1825" in (await hear(phone, "say"))["text"]
        await phone.send("hangup")
        async with asyncio.timeout(DEADLINE):
            while not await _over(house):
                await asyncio.sleep(0.02)
    assert len(served[server.LINE].history.calls()) == 1


async def _over(house: House) -> bool:
    call = await house.outgoing.find(ID)
    assert call is not None
    return call.over and call.told and call.to is None
