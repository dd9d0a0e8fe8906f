"""`/admin/audit`: who changed what and when, for admins and auditors: looked through, verified and
written out as a table. Nothing here changes an entry (ADR 34)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import Role
from routing.audit import BY, Action, entry_by, subject
from routing.ports import Clock
from routing.trail import Found, Search, Trail, heading, table
from routing.web.entry import actor_of, signed_in
from routing.web.layout import HEADERS, LAYOUT, Chapter, Link, page_beside, tongue_of
from routing.web.moments import written
from routing.web.named import BETWEEN
from routing.web.wording import Tongue, Wording

READERS: Final = (Role.ADMIN, Role.AUDITOR)
AUDIT_PAGES: Final = Chapter("audit", Path(__file__).parent)
AUDIT_LINK: Final = Link("/admin/audit", "audit.title", frozenset(READERS))
MOST: Final = 50
"""Entries on a page."""
LOOKED: Final = 50_000
"""Entries that one page looks through; then its reader says whether it shall go on."""
SLICE: Final = 200
"""Entries of the table read at a time: some milliseconds."""
MOST_ASKED: Final = 200
LAST: Final = 2**31 - 1
FIELDS: Final = ("who", "action", "text", "since", "until")


@dataclass(frozen=True, slots=True)
class AuditDesk:
    """What the page needs; days are those of `zone`."""

    trail: Trail
    clock: Clock
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as it was typed, what that means, and the fields that mean nothing."""

    typed: Mapping[str, str]
    search: Search
    faults: frozenset[str]


def audit_routes(desk: AuditDesk) -> list[web.RouteDef]:
    """For those who may read it."""
    admit = signed_in(*READERS)

    async def show(request: web.Request) -> web.StreamResponse:
        return await _show(request, desk)

    async def verify(request: web.Request) -> web.StreamResponse:
        verdict = await desk.trail.verify()
        return await _show(request, desk, verdict=verdict)

    async def export(request: web.Request) -> web.StreamResponse:
        return await _export(request, desk)

    return [
        web.get("/admin/audit", admit(show)),
        web.post("/admin/audit/verify", admit(verify)),
        web.post("/admin/audit/export", admit(export)),
    ]


async def _show(request: web.Request, desk: AuditDesk, **more: Any) -> web.StreamResponse:
    tongue, asked = tongue_of(request), _asked(request.query, desk.zone)
    before = _number(request.query.get("before", ""))
    head = await desk.trail.head()
    looked = max(0, min(head.number + 1, before or LAST) - 1 - LOOKED)
    found: list[Found] = []
    if not asked.faults:
        found = list(
            await desk.trail.search(asked.search, before=before, down_to=looked, most=MOST + 1)
        )
    older = found[MOST - 1].link.number if len(found) > MOST else None
    further = looked + 1 if older is None and looked and not asked.faults else None
    kept = {name: text for name, text in asked.typed.items() if text}
    context: dict[str, Any] = {
        "typed": asked.typed,
        "faults": asked.faults,
        "found": found[:MOST],
        "older": None if older is None else _url({**kept, "before": str(older)}),
        "looked": looked + 1,
        "further": None if further is None else _url({**kept, "before": str(further)}),
        "newest": _url(kept) if before is not None else None,
        "filtered": bool(kept),
        "actions": [*Action],
        "known": frozenset(Action),
        "head": head,
        "verdict": None,
        "said": Said(request.config_dict[LAYOUT].wording, tongue),
        "when": lambda at: written(at, desk.zone, tongue),
        "moment": lambda at: at.astimezone(desk.zone).isoformat(timespec="seconds"),
        **more,
    }
    status = 422 if asked.faults else 200
    return await page_beside(request, "audit/whole.html", context, status=status)


async def _export(request: web.Request, desk: AuditDesk) -> web.StreamResponse:
    """All that was asked for as one file, the oldest first. That it was taken out is an entry."""
    form = await request.post()
    asked = _asked({name: str(form.get(name, "")) for name in FIELDS}, desk.zone)
    if asked.faults:
        raise web.HTTPSeeOther(_url(asked.typed))
    told = {name: text for name, text in asked.typed.items() if text}
    now = desk.clock.now()
    about = subject("audit", "all" if not told else "some")
    await desk.trail.append(entry_by(actor_of(request), Action.EXPORTED, about, now, told))
    file = f'attachment; filename="audit-{now.astimezone(desk.zone):%Y%m%d-%H%M%S}.csv"'
    headers = {**HEADERS, "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": file}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(heading())
    last = 0
    while found := await desk.trail.search(asked.search, after=last, most=SLICE):
        await response.write(table(found))
        last = found[-1].link.number
    await response.write_eof()
    return response


def _asked(query: Mapping[str, str], zone: ZoneInfo) -> Asked:
    typed = {name: query.get(name, "").strip()[:MOST_ASKED] for name in FIELDS}
    faults = set()
    action = Action(typed["action"]) if typed["action"] in frozenset(Action) else None
    if typed["action"] and action is None:
        faults.add("action")
    moments: dict[str, datetime | None] = {}
    for name, days in (("since", 0), ("until", 1)):
        try:
            moments[name] = _begins(typed[name], days, zone)
        except (ValueError, OverflowError):
            faults.add(name)
    search = Search(typed["who"], action, "", typed["text"], **moments)
    return Asked(typed, search, frozenset(faults))


def _begins(text: str, days: int, zone: ZoneInfo) -> datetime | None:
    """When the day that was typed begins there, or the one so many days later. Raises ValueError,
    OverflowError."""
    if not text:
        return None
    day = date.fromisoformat(text) + timedelta(days=days)
    if not 2000 <= day.year < 9000:
        raise ValueError(text)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _number(text: str) -> int | None:
    known = text.isascii() and text.isdecimal() and len(text) <= 10
    return min(int(text), LAST) if known else None


def _url(fields: Mapping[str, str]) -> str:
    asked = urlencode({name: text for name, text in fields.items() if text})
    return f"/admin/audit?{asked}" if asked else "/admin/audit"


@dataclass(frozen=True, slots=True)
class Said:
    """An entry's subject and values in the reader's words; what has none stays as it is kept."""

    wording: Wording
    tongue: Tongue

    def _called(self, name: str, *parts: str) -> str:
        known = self.wording.ids()
        word = next((word for part in parts if (word := f"{part}.{name}") in known), None)
        return name if word is None else self.wording.say(word, self.tongue)

    def subject(self, text: str) -> str:
        """What it is about: `rule:r1` as what that is, and which one."""
        kind, between, key = text.partition(":")
        return f"{self._called(kind, 'about_what', 'kind')}{' ' if between else ''}{key}"

    def values(self, found: Found) -> list[tuple[str, str]]:
        """As lines: before and after of what was changed come as lines of their own."""
        return [
            (self._called(name, "detail"), self._text(value, name))
            for name, value in (found.values or {}).items()
            if name != BY
        ]

    def _text(self, value: Any, field: str = "") -> str:
        match value:
            case dict():
                to, after, _, _ = BETWEEN[self.tongue]
                return after.join(
                    f"{self._called(name, 'detail')}{to}{self._text(each, name)}"
                    for name, each in value.items()
                )
            case list():
                return BETWEEN[self.tongue][2].join(self._text(each, field) for each in value)
            case bool():
                return self._called(str(value).lower(), "yes_no")
            case None | "":
                return "—"
            case _ if field in {"role", "factor"}:
                return self._called(str(value), field)
            case _:
                return str(value)
