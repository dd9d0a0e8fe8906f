"""Reads a mail that came back: which of ours, and why (RFC 3464). Strangers write to the same box:
what is huge, nested, cut off or forged is read within bounds, and believed only by the mark in
our own Message-ID."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from itertools import islice
from typing import Any, Final

from routing.delivery.tags import Tags

MOST: Final = 256 * 1024
"""Bytes of a report that are read; one that holds our whole mail has a tenth of it."""
MOST_LINES: Final = 20_000
MOST_NESTED: Final = 20
"""Parts that hold parts, and lines, each of which is held against the border of every one."""
LONGEST_TYPE: Final = 2_000
"""Characters of a part's type: of ten thousand parameters the library copies each ten thousand
times."""
MOST_PARTS: Final = 60
MOST_NAMED: Final = 20
_CODE: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NAMED: Final = re.compile(r"<[^<>\s]{1,500}>")
_HEAD: Final = HeaderParser()
UNSAID: Final = "5.0.0"
"""A report that gives no code."""


class _Part(Message):
    """One whose border is looked for only in a type that somebody may have meant."""

    def get_boundary(self, failobj: Any = None) -> Any:
        told = len(str(self.get("Content-Type", "")))
        return super().get_boundary(failobj) if told <= LONGEST_TYPE else failobj


@dataclass(frozen=True, slots=True)
class Bounce:
    """Our letter of this `id` reached nobody; `code` is an enhanced status code (RFC 3463)."""

    id: str
    code: str


def read_bounce(raw: bytes, tags: Tags) -> Bounce | None:
    """None for everything else: other mail, a delay that may pass, a report of another's mail."""
    raw = raw[:MOST]
    nested = raw.lower().count(b"multipart/")
    if nested > MOST_NESTED or raw.count(b"\n") + raw.count(b"\r") > 2 * MOST_LINES:
        return None
    try:
        report = message_from_bytes(raw, _Part)
        if report.get_content_type() != "multipart/report":
            return None
        parts = _inside(report)
        code = next(_failures(parts), None)
        ours = next(filter(None, map(tags.read, _names(report, parts))), None)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return None  # malformed beyond what the library bears
    return None if code is None or ours is None else Bounce(ours, code)


def _inside(of: Message) -> list[Message]:
    """Its own parts, not those of a mail within: that may itself be a report, which somebody sent
    to an office."""
    inner = of.get_payload()
    found = inner if isinstance(inner, list) else []
    return [part for part in islice(found, MOST_PARTS) if isinstance(part, Message)]


def _failures(parts: list[Message]) -> Iterator[str]:
    """The codes of recipients whom it will never reach."""
    for part in parts:
        if part.get_content_type() == "message/delivery-status":
            for block in _inside(part):
                if str(block.get("Action", "")).strip().lower() == "failed":
                    yield _code(block)


def _code(block: Message) -> str:
    """Its status, or the one in what the last server said where that is more than a class."""
    told = [str(block.get(name, "")) for name in ("Status", "Diagnostic-Code")]
    codes = [found[1] for text in told if (found := _CODE.search(text[:1_000]))]
    finer = (code for code in codes if code[0] in "45" and not code.endswith(".0.0"))
    return next(finer, UNSAID)


def _names(report: Message, parts: list[Message]) -> Iterator[str]:
    """Message-IDs that may be of the mail that came back: as it was returned, whole or its head
    alone, then as the report refers to it."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822":
            yield from (str(mail.get("Message-ID", "")) for mail in _inside(part))
        elif kind == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            head = text.decode("ascii", "replace") if isinstance(text, bytes) else ""
            yield str(_HEAD.parsestr(head).get("Message-ID", ""))
    for name in ("In-Reply-To", "References"):
        yield from islice(_NAMED.findall(str(report.get(name, ""))[:10_000]), MOST_NAMED)
