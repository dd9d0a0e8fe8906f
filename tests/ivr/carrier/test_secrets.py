"""With which secrets a carrier may sign, and how: a token that replaces another in the middle of a
call, a customer's own key, JSON instead of a form; always against the whole application."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.settings import Settings
from tests.ivr.carrier.signed import CALLER, LINE, Answer, Carrier
from tests.ivr.desk import call_of

ACCOUNT = "AC" + "0" * 32
KEY = "a key of the test, of enough characters"


@contextlib.asynccontextmanager
async def opened(folder: Path, tokens: str) -> AsyncIterator[Carrier]:
    """The server with these tokens, as a start makes it; the carrier signs with the last."""
    settings = Settings(
        data_dir=folder, demo=False, account_sid=ACCOUNT, auth_token=tokens, secret_key=KEY
    )
    app = await server.build_app(settings)
    async with TestClient(TestServer(app)) as client:
        yield Carrier(client, settings.base, ACCOUNT, tokens.rpartition(",")[2])


@pytest.fixture
def folder(empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(empty_database.parent)  # no .env of a developer
    empty_database.rename(empty_database.parent / "zhitong.db")
    return empty_database.parent


def heard(answer: Answer) -> bool:
    return answer.status == 200 and b"<Gather" in answer.body


async def test_a_token_is_replaced_in_the_middle_of_a_call(folder: Path) -> None:
    """Both are set while the carrier changes over; then the old one is taken out."""
    async with opened(folder, "old,new") as new:
        old = replace(new, token="old")
        begun = await old.ring()
        call = call_of(begun.body)
        assert heard(await old.post(f"/voice/{call}/turn/1", Digits="2"))
        assert heard(await new.post(f"/voice/{call}/turn/1", Digits="2"))  # the same, again
        assert b"<Record" in (await new.post(f"/voice/{call}/turn/2", Digits="1")).body

    async with opened(folder, "new") as new:
        stale = await replace(new, token="old").post(f"/voice/{call}/status")
        done = await new.recorded(f"/voice/{call}/turn/3")

    assert stale.status == 403
    assert b"<Say" in done.body


async def test_a_customers_own_key_signs_with_another_algorithm(folder: Path) -> None:
    async with opened(folder, "auth-token,shared-key") as shared:
        signed = replace(shared, algorithm="HMAC_SHA256")
        call = call_of((await signed.ring()).body)
        assert heard(await signed.post(f"/voice/{call}/turn/1", Digits="2"))
        by_token = replace(shared, token="auth-token")
        assert b"<Record" in (await by_token.post(f"/voice/{call}/turn/2", Digits="1")).body

        unknown = replace(shared, token="nobody's", algorithm="HMAC_SHA256")
        assert (await unknown.ring("CA2")).status == 403
        body = urlencode({"AccountSid": ACCOUNT, "CallSid": "CA2"}).encode()
        weaker = shared.sign("/voice/answer", body)  # with SHA-1, and said to be SHA-256
        assert (await signed.send("/voice/answer", body, signature=weaker)).status == 403


async def test_a_call_in_json(folder: Path) -> None:
    """Names and values are those of the form; numbers and truths are told as text."""
    async with opened(folder, "token") as carrier:
        begun = await carrier.json("/voice/answer", From=CALLER, To=LINE, CallStatus="ringing")
        call = call_of(begun.body)
        assert begun.body == (await carrier.ring()).body
        assert heard(await carrier.json(f"/voice/{call}/turn/1", Digits="2", AddOns={"a": [1]}))
        record = await carrier.json(f"/voice/{call}/turn/2", Digits=1, Confidence=None)
        assert b"<Record" in record.body
        told: dict[str, Any] = {
            "RecordingUrl": "https://api.example/RE1",
            "RecordingDuration": 20,
            "RecordingSid": "RE1",
        }
        assert (await carrier.json(f"/voice/{call}/turn/3/recording", **told)).status == 204


async def test_json_that_was_changed_on_its_way_is_refused(folder: Path) -> None:
    async with opened(folder, "token") as carrier:
        body = orjson.dumps({"AccountSid": ACCOUNT, "CallSid": "CA1", "From": CALLER, "To": LINE})
        other = body.replace(b"CA1", b"CA2")
        full = f"/voice/answer?bodySHA256={hashlib.sha256(body).hexdigest()}"
        kind = "application/json"

        genuine = await carrier.send(full, body, kind, carrier.sign(full, b""))
        changed = await carrier.send(full, other, kind, carrier.sign(full, b""))
        unhashed = await carrier.send(
            "/voice/answer", body, kind, carrier.sign("/voice/answer", b"")
        )
        unsigned = await carrier.send(full, body, kind, "")
        broken = await carrier.send(full, body[:-1], kind, carrier.sign(full, b""))
        a_list = await carrier.send(full, b"[1]", kind, carrier.sign(full, b""))

    statuses = [answer.status for answer in (genuine, changed, unhashed, unsigned, broken, a_list)]
    assert statuses == [200, 403, 403, 403, 400, 400]
