"""No line of the log holds a number, a key, a word, a PIN or a secret, whatever webhook came and
whatever became of it; but each says which call it is about."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

import server
from deployment.house import HOUSE
from deployment.log import Relay, configuration
from deployment.settings import Settings
from tests.ivr.carrier.signed import CALLER, LINE, Carrier, house_of
from tests.ivr.desk import call_of

CHECKED = "13912345678"
PIN = "7319"
CASE = "46270391"
WORDS = "我家停水三天了"
SECRETS = (CALLER[3:], LINE[3:], CHECKED, PIN, CASE, WORDS, "spoken-words", "k" * 40, "hush-token")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, from the lowest level on, libraries' lines too (other tests run tools
    that silence all loggers there are)."""
    to, relay = io.StringIO(), Relay()
    monkeypatch.setattr(logging.getLogger("aiohttp.server"), "disabled", False)
    structlog.configure(**configuration("debug", to))
    logging.getLogger().addHandler(relay)
    yield to
    logging.getLogger().removeHandler(relay)
    structlog.reset_defaults()


@pytest.fixture
async def carrier(
    log: io.StringIO, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Carrier]:
    folder = empty_database.parent
    monkeypatch.chdir(folder)  # no .env of a developer
    empty_database.rename(folder / "zhitong.db")
    settings = Settings(
        data_dir=folder, demo=False, log_level="debug", secret_key="k" * 40, auth_token="hush-token"
    )
    app = await server.build_app(settings)
    async with TestClient(TestServer(app)) as client:
        account = app[HOUSE].secrets.account
        yield Carrier(client, settings.base, account, "hush-token")


async def every_webhook(carrier: Carrier) -> str:
    """A call through all that a caller may do, and all that may go wrong; its id here."""
    call = call_of((await carrier.ring()).body)
    turn = f"/voice/{call}/turn"
    await carrier.ring(caller="anonymous", sid="CA2")
    await carrier.ring(dialled=CHECKED, sid="CA3")
    await carrier.post(f"{turn}/1", Digits="1")
    await carrier.post(f"{turn}/2", Digits=CHECKED, FinishedOnKey="#")
    await carrier.post(f"{turn}/3", Digits="3")
    await carrier.post(f"{turn}/4", SpeechResult=WORDS, Confidence="0.9")
    await carrier.post(f"{turn}/5", Digits=f"{CASE}{PIN}", FinishedOnKey="#")
    await carrier.recorded(f"{turn}/1")
    await carrier.post(f"{turn}/1/recording", RecordingSid="REx", RecordingUrl="x" * 3000)
    words = {"TranscriptionText": WORDS, "RecordingSid": "RECA1"}
    await carrier.post(f"{turn}/1/transcript", TranscriptionStatus="completed", **words)
    await carrier.post(f"{turn}/1/leg/0/1", Digits=PIN, ParentCallSid="CA1", To=CALLER)
    await carrier.post(f"{turn}/99", Digits=PIN)
    await carrier.post(f"{turn}/1", "CA-another", Digits=PIN)
    await carrier.post(f"{turn}/6", Digits=f"{PIN}<{CHECKED}>")
    await carrier.post("/voice/fallback", ErrorCode=CHECKED, ErrorUrl=f"https://x/{CHECKED}")
    await carrier.post("/voice/status", CallStatus="completed", From=CALLER, CallDuration="9")
    await carrier.post(f"/voice/{CHECKED}/turn/1", Digits=PIN)
    await carrier.send("/voice/answer", f"From={CALLER}".encode(), signature="forged")
    await carrier.send(f"/voice/{CHECKED}/turn/1", b"Digits=" + PIN.encode(), signature="forged")
    await carrier.send("/voice/answer", b"\xff" + PIN.encode())
    return call


def found_in(text: str) -> list[str]:
    """Which secrets a log holds, however they are written."""
    plain = text.replace(" ", "").replace("-", "")
    return [secret for secret in SECRETS if secret.replace("-", "") in plain]


async def test_no_line_holds_what_callers_said_or_pressed(
    carrier: Carrier, log: io.StringIO
) -> None:
    await every_webhook(carrier)

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    routes = {line["route"] for line in lines if line["event"] == "webhook"}
    statuses = {line["status"] for line in lines if line["event"] == "webhook"}
    assert len(routes) == 7
    assert statuses >= {200, 204, 400, 403, 404, 409}
    assert found_in(log.getvalue()) == []


async def test_a_failure_with_all_of_it_in_its_hands_tells_nothing(
    carrier: Carrier, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = call_of((await carrier.ring()).body)

    def choke(*given: Any) -> None:
        raise KeyError(f"{given} {CALLER} {PIN} {WORDS} hush-token")

    monkeypatch.setattr(house_of(carrier).conversation, "_take", choke)
    monkeypatch.setattr(house_of(carrier).calls, "of", choke)
    await carrier.post(f"/voice/{call}/turn/1", Digits=PIN)
    answer = await carrier.post("/voice/status", CallStatus="completed", From=CALLER)

    assert answer.status == 500
    failed = [json.loads(line) for line in log.getvalue().splitlines() if "KeyError" in line]
    assert [line.get("route") for line in failed] == [
        "/voice/{call}/turn/{turn}",
        "/voice/status",
    ]
    assert failed[0]["place"].startswith("tests/ivr/carrier/test_silent_log.py:")
    assert (failed[0]["call"], failed[0]["turn"], failed[0]["sid"]) == (call, "1", "CA1")
    assert found_in(log.getvalue()) == []


async def test_a_stranger_is_not_taken_for_the_last_call_of_the_connection(
    carrier: Carrier, log: io.StringIO
) -> None:
    await carrier.ring()
    await carrier.send("/voice/answer", b"x=1", signature="forged")

    first, second = [json.loads(line) for line in log.getvalue().splitlines()][-2:]
    assert first["sid"] == "CA1"
    assert "sid" not in second


async def test_at_the_usual_level_a_webhook_is_no_line(
    empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = empty_database.parent
    monkeypatch.chdir(folder)
    empty_database.rename(folder / "zhitong.db")
    app = await server.build_app(Settings(data_dir=folder, demo=False))
    keys = app[HOUSE].secrets
    with capture_logs() as lines:
        async with TestClient(TestServer(app)) as client:
            await Carrier(client, app[HOUSE].settings.base, keys.account, keys.token).ring()
    assert [line for line in lines if line["event"] == "webhook"] == []
