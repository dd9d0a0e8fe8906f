"""Calls through REST: at the embedded carrier, and at one that answers as the test says."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.carrier.account import (
    Account,
    CarrierError,
    CarrierRefused,
    CarrierUnreachable,
    CarrierUnsure,
)
from ivr.carrier.calls import CallRows, Placing
from ivr.flow.progress import CallStatus
from ivr.ports.listed import CarrierCall
from tests.ivr.carrier.local.house import ACCOUNT, CALLER, LINE, TOKEN, House, hear
from tests.ivr.carrier.test_client import Carrier, refusal

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
X = "https://x.example"
WANTED = Placing(CALLER, LINE, f"{X}/a#rc=2", f"{X}/s#rc=2", f"{X}/f#rc=2", "out:1")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as made:
        yield made


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    async with aiohttp.ClientSession() as session:
        carrier = Carrier(session)
        app = web.Application()
        app.router.add_route("*", "/line/{path:.*}", carrier.handle)
        async with TestServer(app) as server:
            carrier.base = str(server.make_url("/line/"))
            yield carrier


def rows_of(place: House | Carrier) -> CallRows:
    if isinstance(place, House):
        return CallRows(Account(ACCOUNT, TOKEN, f"{place.base}/line"), place.session)
    return CallRows(Account("AC1", TOKEN, place.base), place.session)


async def test_a_call_is_asked_for_with_all_that_it_needs(carrier: Carrier) -> None:
    carrier.says(201, {"sid": "CA7", "status": "queued"})

    assert await rows_of(carrier).place(WANTED) == "CA7"
    method, path, form, headers = carrier.asked[0]
    assert (method, path) == ("POST", "/line/2010-04-01/Accounts/AC1/Calls.json")
    assert form == {
        "To": CALLER,
        "From": LINE,
        "Url": "https://x.example/a#rc=2",
        "Method": "POST",
        "FallbackUrl": "https://x.example/f#rc=2",
        "FallbackMethod": "POST",
        "StatusCallback": "https://x.example/s#rc=2",
        "StatusCallbackEvent": "completed",  # the last of four; the embedded carrier hears all
        "StatusCallbackMethod": "POST",
        "Timeout": "30",
        "TimeLimit": "300",
    }
    assert headers["Idempotency-Key"] == "out:1"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, refusal(400, 21215), CarrierRefused),
        (401, refusal(401, 20003), CarrierRefused),
        (429, refusal(429, 20429), CarrierUnreachable),
        (500, refusal(500, 20500), CarrierUnsure),
        (201, {}, CarrierUnsure),
    ],
)
async def test_what_became_of_a_call(
    carrier: Carrier, status: int, body: object, kind: type[CarrierError]
) -> None:
    carrier.says(status, body)

    with pytest.raises(kind) as caught:
        await rows_of(carrier).place(WANTED)
    assert CALLER[1:] not in str(caught.value)


async def test_a_call_lives_is_listed_and_ends(house: House) -> None:
    rows = rows_of(house)
    house.replies["/voice/out"] = "<Response><Gather timeout='60'/></Response>"
    began = house.clock.now()
    async with house.phone() as phone:
        await hear(phone, "attached")
        ours = f"{house.base}/voice"
        wanted = Placing(CALLER, LINE, f"{ours}/out", f"{ours}/s", f"{ours}/fallback", "1")
        sid = await rows.place(wanted)
        await hear(phone, "ringing")
        await phone.send("answer")
        await hear(phone, "waiting")
        live = await rows.fetch(sid)
        assert live == CarrierCall(sid, CallStatus.IN_PROGRESS, CALLER, began, None, LINE)
        assert await rows.placed(CALLER, LINE, began) == [sid]
        assert await rows.placed(CALLER, LINE, began + timedelta(hours=1)) == []
        await rows.end(sid)
        await hear(phone, "hungup")
        await house.hook("/voice/s", nth=4)
    statuses = {hook.form["CallStatus"] for hook in house.to("/voice/s")}
    assert statuses >= {"ringing", "in-progress", "completed"}
    over = await rows.fetch(sid)
    assert over is not None
    assert (over.status, over.seconds) == (CallStatus.COMPLETED, 0)
    await rows.end(sid)  # it stays as it ended


async def test_a_call_that_the_carrier_does_not_know(house: House) -> None:
    assert await rows_of(house).fetch("CA" + "0" * 32) is None
    await rows_of(house).end("CA" + "0" * 32)
    assert await rows_of(house).placed(CALLER, LINE, NOW) == []


def row(sid: str, **told: object) -> dict[str, object]:
    created = NOW.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return {"sid": sid, "status": "queued", "to": CALLER, "date_created": created} | told


async def test_only_our_own_late_calls_are_ours(carrier: Carrier) -> None:
    old = (NOW - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    listed = [
        row("CA4", direction="outbound-api"),
        row("CA3", direction="outbound-dial"),
        row("CA2", direction="outbound-api", date_created=None),
        row("CA1", direction="outbound-api", date_created=old),
    ]
    carrier.says(200, {"calls": listed, "next_page_uri": None, "page": 0})

    assert await rows_of(carrier).placed(CALLER, LINE, NOW) == ["CA2", "CA4"]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"status": "no-answer"}, CallStatus.NO_ANSWER),
        ({"status": "early-media"}, CallStatus.IN_PROGRESS),
        ({"status": "gone", "end_time": "Tue, 24 Nov 2026 09:00:00 +0000"}, CallStatus.COMPLETED),
    ],
)
async def test_an_engines_own_word_is_an_end_only_where_there_is_one(
    carrier: Carrier, told: dict[str, object], status: CallStatus
) -> None:
    carrier.says(200, row("CA1", **told))

    call = await rows_of(carrier).fetch("CA1")
    assert call is not None
    assert call.status is status


async def test_an_id_of_another_shape_stays_within_its_address(carrier: Carrier) -> None:
    carrier.says(404, refusal(404, 20404))

    assert await rows_of(carrier).fetch("v3:a/../b?c#d") is None
    assert carrier.asked[0][1] == "/line/2010-04-01/Accounts/AC1/Calls/v3:a/../b?c#d.json"
    assert len(carrier.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(401, 20003, CarrierRefused), (500, 20500, CarrierUnreachable)]
)
async def test_an_end_that_failed(
    carrier: Carrier, status: int, code: int, kind: type[CarrierError]
) -> None:
    carrier.says(status, refusal(status, code))

    with pytest.raises(kind):
        await rows_of(carrier).end("CA1")


@pytest.mark.parametrize("prefix", ["/line", ""])
async def test_a_list_goes_on_under_the_base_whichever_way_it_is_named(
    carrier: Carrier, prefix: str
) -> None:
    """Twilio names the next page without its base, SignalWire with it."""
    following = f"{prefix}/2010-04-01/Accounts/AC1/Calls.json?Page=1&PageToken=a%2Fb"

    async def answer(request: web.Request) -> web.StreamResponse:
        last = "Page" in request.query
        body = {"calls": [row("CA1" if last else "CA2", direction="outbound-api")], "page": 0}
        return web.json_response(body | {"next_page_uri": None if last else following})

    carrier.answer = answer
    assert await rows_of(carrier).placed(CALLER, LINE, NOW) == ["CA1", "CA2"]
    assert {path for _, path, *_ in carrier.asked} == {"/line/2010-04-01/Accounts/AC1/Calls.json"}


async def test_no_list_leads_to_another_host_with_our_login(carrier: Carrier) -> None:
    meta = {"key": "calls", "next_page_url": "http://127.0.0.2:1/2010-04-01/Accounts/AC1/Calls"}
    carrier.says(200, {"calls": [row("CA1")], "meta": meta})

    with pytest.raises(CarrierRefused, match="another host"):
        await rows_of(carrier).placed(CALLER, LINE, NOW)
    assert len(carrier.asked) == 1


@pytest.mark.parametrize(
    ("told", "seconds"), [("7", 7.0), ("99999", 600.0), ("", 0.0), ("Wed, 21 Oct", 0.0)]
)
async def test_a_busy_carrier_says_how_long_it_wants_to_be_left_alone(
    carrier: Carrier, told: str, seconds: float
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=429, headers={"Retry-After": told})

    carrier.answer = answer
    with pytest.raises(CarrierUnreachable) as caught:
        await rows_of(carrier).place(WANTED)
    assert caught.value.after == seconds
