"""What the settings make of telling an office: a whole server has its mail at the city's mail
server, or keeps it where there is none."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import server
from deployment.house import HOUSE, House
from deployment.settings import Settings
from deployment.sockets import runner_of
from ivr.flow.effect import AttachRecording, TellOffice
from storage.schema import migrate
from tests.routing.delivery.mailbox import SENDER, Mailbox, serving
from tests.storage.stepping import first_step, later_step, open_case

DEADLINE = 90.0


async def leave_a_message(house: House) -> str:
    """A caller's; returns whose address it goes to."""
    office = next(iter(house.directory().offices.values()))
    opening = replace(open_case(), office=office.id)
    attach = AttachRecording(opening.reference, 1, "RE1", 12, "zh-CN")
    told = TellOffice(opening.reference, office.id)
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, opening, attach, told))
    await house.calls.hold_transcript("RE1", "路灯坏了", "carrier", house.clock.now())
    return office.email


async def test_a_case_and_its_words_reach_the_office_through_the_citys_mail_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrate, tmp_path / "zhitong.db")
    box = Mailbox()
    async with serving(box) as port, asyncio.timeout(DEADLINE):
        settings = Settings(
            demo=False,
            data_dir=tmp_path,
            smtp_url=f"smtp://127.0.0.1:{port}",
            mail_from=SENDER,
        )
        app = await server.build_app(settings)
        runner = runner_of(app)
        await runner.setup()
        try:
            to = await leave_a_message(app[HOUSE])
            while len(box.taken) < 2:
                await asyncio.sleep(0.01)
            kept = await app[HOUSE].mails.mails()
        finally:
            await runner.cleanup()

    case, words = sorted(box.taken, key=lambda mail: str(mail["Message-ID"]))
    assert case["To"] == words["To"] == to
    assert words["References"] == case["Message-ID"]
    body = words.get_body(("plain",))
    assert body is not None
    assert "路灯坏了" in body.get_content()
    assert "/demo/office/%" in body.get_content()
    assert kept == []
