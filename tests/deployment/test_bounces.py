"""A mail that came back is found by a whole server in its mailbox, or handed in by a mail server's
pipe, and stands on the page of what did not arrive."""

import asyncio
from argparse import Namespace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import server
from deployment import bounces
from deployment.house import HOUSE
from deployment.settings import Settings
from deployment.sockets import runner_of
from routing.undelivered import Fate
from storage.errors import StorageError
from storage.sealing import Sealing
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.deployment.told import leave_a_message
from tests.ports import free_port
from tests.routing.delivery.imap import LOGIN, Post, serving_mailbox
from tests.routing.delivery.mailbox import SENDER, Mailbox, serving
from tests.routing.delivery.reports import EXIM, POSTFIX, report

FOREIGN = report(EXIM, "<case-46270395.0123456789abcdef@yunling.example>")
NOTE = b"Subject: away\r\n\r\nI am away.\r\n"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(server, "EVERY_LOOK", 0.2)


async def test_a_mailbox_that_does_not_exist_is_shown_and_its_report_marked_as_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another's report and other mail are left as they are."""
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    box, post = Mailbox(), Post({1: NOTE, 2: FOREIGN})
    async with serving(box) as smtp, serving_mailbox(post) as imap, asyncio.timeout(DEADLINE):
        settings = Settings(
            demo=False,
            data_dir=tmp_path,
            smtp_url=f"smtp://127.0.0.1:{smtp}",
            mail_from=SENDER,
            bounces_url=f"imap://{LOGIN[0]}:{LOGIN[1]}@127.0.0.1:{imap}/INBOX",
        )
        app = await server.build_app(settings)
        house = app[HOUSE]
        runner = runner_of(app)
        await runner.setup()
        try:
            await leave_a_message(house)
            while not (named := [mail for mail in ids(box) if mail.startswith("<case-")]):
                await asyncio.sleep(0.01)
            post.mails[3] = report(POSTFIX, named[0])
            while not (missed := await house.undelivered.missed(house.clock.now())):
                await asyncio.sleep(0.05)
            while 3 not in post.seen:
                await asyncio.sleep(0.05)
            known = await asyncio.to_thread(handed_in, settings, report(POSTFIX, named[0]))
        finally:
            await runner.cleanup()

    assert [(one.kind, one.fate, one.code) for one in missed] == [
        ("tell_office", Fate.CAME_BACK, "mail.5.1.1")
    ]
    assert post.seen == {3}
    assert known == 0
    assert capsys.readouterr().out.endswith("\nknown already\n")


def ids(box: Mailbox) -> list[str]:
    """The Message-IDs of what was taken."""
    return [str(mail["Message-ID"]) for mail in box.taken]


def handed_in(settings: Settings, raw: bytes) -> int:
    """What the command answers to a message on its standard input."""
    return bounces.hand_in(settings, Namespace(), lambda most: raw[:most])


async def test_what_is_no_bounce_of_ours_is_no_fault_of_the_pipes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    settings = Settings(demo=False, data_dir=tmp_path)
    await (await server.build_app(settings))[HOUSE].database.close()
    for raw in (NOTE, FOREIGN, b"", b"\xff" * 1_000):
        assert await asyncio.to_thread(handed_in, settings, raw) == 0

    assert capsys.readouterr().out == "no bounce of ours\n" * 4


async def test_where_it_cannot_be_kept_the_mail_server_is_asked_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(bounces, "_opened", full)

    assert await asyncio.to_thread(handed_in, Settings(data_dir=tmp_path), NOTE) == bounces.LATER
    assert "the disk is full" in capsys.readouterr().err


async def test_a_mailbox_that_cannot_be_read_is_a_line_without_its_password(tmp_path: Path) -> None:
    await asyncio.to_thread(migrated, tmp_path / "zhitong.db")
    settings = Settings(
        demo=False,
        data_dir=tmp_path,
        smtp_url="smtp://127.0.0.1:25",
        mail_from=SENDER,
        bounces_url=f"imap://line:hush@127.0.0.1:{free_port()}",
    )
    house = (await server.build_app(settings))[HOUSE]
    looking = bounces.looking(settings, house.database, Sealing(house.secrets.key), house.clock)
    assert looking is not None
    with capture_logs() as said:
        await looking.run()
    await house.database.close()

    assert [line["event"] for line in said] == ["bounces.unread"]
    assert "cannot be reached" in said[0]["why"]
    assert "hush" not in str(said) + repr(settings) + repr(looking)
