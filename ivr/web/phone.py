"""The browser phone: `/phone` rings a published number or is an official's phone; its sound and
keys go over the socket of the embedded carrier. Counterpart of `static/phone.js`."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from ivr.flow.phrasebook import Phrasebook
from ivr.ports.local_line import LocalLine
from ivr.web.captions import captions
from ivr.web.phonebook import (
    EXAMPLE_CALLERS,
    EXAMPLE_LANDLINE,
    WITHHELD,
    desks,
    printed,
    sections,
)
from routing.directory import Directory
from routing.numbers.forms import masked
from routing.ports import SentMails
from routing.rules.roster import Roster
from routing.web.guard import loopback_only
from routing.web.layout import LAYOUT, Chapter, Link, fresh, page, tongue_of
from routing.web.moments import written

PHONE_PAGES: Final = Chapter("phone", Path(__file__).parent)
PHONE_LINK: Final = Link("/phone", "phone.title")
SOCKET: Final = "/phone/socket"
_MESSAGES: Final = "/phone/messages"
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Phones:
    """What the page needs: today's directory, rosters and phrases, the line, the mails where any
    are kept, and the zone its times are written in."""

    directory: Callable[[], Directory]
    rosters: Callable[[], Mapping[str, Roster]]
    phrases: Callable[[], Phrasebook]
    line: LocalLine
    mails: SentMails | None
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Message:
    """One text or mail in the list of what was sent."""

    id: str
    kind: str
    to: str
    subject: str
    text: str
    at: datetime


def phone_routes(phones: Phones) -> list[web.RouteDef]:
    """The page and its list of messages, for this machine only. The socket and the voice files
    are the embedded carrier's own."""

    async def show(request: web.Request) -> web.StreamResponse:
        return await asyncio.to_thread(_phone, request, phones)

    async def sent(request: web.Request) -> web.StreamResponse:
        return await _messages(request, phones)

    return [
        web.get("/phone", loopback_only(show)),
        web.get(_MESSAGES, loopback_only(sent)),
    ]


def _phone(request: web.Request, phones: Phones) -> web.Response:
    tongue, directory = tongue_of(request), phones.directory()
    config = {
        "socket": SOCKET,
        "withheld": WITHHELD,
        "captions": captions(phones.phrases()),
        "words": request.config_dict[LAYOUT].wording.part("phone-live", tongue),
    }
    context = {
        "official": request.query.get("as") == "official",
        "sections": sections(directory, tongue),
        "desks": desks(directory, phones.rosters(), tongue),
        "mobiles": EXAMPLE_CALLERS,
        "landline": EXAMPLE_LANDLINE,
        "withheld": WITHHELD,
        "printed": printed,
        "config": config,
        "messages_url": _MESSAGES,
        "keys": _KEYS,
    }
    return page(request, "phone/phone.html", context)


async def _messages(request: web.Request, phones: Phones) -> web.Response:
    mails = await phones.mails.mails() if phones.mails else ()
    sent = [
        *(
            Message(m.sid, "text", masked(m.to), "", _whole(m.text), m.at)
            for m in phones.line.texts()
        ),
        *(Message(m.id, "mail", _address(m.to), m.subject, m.text, m.at) for m in mails),
    ]
    sent.sort(key=lambda message: message.at, reverse=True)
    zone, tongue = phones.zone, tongue_of(request)
    context = {"sent": sent[:_SHOWN], "when": lambda at: written(at, zone, tongue)}
    return fresh(request, page(request, "phone/messages.html", context))


def _whole(text: str) -> str:
    """A case number in two groups of digits stays on one line."""
    return re.sub(r"(\d{3,}) (?=\d{3,})", "\\1\u00a0", text)


def _address(to: str) -> str:
    """A mail's address is an office's and public; a number among them is not."""
    return to if "@" in to else masked(to)


_KEYS: Final = [
    *((digit, digit) for digit in "123456789"),
    ("*", "star"),
    ("0", "0"),
    ("#", "hash"),
]
"""Key and its name in test hooks, as they lie on the pad; what each does the page hears."""
