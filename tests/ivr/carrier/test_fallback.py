"""The carrier's fallback address, and the plan's own: from the middle of any call, in either
language, repeated, with what a dead server left behind."""

import asyncio
import re
from typing import Any

import pytest

from ivr.carrier.local.twiml_reader import read_twiml
from ivr.conversation.spooled import Spooled
from tests.ivr.carrier.signed import CALLER, LINE, Answer, Carrier, Heard, house_of
from tests.ivr.desk import call_of

FAILED = {"ErrorCode": "11200", "From": CALLER, "To": LINE}
TOLD = "/voice/fallback/zh/told"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    for module in ("ivr.carrier.fallback", "ivr.conversation.outage"):
        monkeypatch.setattr(f"{module}.LOG", heard)
    return heard


@pytest.fixture(autouse=True)
def undrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is spooled stays where a test can look at it."""
    monkeypatch.setattr("server.RECOVER_EVERY", 3600.0)


def said(answer: Answer) -> str:
    assert (answer.status, answer.kind) == (200, "text/xml")
    read_twiml(answer.text)
    return "".join(re.findall(r">([^<]+)</Say>", answer.text))


async def spooled(carrier: Carrier) -> list[Spooled]:
    batches = await house_of(carrier).fallback.spool.batches()
    return [line for batch in batches for line in batch.lines]


async def recorded(carrier: Carrier, path: str = TOLD, sid: str = "CA1", **more: str) -> Answer:
    fields = {
        "RecordingSid": f"RE{sid}",
        "RecordingUrl": "http://127.0.0.1/RE",
        "RecordingDuration": "20",
        "Digits": "#",
        "From": CALLER,
        "To": LINE,
    }
    return await carrier.post(path, sid, **(fields | more))


async def test_whom_we_have_rung_is_asked_for_no_message(carrier: Carrier) -> None:
    """The carrier cannot fetch what it should tell a phone that we rang."""
    rung = {"From": LINE, "To": CALLER, "ErrorCode": "11200", "Direction": "outbound-api"}
    answer = await carrier.post("/voice/fallback", **rung)
    assert "<Hangup/>" in answer.text
    assert "<Record" not in answer.text
    assert "<Redirect" not in answer.text
    assert said(answer)


async def test_a_whole_call_on_the_plan(carrier: Carrier) -> None:
    opening = await carrier.post("/voice/fallback", **FAILED)
    assert "系统有故障" in said(opening)
    assert "/voice/fallback/zh/opened" in opening.text
    notice = await carrier.post("/voice/fallback/zh/opened", From=CALLER, To=LINE)
    assert "请在嘀声后" in said(notice)
    assert f"{TOLD}#" in notice.text
    assert f"{TOLD}/recording" in notice.text

    assert "已收到" in said(await recorded(carrier))

    (line,) = await spooled(carrier)
    assert (line.line.dialled, line.line.caller, line.language) == (LINE, CALLER, "zh-CN")
    assert (line.ref.sid, line.ref.seconds, line.matter) == ("RECA1", 20, None)


async def test_english_by_one_key(carrier: Carrier) -> None:
    english = await carrier.post("/voice/fallback/zh/opened", Digits="9", From=CALLER, To=LINE)

    assert "After the tone" in said(english)
    assert "Received" in said(await recorded(carrier, "/voice/fallback/en/told"))


async def test_a_retried_webhook_gets_the_same_document(carrier: Carrier) -> None:
    for _ in range(2):
        answers = {
            (await carrier.post("/voice/fallback", **FAILED)).body,
            (await carrier.post("/voice/fallback", **FAILED)).body,
        }
        assert len(answers) == 1
        assert len({(await recorded(carrier)).body for _ in range(3)}) == 1


async def test_no_address_of_the_plan_says_anything_of_the_call(carrier: Carrier) -> None:
    answers = [
        await carrier.post("/voice/fallback", **FAILED),
        await carrier.post("/voice/fallback/zh/opened", From=CALLER, To=LINE, Digits="0"),
        await carrier.post("/voice/fallback/zh/opened", From=CALLER, To=LINE),
    ]
    for answer in answers:
        for url in re.findall(r'(?:action|recordingStatusCallback)="([^"#]+)', answer.text):
            assert re.fullmatch(r"http://[^/]+/voice/fallback/zh/[a-z]+(/recording)?", url), url


async def test_a_call_in_english_goes_on_in_english(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever failed: its own step, or a document that the carrier could not have."""
    call = call_of((await carrier.ring()).body)
    await carrier.post(f"/voice/{call}/turn/1", Digits="9")
    url = f"http://127.0.0.1:8080/voice/{call}/turn/2"

    asked = await carrier.post("/voice/fallback", **FAILED, ErrorUrl=url)

    assert said(asked).startswith("In danger")
    assert "/voice/fallback/en/opened" in asked.text


async def test_a_recording_that_a_dead_server_missed_is_its_turns(carrier: Carrier) -> None:
    """The carrier hands its fields on to the fallback, and the address that did not answer."""
    call = call_of((await carrier.ring()).body)
    url = f"http://127.0.0.1:8080/voice/{call}/turn/3"

    answer = await recorded(carrier, "/voice/fallback", ErrorCode="11205", ErrorUrl=url)

    assert "已收到" in said(answer)
    (line,) = await spooled(carrier)
    assert line.matter == (call, 3)


async def test_a_callees_leg_is_declined(carrier: Carrier) -> None:
    answer = await carrier.post("/voice/fallback", "CA9", ParentCallSid="CA1", **FAILED)

    assert "<Hangup/>" in answer.text
    assert "<Record" not in answer.text


@pytest.mark.parametrize(
    "odd",
    [
        {"Digits": "abc"},
        {"RecordingSid": "../../x", "RecordingUrl": "x"},
        {"RecordingUrl": "http://x/" + "a" * 3000},
        {"DialCallStatus": "sideways"},
        {"From": "\x00", "To": "\ud7ff"},
        {"To": "", "From": ""},
        {"RecordingDuration": "many", "RecordingUrl": "http://127.0.0.1/RE1"},
    ],
)
@pytest.mark.parametrize("path", ["/voice/fallback", "/voice/fallback/zh/opened", TOLD])
async def test_odd_fields_are_spoken_to_all_the_same(
    carrier: Carrier, path: str, odd: dict[str, str]
) -> None:
    assert said(await carrier.post(path, **(FAILED | odd)))


@pytest.mark.parametrize(
    "path", ["/voice/fallback/zh/nowhere", "/voice/fallback/fr/told", "/voice/fallback/zh"]
)
async def test_there_are_no_other_addresses(carrier: Carrier, path: str) -> None:
    assert (await carrier.post(path, **FAILED)).status == 404


async def test_where_the_spool_hangs_nothing_is_promised(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that waits is no reason for silence; the carrier's word of it comes again."""

    async def never(_: Any) -> None:
        await asyncio.Event().wait()

    spool = house_of(carrier).fallback.spool
    monkeypatch.setattr(spool, "keep", never)
    monkeypatch.setattr("ivr.conversation.outage.SPOOL_PATIENCE", 0.01)

    assert "还不能登记" in said(await recorded(carrier))
    again = await recorded(carrier, f"{TOLD}/recording")
    assert again.status == 503
    assert house_of(carrier).fallback.outage.unkept is not None


@pytest.mark.parametrize(
    ("seconds", "status", "kept"), [("0", 204, 0), ("9", 204, 1), ("10", 204, 0), ("20", 204, 1)]
)
async def test_the_carriers_word_of_a_recording_is_kept_unless_it_may_be_silence(
    carrier: Carrier, seconds: str, status: int, kept: int
) -> None:
    """The Record action knows, and the carrier's list has it."""
    answer = await recorded(carrier, f"{TOLD}/recording", RecordingDuration=seconds)

    assert answer.status == status
    assert len(await spooled(carrier)) == kept


async def test_even_a_broken_plan_is_an_apology(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch, quiet: Heard
) -> None:
    async def broken(*_: object) -> bytes:
        raise RuntimeError(f"secret words about {CALLER}")

    for name in ("answer", "following"):
        monkeypatch.setattr(house_of(carrier).fallback.outage, name, broken)
    for path in ("/voice/fallback", TOLD):
        answer = await carrier.post(path, **FAILED)
        assert "请稍后再拨" in said(answer)
        assert "secret" not in answer.text
    assert quiet.failures == ["fallback.failed"] * 2
