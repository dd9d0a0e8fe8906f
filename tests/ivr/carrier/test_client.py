"""The REST side against a server that answers in the carrier's shapes (twilio-voice §7, §8)."""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.carrier import client
from ivr.carrier.account import (
    Account,
    CarrierError,
    CarrierRefused,
    CarrierUnreachable,
    CarrierUnsure,
)
from ivr.carrier.client import Messages, RecordingRows
from ivr.ports.recordings import RecordingRef
from tests.deadline import DEADLINE

TO, FROM, TOKEN = "+8613800000012", "+862258001001", "s3cret"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Carrier:
    """Keeps what was asked; answers as the test says."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.answer: Answer = unsaid
        self.session = session
        self.base = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append((request.method, request.path, form, dict(request.headers)))
        return await self.answer(request)

    def says(self, status: int, body: object) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status)

        self.answer = answer

    def messages(self, seconds: float = 5.0) -> Messages:
        return Messages(Account("AC1", TOKEN, self.base, seconds), self.session)

    def rows(self) -> RecordingRows:
        return RecordingRows(Account("AC1", TOKEN, self.base), self.session)


async def unsaid(_: web.Request) -> web.StreamResponse:
    raise AssertionError("the test did not say what the carrier answers")


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with aiohttp.ClientSession() as session:
        carrier = Carrier(session)
        app = web.Application()
        app.router.add_route("*", "/line/{path:.*}", carrier.handle)
        async with TestServer(app) as server:
            carrier.base = str(server.make_url("/line/"))
            yield carrier


def refusal(status: int, code: int) -> dict[str, object]:
    message = f"The 'To' number {TO} is not valid"
    return {"code": code, "message": message, "more_info": "https://x", "status": status}


async def send(messages: Messages) -> str:
    return await messages.send(TO, FROM, "工单编号4627 0395 & 查询码1825", "case:46270395")


async def test_a_text_is_sent_under_the_configured_base(carrier: Carrier) -> None:
    carrier.says(201, {"sid": "SM7", "status": "queued"})

    assert await send(carrier.messages()) == "SM7"
    method, path, form, headers = carrier.asked[0]
    assert (method, path) == ("POST", "/line/2010-04-01/Accounts/AC1/Messages.json")
    assert form == {"To": TO, "From": FROM, "Body": "工单编号4627 0395 & 查询码1825"}
    assert headers["Authorization"] == aiohttp.encode_basic_auth("AC1", TOKEN)
    assert headers["Idempotency-Key"] == "case:46270395"


async def test_a_refusal_is_permanent_and_names_no_number(carrier: Carrier) -> None:
    carrier.says(400, refusal(400, 21614))

    with pytest.raises(CarrierRefused, match="21614") as caught:
        await send(carrier.messages())
    assert (caught.value.status, caught.value.code) == (400, 21614)
    assert TO[1:] not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_problem_document_is_a_refusal_too(carrier: Carrier) -> None:
    carrier.says(403, {"type": "t", "title": "no", "status": 403, "code": 20003})

    with pytest.raises(CarrierRefused, match="20003"):
        await send(carrier.messages())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, refusal(429, 20429), CarrierUnreachable),
        (500, refusal(500, 20500), CarrierUnsure),
        (503, "down", CarrierUnsure),
        (201, {}, CarrierUnsure),
        (302, {}, CarrierRefused),
    ],
)
async def test_what_became_of_a_text(
    carrier: Carrier, status: int, body: object, kind: type[CarrierError]
) -> None:
    carrier.says(status, body)

    with pytest.raises(kind):
        await send(carrier.messages())


async def test_an_unreadable_answer_leaves_a_text_unsure(carrier: Carrier) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=201, body=b"<html>\xff")

    carrier.answer = answer
    with pytest.raises(CarrierUnsure):
        await send(carrier.messages())


async def test_a_dropped_connection_leaves_a_text_unsure(carrier: Carrier) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    carrier.answer = answer
    with pytest.raises(CarrierUnsure):
        await send(carrier.messages())
    with pytest.raises(CarrierUnreachable):
        await carrier.rows().of_call("CA1")


async def test_our_own_time_out_rules(carrier: Carrier) -> None:
    done = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        await done.wait()
        return web.json_response({"sid": "SM7"})

    carrier.answer = answer
    with pytest.raises(CarrierUnsure):
        await send(carrier.messages(seconds=0.05))
    done.set()


async def test_without_a_connection_nothing_was_sent(carrier: Carrier) -> None:
    with socket.socket() as taken:  # bound but not listening: refuses
        taken.bind(("127.0.0.1", 0))
        carrier.base = f"http://127.0.0.1:{taken.getsockname()[1]}/line"
        with pytest.raises(CarrierUnreachable):
            await send(carrier.messages())


@pytest.mark.parametrize("body", ["", "x" * 1_601])
async def test_a_text_out_of_bounds_is_not_asked_for(carrier: Carrier, body: str) -> None:
    with pytest.raises(CarrierRefused, match="1600"):
        await carrier.messages().send(TO, FROM, body, "k")
    assert carrier.asked == []


async def test_the_environment_does_not_reach_the_sdk(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    carrier.says(201, {"sid": "SM7"})

    assert await send(carrier.messages()) == "SM7"


async def test_nothing_of_a_text_is_logged(
    carrier: Carrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier.says(201, {"sid": "SM7"})
    await send(carrier.messages())

    assert TO[1:] not in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(Account("AC1", TOKEN, "https://x"))


def text(sid: str, body: str, age: timedelta) -> dict[str, str]:
    created = (NOW - age).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return {"sid": sid, "body": body, "date_created": created}


@pytest.mark.parametrize(
    ("texts", "sid"),
    [
        ([text("SM2", "b", timedelta()), text("SM1", "a", timedelta())], "SM1"),
        ([text("SM1", "a", timedelta(hours=1))], None),
        ([text("SM1", "a", timedelta(minutes=4))], "SM1"),
        ([], None),
    ],
)
async def test_an_unsure_text_is_looked_up(
    carrier: Carrier, texts: list[dict[str, str]], sid: str | None
) -> None:
    carrier.says(200, {"messages": texts, "next_page_uri": None, "page": 0})

    assert await carrier.messages().find(TO, FROM, "a", NOW) == sid


async def test_what_was_recorded_of_a_call(carrier: Carrier) -> None:
    """A running one has no length yet; an absent one was never there."""
    rows = [
        {"sid": "RE3", "call_sid": "CA1", "status": "absent", "duration": "0"},
        {"sid": "RE2", "call_sid": "CA1", "status": "in-progress", "duration": None},
        {"sid": "RE1", "call_sid": "CA1", "status": "completed", "duration": "12"},
    ]
    carrier.says(200, {"recordings": rows, "next_page_uri": None, "page": 0})

    home = f"{carrier.base.rstrip('/')}/2010-04-01/Accounts/AC1/Recordings"
    assert await carrier.rows().of_call("CA1") == [
        RecordingRef("RE2", f"{home}/RE2", 1),
        RecordingRef("RE1", f"{home}/RE1", 12),
    ]
    assert carrier.asked[0][1] == "/line/2010-04-01/Accounts/AC1/Recordings.json"


async def test_a_recording_that_is_gone(carrier: Carrier) -> None:
    carrier.says(404, refusal(404, 20404))

    assert await carrier.rows().words("RE1") is None
    await carrier.rows().delete("RE1")
    assert [method for method, *_ in carrier.asked] == ["GET", "DELETE"]


async def test_a_deletion(carrier: Carrier) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    carrier.answer = answer
    await carrier.rows().delete("RE1")
    assert carrier.asked[0][:2] == ("DELETE", "/line/2010-04-01/Accounts/AC1/Recordings/RE1.json")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, CarrierRefused), (500, CarrierUnreachable), (429, CarrierUnreachable)],
)
async def test_a_deletion_that_failed(
    carrier: Carrier, status: int, kind: type[CarrierError]
) -> None:
    carrier.says(status, refusal(status, 20000 + status))

    with pytest.raises(kind):
        await carrier.rows().delete("RE1")


async def test_a_text_is_deleted_once_and_for_all(carrier: Carrier) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    carrier.answer = answer
    await carrier.messages().delete("SM1")
    carrier.says(404, refusal(404, 20404))
    await carrier.messages().delete("SM1")

    asked = ("DELETE", "/line/2010-04-01/Accounts/AC1/Messages/SM1.json")
    assert [found[:2] for found in carrier.asked] == [asked, asked]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, CarrierRefused), (400, CarrierUnreachable), (409, CarrierUnreachable)],
)
async def test_a_text_on_its_way_is_deleted_later(
    carrier: Carrier, status: int, kind: type[CarrierError]
) -> None:
    carrier.says(status, refusal(status, 20009))

    with pytest.raises(kind):
        await carrier.messages().delete("SM1")


@pytest.mark.parametrize(
    ("sid", "token", "base"), [("", "t", "http://x"), ("a", "", "http://x"), ("a", "t", "x")]
)
def test_an_account_that_cannot_work_is_refused(sid: str, token: str, base: str) -> None:
    with pytest.raises(ValueError, match="CARRIER_URL"):
        Account(sid, token, base)


FIRST_TEXT = """
import asyncio, importlib.abc, sys, threading
import aiohttp
from ivr.carrier.account import Account, CarrierUnreachable
from ivr.carrier.client import Messages

by_thread = []

class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        by_thread.append((name, threading.current_thread() is threading.main_thread()))

async def main():
    async with aiohttp.ClientSession() as session:
        sys.meta_path.insert(0, Watch())
        account = Account("AC1", "token", "http://127.0.0.1:9")
        messages = Messages(account, session)
        await asyncio.gather(*(send(messages) for _ in range(3)))

async def send(messages):
    try:
        await messages.send("+8613900000012", "+865580000021", "text", "key")
    except CarrierUnreachable:
        pass

asyncio.run(main())
rest = [on_loop for name, on_loop in by_thread if name.startswith("twilio.rest.api")]
print(len(rest) > 50, any(rest))
"""


async def test_the_first_text_does_not_hold_up_the_calls() -> None:
    """What the SDK imports with it would stop the loop for up to a third of a second."""
    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FIRST_TEXT, cwd=root, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE):
        said, _ = await process.communicate()
    assert said.decode().split() == ["True", "False"]


async def test_recordings_since_a_time(carrier: Carrier) -> None:
    """Callers' words alone, and whole: what is not, is no matter that was lost."""

    def made(sid: str, age: timedelta = timedelta(), **told: object) -> dict[str, object]:
        created = (NOW - age).strftime("%a, %d %b %Y %H:%M:%S +0000")
        whole = {"call_sid": "CA1", "status": "completed", "source": "RecordVerb", "duration": "9"}
        return {"sid": sid, "date_created": created} | whole | told

    rows = [
        made("RE6"),
        made("RE5", source=None),
        made("RE4", source="DialVerb"),
        made("RE3", status="in-progress"),
        made("RE2", call_sid=None),
        made("RE1", timedelta(hours=1)),
    ]
    carrier.says(200, {"recordings": rows, "next_page_uri": None, "page": 0})

    found = await carrier.rows().since(NOW)
    assert [(row.ref.sid, row.call, row.at) for row in found] == [
        ("RE6", "CA1", NOW),
        ("RE5", "CA1", NOW),
    ]
    assert found[0].ref.seconds == 9


async def test_a_list_that_is_cut_is_told(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest, which a longer list would end with, may be somebody's matter."""
    monkeypatch.setattr(client, "MOST_SINCE", 3)

    async def pages(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("Page", 0))
        more = f"/2010-04-01/Accounts/AC1/Recordings.json?Page={page + 1}"
        rows = [{"sid": f"RE{page}{n}", "source": "DialVerb", "status": "x"} for n in range(2)]
        return web.json_response({"recordings": rows, "next_page_uri": more, "page": page})

    carrier.answer = pages
    with structlog.testing.capture_logs() as log:
        assert await carrier.rows().since(NOW) == []

    assert [entry["event"] for entry in log] == ["carrier.list_cut"]
    assert len(carrier.asked) == 2
