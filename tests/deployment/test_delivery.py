"""What the settings make of telling an office: a whole server has its mail at the city's mail
server, or keeps it where there is none, and tells the post's channel and phone besides."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

import server
from deployment import plans
from deployment.house import HOUSE
from deployment.settings import Settings
from deployment.sockets import runner_of
from routing.delivery.webhook import signature
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.deployment.told import (
    PHONE,
    channels_file,
    open_a_case,
    with_a_duty_desk,
    write_down,
)
from tests.ports import free_port
from tests.routing.delivery.mailbox import SENDER, Mailbox, serving
from tests.routing.delivery.receiver import SECRET, Receiver, receiving


async def test_a_case_and_its_words_reach_the_office_through_the_citys_mail_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
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
            to = await open_a_case(app[HOUSE])
            while len(box.taken) < 1:
                await asyncio.sleep(0.01)
            await write_down(app[HOUSE])
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
    assert f"{settings.base}/desk/cases/" in body.get_content()
    assert kept == []


async def test_a_post_is_told_by_its_channel_and_its_phone_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real receiver has the case and its words, signed; the embedded carrier has the text."""
    monkeypatch.chdir(tmp_path)
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    monkeypatch.setattr(plans, "demo_sheets", with_a_duty_desk)
    receiver = Receiver()
    async with receiving(receiver) as port, asyncio.timeout(DEADLINE):
        channels = channels_file(tmp_path, f"http://127.0.0.1:{port}/")
        settings = Settings(demo=False, data_dir=tmp_path, channels=channels, port=free_port())
        app = await server.build_app(settings)
        runner = runner_of(app)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        try:
            await open_a_case(app[HOUSE])
            while len(receiver.taken) < 1:
                await asyncio.sleep(0.01)
            await write_down(app[HOUSE])
            while len(receiver.taken) < 2 or not app[server.LINE].texts():
                await asyncio.sleep(0.01)
            mails = await app[HOUSE].mails.mails()
        finally:
            await runner.cleanup()

    for headers, body in receiver.taken:
        at = headers["Zhitong-Timestamp"]
        assert headers["Zhitong-Signature"] == signature((SECRET,), at, body)
    by_news = {told["news"]: told for told in (json.loads(body) for _, body in receiver.taken)}
    assert by_news.keys() == {"case", "words"}
    assert [heard["text"] for heard in by_news["words"]["words"]] == ["路灯坏了"]
    (text,) = app[server.LINE].texts()
    assert text.to == PHONE
    assert "路灯" not in text.text
    assert {mail.to for mail in mails} == {"office01@yunling.example"}
