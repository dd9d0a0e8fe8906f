"""REST through the twilio package's own async client (twilio-voice §7, §8)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from ivr.carrier.local.recordings import from_wav
from ivr.ports.local_line import LocalLine as ShownLine
from tests.ivr.carrier.local.house import ACCOUNT, LINE, OFFICIAL, TOKEN, House, hear, twiml
from tests.ivr.carrier.local.sounds import tone

# The SDK 9.13 still logs in the way aiohttp 3.14 deprecates (twilio-voice §8).
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated", "ignore:.*auth.*")
CALLER = "+8613900000012"
WANTED = {"To": CALLER, "From": "2", "Twiml": "<Response/>"}


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with AsyncTwilioHttpClient() as http:
        made = Client(ACCOUNT, TOKEN, http_client=http, environment={"X": "1"})
        made.api.base_url = f"{house.base}/line"  # §8: the path prefix is kept
        yield made


async def test_a_placed_call_rings_is_answered_and_fetched(house: House, client: Client) -> None:
    house.replies["/voice/out"] = twiml('<Gather action="/voice/turn" numDigits="1"/>')
    async with house.phone() as phone:
        await hear(phone, "attached")
        call = await client.calls.create_async(
            to=CALLER,
            from_=LINE,
            url=f"{house.base}/voice/out",
            status_callback=f"{house.base}/voice/progress",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            machine_detection="Enable",
        )
        assert (call.status, call.direction) == ("queued", "outbound-api")
        assert call.duration is None
        assert (await hear(phone, "ringing"))["from"] == LINE
        await phone.send("answer")
        await hear(phone, "waiting")
        live = await client.calls(call.sid).fetch_async()
        assert live.status == "in-progress"
        house.clock.pass_(12)
        await phone.send("digits", digits="1")
        await hear(phone, "hungup")
        await house.hook("/voice/progress", nth=4)
    over = await client.calls(call.sid).fetch_async()
    assert (over.status, over.duration) == ("completed", "12")
    assert house.to("/voice/out")[0].form["AnsweredBy"] == "human"
    numbers = sorted(hook.form["SequenceNumber"] for hook in house.to("/voice/progress"))
    assert numbers == ["0", "1", "2", "3"]


async def test_a_placed_call_nobody_answers(hasty: House, client: Client) -> None:
    call = await client.calls.create_async(
        to="+8613900000099",
        from_=LINE,
        twiml=twiml("<Say>hi</Say>"),
        timeout=5,
        status_callback=f"{hasty.base}/voice/progress",
    )
    assert (await hasty.hook("/voice/progress")).form["CallStatus"] == "no-answer"
    listed = await client.calls.list_async(to="+8613900000099")
    assert [(row.sid, row.status) for row in listed] == [(call.sid, "no-answer")]


async def test_a_live_call_is_ended(house: House, client: Client) -> None:
    house.replies["/voice/answer"] = twiml("<Gather/>")
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        sid = (await hear(phone, "calling"))["call"]
        await hear(phone, "waiting")
        await client.calls(sid).update_async(status="completed")
        await hear(phone, "hungup", by="line", reason="completed")
        await house.hook("/voice/status")
    with pytest.raises(TwilioRestException) as refused:
        await client.calls(sid).update_async(status="completed")
    assert (refused.value.code, refused.value.status) == (21220, 400)


async def test_a_live_call_is_sent_elsewhere(house: House, client: Client) -> None:
    """§7: redirecting a parent in Dial ends the Dial and drops the child."""
    house.replies["/voice/answer"] = twiml(f"<Dial><Number>{OFFICIAL}</Number></Dial>")
    house.replies["/voice/other"] = twiml("<Say>other</Say>", "<Gather/>")
    async with house.phone() as phone, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await phone.send("dial", to=LINE)
        sid = (await hear(phone, "calling"))["call"]
        await hear(official, "ringing")
        await client.calls(sid).update_async(url=f"{house.base}/voice/other")
        await hear(official, "hungup")
        await hear(phone, "say", text="other")
        await hear(phone, "waiting")
        await client.calls(sid).update_async(twiml=twiml("<Say>inline</Say>"))
        await hear(phone, "say", text="inline")
        await hear(phone, "hungup")


async def test_a_recording_is_fetched_listened_to_and_deleted(house: House, client: Client) -> None:
    house.replies["/voice/answer"] = twiml('<Record action="/voice/done" trim="do-not-trim"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        leg = next(iter(house.line.switch.legs.values()))
        assert leg.state.taping is not None
        sid = leg.state.taping.sid
        assert (await client.recordings(sid).fetch_async()).status == "in-progress"
        assert await media(house, sid) == 404  # §7: expect 404 until completed
        await phone.send_audio(tone(1.0))
        await phone.send("words", text="words")
        await phone.send("digits", digits="1")
        await hear(phone, "hungup")

    done = await client.recordings(sid).fetch_async()
    assert (done.status, done.source) == ("completed", "RecordVerb")
    transcripts = await client.recordings(sid).transcriptions.list_async()
    assert [(row.status, row.transcription_text) for row in transcripts] == [("completed", "words")]
    assert [row.sid for row in await client.recordings.list_async()] == [sid]
    url = house.to("/voice/done")[0].form["RecordingUrl"]
    for address in (url, f"{url}.wav"):
        async with house.session.get(address, headers=basic(TOKEN)) as response:
            assert response.content_type == "audio/x-wav"
            assert from_wav(await response.read()).startswith(tone(1.0))
    assert await media(house, sid, token="wrong") == 401
    assert await client.recordings(sid).delete_async()
    assert await media(house, sid) == 404
    with pytest.raises(TwilioRestException) as gone:
        await client.recordings(sid).fetch_async()
    assert gone.value.code == 20404


async def media(house: House, sid: str, *, token: str = TOKEN) -> int:
    url = f"{house.rest}/Recordings/{sid}.wav"
    async with house.session.get(url, headers=basic(token)) as response:
        return response.status


def basic(token: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, token)}


async def test_messages_reach_the_phones_of_their_number(house: House, client: Client) -> None:
    async with house.phone() as phone:
        await hear(phone, "attached")
        sent = await client.messages.create_async(
            to=CALLER,
            from_=LINE,
            body="受理编号 4627 0395",
            status_callback=f"{house.base}/voice/sms",
        )
        shown = await hear(phone, "sms")
        assert (shown["sid"], shown["text"]) == (sent.sid, "受理编号 4627 0395")
    await house.hook("/voice/sms", nth=2)
    told = {hook.form["MessageStatus"] for hook in house.to("/voice/sms")}
    assert told == {"sent", "delivered"}
    await house.restart()
    async with house.phone() as later:
        assert (await hear(later, "sms"))["sid"] == sent.sid  # kept
    page: ShownLine = house.line  # what the phone page sees of the line
    assert [(text.to, text.at) for text in page.texts()] == [(CALLER, house.clock.now())]
    listed = await client.messages.list_async(to=CALLER)
    assert [row.body for row in listed] == ["受理编号 4627 0395"]
    assert (await client.messages(sent.sid).fetch_async()).status == "delivered"


async def test_a_message_is_deleted_and_reaches_no_phone_again(
    house: House, client: Client
) -> None:
    sent = await client.messages.create_async(to=CALLER, from_=LINE, body="密码 1234")
    await client.messages.create_async(to=CALLER, from_=LINE, body="x")
    assert await client.messages(sent.sid).delete_async()
    with pytest.raises(TwilioRestException) as gone:
        await client.messages(sent.sid).delete_async()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    await house.restart()
    assert [row.body for row in await client.messages.list_async(to=CALLER)] == ["x"]
    async with house.phone() as phone:
        assert (await hear(phone, "sms"))["text"] == "x"


async def test_lists_come_in_pages(house: House, client: Client) -> None:
    for number in range(5):
        await client.messages.create_async(to=CALLER, from_=LINE, body=str(number))
    rows = await client.messages.list_async(page_size=2)
    assert [row.body for row in rows] == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("Calls.json", {}, 21201),
        ("Calls.json", {"To": "1"}, 21213),
        ("Calls.json", {"To": "1", "From": "2", "Url": "http://x/"}, 21211),
        ("Calls.json", {"To": CALLER, "From": "2"}, 21205),
        ("Calls.json", {"To": CALLER, "From": "2", "Url": "ftp://x"}, 21205),
        ("Calls.json", {"To": CALLER, "From": "2", "Url": "http://["}, 21205),
        ("Calls.json", {"To": CALLER, "From": "2", "Url": "http://x:port/"}, 21205),
        ("Calls.json", {**WANTED, "StatusCallback": "http://["}, 21609),
        ("Calls.json", {"To": CALLER, "From": "2", "Twiml": "x" * 4001}, 32018),
        ("Calls.json", {"To": CALLER, "From": "2", "Twiml": "<Say>"}, 12100),
        ("Messages.json", {"To": "1", "From": "2"}, 21602),
        ("Messages.json", {"To": "1", "From": "2", "Body": "x" * 1601}, 21617),
        ("Messages.json", {"To": "1", "From": "2", "Body": "x", "StatusCallback": "//["}, 21609),
    ],
)
async def test_bad_requests_are_refused_in_twilios_shape(
    house: House, path: str, form: dict[str, str], code: int
) -> None:
    url = f"{house.rest}/{path}"
    async with house.session.post(url, data=form, headers=basic(TOKEN)) as response:
        error = await response.json()
    assert error["code"] == code
    assert error["status"] == response.status == 400
    assert error["message"]
    assert str(code) in error["more_info"]


async def test_numbers_without_end_are_no_fault_of_ours(house: House) -> None:
    many = "9" * 5_000
    url = f"{house.rest}/Calls.json?PageSize={many}"
    async with house.session.get(url, headers=basic(TOKEN)) as response:
        assert (await response.json())["page_size"] == 50
    form = {**WANTED, "To": CALLER, "Timeout": many}
    url = f"{house.rest}/Calls.json"
    async with house.session.post(url, data=form, headers=basic(TOKEN)) as response:
        sid = (await response.json())["sid"]
    assert house.line.exchange.switch.legs[sid].state.ring_seconds == 60.0


async def test_every_path_wants_the_account(house: House) -> None:
    for path in ("Calls.json", "Messages.json", "Recordings.json", "Calls/CA1.json"):
        async with house.session.get(f"{house.rest}/{path}") as response:
            assert response.status == 401
            assert (await response.json())["code"] == 20003


async def test_a_webhook_passes_no_middleware_of_the_carrier(house: House) -> None:
    """One anywhere, in a sub-application too, makes aiohttp build a chain for every request."""
    app = web.Application()
    house.line.mount(app)
    mounted = [
        info["app"] for entry in app.router.resources() if "app" in (info := entry.get_info())
    ]
    assert mounted
    assert all(not inside.middlewares for inside in (app, *mounted))
    async with house.session.get(f"{house.rest}/nothing.json", headers=basic(TOKEN)) as response:
        assert response.status == 404


async def test_a_numbers_calls_go_where_it_is_set(house: House, client: Client) -> None:
    house.replies["/voice/other"] = twiml("<Say>other</Say>", "<Gather/>")
    [number] = await client.incoming_phone_numbers.list_async()
    assert (number.phone_number, number.voice_url) == (LINE, f"{house.base}/voice/answer")
    changed = await client.incoming_phone_numbers(number.sid).update_async(
        voice_url=f"{house.base}/voice/other",
        voice_method="GET",
        status_callback=f"{house.base}/voice/over",
        voice_fallback_url="",
    )
    assert (changed.voice_method, changed.voice_fallback_url) == ("GET", None)
    await house.restart()
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "say", text="other")
        await phone.send("hangup")
    assert (await house.hook("/voice/other")).method == "GET"
    await house.hook("/voice/over")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"VoiceUrl": "ftp://x"}, 21502),
        ({"VoiceUrl": ""}, 21402),
        ({"VoiceMethod": "PUT"}, 21403),
    ],
)
async def test_a_number_is_not_set_to_nonsense(
    house: House, client: Client, form: dict[str, str], code: int
) -> None:
    [number] = await client.incoming_phone_numbers.list_async()
    url = f"{house.rest}/IncomingPhoneNumbers/{number.sid}.json"
    async with house.session.post(url, data=form, headers=basic(TOKEN)) as response:
        assert (response.status, (await response.json())["code"]) == (400, code)
    again = await client.incoming_phone_numbers(number.sid).fetch_async()
    assert again.voice_url == number.voice_url
    with pytest.raises(TwilioRestException) as unknown:
        await client.incoming_phone_numbers("PN" + "0" * 32).fetch_async()
    assert unknown.value.code == 20404


# Field names, types and enumerations of Twilio's published OpenAPI file, 2010-04-01.
CONTRACT = json.loads((Path(__file__).parent / "contract.json").read_text(encoding="utf-8"))
TYPES = {"string": str, "integer": int, "object": dict, "number": float, "boolean": bool}


async def test_shapes_follow_the_published_contract(house: House, client: Client) -> None:
    house.replies["/voice/answer"] = twiml('<Record action="/voice/done"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send("words", text="x")
        await phone.send("digits", digits="1")
        await hear(phone, "hungup")
        await house.hook("/voice/status")
    await client.messages.create_async(to=CALLER, from_=LINE, body="x")
    sid = house.to("/voice/done")[0].form["RecordingSid"]
    paths = {
        "call": "Calls",
        "message": "Messages",
        "recording": "Recordings",
        "transcription": f"Recordings/{sid}/Transcriptions",
        "incoming_phone_number": "IncomingPhoneNumbers",
    }
    for name, path in paths.items():
        check_shape(name, (await rows(house, path, name + "s"))[0])
    async with house.session.get(house.rest + ".json", headers=basic(TOKEN)) as response:
        check_shape("account", await response.json())


async def rows(house: House, path: str, name: str) -> list[dict[str, Any]]:
    async with house.session.get(f"{house.rest}/{path}.json", headers=basic(TOKEN)) as response:
        found: list[dict[str, Any]] = (await response.json())[name]
    return found


def check_shape(name: str, row: dict[str, Any]) -> None:
    known = CONTRACT[name]
    assert row.keys() == known.keys(), name
    for field, value in row.items():
        rule = known[field]
        if value is not None and "type" in rule:
            assert isinstance(value, TYPES[rule["type"]]), (name, field)
        if "enum" in rule:
            assert value in rule["enum"], (name, field)
