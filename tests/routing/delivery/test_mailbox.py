"""The mailbox of bounces at a real server: reports are read, ours marked, other mail left alone; a
server that hangs, floods, refuses or is not who it says costs one sentence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from routing.delivery.bounce import MOST
from routing.delivery.mailbox import AT_ONCE, Box, Mailbox, MailboxError
from tests.ports import free_port
from tests.routing.delivery.imap import LOGIN, Post, serving_mailbox
from tests.routing.delivery.reports import EXIM, POSTFIX, report

NOTE = b"Subject: hello\r\n\r\nI am away.\r\n"


@contextlib.asynccontextmanager
async def looking_into(post: Post, *, password: str = LOGIN[1]) -> AsyncIterator[Mailbox]:
    async with serving_mailbox(post) as port:
        yield Mailbox(Box("127.0.0.1", port, False, LOGIN[0], password), whole=5)


async def test_reports_alone_are_read_and_nothing_is_marked_by_that() -> None:
    post = Post({1: report(POSTFIX, "<a@b>"), 2: NOTE, 3: report(EXIM, "<c@d>")})
    async with looking_into(post) as mailbox:
        found = await asyncio.to_thread(mailbox.reports)

    assert [(one.era, one.uid) for one in found] == [("7", "1"), ("7", "3")]
    assert found[0].raw == post.mails[1]
    assert post.seen == set()


async def test_ours_are_marked_as_seen_and_others_are_not_read_twice() -> None:
    post = Post({1: report(POSTFIX, "<a@b>"), 2: report(EXIM, "<c@d>")})
    async with looking_into(post) as mailbox:
        ours, others = await asyncio.to_thread(mailbox.reports)
        await asyncio.to_thread(mailbox.seen, [ours])
        mailbox.leave([others])
        again = await asyncio.to_thread(mailbox.reports)

    assert post.seen == {1}
    assert again == []


async def test_numbers_of_another_era_mark_nothing() -> None:
    """The mailbox was made anew between two looks."""
    post = Post({1: report(POSTFIX, "<a@b>")})
    async with looking_into(post) as mailbox:
        found = await asyncio.to_thread(mailbox.reports)
        post.era = 8
        await asyncio.to_thread(mailbox.seen, found)

    assert post.seen == set()


async def test_one_look_is_bounded_in_number_and_in_size() -> None:
    huge = report(POSTFIX, "<a@b>") + b"x" * 2 * MOST
    post = Post(dict.fromkeys(range(1, AT_ONCE + 10), huge))
    async with looking_into(post) as mailbox:
        found = await asyncio.to_thread(mailbox.reports)

    assert len(found) == AT_ONCE
    assert {len(one.raw) for one in found} == {MOST}


@pytest.mark.parametrize(
    ("post", "password", "says"),
    [
        (Post(), "wrong", "refused our login"),
        (Post(folder="Elsewhere"), LOGIN[1], "says no"),
        (Post({1: report(POSTFIX, "<a@b>")}, floods=True), LOGIN[1], "broke off"),
        (Post(hangs=True), LOGIN[1], "broke off"),
        (Post(drips=True), LOGIN[1], "broke off"),
    ],
)
async def test_a_server_that_does_not_do_as_asked_costs_one_sentence(
    monkeypatch: pytest.MonkeyPatch, post: Post, password: str, says: str
) -> None:
    monkeypatch.setattr("routing.delivery.mailbox.EACH", 0.5)
    async with looking_into(post, password=password) as mailbox:
        with pytest.raises(MailboxError, match=says) as wrong:
            await asyncio.to_thread(mailbox.reports)

    assert password not in str(wrong.value)
    assert wrong.value.__cause__ is None


async def test_what_nobody_asked_for_is_kept_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("routing.delivery.mailbox._MOST_READ", 100_000)
    async with serving_mailbox(Post(babbles=True)) as port:
        mailbox = Mailbox(Box("127.0.0.1", port, False, *LOGIN), whole=600)
        with pytest.raises(MailboxError, match="_Bound"):
            await asyncio.to_thread(mailbox.reports)


async def test_nobody_there_is_said_so() -> None:
    mailbox = Mailbox(Box("127.0.0.1", free_port(), False, *LOGIN))
    with pytest.raises(MailboxError, match="cannot be reached"):
        await asyncio.to_thread(mailbox.reports)


async def test_no_password_is_told_to_who_is_not_who_he_says() -> None:
    """The server speaks no TLS at all."""
    post = Post()
    async with serving_mailbox(post) as port:
        mailbox = Mailbox(Box("127.0.0.1", port, True, *LOGIN), whole=5)
        with pytest.raises(MailboxError, match=r"cannot be reached|certificate"):
            await asyncio.to_thread(mailbox.reports)

    assert not any("LOGIN" in asked for asked in post.asked)
