"""`/undelivered`: what was to be told to somebody and did not arrive, whom it was for, why, and a
button that sends it again (ADR 28). Behind the same door as `/ledger`, and at the desk (ADR 40)."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.audit import Action, Entry, entry_by, subject
from routing.cases.doors import masked_mailbox
from routing.cases.ladder import TOP
from routing.cases.reference import spaced
from routing.cases.transitions import IllegalTransition, UnknownCase
from routing.casework import Casework
from routing.directory import Directory
from routing.ports import Clock, JobKind
from routing.undelivered import Fate, Missed, Undelivered, meaning
from routing.web.guard import Handler
from routing.web.layout import Chapter, Link, fresh, page, tongue_of
from routing.web.ledger.page import LAST_JOB, MOST_NUMERALS
from routing.web.moments import written
from routing.web.reasons import reasons
from routing.web.signed import someone
from routing.web.wording import Tongue

UNDELIVERED_PAGES: Final = Chapter("undelivered", Path(__file__).parent)
WATCHED: Final = "/undelivered"
AT_DESK: Final = "/desk/undelivered"
UNDELIVERED_LINK: Final = Link(WATCHED, "undelivered.title", of_strangers=True)
SEND_AGAIN: Final = MAY[Act.SEND_AGAIN]
AT_DESK_LINK: Final = Link(AT_DESK, "undelivered.title", SEND_AGAIN)
MAILS: Final = frozenset(
    {
        JobKind.TELL_OFFICE,
        JobKind.TELL_MOVED,
        JobKind.TELL_COPY,
        JobKind.TELL_WORDS,
        JobKind.ESCALATE,
    }
)
"""Their addresses stand in the register."""
TOLD: Final = frozenset({"case", "danger", "words", "escalated", "moved"})
"""What messages tell, of which this page has words."""


@dataclass(frozen=True, slots=True)
class UndeliveredDesk:
    """What the page needs: what did not arrive, what is done with cases, today's directory, the
    time, and the zone that times are written in."""

    kept: Undelivered
    casework: Casework
    directory: Callable[[], Directory]
    clock: Clock
    zone: ZoneInfo


def undelivered_routes(
    desk: UndeliveredDesk, admit: Callable[[Handler], Handler], at: str = WATCHED
) -> list[web.RouteDef]:
    """The page and its buttons, for whom `admit` lets through; reading sends nothing. It is `at`
    two places: for whoever holds the token, and behind sign-in."""

    async def show(request: web.Request) -> web.StreamResponse:
        return await _show(request, desk, at)

    async def again(request: web.Request) -> web.StreamResponse:
        job = request.match_info["job"]
        known = job.isdecimal() and len(job) <= MOST_NUMERALS and int(job) <= LAST_JOB
        now, entry = desk.clock.now(), _entry(request, desk, f"job {job}")
        return _seen_to(request, at, known and await desk.kept.again(int(job), now, entry))

    async def all_again(request: web.Request) -> web.StreamResponse:
        kind, now = request.match_info["kind"], desk.clock.now()
        entry = _entry(request, desk, kind)
        return _seen_to(request, at, bool(await desk.kept.all_again(kind, now, entry)))

    async def accepted(request: web.Request) -> web.StreamResponse:
        return await _accepted(request, desk, at)

    return [
        web.get(at, admit(show)),
        web.post(f"{at}/cases/{{reference:[0-9]{{8}}}}/accept", admit(accepted)),
        web.post(f"{at}/work/{{job}}/again", admit(again)),
        web.post(f"{at}/kinds/{{kind:[a-z0-9_]+}}/again", admit(all_again)),
    ]


def _entry(request: web.Request, desk: UndeliveredDesk, which: str) -> Entry | None:
    """What the audit keeps of it; nothing of whoever holds the token, who is no account."""
    account, about = someone(request), subject("work", which)
    if account is None:
        return None
    return entry_by(account.actor, Action.SENT_AGAIN, about, desk.clock.now())


def _seen_to(request: web.Request, at: str, found: bool) -> web.StreamResponse:  # noqa: FBT001 - what the store said
    """Back to the page, which shows what came of it; 404 where somebody else was faster."""
    if not found:
        return page(request, "undelivered/gone.html", {"at": at}, status=404)
    raise web.HTTPSeeOther(f"{at}?seen_to=1")


async def _accepted(request: web.Request, desk: UndeliveredDesk, at: str) -> web.StreamResponse:
    """An office has said by phone that it accepts the case: it may have no page of its own."""
    account = someone(request)
    by = "told by phone" if account is None else account.actor
    try:
        await desk.casework.accept(request.match_info["reference"], by)
    except (UnknownCase, IllegalTransition):
        return _seen_to(request, at, found=False)
    return _seen_to(request, at, found=True)


async def _show(request: web.Request, desk: UndeliveredDesk, at: str) -> web.Response:
    """The page; with `?part=1` only what changes, for the page to renew itself."""
    tongue, directory = tongue_of(request), desk.directory()
    missed = await desk.kept.missed(desk.clock.now())
    lost = [one for one in missed if one.fate is not Fate.TRYING]
    counts = await desk.kept.counts()
    context: dict[str, Any] = {
        "at": at,
        "many": sum(counts.values()),
        "counts": counts,
        "kinds": _by_kind(lost),
        "trying": [one for one in missed if one.fate is Fate.TRYING],
        "office": lambda one: _name(directory, one, tongue),
        "to": lambda one: address(directory, one),
        "fate": _fate,
        "news": lambda one: one.news if one.news in TOLD else "",
        "sent": request.query.get("seen_to") == "1",
        "meaning": lambda one: meaning(one.code),
        "reason": lambda why: reasons().told(why, tongue),
        "when": lambda at: written(at, desk.zone, tongue),
        "pair": spaced,
    }
    if "part" in request.query:
        return fresh(request, page(request, "undelivered/part.html", context))
    part = str(request.rel_url.with_query(part="1"))
    return page(request, "undelivered/whole.html", {"part": part, **context})


def _by_kind(lost: list[Missed]) -> list[tuple[str, list[Missed]]]:
    ordered = sorted(lost, key=lambda one: one.kind)
    return [(kind, list(same)) for kind, same in groupby(ordered, key=lambda one: one.kind)]


def _fate(one: Missed) -> str:
    """What the tag says: above the ladder there is nobody whom a message could have reached."""
    return "nobody" if one.rung == TOP else one.fate


def _name(directory: Directory, one: Missed, tongue: Tongue) -> str:
    known = directory.offices.get(one.office or "")
    return known.name[tongue] if known else one.office or ""


def address(directory: Directory, one: Missed) -> str:
    """Whom it was for, masked: a phone's last two digits, or a mailbox's first two letters."""
    if one.to or one.kind not in MAILS:
        return one.to
    if one.rung is not None:
        ladder = directory.contacts.get(one.office or "", ())
        mailboxes = (contact.email or "" for contact in ladder if contact.order == one.rung)
        return masked_mailbox(next(mailboxes, ""))
    known = directory.offices.get(one.office or "")
    return masked_mailbox(known.email) if known else ""
