"""When something fails on our side: the caller hears the plan, the carrier tries callbacks again,
and nobody reads an exception."""

import asyncio
import re
import shutil

import pytest

from deployment import shared
from ivr.carrier.local.twiml_reader import read_twiml
from ivr.conversation.errors import Unsettled
from storage.errors import DiskFull, StorageError
from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import CALLER, LINE, Carrier, Heard, house_of, kept_steps
from tests.ivr.desk import call_of
from tests.storage.stepping import driver_of


async def test_whatever_fails_the_plan_speaks_to_the_caller(
    carrier: Carrier, log: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both languages, danger first; an official's leg is declined with an apology."""
    call = call_of((await carrier.ring()).body)

    async def broken(*_: object, **__: object) -> bytes:
        raise StorageError(f"secret words about {CALLER}")

    house = house_of(carrier)
    for name in ("answer", "turn", "leg"):
        monkeypatch.setattr(house.conversation, name, broken)
    answers = [
        await carrier.ring("CA2"),
        await carrier.post(f"/voice/{call}/turn/1", Digits="1", From=CALLER, To=LINE),
        await carrier.post(f"/voice/{call}/turn/1", Digits="1"),
        await carrier.post(f"/voice/{call}/turn/1/leg/0/0", Digits="1"),
    ]

    assert {answer.status for answer in answers} == {200}
    assert not any("secret" in answer.text for answer in answers)
    for answer in answers:
        languages = set(re.findall(r'language="([\w-]+)"', answer.text))
        assert len(languages) == 2
        read_twiml(answer.text)
    first, turn, bare, leg = answers
    assert "/voice/fallback/zh/opened" in first.text
    assert "110" in first.text.partition("</Say>")[0]
    assert turn.body == bare.body  # a live call is remembered, whatever the webhook says of it
    assert "<Hangup/>" in leg.text
    assert "<Gather" not in leg.text
    assert log.failures == ["voice.failed"] * 4


async def test_a_step_that_lost_to_others_is_our_failure_and_no_refusal(
    carrier: Carrier, log: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller hears the plan; what a callback tells of waits in the spool."""
    call = call_of((await carrier.ring()).body)

    async def lost(*_: object, **__: object) -> bytes:
        raise Unsettled("turn 1 lost 5 times to other webhooks")

    house = house_of(carrier)
    for name in ("turn", "recording"):
        monkeypatch.setattr(house.conversation, name, lost)
    spoken = await carrier.post(f"/voice/{call}/turn/1", Digits="1")
    recording = {"RecordingSid": "RE1", "RecordingUrl": "http://127.0.0.1/x"}
    callback = await carrier.post(f"/voice/{call}/turn/1/recording", **recording)

    assert spoken.status == 200
    assert "/voice/fallback/zh/opened" in spoken.text
    assert log.failures == ["voice.failed"] * 2
    assert callback.status == 204
    (batch,) = await house.fallback.spool.batches()
    assert [(line.ref.sid, line.matter) for line in batch.lines] == [("RE1", (call, 1))]


@pytest.mark.parametrize("error", [TimeoutError(), StorageError("x")])
async def test_a_callback_that_fails_is_logged_with_its_route(
    error: Exception, carrier: Carrier, log: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that took too long, too: aiohttp says neither which nor why."""

    async def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(house_of(carrier).conversation, "ended", broken)
    ended = await carrier.post("/voice/status", CallStatus="completed")

    assert ended.status == 500
    assert log.failures == ["voice.failed"]


async def test_a_callback_that_fails_is_sent_again_by_the_carrier(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 5xx asks for it; the exception stays here. A recording's comes again where the spool cannot
    be written either."""
    call = call_of((await carrier.ring()).body)

    async def broken(*_: object, **__: object) -> None:
        raise StorageError(f"secret words about {CALLER}")

    house = house_of(carrier)
    for name in ("recording", "transcript", "ended"):
        monkeypatch.setattr(house.conversation, name, broken)
    monkeypatch.setattr(house.fallback.spool, "keep", broken)
    fields = {"RecordingSid": "RE1", "RecordingUrl": "http://127.0.0.1/x", "TranscriptionText": "x"}
    for path in (f"/voice/{call}/turn/1/recording", f"/voice/{call}/turn/1/transcript"):
        answer = await carrier.post(path, **fields)
        assert answer.status >= 500
        assert "secret" not in answer.text
    ended = await carrier.post("/voice/status", CallStatus="completed")
    assert ended.status >= 500
    assert "secret" not in ended.text


async def test_on_a_full_disk_the_plan_speaks_until_there_is_room(
    carrier: Carrier, log: Heard
) -> None:
    """By a bound on the journal's own connection: SQLite's "database or disk is full"."""
    first = await carrier.ring("CA-first")
    bound_pages(carrier, 1)
    answers = [await carrier.ring(f"CA{number}") for number in range(60)]
    full = answers[-1]

    assert (full.status, full.kind) == (200, "text/xml")
    assert "/voice/fallback/zh/opened" in full.text
    assert log.failures
    assert len(log.failures) == sum(answer.body == full.body for answer in answers)

    bound_pages(carrier, 1_000_000)
    assert "/turn/1" in (await carrier.ring("CA59")).text
    call = call_of(first.body)
    assert (await carrier.post(f"/voice/{call}/turn/1", "CA-first", Digits="2")).status == 200
    assert await kept_steps(carrier) == 1 + 60 - len(log.failures) + 1 + 1


DRAINS = 3
"""One for what tells offices, one for phones that ring together, one for all other work."""


@pytest.fixture
def never_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is waited for longer than any test lasts."""
    monkeypatch.setattr("server.FAILED", 3600.0)


@pytest.mark.usefixtures("never_again")
async def test_work_that_cannot_be_claimed_is_waited_out(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No drain asks a full disk as fast as it can."""
    asked: list[object] = []
    failed = asyncio.Event()

    async def full(_now: object, _most: object, claims: object) -> None:
        asked.append(claims)
        if len(asked) == DRAINS:
            failed.set()
        raise DiskFull("the disk is full")

    house = house_of(carrier)
    monkeypatch.setattr(house.outbox, "claim", full)
    house.database.woken.set()
    async with asyncio.timeout(DEADLINE):
        await failed.wait()
    for _ in range(1000):
        await asyncio.sleep(0)

    assert len({id(claims) for claims in asked}) == len(asked) == DRAINS


def bound_pages(carrier: Carrier, most: int) -> None:
    """SQLite takes no bound below what the file has already."""
    driver = driver_of(house_of(carrier).journal)
    driver.execute(f"PRAGMA max_page_count={most}").close()


async def test_without_room_the_server_is_not_ready(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that writes nothing succeeds on a full disk, so the room itself is asked."""
    monkeypatch.setattr(shared, "FRESH", 0.0)
    status, text = await readiness(carrier)
    assert (status, text.splitlines()[0]) == (200, "ready")
    usage = shutil.disk_usage("/")._replace(free=4096)
    monkeypatch.setattr("deployment.readiness.shutil.disk_usage", lambda _: usage)

    status, text = await readiness(carrier)

    assert status == 503
    assert "free some room" in text


async def readiness(carrier: Carrier) -> tuple[int, str]:
    async with carrier.client.get("/readyz") as answer:
        return answer.status, await answer.text()
