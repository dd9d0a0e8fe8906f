"""A letter over the wire is read back by the library as it was, whatever stands in it, and nothing
in it can become a header."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.delivery.letter import Letter
from routing.delivery.mime import written
from tests.routing.delivery.mailbox import SENDER
from tests.routing.delivery.office import LETTER, NOW

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def read(letter: Letter) -> EmailMessage:
    mail = message_from_bytes(written(letter, SENDER, letter.to, NOW), policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


def parts(mail: EmailMessage) -> list[tuple[str, bytes]]:
    return [(one.get_content_type(), one.get_payload(decode=True)) for one in mail.iter_parts()]  # type: ignore[misc]  # of parts that hold none


@settings(deadline=None)
@given(subject=WORDS, text=TEXTS, html=TEXTS)
def test_what_is_written_is_read(subject: str, text: str, html: str) -> None:
    mail = read(replace(LETTER, subject=subject, text=text, html=html))

    assert mail["Subject"] == subject
    kinds, bodies = zip(*parts(mail), strict=True)
    assert kinds == ("text/plain", "text/html")
    assert bodies == tuple(re.sub("\r\n|\r|\n", "\r\n", one).encode() for one in (text, html))
    assert not mail.defects


@settings(deadline=None)
@given(subject=TEXTS)
def test_no_subject_is_a_header_or_a_long_line(subject: str) -> None:
    mail = written(replace(LETTER, subject=subject), SENDER, LETTER.to, NOW)

    head = mail.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line.partition(b":")[0] for line in head if not line.startswith(b" ")] == [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References",
        b"Auto-Submitted", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    assert mail.isascii()
    assert max(map(len, mail.split(b"\r\n"))) <= 78


def test_the_first_mail_of_a_case_answers_none() -> None:
    mail = read(replace(LETTER, id=LETTER.thread))

    assert mail["In-Reply-To"] is None
    assert mail["References"] is None


def test_the_same_letter_is_the_same_to_the_byte() -> None:
    assert written(LETTER, SENDER, LETTER.to, NOW) == written(LETTER, SENDER, LETTER.to, NOW)


@pytest.mark.parametrize("sign", ["\r\nBcc: all@yunling.example", "\n", "\0", "号"])
def test_an_id_that_would_begin_a_header_is_written_nowhere(sign: str) -> None:
    with pytest.raises(ValueError, match="no header may have"):
        written(replace(LETTER, id=f"case{sign}"), SENDER, LETTER.to, NOW)
