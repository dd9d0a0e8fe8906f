"""A real mail server takes our mail; those that refuse, put off, hang, break off or lie about their
name never lose one, and none is sent twice that was taken."""

import asyncio
import datetime as dt
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from routing.delivery.letter import Letter
from routing.delivery.relay import Security, mailbox
from routing.delivery.smtp import AT_ONCE
from routing.handoff import NotYet, Refused, TryAgain
from tests.deadline import DEADLINE
from tests.ports import free_port
from tests.routing.delivery.mailbox import SENDER, Mailbox, serving
from tests.routing.delivery.office import LETTER, NOW, Talk, talking
from tests.routing.delivery.posting import Certificate, posting

CRLF = "\r\n"


async def send(port: int, letter: Letter = LETTER, **options: Any) -> None:
    """One letter, by one who sends no other."""
    async with posting(port, **options) as post:
        await post(letter)


async def test_what_arrives_is_a_whole_mail_in_both_forms() -> None:
    box = Mailbox()
    async with serving(box) as port:
        await send(port)

    (mail,) = box.taken
    assert mail["From"] == SENDER
    assert mail["To"] == LETTER.to
    assert mail["Subject"] == LETTER.subject
    assert mail["Message-ID"] == "<danger-46270395@yunling.example>"
    assert mail["In-Reply-To"] == mail["References"] == "<case-46270395@yunling.example>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert plain.get_content().replace(CRLF, "\n") == LETTER.text
    assert html.get_content().replace(CRLF, "\n") == LETTER.html


@pytest.mark.parametrize(
    ("box", "error", "says"),
    [
        (Mailbox(rcpt="550 5.1.1 no office07@yunling.example"), Refused, r"\(550 5\.1\.1\).*regis"),
        (Mailbox(rcpt="450 4.2.0 greylisted"), TryAgain, r"later \(450 4\.2\.0\)"),
        (Mailbox(data="451 come back"), TryAgain, r"later \(451\)"),
        (Mailbox(data="554 5.7.1 spam of office07@yunling.example"), Refused, "refused the mail"),
        (Mailbox(sender="553 5.7.1 not you"), NotYet, "MAIL_FROM"),
        (Mailbox(sender="421 busy"), TryAgain, "later"),
    ],
)
async def test_what_a_server_refuses_is_told_by_its_code_alone(
    box: Mailbox, error: type[Exception], says: str
) -> None:
    async with serving(box) as port:
        with pytest.raises(error, match=says) as raised:
            await send(port)

    assert "office07" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert box.taken == []


async def test_one_who_greylists_is_left_in_peace_for_a_minute_and_then_takes_it() -> None:
    box = Mailbox(rcpt="451 4.7.1 greylisted")
    async with serving(box) as port:
        with pytest.raises(TryAgain) as later:
            await send(port)
        box.rcpt = "250 OK"
        await send(port)

    assert later.value.after == dt.timedelta(minutes=1)
    assert len(box.taken) == 1


async def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(TryAgain, match="cannot be reached"):
        await send(free_port())


def greeting(after: Talk) -> Talk:
    """A server that says what the protocol wants up to the mail itself, then goes on as told."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                break
            writer.write(b"250 OK\r\n")
        writer.write(b"354 go on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        await after(reader, writer)

    return talk


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def takes_it_and_dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"250 it is ours\r\n")
    await writer.drain()


async def takes_it_and_hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"250 it is ours\r\n")
    await reader.read()


@pytest.mark.parametrize(
    ("talk", "whole", "says"),
    [
        (hangs, 0.5, "in time"),
        (greeting(hangs), 0.5, "in time"),
        (breaks_off, DEADLINE, "cannot be reached, or broke off"),
        (greeting(breaks_off), DEADLINE, "cannot be reached, or broke off"),
    ],
)
async def test_one_who_hangs_or_breaks_off_before_his_word_is_tried_again(
    talk: Talk, whole: float, says: str
) -> None:
    async with talking(talk) as port:
        with pytest.raises(TryAgain, match=says):
            await send(port, whole=whole)


@pytest.mark.parametrize("talk", [greeting(takes_it_and_dies), greeting(takes_it_and_hangs)])
async def test_what_was_taken_is_not_sent_again_however_the_connection_ends(talk: Talk) -> None:
    async with talking(talk) as port:
        await send(port)


async def test_one_who_hangs_leaves_the_other_hands_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.delivery.smtp.TURN", 0.05)
    async with talking(hangs) as port, posting(port, whole=1) as slow:
        found = await asyncio.gather(
            *(slow(LETTER) for _ in range(AT_ONCE + 3)), return_exceptions=True
        )

    assert [type(one) for one in found] == [TryAgain] * AT_ONCE + [NotYet] * 3


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_safe_line_carries_login_and_mail(
    certificate: Certificate, security: Security
) -> None:
    def asked(server: SMTP, session: Session, envelope: Envelope, how: str, who: Any) -> AuthResult:
        return AuthResult(success=who == LoginPassword(b"line", b"hush"), handled=False)

    box = Mailbox()
    whole = security is Security.TLS
    options: dict[str, Any] = {
        "authenticator": asked,
        "auth_required": not whole,
        "auth_require_tls": not whole,
        "tls": certificate.theirs if whole else None,
    }
    if not whole:
        options |= {"tls_context": certificate.theirs, "require_starttls": True}
    async with serving(box, **options) as port:
        await send(port, security=security, login=("line", "hush"), tls=certificate.ours)
        with pytest.raises(NotYet, match=r"login \(535.*SMTP_URL") as refused:
            await send(port, security=security, login=("line", "wrong"), tls=certificate.ours)

    assert len(box.taken) == 1
    assert "wrong" not in str(refused.value)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_server_under_a_name_that_is_not_its_own_gets_nothing(
    certificate: Certificate, security: Security
) -> None:
    box = Mailbox()
    whole = security is Security.TLS
    options: dict[str, Any] = {} if whole else {"tls_context": certificate.theirs}
    async with serving(box, tls=certificate.theirs if whole else None, **options) as port:
        with pytest.raises(NotYet, match="certificate"):
            await send(port, security=security, login=("line", "hush"))

    assert box.taken == []


async def test_a_line_that_cannot_be_made_safe_carries_no_password() -> None:
    box = Mailbox()
    async with serving(box) as port:
        with pytest.raises(NotYet, match="STARTTLS"):
            await send(port, security=Security.STARTTLS, login=("line", "hush"))

    assert box.taken == []


async def test_a_login_that_is_not_offered_is_ours_to_mend() -> None:
    async with serving(Mailbox()) as port:
        with pytest.raises(NotYet, match="offers no login"):
            await send(port, login=("line", "hush"))


@pytest.mark.parametrize(
    "address",
    [
        "office07@yunling.example\r\nBcc: all@yunling.example",
        "office07@yunling.example\nBcc: all@yunling.example",
        "office07@yunling.example, all@yunling.example",
        "office07@yunling.example> SIZE=1",
        "Office <office07@yunling.example>",
        "office07",
        "",
        f"{'a' * 65}@yunling.example",
        f"a@{'b' * 64}.example",
    ],
)
async def test_what_cannot_be_an_address_never_reaches_a_server(
    address: str,
) -> None:
    with pytest.raises(Refused, match="correct it there"):
        await send(free_port(), replace(LETTER, to=address))


def test_a_domain_of_another_script_is_written_as_mail_servers_know_it() -> None:
    assert mailbox(" office07@云岭.example ") == "office07@xn--9kqv75a.example"
