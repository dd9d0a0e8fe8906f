"""The database is gone while calls go on: every caller is spoken to, and what is said becomes
exactly one case with its sound once the database is back. Real calls, over HTTP."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import server
from ivr.carrier.deadline import Deadline, Limit
from ivr.carrier.local.telephone import Telephone
from ivr.conversation.messages import PLAN_TURN
from routing.ports import Audio
from storage.tables.cases import cases, recordings
from tests.databases import ASYNCPG, chosen, url_of
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import hear
from tests.ivr.carrier.local.sounds import tone
from tests.ivr.carrier.outages import OUTAGES, fill, may_mount, small_disk, stopped
from tests.ivr.carrier.outside import Outside, outside
from tests.ivr.carrier.signed import Heard
from tools.postgres import Postgres

CALLER, OTHER, LINE = "+8613900000012", "+8613900000034", "+865580000021"
CONVERSATION = tuple(f"ivr.conversation.{name}" for name in ("outage", "recovery", "messages"))
TROUBLE, KEPT, UNSURE = "系统有故障", "已收到", "还不能登记"


class Patience:
    """Stands where the deadline of webhooks was: a busy machine is no fault before the database is
    `gone`, and then a caller waits two seconds, as an operator's do."""

    gone = False

    def __init__(self, _: float) -> None:
        self._usual, self._hasty = Deadline(DEADLINE), Deadline(2.0)

    def each(self) -> Limit:
        return (self._hasty if Patience.gone else self._usual).each()


@pytest.fixture(autouse=True)
def at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env of a developer; recovery makes no long pauses, a slow disk is waited for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ivr.conversation.outage.SPOOL_PATIENCE", DEADLINE)
    monkeypatch.setattr(server, "RECOVER_EVERY", 0.1)
    monkeypatch.setattr("ivr.carrier.routes.Deadline", Patience)
    monkeypatch.setattr(Patience, "gone", False)
    heard = Heard()  # the log of a terminal draws each traceback with all that was in it: seconds
    for module in ("server", "ivr.carrier.routes", "ivr.carrier.fallback", *CONVERSATION):
        monkeypatch.setattr(f"{module}.LOG", heard)


async def said(phone: Telephone, words: str) -> None:
    """Until these words are spoken to it."""
    heard: list[str] = []
    try:
        async with asyncio.timeout(DEADLINE):
            while not (heard and words in heard[-1]):
                message = await phone.next()
                if isinstance(message, dict) and message["type"] == "say":
                    heard.append(message["text"])
    except TimeoutError:
        raise AssertionError(f"{words} is not among {heard}") from None


async def speak(phone: Telephone) -> None:
    """After the tone."""
    await hear(phone, "listening", kind="record")
    await phone.send_audio(tone(1.0))
    await phone.send("digits", digits="#")


async def recording_of_a_matter(phone: Telephone) -> None:
    """As far as the tone of a recording, in the usual way."""
    await phone.send("dial", to=LINE)
    for key in ("2", "1"):
        await hear(phone, "waiting")
        await phone.send("digits", digits=key)
    await hear(phone, "listening", kind="record")


async def rings(phone: Telephone) -> None:
    """A whole call while nothing can be kept."""
    await phone.send("dial", to=LINE)
    await said(phone, TROUBLE)
    await speak(phone)
    await said(phone, KEPT)
    await hear(phone, "hungup")


async def says_on(phone: Telephone) -> None:
    """The rest of one that was recording."""
    await phone.send_audio(tone(1.0))
    await phone.send("digits", digits="#")
    await said(phone, KEPT)
    await hear(phone, "hungup")


async def with_sound(both: Outside, many: int) -> list[Any]:
    """So many cases, each with one recording that is kept here."""
    query = select(cases, recordings.c.sid, recordings.c.audio).join(
        recordings, recordings.c.reference == cases.c.reference
    )
    async with asyncio.timeout(DEADLINE):
        while True:
            rows = await both.rows(query)
            if len(rows) >= many and all(row.audio == Audio.KEPT for row in rows):
                break
            await asyncio.sleep(0.05)
    assert len(rows) == many
    assert len(await both.rows(select(cases))) == many
    for row in rows:
        sound = await both.house.recordings.read(row.sid)
        assert sound is not None
        assert len(sound) > 8_000
    return rows


async def during(both: Outside, outage: AbstractAsyncContextManager[None]) -> None:
    """One caller rings meanwhile, another was speaking when it began; then all is kept."""
    async with both.phone(CALLER) as speaking, both.phone(OTHER) as ringing:
        await recording_of_a_matter(speaking)
        async with outage:
            Patience.gone = True
            async with asyncio.TaskGroup() as group:
                group.create_task(rings(ringing))
                group.create_task(says_on(speaking))
            Patience.gone = False
        found = await with_sound(both, 2)

    assert sorted(row.turn for row in found) == [3, PLAN_TURN]
    assert {row.office for row in found} == {"市公安局"}


@pytest.mark.parametrize("name", OUTAGES)
async def test_what_is_said_while_the_database_is_gone_is_a_case(tmp_path: Path, name: str) -> None:
    async with outside(tmp_path, "twilio") as both:
        await during(both, OUTAGES[name](both.house))
        assert not list((tmp_path / "spool").glob("*.jsonl"))


async def test_while_postgresql_stands_still(tmp_path: Path, postgres: Postgres) -> None:
    """All its processes are stopped: connections stay open, and nothing is answered."""
    with chosen(ASYNCPG, postgres):
        url = await url_of(tmp_path)
        async with outside(tmp_path, "twilio", database_url=url) as both:
            await during(both, stopped(postgres))


@pytest.mark.parametrize("name", OUTAGES)
async def test_a_call_goes_on_where_it_was_once_the_database_is_back(
    tmp_path: Path, name: str
) -> None:
    """The outage begins and ends between two keys."""
    async with outside(tmp_path, "twilio") as both, both.phone(CALLER) as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        async with OUTAGES[name](both.house):
            pass
        await phone.send("digits", digits="2")
        await said(phone, "咨询按1")
        await phone.send("hangup")
        await hear(phone, "hungup")


@pytest.mark.skipif(not may_mount(), reason="a small disk of its own wants Linux and root")
async def test_a_disk_without_a_byte_left(tmp_path: Path) -> None:
    """Neither database nor spool can be written: nothing is promised, and the carrier's list has
    what was said."""
    with small_disk(tmp_path / "disk", "6m") as disk:
        (tmp_path / "far").mkdir()
        (disk / "far").symlink_to(tmp_path / "far")  # the carrier's own disk is elsewhere
        async with outside(disk, "twilio") as both, both.phone(CALLER) as phone:
            await both.house.fallback.spool.know_until(both.clock.now())
            ballast = fill(disk)
            await phone.send("dial", to=LINE)
            await said(phone, TROUBLE)
            await speak(phone)
            await said(phone, UNSURE)
            await hear(phone, "hungup")
            ballast.unlink()
            both.clock.pass_(601)
            (case,) = await with_sound(both, 1)

    assert case.office == "市公安局"
