"""A letter as it goes over the wire. Written by hand: the library's message costs a hundred times
as much, more than all else that a mail needs together (ADR 31). Used by `smtp`."""

import re
from base64 import b64encode, encodebytes
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from routing.delivery.letter import Letter

WORD: Final = 39
"""Bytes of one encoded word: a line that holds one has 76 characters at most, with its header's
name (RFC 2047 §2)."""
_PLAIN: Final = re.compile(r"[\x20-\x7e]+")
_LINE: Final = re.compile(r"\r\n|\r|\n")


def written(letter: Letter, sender: str, to: str, now: datetime) -> bytes:
    """The message, in seven bits; `now` is its date. The same letter at the same time is the same
    to the byte. Raises ValueError where an address or id could begin a header of its own."""
    domain = sender.rpartition("@")[2]
    boundary = f"=_{letter.id}_="
    headers = [
        ("From", sender),
        ("To", to),
        ("Subject", "\r\n ".join(_words(letter.subject))),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{letter.id}@{domain}>"),
        *_thread(letter, domain),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834: absence notes answer no such mail
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    for value in (sender, to, letter.id, letter.thread):
        if not _PLAIN.fullmatch(value):
            raise ValueError("an address or id of a mail holds a sign that no header may have")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii")
    parts = ((b"plain", letter.text), (b"html", letter.html))
    mark = b"--" + boundary.encode("ascii")
    body = b"".join(mark + b"\r\n" + _part(kind, text) for kind, text in parts)
    return head + b"\r\n" + body + mark + b"--\r\n"


def _thread(letter: Letter, domain: str) -> Iterator[tuple[str, str]]:
    if letter.id != letter.thread:
        yield "In-Reply-To", f"<{letter.thread}@{domain}>"
        yield "References", f"<{letter.thread}@{domain}>"


def _words(text: str) -> Iterator[str]:
    """Encoded words of whole characters: nothing in one can begin a header."""
    word = b""
    for character in text:
        more = character.encode()
        if len(word) + len(more) > WORD:
            yield _word(word)
            word = b""
        word += more
    yield _word(word)


def _word(text: bytes) -> str:
    return f"=?utf-8?b?{b64encode(text).decode('ascii')}?="


def _part(kind: bytes, text: str) -> bytes:
    lines = encodebytes(_LINE.sub("\r\n", text).encode()).replace(b"\n", b"\r\n")
    return (
        b"Content-Type: text/" + kind + b'; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + lines + b"\r\n"
    )
