"""Limits, retries, fallback, content types, answering and refusing (twilio-voice §1-§5)."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from ivr.carrier.local.leg import Timing
from ivr.carrier.local.webhooks import Answer, Failure, Parcel, split_overrides
from tests.ivr.carrier.local.house import LINE, House, hear, texts_until_hangup, twiml
from tests.ports import free_port


async def call(house: House) -> list[str]:
    """Ring the line; all that is said until it hangs up."""
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        return await texts_until_hangup(phone)


def broken(status: int = 200, text: str = "", **more: str) -> web.Response:
    return web.Response(status=status, text=text, **more)  # type: ignore[arg-type]  # its keywords


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (lambda form: broken(500), "11200"),
        (lambda form: broken(404), "11200"),
        (lambda form: broken(429), "11200"),
        (lambda form: "<Response><Say>", "12100"),
        (lambda form: "<!DOCTYPE x><Response/>", "12100"),
        (lambda form: "<Answer/>", "12102"),
        (lambda form: broken(text="{}", content_type="application/json"), "12300"),
        (lambda form: twiml(f"<Say>{'x' * 70000}</Say>"), "11750"),
    ],
)
async def test_failure_goes_to_the_fallback_url(house: House, reply: object, code: str) -> None:
    """§3: at once, with ErrorCode and ErrorUrl; the call may go on from there."""
    house.replies["/voice/answer"] = reply  # type: ignore[assignment]  # as listed above
    house.replies["/voice/fallback"] = twiml("<Say>from the fallback</Say>")
    assert await call(house) == ["from the fallback"]
    fallback = house.to("/voice/fallback")[0].form
    assert fallback["ErrorCode"] == code
    assert fallback["ErrorUrl"] == f"{house.base}/voice/answer"
    assert fallback["CallSid"] == house.to("/voice/answer")[0].form["CallSid"]
    assert len(house.to("/voice/answer")) == 1  # no retry by default


async def test_without_a_working_fallback_a_stock_message_ends_the_call(house: House) -> None:
    house.replies["/voice/answer"] = house.replies["/voice/fallback"] = "broken"
    said = await call(house)
    assert len(said) == 1
    assert "error" in said[0]
    assert (await house.hook("/voice/status")).form["CallStatus"] == "completed"


async def test_a_slow_answer_is_cut_off(house: House) -> None:
    """§3: hard cap of 15 s for any call-control request; here of its address alone."""
    house.voice_tail = "#tt=200"
    await house.restart()
    forever = asyncio.Event()

    async def slow(form: dict[str, str]) -> str:
        await forever.wait()
        return twiml()

    house.replies["/voice/answer"] = slow
    house.replies["/voice/fallback"] = twiml("<Say>fallback</Say>")
    assert await call(house) == ["fallback"]
    assert house.to("/voice/fallback")[0].form["ErrorCode"] in {"11200", "11203"}


async def test_a_retry_is_made_where_the_fragment_asks_for_it(house: House) -> None:
    """§3: #rc=2&rp=5xx; the fragment is neither sent nor signed (the house checks that)."""
    house.voice_tail = "#rc=2&rp=5xx"
    await house.restart()
    pages = iter([broken(503), broken(500), twiml("<Say>third time</Say>")])
    house.replies["/voice/answer"] = lambda form: next(pages)
    assert await call(house) == ["third time"]
    hooks = house.to("/voice/answer")
    assert len({hook.headers["I-Twilio-Idempotency-Token"] for hook in hooks}) == 1
    assert "#" not in hooks[0].url


async def test_only_a_failed_connection_is_retried_by_default(house: House) -> None:
    port = free_port()
    tries: list[str] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append("connected")
        writer.close()

    parcel = Parcel(f"http://127.0.0.1:{port}/x", "POST", (("A", "1"),), "token")
    refused = await house.line.desk.post(parcel)
    assert isinstance(refused, Failure)
    assert refused.code == 11205
    server = await asyncio.start_server(accept, "127.0.0.1", port)
    dropped = await house.line.desk.post(parcel)
    server.close()
    assert isinstance(dropped, Failure)
    assert dropped.code == 11206
    assert tries == ["connected"]  # it connected, so it is not repeated


def test_overrides_stay_within_the_hard_limits() -> None:
    """§3: the cap of 15 s holds whatever the overrides say; at most five retries."""
    url, overrides = split_overrides("https://x/y?a=1#rc=9&tt=99999&ct=50&rp=rt,5xx", Timing())
    assert url == "https://x/y?a=1"
    assert (overrides.retries, overrides.total, overrides.connect) == (5, 15.0, 5.0)
    assert overrides.policy == {"rt", "5xx"}


async def test_get_puts_the_parameters_into_the_query(house: House) -> None:
    """§2: a GET is signed by its URL alone."""
    house.replies["/voice/answer"] = twiml('<Redirect method="GET">next?a=%7E1</Redirect>')
    house.replies["/voice/next"] = twiml("<Say>got it</Say>")
    assert await call(house) == ["got it"]
    hook = house.to("/voice/next")[0]
    assert hook.method == "GET"
    assert "next?a=%7E1&AccountSid=" in hook.url  # relative, percent-encoding untouched
    assert hook.form["CallStatus"] == "ringing"  # Redirect answers nothing


async def test_too_many_redirects(house: House) -> None:
    """§1: at most ten redirects, then 11215."""
    house.replies["/voice/answer"] = lambda form: web.Response(
        status=307, headers={"Location": "/voice/answer"}
    )
    answer = await house.line.desk.post(Parcel(f"{house.base}/voice/answer", "POST", (), "t"))
    assert isinstance(answer, Failure)
    assert answer.code == 11215


async def test_plain_text_is_read_aloud(house: House) -> None:
    """§4: text/plain is TwiML if valid, else read aloud."""
    house.replies["/voice/answer"] = broken(text="a < b", content_type="text/plain")
    assert await call(house) == ["a < b"]
    house.replies["/voice/answer"] = broken(text=twiml("<Say>x</Say>"), content_type="text/plain")
    assert await call(house) == ["x"]


async def test_audio_is_played_and_ends_the_call(house: House) -> None:
    house.replies["/voice/answer"] = web.Response(body=b"RIFF", content_type="audio/wav")
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        assert (await hear(phone, "say", kind="play"))["url"] == f"{house.base}/voice/answer"
        await hear(phone, "hungup")


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
async def test_reject_never_answers(house: House, reason: str, status: str) -> None:
    """§5 Reject: as the first verb it avoids answering."""
    house.replies["/voice/answer"] = twiml(f'<Reject reason="{reason}"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        over = await hear(phone, "hungup")
    assert over["reason"] == status
    assert (await house.hook("/voice/status")).form["CallStatus"] == status


async def test_unknown_elements_and_attributes_are_noted(house: House) -> None:
    """§4: 12200, and the rest is carried out."""
    house.replies["/voice/answer"] = twiml("<Refer/>", '<Say colour="red">on</Say>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        assert "Refer" in (await hear(phone, "warning", code=12200))["text"]
        assert "colour" in (await hear(phone, "warning", code=12200))["text"]
        await hear(phone, "say", text="on")


async def test_a_caller_who_leaves_before_the_answer_cancels_nothing_twice(house: House) -> None:
    ready = asyncio.Event()

    async def slow(form: dict[str, str]) -> str:
        await ready.wait()
        return twiml("<Say>too late</Say>")

    house.replies["/voice/answer"] = slow
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await house.hook("/voice/answer")
        await phone.send("hangup")
        await hear(phone, "hungup", by="me", reason="canceled")
        ready.set()
        assert (await house.hook("/voice/status")).form["CallStatus"] == "canceled"


async def test_a_withheld_caller_is_anonymous(house: House) -> None:
    async with house.phone("") as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "hungup")
    assert house.to("/voice/answer")[0].form["From"] == "anonymous"


async def test_an_answer_is_told_apart_from_a_failure(house: House) -> None:
    answer = await house.line.desk.post(Parcel(f"{house.base}/voice/x", "POST", (), "t"))
    assert isinstance(answer, Answer)
    assert answer.status == 200


@pytest.mark.parametrize("url", ["http://[", "http://x:port/", "http://x/#ct=" + "9" * 5_000])
async def test_what_is_no_address_is_a_failure_and_not_ours(house: House, url: str) -> None:
    """Its callback would be kept, with the number that it tells, and tried at every start."""
    failure = await house.line.desk.post(Parcel(url, "POST", (), "t"))
    assert isinstance(failure, Failure)
    assert failure.code == 11100


async def test_a_login_in_the_url_is_sent_but_not_signed(house: House) -> None:
    """§2: no user:pass in the signed string; the house checks the signature."""
    url = f"http://me:pa%20ss@127.0.0.1:{house.port}/voice/x?q=%7E"
    assert isinstance(await house.line.desk.post(Parcel(url, "POST", (), "t")), Answer)
    hook = house.to("/voice/x")[0]
    assert hook.headers["Authorization"] == aiohttp.encode_basic_auth("me", "pa ss")
    assert hook.url.endswith("/voice/x?q=%7E")


async def test_play_resolves_its_url_and_repeats(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Play loop="2">/sounds/a.wav</Play>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        for _ in range(2):
            assert (await hear(phone, "say", kind="play"))["url"] == f"{house.base}/sounds/a.wav"
        await hear(phone, "hungup")


async def test_a_document_that_only_pauses_is_never_answered(house: House) -> None:
    """§5 Pause: as first verb it delays pick-up; only a Pause never answers."""
    house.replies["/voice/answer"] = twiml("<Pause/>")
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "hungup", reason="canceled")


async def test_many_calls_at_once(house: House) -> None:
    house.replies["/voice/answer"] = twiml(
        '<Gather action="/voice/turn" numDigits="1" timeout="200"/>'
    )
    house.replies["/voice/turn"] = lambda form: twiml(f"<Say>{form['Digits']}</Say>")

    async def one(number: int) -> str:
        async with house.phone(f"+86139000010{number:02}") as phone:
            await phone.send("dial", to=LINE)
            await hear(phone, "waiting")
            await phone.send("digits", digits=str(number % 10))
            return (await texts_until_hangup(phone))[0]

    said = await asyncio.gather(*(one(number) for number in range(40)))
    assert said == [str(number % 10) for number in range(40)]
