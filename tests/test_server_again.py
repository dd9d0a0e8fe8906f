"""A server that starts again takes up at once what a killed one had begun; what a call leaves to be
done is done while it runs."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

import server
from deployment.carrier import rest_of
from deployment.clock import SystemClock
from deployment.house import HOUSE, House
from deployment.plans import earlier_plans, plan_inputs
from deployment.settings import Settings
from deployment.sockets import runner_of
from ivr.conversation.turns import Conversation
from ivr.flow.effect import AttachRecording
from routing.ledger import Why
from routing.ports import JobKind
from storage.effects import enqueue
from storage.ledger import StoredLedger
from storage.outbox import StoredOutbox
from storage.plans import Published
from storage.schema import migrate
from storage.sqlite.database import SqliteDatabase
from tests.deadline import DEADLINE
from tests.storage.stepping import first_step, later_step, open_case


async def leave_claimed(path: Path) -> None:
    """The work of a server that was killed a second after it had claimed it."""
    database = SqliteDatabase(path)
    before = SystemClock().now() - timedelta(seconds=1)
    async with database.unit_of_work() as unit:
        await unit.execute(enqueue(JobKind.SETTLE, {"call": "of-nobody"}, "settle:1", before, None))
    assert len(await StoredOutbox(database).claim(before, 1)) == 1
    await database.close()


async def test_claimed_work_is_done_long_before_its_lease_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = asyncio.Event()

    async def settle(self: Conversation, call_id: str, listed: object) -> None:
        assert call_id == "of-nobody"
        settled.set()

    monkeypatch.setattr(Conversation, "settle", settle)
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrate, tmp_path / "zhitong.db")
    await leave_claimed(tmp_path / "zhitong.db")
    async with running(tmp_path):
        await settled.wait()


async def test_danger_in_a_recording_reaches_the_office_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrate, tmp_path / "zhitong.db")
    async with running(tmp_path) as house:
        office = next(iter(house.directory().offices))
        now = house.clock.now()
        opening = replace(open_case(), office=office)
        attach = AttachRecording(opening.reference, 1, "RE1", 12, "zh-CN")
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, opening, attach))
        await house.calls.hold_transcript("RE1", "楼下着火了，快来人", "carrier", now)
        while not any(mail.id.startswith("danger-") for mail in await house.mails.mails()):
            await asyncio.sleep(0)
        (case,) = await house.cases.cases(office)
    assert case.danger


async def test_each_kind_of_work_has_its_handler(tmp_path: Path) -> None:
    migrate(tmp_path / "zhitong.db")
    async with running(tmp_path) as house, aiohttp.ClientSession() as session:
        rest = rest_of(house.settings, house.secrets, session, 300)
        assert set(server.handlers(house, rest)) == set(JobKind)


async def test_a_call_that_ended_while_no_server_ran_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its own carrier here, which knows of no such call: that is told, and no end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(server, "EVERY", 0.05)
    migrate(tmp_path / "zhitong.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with running(tmp_path, port) as house:
        begun = house.clock.now() - timedelta(hours=3)  # not so long ago that it is taken for lost
        step = first_step("a")
        await house.journal.append(replace(step, at=begun, call=replace(step.call, started=begun)))
        ledger = StoredLedger(house.database)
        while (last := await ledger.last_round()) is None or not await ledger.gaps():
            await asyncio.sleep(0)
        (gap,) = await ledger.gaps()
    assert (gap.kind, gap.subject, gap.why, last.answered) == ("end", "a", Why.UNKNOWN, True)


@asynccontextmanager
async def running(folder: Path, port: int | None = None) -> AsyncIterator[House]:
    """The server within the deadline, without its port unless that is given."""
    app = await server.build_app(Settings(demo=False, data_dir=folder, port=port or 8080))
    runner = runner_of(app)
    await runner.setup()
    try:
        if port is not None:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        async with asyncio.timeout(DEADLINE):
            yield app[HOUSE]
    finally:
        await runner.cleanup()


def test_a_plan_of_another_version_does_not_keep_the_line_from_starting(tmp_path: Path) -> None:
    settings = Settings(demo=False, data_dir=tmp_path)
    ours = plan_inputs(settings).to_text()
    today = SystemClock().now().date()

    bodies = ("{}", ours, ours, ours.replace("[nodes.main]", "[nodes.other]"), "none")

    plans = earlier_plans([Published(n, body) for n, body in enumerate(bodies, 1)], 3, today)

    assert list(plans) == [2]
