"""Connections to the mail server are kept, and none that has ended costs a mail a try, or is a
reason to send one twice: only a mail whose end was sent and never answered is repeated."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from routing.delivery import connections
from routing.delivery.letter import Letter
from routing.delivery.relay import Security
from routing.delivery.smtp import SmtpPost
from routing.handoff import NotYet, Refused, TryAgain
from tests.deadline import DEADLINE
from tests.routing.delivery.mailbox import Mailbox, serving
from tests.routing.delivery.moody import Answer, Mood, Moody
from tests.routing.delivery.office import LETTER
from tests.routing.delivery.posting import Certificate, posting

A, B, C, D = (replace(LETTER, id=f"case-{n}0000000", thread=f"case-{n}0000000") for n in "1234")


def ids(*letters: Letter) -> list[str]:
    return [f"<{letter.id}@yunling.example>" for letter in letters]


async def all_sent(post: SmtpPost, *letters: Letter) -> None:
    """One after the other; none of them fails."""
    for letter in letters:
        await post(letter)


async def test_one_connection_carries_mail_after_mail_and_is_left_politely() -> None:
    server = Moody()
    async with server.serving() as port, posting(port) as post:
        await all_sent(post, A, B, C)

    assert server.taken == ids(A, B, C)
    mail = ["MAIL", "RCPT", "DATA"]
    assert server.said == [["EHLO", *mail, *mail, *mail, "QUIT"]]


async def test_mails_at_once_go_over_several_connections_that_serve_the_next_ones() -> None:
    server = Moody()
    async with server.serving() as port, posting(port) as post:
        await asyncio.gather(*map(post, (A, B)))
        await asyncio.gather(*map(post, (C, D)))

    assert sorted(server.taken) == sorted(ids(A, B, C, D))
    assert len(server.said) == 2


async def test_a_connection_carries_its_share_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_MAILS", 2)
    server = Moody()
    async with server.serving() as port, posting(port) as post:
        await all_sent(post, A, B, C)

    assert [one.count("MAIL") for one in server.said] == [2, 1]
    assert [one[-1] for one in server.said] == ["QUIT", "QUIT"]


async def test_a_connection_that_nobody_needs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE", 0.01)
    server = Moody()
    async with server.serving() as port, posting(port) as post:
        await post(A)
        async with asyncio.timeout(DEADLINE):
            await server.parted.wait()
        await post(B)

    assert [one.count("MAIL") for one in server.said] == [1, 1]


@pytest.mark.parametrize(
    "moods",
    [
        {(1, 1): Mood.TAKES_AND_LEAVES},
        {(1, 1): Mood.TAKES_AND_SAYS_421},
        {(1, 2): Mood.LEAVES_AT_MAIL},
        {(1, 2): Mood.LEAVES_AT_RCPT},
        {(1, 2): ("MAIL", "421 4.4.2 idle for too long")},
        {(1, 2): ("MAIL", "421 4.7.0 too many mails in this connection")},
        {(1, 2): ("MAIL", "452 4.5.3 too many mails in this connection")},
        {(1, 2): ("MAIL", "450 4.7.1 too many mails in this connection")},
        {(1, 2): ("RCPT", "452 4.5.3 too many recipients")},
        {(1, 2): ("RCPT", "421 4.3.2 shutting down")},
        {(1, 2): ("DATA", "421 4.3.2 shutting down")},
        {(1, 2): (".", "452 4.3.1 enough")},
        {(1, 1): Mood.TAKES_AND_LEAVES, (2, 2): Mood.LEAVES_AT_MAIL},
    ],
    ids=str,
)
async def test_a_kept_connection_that_has_ended_costs_no_try(
    moods: dict[tuple[int, int], Mood | Answer],
) -> None:
    server = Moody(moods)
    async with server.serving() as port, posting(port) as post:
        await all_sent(post, A, B, C)

    assert server.taken == ids(A, B, C), "each once"


async def test_a_kept_connection_that_says_nothing_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where a firewall has forgotten it."""
    monkeypatch.setattr(connections, "STALE", 0.05)
    server = Moody({(1, 2): Mood.HANGS_AT_MAIL})
    async with server.serving() as port, posting(port) as post:
        await all_sent(post, A, B)

    assert server.taken == ids(A, B)


@pytest.mark.parametrize("answer", ["421 busy", "450 4.7.1 come back", "452 4.3.1 full"])
async def test_a_new_connections_word_is_the_servers(answer: str) -> None:
    server = Moody({(1, 1): ("MAIL", answer)})
    async with server.serving() as port, posting(port) as post:
        with pytest.raises(TryAgain, match=f"later .{answer[:3]}"):
            await post(A)

    assert len(server.said) == 1


@pytest.fixture
def runs_out(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Ends the time of the mail under way: where the server hangs, and no sooner."""
    begun: list[asyncio.Timeout] = []

    def noted(seconds: float) -> asyncio.Timeout:
        begun.append(asyncio.timeout(seconds))
        return begun[-1]

    ours = SimpleNamespace(timeout=noted, Semaphore=asyncio.Semaphore)
    monkeypatch.setattr("routing.delivery.smtp.asyncio", ours)
    return lambda: begun[-1].reschedule(asyncio.get_running_loop().time())


@pytest.mark.parametrize("mood", [Mood.LEAVES_BEFORE_250, Mood.HANGS_BEFORE_250])
@pytest.mark.parametrize("before", [[], [A]], ids=["new", "kept"])
async def test_a_mail_whose_answer_never_came_is_repeated_under_its_message_id(
    before: Sequence[Letter], mood: Mood, runs_out: Callable[[], None]
) -> None:
    server = Moody({(1, len(before) + 1): mood}, hung=runs_out)
    async with server.serving() as port, posting(port) as post:
        await all_sent(post, *before)
        with pytest.raises(TryAgain):
            await post(B)
        await post(B)

    assert server.taken == ids(*before, B, B)


async def test_one_who_hangs_in_the_middle_is_tried_again_over_another_connection(
    runs_out: Callable[[], None],
) -> None:
    server = Moody({(1, 2): Mood.HANGS_AT_RCPT}, hung=runs_out)
    async with server.serving() as port, posting(port) as post:
        await post(A)
        with pytest.raises(TryAgain, match="in time"):
            await post(B)
        await post(B)

    assert server.taken == ids(A, B)


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 4.7.1 greylisted", TryAgain), ("550 5.1.1 nobody here", Refused)],
)
async def test_an_address_that_is_refused_does_not_end_the_connection(
    answer: str, error: type[Exception]
) -> None:
    server = Moody({(1, 2): ("RCPT", answer)})
    async with server.serving() as port, posting(port) as post:
        await post(A)
        with pytest.raises(error):
            await post(B)
        await all_sent(post, C, B)

    assert server.taken == ids(A, C, B)
    assert server.said[0][4:7] == ["MAIL", "RCPT", "RSET"]
    assert len(server.said) == 1


async def test_a_refused_address_leaves_nothing_behind_where_it_cannot_be_taken_back() -> None:
    server = Moody({(1, 1): ("RCPT", "450 4.2.0 greylisted"), (1, 2): Mood.LEAVES_AT_MAIL})
    server.resets = False
    async with server.serving() as port, posting(port) as post:
        with pytest.raises(TryAgain):
            await post(A)
        await post(B)

    assert server.taken == ids(B)
    assert [one.count("MAIL") for one in server.said] == [1, 1]


async def test_a_refused_sender_is_told_over_a_kept_connection_too() -> None:
    server = Moody({(1, 2): ("MAIL", "553 5.7.1 not you")})
    async with server.serving() as port, posting(port) as post:
        await post(A)
        with pytest.raises(NotYet, match="MAIL_FROM"):
            await post(B)


class Dropping(Mailbox):
    """Loses its connections when told, without a word."""

    lines: list[asyncio.BaseTransport | None]

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.lines = [server.transport]
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_safe_connection_that_is_dropped_is_made_anew_and_safe(
    certificate: Certificate, security: Security, how: str
) -> None:
    box = Dropping()
    whole = security is Security.TLS
    options: dict[str, Any] = {"tls": certificate.theirs if whole else None}
    if not whole:
        options |= {"tls_context": certificate.theirs, "require_starttls": True}
    safe: ssl.SSLContext = certificate.ours
    async with serving(box, **options) as port, posting(port, security, tls=safe) as post:
        await post(A)
        (line,) = box.lines
        getattr(line, how)()
        await post(B)

    assert [mail["Message-ID"] for mail in box.taken] == ids(A, B)
