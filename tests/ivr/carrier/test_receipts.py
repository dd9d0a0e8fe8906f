"""How a text went, told by the carrier: by the embedded one to a whole server, and by webhooks of
every shape; and asked for where nobody told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

import server
from deployment.house import HOUSE, House
from deployment.settings import Settings
from ivr.carrier.client import Messages
from ivr.carrier.errands import DeletingTexts
from ivr.flow.receipt import Receipt, TextStatus
from routing.handoff import TryAgain
from routing.ports import Job, JobKind
from routing.undelivered import Fate
from storage.effects import enqueue
from storage.tables.texts import texts
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE
from tests.ivr.carrier.local.house import House as Line
from tests.ivr.carrier.signed import Carrier, Heard, house_of
from tests.ivr.carrier.test_client import Carrier as Far
from tests.ivr.carrier.test_client import carrier as far
from tests.ivr.carrier.test_errands import account
from tests.ports import free_port

__all__ = ["far"]

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PATH = "/voice/text/status"
REACHED, OFF = "+8613900000012", "+8613900030003"
SLOTS = {"case": "4627 0395", "pin": "1825", "due": "11月30日"}


async def test_every_shape_of_callback_is_understood_and_moves_forward_only(
    carrier: Carrier, log: Heard
) -> None:
    """Twilio's as its documentation has it; others name the text by SmsSid alone."""
    kept = house_of(carrier).texts
    told = {"MessageSid": "SM1", "SmsSid": "SM1", "SmsStatus": "sent", "RawDlrDoneDate": "1"}
    assert (await carrier.post(PATH, MessageStatus="sent", **told)).status == 204
    assert await kept.awaited("SM1")
    assert (await carrier.post(PATH, SmsSid="SM1", SmsStatus="delivered")).status == 204
    assert not await kept.awaited("SM1")
    for odd in ("queued", "asleep", "", "x" * 9_000):
        answer = await carrier.post(PATH, MessageSid="SM1", MessageStatus=odd)
        assert answer.status == 204
    assert not await kept.awaited("SM1")
    assert log.failures == []


@pytest.mark.parametrize("sid", ["", " ", "x" * 65, "SM\n1"])
async def test_a_callback_that_names_no_text_is_refused(carrier: Carrier, sid: str) -> None:
    assert (await carrier.post(PATH, MessageSid=sid, MessageStatus="failed")).status == 400


async def test_an_error_that_is_no_code_is_dropped(carrier: Carrier) -> None:
    hostile = "<script>30003</script>"
    told = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": hostile}
    assert (await carrier.post(PATH, **told)).status == 204
    (row,) = await house_of(carrier).database.read(texts.select())
    assert (row.status, row.code) == ("failed", None)


async def test_without_a_signature_or_from_another_account_nothing_is_kept(
    carrier: Carrier,
) -> None:
    body = f"AccountSid={carrier.account}&MessageSid=SM1&MessageStatus=failed".encode()
    assert (await carrier.send(PATH, body, signature="x")).status == 403
    foreign = await carrier.post(PATH, MessageSid="SM1", AccountSid="AC9", MessageStatus="failed")
    assert foreign.status == 403
    assert await house_of(carrier).database.read(texts.select()) == []


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[web.Application]:
    """The whole server on a port, with its embedded carrier."""
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    settings = Settings(data_dir=tmp_path, port=free_port(), demo=True)
    app = await server.build_app(settings)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.port).start()
    yield app
    await runner.cleanup()


async def text(house: House, to: str, key: str) -> None:
    payload = {"phrase": "sms.case", "to": to, "from": LINE, "language": "zh-CN", "slots": SLOTS}
    async with house.database.unit_of_work() as unit:
        await unit.execute(enqueue(JobKind.SMS, payload, key, house.clock.now(), None))
    house.database.woken.set()


async def test_a_phone_that_is_off_is_shown_and_another_is_not(served: web.Application) -> None:
    house = served[HOUSE]
    async with asyncio.timeout(DEADLINE):
        await text(house, REACHED, "text:reached")
        await text(house, OFF, "text:off")
        while not (missed := await house.undelivered.missed(house.clock.now())):
            await asyncio.sleep(0.02)
        while any([await house.texts.awaited(sent.sid) for sent in served[server.LINE].texts()]):
            await asyncio.sleep(0.02)

    assert [(one.fate, one.code, one.to) for one in missed] == [
        (Fate.CAME_BACK, "sms.30003", "…03")
    ]
    rows = await house.database.read(texts.select())
    assert {(row.status, row.code, row.payload) for row in rows} == {
        ("delivered", None, None),
        ("undelivered", "30003", None),
    }


async def test_sent_again_it_goes_out_once_more_and_no_further(served: web.Application) -> None:
    """What is known to be lost is not taken for sent; the phone is still off."""
    house = served[HOUSE]
    async with asyncio.timeout(DEADLINE):
        await text(house, OFF, "text:off")
        while not (missed := await house.undelivered.missed(house.clock.now())):
            await asyncio.sleep(0.02)
        assert await house.undelivered.again(missed[0].id, house.clock.now())
        while len(served[server.LINE].texts()) < 2:
            await asyncio.sleep(0.02)
        while not await house.undelivered.missed(house.clock.now()):
            await asyncio.sleep(0.02)

    assert len(served[server.LINE].texts()) == 2


@dataclass
class Receipts:
    """What is kept of one text that nobody told of."""

    heard: list[Receipt] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    async def told(self, receipt: Receipt, at: datetime) -> None:
        self.heard.append(receipt)

    async def awaited(self, sid: str) -> bool:
        return not any(receipt.status.over for receipt in self.heard)

    async def closed(self, sid: str) -> None:
        self.over.append(sid)


class Clock:
    def now(self) -> datetime:
        return NOW


async def test_where_no_callback_came_the_carrier_is_asked_before_the_text_is_deleted(
    tmp_path: Path,
) -> None:
    async with Line(tmp_path) as line:
        messages = Messages(account(line), line.session)
        sid = await messages.send(OFF, LINE, "受理编号 4627 0395", "key")
        kept = Receipts()
        deleting = DeletingTexts(messages, kept, Clock())
        for _ in range(2):
            await deleting(Job(1, JobKind.DELETE_TEXT, {"text": sid}, 1))

        assert kept.heard == [Receipt(sid, TextStatus.UNDELIVERED, "30003")]
        assert kept.over == [sid, sid]
        assert line.line.texts() == ()


async def test_the_carrier_is_told_where_to_tell(far: Far) -> None:
    far.says(201, {"sid": "SM7", "status": "queued"})
    url = "https://phone.example/voice/text/status#rc=2"
    messages = Messages(far.messages()._account, far.session, url)
    await messages.send(REACHED, LINE, "受理编号 4627 0395", "key")

    assert far.asked[0][2]["StatusCallback"] == url


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"sid": "SM7", "status": "delivered", "error_code": None}, TextStatus.DELIVERED),
        ({"sid": "SM7", "status": "failed", "error_code": 30005}, TextStatus.FAILED),
        ({"sid": "SM7", "status": "lost in the post"}, None),
        ({"sid": "SM7"}, None),
    ],
)
async def test_what_the_carriers_row_says(
    far: Far, answer: dict[str, object], found: TextStatus | None
) -> None:
    far.says(200, answer)
    receipt = await far.messages().receipt("SM7")

    assert (None if receipt is None else receipt.status) == found


async def test_a_text_that_the_carrier_does_not_know_has_no_receipt(far: Far) -> None:
    far.says(404, {"code": 20404, "status": 404, "message": "not found"})

    assert await far.messages().receipt("SM7") is None


async def test_a_carrier_that_is_away_is_asked_again_before_the_text_is_deleted(far: Far) -> None:
    far.says(500, {})
    kept = Receipts()
    with pytest.raises(TryAgain):
        await DeletingTexts(far.messages(), kept, Clock())(
            Job(1, JobKind.DELETE_TEXT, {"text": "SM7"}, 1)
        )

    assert [method for method, *_ in far.asked] == ["GET"]
    assert (kept.heard, kept.over) == ([], [])


async def test_what_is_known_to_be_lost_was_not_sent(far: Far) -> None:
    listed = [
        {"sid": "SM2", "body": "a", "status": "undelivered", "date_created": None},
        {"sid": "SM1", "body": "a", "status": "delivered", "date_created": None},
    ]
    far.says(200, {"messages": listed, "page": 0, "next_page_uri": None})
    assert await far.messages().find(REACHED, LINE, "a", NOW - timedelta(days=1)) == "SM1"
    far.says(200, {"messages": listed[:1], "page": 0, "next_page_uri": None})
    assert await far.messages().find(REACHED, LINE, "a", NOW - timedelta(days=1)) is None
