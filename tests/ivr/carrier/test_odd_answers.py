"""The carrier errs, or somebody answers in its place: no answer of its REST side breaks what asks,
reaches a file or the database as it came, or takes all memory."""

import gzip
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from ivr.carrier.account import Account, CarrierError, CarrierRefused, CarrierUnreachable
from ivr.carrier.calls import CallRows, Placing
from ivr.carrier.client import Messages, RecordingRows
from ivr.carrier.recordings import Media
from ivr.carrier.sdk import MOST_ANSWER, MOST_ASKED
from ivr.ports.recordings import RecordingRef

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DATE = "Tue, 24 Nov 2026 09:30:00 +0000"
RECORDING = {
    "sid": "RE1",
    "call_sid": "CA1",
    "status": "completed",
    "source": "RecordVerb",
    "duration": "5",
    "date_created": DATE,
}
CALL = {
    "sid": "CA1",
    "status": "completed",
    "to": "+865580000021",
    "from": "+8613900000012",
    "duration": "5",
    "date_created": DATE,
    "start_time": DATE,
    "end_time": DATE,
    "direction": "outbound-api",
}
TEXT = {"sid": "SM1", "body": "x", "date_created": DATE}
WORDS = {"sid": "TR1", "transcription_text": "有危险", "date_created": DATE}
ODD: list[object] = [
    None, 5, 10**30, 5.5, True, "", [], {}, "x", "9" * 5_000, "٣", "a\0b", "../../secret", DATE,
    "Fri, 31 Dec 9999 23:59:59 +0000", "Fri, 31 Feb 2026 10:00:00 +0000",
]  # fmt: skip
SHAPES: list[object] = [[], 5, None, "x", {}, {"x": None}, {"x": 5}, {"x": [5]}, {"x": [[]]}]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Ask = Callable[[], Awaitable[object]]


class Far:
    """Asks a server that answers as the test says."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        account = Account("AC1", "a token", base, 20.0)
        self.recordings = RecordingRows(account, session)
        self.calls = CallRows(account, session)
        self.messages = Messages(account, session)
        self.answer: Answer = self._unsaid
        self.asked = 0

    async def _unsaid(self, _: web.Request) -> web.StreamResponse:
        raise AssertionError("the test did not say what the carrier answers")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        return await self.answer(request)

    def says(self, body: object, status: int = 200) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status)

        self.answer = answer

    def asks(self) -> dict[str, tuple[Ask, str, dict[str, str]]]:
        """All that is asked, the name of the list that answers it ("" where a row does), a row."""
        placing = Placing("+1", "+2", "https://x/1", "https://x/2", "https://x/3", "k")
        return {
            "since": (lambda: self.recordings.since(NOW), "recordings", RECORDING),
            "of_call": (lambda: self.recordings.of_call("CA1"), "recordings", RECORDING),
            "words": (lambda: self.recordings.words("RE1"), "transcriptions", WORDS),
            "placed": (lambda: self.calls.placed("+1", "+2", NOW), "calls", CALL),
            "find": (lambda: self.messages.find("a", "b", "x", NOW), "messages", TEXT),
            "fetch": (lambda: self.calls.fetch("CA1"), "", CALL),
            "place": (lambda: self.calls.place(placing), "", CALL),
            "send": (lambda: self.messages.send("a", "b", "x", "k"), "", TEXT),
            "delete": (lambda: self.messages.delete("SM1"), "", TEXT),
            "end": (lambda: self.calls.end("CA1"), "", CALL),
        }


QUESTIONS = [*Far("http://x", None).asks()]  # type: ignore[arg-type]  # nothing is asked yet


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    held: list[Far] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        return await held[0].handle(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        held.append(Far(str(server.make_url("/")), session))
        yield held[0]


async def told(ask: Ask) -> str:
    """What is understood; anything but an error of the carrier's fails the test."""
    try:
        return repr(await ask())
    except CarrierError as error:
        return repr(str(error))


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_answer_is_anything_but_an_error_of_the_carriers(far: Far, question: str) -> None:
    ask, listed, row = far.asks()[question]
    for name, odd in itertools.product(row, ODD):
        wrong = row | {name: odd}
        far.says({listed: [wrong]} if listed else wrong)
        understood = await told(ask)
        assert "\\x00" not in understood
        assert "9" * 65 not in understood or question == "words"
        assert "Recordings/.." not in understood
    for body, status in itertools.product(SHAPES, (200, 201, 400, 500)):
        far.says(body, status)
        assert await told(ask)
    for error in ({"status": "x", "code": "y"}, {"status": None, "code": None}):
        far.says({"type": "t", "title": "no", "message": 5, **error}, 400)
        assert await told(ask)


async def _in_charset(usual: Answer, charset: str, request: web.Request) -> web.StreamResponse:
    response = await usual(request)
    response.headers["Content-Type"] = f"application/json; charset={charset}"
    return response


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_charset_but_utf_8_is_decoded(far: Far, question: str) -> None:
    ask, listed, row = far.asks()[question]
    far.says({listed: [row]} if listed else row, 201 if question in {"send", "place"} else 200)
    plain, usual = await told(ask), far.answer

    for charset in ("hex", "rot13", "punycode", "utf-16"):
        far.answer = partial(_in_charset, usual, charset)
        assert await told(ask) == plain, charset


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe", b"", b'{"recordings":1e999}'])
async def test_no_body_is_anything_but_an_error_of_the_carriers(far: Far, body: bytes) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    far.answer = answer
    with pytest.raises(CarrierUnreachable):
        await far.recordings.since(NOW)


@pytest.mark.parametrize("told", [5, "5"])
async def test_a_length_may_be_a_number(far: Far, told: object) -> None:
    far.says({"recordings": [RECORDING | {"duration": told}]})
    assert [row.ref.seconds for row in await far.recordings.since(NOW)] == [5]
    assert [ref.seconds for ref in await far.recordings.of_call("CA1")] == [5]


async def test_rows_that_cannot_be_ours_are_passed_over(far: Far) -> None:
    odd = [RECORDING | {"sid": "../RE2"}, RECORDING | {"sid": "RE3", "call_sid": "\0"}]
    far.says({"recordings": [*odd, RECORDING]})
    assert [row.ref.sid for row in await far.recordings.since(NOW)] == ["RE1"]


async def test_an_id_may_be_a_number(far: Far) -> None:
    ask = {name: question for name, (question, *_) in far.asks().items()}
    far.says({"sid": 7}, 201)
    assert [await ask["send"](), await ask["place"]()] == ["7", "7"]
    far.says({"messages": [TEXT | {"sid": 7}]})
    assert await ask["find"]() == "7"
    far.says({"calls": [CALL | {"sid": 7}]})
    assert await ask["placed"]() == ["7"]
    far.says({"recordings": [RECORDING | {"sid": 7, "call_sid": 8}]})
    (row,) = await far.recordings.since(NOW)
    assert (row.ref.sid, row.call) == ("7", "8")


@pytest.mark.parametrize("sid", [None, "", "a\0b", "x" * 65])
async def test_what_is_listed_under_no_id_was_taken(far: Far, sid: object) -> None:
    """To be told that there is no such text, or call, would send or ring it again."""
    ask = {name: question for name, (question, *_) in far.asks().items()}
    far.says({"messages": [TEXT | {"sid": sid}]})
    with pytest.raises(CarrierUnreachable, match="no id"):
        await ask["find"]()
    far.says({"calls": [CALL | {"sid": sid}]})
    with pytest.raises(CarrierUnreachable, match="no id"):
        await ask["placed"]()


async def test_an_answer_is_read_as_far_as_any_list_goes(far: Far) -> None:
    """A packed one too, whose length says nothing."""

    async def answer(_: web.Request) -> web.StreamResponse:
        long = b'{"recordings":[],"x":"' + bytes(MOST_ANSWER) + b'"}'
        return web.Response(body=gzip.compress(long), headers={"Content-Encoding": "gzip"})

    far.answer = answer
    with pytest.raises(CarrierUnreachable, match="without end"):
        await far.recordings.since(NOW)


async def test_a_list_that_goes_on_for_ever_ends(far: Far) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        more = f"/2010-04-01/Accounts/AC1/Recordings.json?PageToken={os.urandom(4).hex()}"
        return web.json_response({"recordings": [], "next_page_uri": more})

    far.answer = answer
    with pytest.raises(CarrierRefused, match="no end"):
        await far.recordings.since(NOW)
    assert far.asked == MOST_ASKED


@pytest.mark.parametrize(("base", "named"), [("", ":443"), (":443", ""), (":443", ":443")])
async def test_the_usual_port_may_be_named_or_not(
    monkeypatch: pytest.MonkeyPatch, base: str, named: str
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    async def nobody(_: object, url: URL, *, headers: dict[str, str], **__: object) -> None:
        asked.append((str(url), headers))
        raise aiohttp.ClientConnectionError

    monkeypatch.setattr(aiohttp.ClientSession, "get", nobody)
    account = Account("AC1", "a token", f"https://api.example{base}")
    ref = RecordingRef("RE1", f"https://api.example{named}/RE1", 1)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(CarrierUnreachable):
            [piece async for piece in Media(account, session).stream(ref)]
    [(url, headers)] = asked
    assert (url, headers["Authorization"]) == ("https://api.example/RE1", account.login)
