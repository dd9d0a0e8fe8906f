"""The doors of the call against bad input: a clear refusal or a valid document, always; nothing
of an exception in any answer."""

import itertools
import re
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from ivr.carrier.local.twiml_reader import read_twiml
from tests.ivr.carrier.signed import CALLER, FORM, LINE, Answer, Carrier, Heard, kept_steps
from tests.ivr.desk import call_of

TELLTALE = re.compile(
    r"Traceback|\w+Error\b|\w+Exception\b|File \"|line \d+|0x[0-9a-f]{6}|sqlite|SELECT |None\b"
)
DIGITS = "1" * 10_000
HOSTILE = (
    DIGITS,
    "\x00\x01\x07\x1b[31m\x7f\x85",
    "\r\nX-Injected: 1\r\n\r\n",
    "😀👩‍👩‍👧‍👦" * 40,
    "'; DROP TABLE calls; --",
    '" OR 1=1 --',
    '</Say><Dial>+8613900000000</Dial><Say a="&quot;">',
    "<![CDATA[x]]><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>&b;",
    "{pin} {case} %s %(x)s ${x} {{ 7*7 }}",
    "\u202e\ufeff\ufffe\uffff\ud7ff",
    "../../../../etc/passwd",
    "-1",
    "1e999",
    "NaN",
    "٣٤٥",
    "１２３＃",
    " ",
    "",
)
ANSWERED = ("From", "To", "CallSid", "CallStatus", "ForwardedFrom", "CallerName", "Direction")
TURNED = (
    "Digits", "FinishedOnKey", "SpeechResult", "Confidence", "RecordingSid", "RecordingUrl",
    "RecordingDuration", "RecordingStatus", "DialCallStatus", "DialBridged", "CallStatus",
    "CallSid", "ParentCallSid", "From", "Unheard-of",
)  # fmt: skip


def refused(answer: Answer, status: int) -> bool:
    """A refusal of one line, with nothing to execute and nothing to learn."""
    assert not TELLTALE.search(answer.text), answer.text
    assert "<" not in answer.text
    return answer.status == status and len(answer.text.splitlines()) == 1


async def test_a_diverted_call_is_answered_as_the_number_that_was_printed(carrier: Carrier) -> None:
    """An official's own number, diverted to a number of the house (hotline §2.3)."""
    printed = await carrier.ring("CA1", dialled=LINE)

    diverted = await carrier.post(
        "/voice/answer", "CA2", From=CALLER, To="+865580009999", ForwardedFrom="0558-0000021"
    )
    elsewhere = await carrier.post(
        "/voice/answer", "CA3", From=CALLER, To=LINE, ForwardedFrom="+8613912345678"
    )

    assert spoken(printed)
    assert spoken(diverted) == spoken(elsewhere) == spoken(printed)


def spoken(answer: Answer) -> list[str]:
    """What is said in a document."""
    return re.findall(r"<Say[^>]*>(.*?)</Say>", answer.text)


async def test_a_genuine_webhook_is_answered(carrier: Carrier) -> None:
    answer = await carrier.ring()

    assert (answer.status, answer.kind) == (200, "text/xml")
    read_twiml(answer.text)


PATHS = (
    "/voice/answer",
    "/voice/status",
    "/voice/fallback",
    "/voice/{call}/turn/1",
    "/voice/{call}/turn/1/leg/0/0",
    "/voice/{call}/turn/1/leg/0/1",
    "/voice/{call}/turn/1/recording",
    "/voice/{call}/turn/1/transcript",
    "/voice/{call}/turn/1/transcription",
)


async def test_what_is_not_the_carriers_is_refused(carrier: Carrier) -> None:
    call = call_of((await carrier.ring()).body)
    for path in PATHS:
        await refuses_forgeries(carrier, path.format(call=call))
    assert await kept_steps(carrier) == 1


async def refuses_forgeries(carrier: Carrier, path: str) -> None:
    body = urlencode({"AccountSid": carrier.account, "CallSid": "CA1", "Digits": "1"}).encode()
    wrong = Carrier(carrier.client, carrier.base, carrier.account, "another token")
    elsewhere = Carrier(carrier.client, "https://elsewhere.example", carrier.account, carrier.token)
    other = body.replace(carrier.account.encode(), b"AC" + b"9" * 32)

    for forged in (
        await carrier.send(path, body, signature=""),
        await carrier.send(path, body, signature=wrong.sign(path, body)),
        await carrier.send(path, body, signature=elsewhere.sign(path, body)),
        await carrier.send(path, body, signature=carrier.sign(path + "/", body)),
        await carrier.send(path + "?x=1", body, signature=carrier.sign(path, body)),
        await carrier.send(path, body + b"0", signature=carrier.sign(path, body)),
        await carrier.send(path, body + b"&Digits=1&X=", signature=carrier.sign(path, body)),
        await carrier.request(path, data=body, headers={"Content-Type": FORM}),
        await carrier.send(path, other),
    ):
        assert refused(forged, 403)


KINDS = ("text/plain", "multipart/form-data; boundary=x", "x", "")


async def test_another_kind_of_content_is_refused(carrier: Carrier) -> None:
    for path, kind in itertools.product(PATHS[:3], KINDS):
        answer = await carrier.send(path, b"AccountSid=AC1", kind)
        assert refused(answer, 415)
        assert FORM in answer.text


async def test_bytes_that_are_no_text_are_refused(carrier: Carrier) -> None:
    body = f"AccountSid={carrier.account}&CallSid=CA1&From=".encode() + b"\xff\xfe\x80"

    for charset in ("x-unheard-of", "utf-16", "utf-8", "rot13", "hex", "\x80", "idna"):
        answer = await carrier.send("/voice/answer", body, f"{FORM}; charset={charset}")
        assert answer.status in (400, 403), charset
        assert not TELLTALE.search(answer.text)


async def test_no_other_charset_is_decoded(carrier: Carrier) -> None:
    """A stranger's 64 kB of punycode would stop every call for half a second."""
    body = f"AccountSid={carrier.account}&CallSid=CA1&From=1&To=2".encode()
    for charset in ("punycode", "latin-1", "ascii", "utf-16", "rot13"):
        assert refused(await carrier.send("/voice/answer", body, f"{FORM}; charset={charset}"), 400)
    for charset in ("utf-8", "UTF-8", '"utf-8"'):
        answer = await carrier.send("/voice/answer", body, f"{FORM}; charset={charset}")
        assert answer.status == 200


async def test_malformed_percent_encoding_is_read_as_it_stands(carrier: Carrier) -> None:
    call = call_of((await carrier.ring()).body)
    for digits in (b"%", b"%ZZ", b"%F", b"%00", b"%ED%A0%80", b"%FF%FE", b"1;2", b"%u0031"):
        body = f"AccountSid={carrier.account}&CallSid=CA1&Digits=".encode() + digits
        answer = await carrier.send(f"/voice/{call}/turn/1", body)
        assert refused(answer, 400)
    assert await kept_steps(carrier) == 1


async def test_an_oversized_body_is_refused(carrier: Carrier) -> None:
    body = f"AccountSid={carrier.account}&CallSid=CA1&SpeechResult=".encode() + b"a" * 65_536

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 8_192):
            yield body[start : start + 8_192]

    headers = {"Content-Type": FORM, "X-Twilio-Signature": carrier.sign("/voice/answer", body)}
    whole = await carrier.request("/voice/answer", data=body, headers=headers)
    chunked = await carrier.request("/voice/answer", data=pieces(), headers=headers)

    assert [whole.status, chunked.status] == [413, 413]
    assert not TELLTALE.search(whole.text + chunked.text)
    many = "&".join(f"f{n}=" for n in range(12_000)).encode()
    assert refused(await carrier.send("/voice/answer", many, signature="x"), 403) or (
        await carrier.send("/voice/answer", many, signature="x")
    ).status in (400, 413)


async def test_hostile_words_in_a_new_call(carrier: Carrier, log: Heard) -> None:
    for number, (field, value) in enumerate(itertools.product(ANSWERED, HOSTILE)):
        form = {"From": CALLER, "To": LINE, field: value}
        answer = await carrier.post("/voice/answer", **({"sid": f"CA{number}"} | renamed(form)))
        spoken_or_refused(answer)
        if answer.status == 200 and field != "CallSid":
            await goes_on(carrier, call_of(answer.body), f"CA{number}")
    assert log.failures == []


def renamed(form: dict[str, str]) -> dict[str, str]:
    """CallSid is the helper's own `sid`."""
    return {"sid" if name == "CallSid" else name: value for name, value in form.items()}


async def goes_on(carrier: Carrier, call: str, sid: str) -> None:
    """The number that was dialled is checked and read aloud, whatever it was."""
    for turn, digits in enumerate(("1", "#", "*"), 1):
        form = {"Digits": digits.strip("#"), "FinishedOnKey": "#" if digits == "#" else ""}
        spoken_or_refused(await carrier.post(f"/voice/{call}/turn/{turn}", sid, **form))


def spoken_or_refused(answer: Answer) -> None:
    if answer.status == 200:
        assert answer.kind == "text/xml"
        document = read_twiml(answer.text)
        assert document.verbs
        assert "13900000000" not in answer.text
    else:
        assert answer.status in (400, 403, 404, 409)
        assert refused(answer, answer.status)


WAYS = ((), ("1",), ("3",), ("2",), ("2", "1"), ("0",))
"""To the menu, the check, progress, the kind, the recording, and while it rings."""


@pytest.mark.parametrize("field", TURNED)
async def test_hostile_words_in_a_turn(carrier: Carrier, log: Heard, field: str) -> None:
    for number, way in enumerate(WAYS):
        sid = f"CA{number}"
        call = call_of((await carrier.ring(sid)).body)
        for turn, digits in enumerate(way, 1):
            await carrier.post(f"/voice/{call}/turn/{turn}", sid, Digits=digits)
        turn = len(way) + 1
        for value in HOSTILE:
            form = renamed({"CallSid": sid} | {field: value})
            answer = await carrier.post(f"/voice/{call}/turn/{turn}", **form)
            spoken_or_refused(answer)
            turn += answer.status == 200
    assert log.failures == []


CALLED_BACK = ("RecordingSid", "RecordingUrl", "RecordingDuration", "CallSid")


async def test_hostile_words_in_callbacks(carrier: Carrier, log: Heard) -> None:
    call = call_of((await carrier.ring()).body)
    for turn, digits in enumerate(("2", "1"), 1):
        await carrier.post(f"/voice/{call}/turn/{turn}", Digits=digits)
    for field, value in itertools.product(CALLED_BACK, HOSTILE):
        form = {"RecordingSid": "RE1", "RecordingUrl": "http://127.0.0.1/RE1", field: value}
        for path in (f"/voice/{call}/turn/3/recording", f"/voice/{call}/turn/3/transcript"):
            words = {"TranscriptionText": value, "RecordingDuration": "20"}
            answer = await carrier.post(path, **renamed(words | form))
            assert answer.status == 204 or refused(answer, answer.status)
            assert answer.status < 500
        status = {"CallStatus": "completed", "CallDuration": value, "Direction": value}
        ended = await carrier.post("/voice/status", **renamed(status | form))
        assert ended.status == 204 or refused(ended, 400)
        told = await carrier.post("/voice/fallback", ErrorCode=value, ErrorUrl=value)
        spoken_or_refused(told)
    assert log.failures == []


NEVER_HANDED_OUT = {
    "/voice/{call}/turn/7": 409,
    "/voice/{call}/turn/9999": 409,
    "/voice/nobody00/turn/1": 404,
    "/voice/{call}/turn/1/leg/0/0": 404,
    "/voice/{call}/turn/8/recording": 404,
}
OTHER_SHAPES = (
    "/voice/x/turn/1", "/voice/{call}/turn/99999", "/voice/{call}/turn/-1", "/voice/{call}/turn/x",
    "/voice/'; DROP TABLE calls; --/turn/1", "/voice/{call}/turn/1/leg/999/0", "/voice/",
)  # fmt: skip


async def test_addresses_that_were_not_handed_out(carrier: Carrier) -> None:
    call = call_of((await carrier.ring()).body)
    recording = {"RecordingSid": "RE1", "RecordingUrl": "http://127.0.0.1/RE1"}

    for path, status in NEVER_HANDED_OUT.items():
        fields = {"ParentCallSid": "CA1", **recording}
        assert refused(await carrier.post(path.format(call=call), "CA9", **fields), status)
    for path in OTHER_SHAPES:
        answer = await carrier.post(path.format(call=call))
        assert answer.status in (403, 404)
        assert not TELLTALE.search(answer.text)


async def test_another_call_or_account_is_refused(carrier: Carrier) -> None:
    call = call_of((await carrier.ring()).body)
    other = Carrier(carrier.client, carrier.base, "AC" + "9" * 32, carrier.token)

    assert refused(await carrier.post(f"/voice/{call}/turn/1", "CA2", Digits="1"), 403)
    assert refused(await other.post(f"/voice/{call}/turn/1", Digits="1"), 403)
    parent = await carrier.post(f"/voice/{call}/turn/1", "CA3", ParentCallSid="CA1", Digits="1")
    assert parent.status == 200
    whisper = await carrier.post(f"/voice/{call}/turn/1/leg/0/1", Digits="1")
    assert refused(whisper, 403), "the caller's own leg does not accept his call"
