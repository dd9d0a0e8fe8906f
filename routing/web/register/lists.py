"""The lists of the register: numbers with search, filter and pages; offices as a tree; topics,
public services and readings of names. All as drafted, with a mark on what is not published yet."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.numbers.forms import written
from routing.sheets.choices import VALUE_NAMES, value_named
from routing.sheets.entities import Body, EntityKind, Rows
from routing.sheets.expiry import EXPIRES_SOON, last_day
from routing.sheets.headings import COLUMN_NAMES
from routing.web.entry import allows, signed_in
from routing.web.guard import Handler
from routing.web.layout import page, tongue_of
from routing.web.register.desk import SECTIONS, RegisterDesk, Workspace, at_hand
from routing.web.wording import Tongue

PAGE: Final = 50
"""Rows of one page: two thousand at once are no list that anybody reads."""
FILTERS: Final = ("published", "suspended", "withdrawn", "expiring", "expired", "changed")
MOST_SOUGHT: Final = 60
PLAIN: Final[Mapping[EntityKind, tuple[str, ...]]] = {
    EntityKind.TOPIC: ("topic", "code", "zh", "en", "lead_office"),
    EntityKind.SERVICE: ("number", "zh", "en"),
    EntityKind.PRONUNCIATION: ("text", "language", "reading", "ipa"),
}
"""The kinds whose list is one plain table, and its columns."""


LANGUAGES_OF: Final = {"zh": "zh-CN", "en": "en", "text": "zh-CN", "reading": "en", "ipa": "en"}
"""Columns that are in one language, whoever reads the page."""


def list_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """The lists, for whoever may read the plan."""
    read = signed_in(*MAY[Act.READ_PLAN])

    async def numbers(request: web.Request) -> web.StreamResponse:
        now = await at_hand(desk)
        lines = await asyncio.to_thread(lambda: list(_lines(now, desk.today())))
        return await asyncio.to_thread(_numbers, request, now, lines)

    async def offices(request: web.Request) -> web.StreamResponse:
        return await asyncio.to_thread(_offices, request, await at_hand(desk))

    routes = [web.get("/admin/numbers", read(numbers)), web.get("/admin/offices", read(offices))]
    plain = (web.get(f"/admin/{SECTIONS[kind]}", read(_plain(desk, kind))) for kind in PLAIN)
    return [*routes, *plain]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list: its key, its cells, how the draft has it ("" as published), and for a number
    its standing today."""

    key: str
    body: Body
    draft: str = ""
    standing: str = ""
    shown: str = ""


def _numbers(request: web.Request, now: Workspace, every: Sequence[Line]) -> web.Response:
    """Looked through and put together beside the calls: there may be ten thousand."""
    sought = request.query.get("q", "")[:MOST_SOUGHT].strip()
    chosen = request.query.get("status", "")
    lines = [
        line for line in every if _fits(line, chosen) and _found(line.body, line.shown, sought)
    ]
    pages = max(1, -(-len(lines) // PAGE))
    asked = request.query.get("page", "1")
    at = min(max(int(asked), 1), pages) if asked.isdecimal() and len(asked) < 7 else 1
    tongue = tongue_of(request)
    context = {
        **_common(request, EntityKind.NUMBER, now),
        "lines": lines[(at - 1) * PAGE : at * PAGE],
        "many": len(lines),
        "all": len(every),
        "filters": FILTERS,
        "chosen": chosen if chosen in FILTERS else "",
        "sought": sought,
        "at": at,
        "pages": pages,
        "turn": lambda n: str(request.rel_url.update_query(page=n)),
        "post": "post" if tongue is Tongue.ZH else "post_en",
        "office": partial(_office_named, now, tongue),
        "mode": lambda word: VALUE_NAMES["answer_mode"].get(word, {}).get(tongue, word),
        "may_suspend": allows(request, Act.ACT_IN_A_HURRY),
    }
    return page(request, "register/numbers.html", context)


def _lines(now: Workspace, today: date) -> Iterator[Line]:
    changed = now.changed(EntityKind.NUMBER)
    for key, body in now.rows(EntityKind.NUMBER).items():
        change = changed.get(key)
        draft = "" if change is None else ("new" if change.base is None else "changed")
        yield Line(key, body, draft, standing(body, today), written(key))


def standing(body: Body, today: date) -> str:
    """How a number stands today: its status, or that its listing ends soon or has ended."""
    status, last = body.get("status", ""), last_day(body)
    if status != "published" or last is None:
        return status
    if last < today:
        return "expired"
    return "expiring" if last - today <= EXPIRES_SOON else status


def _fits(line: Line, chosen: str) -> bool:
    if chosen == "changed":
        return bool(line.draft)
    if chosen == "published":
        return line.standing in {"published", "expiring"}
    return chosen not in FILTERS or line.standing == chosen


def _found(body: Body, shown: str, sought: str) -> bool:
    """Each word of it somewhere in the row; digits as they are written or dialled."""
    digits = "".join(sign for sign in shown if sign.isdecimal())
    columns = ("number", "office", "post", "post_en", "spoken", "spoken_en", "holder", "district")
    text = " ".join([*(body.get(column, "") for column in columns), shown, digits]).casefold()
    return all(word in text for word in sought.casefold().split())


@dataclass(frozen=True, slots=True)
class Branch:
    """An office and those below it."""

    line: Line
    below: Sequence["Branch"]
    rungs: int


def _offices(request: web.Request, now: Workspace) -> web.Response:
    """All of them, beside the calls."""
    changed, rows = now.changed(EntityKind.OFFICE), now.rows(EntityKind.OFFICE)
    rungs: dict[str, int] = {}
    for body in now.rows(EntityKind.CONTACT).values():
        rungs[body.get("office", "")] = rungs.get(body.get("office", ""), 0) + 1
    lines = {
        key: Line(key, body, ("new" if changed[key].base is None else "changed"))
        if key in changed
        else Line(key, body)
        for key, body in rows.items()
    }
    context = {
        **_common(request, EntityKind.OFFICE, now),
        "tree": tree(rows, lambda key, below: Branch(lines[key], below, rungs.get(key, 0))),
        "many": len(rows),
    }
    return page(request, "register/offices.html", context)


def tree(rows: Rows, made: Callable[[str, Sequence[Branch]], Branch]) -> list[Branch]:
    """Offices below the one that each names; one whose name leads nowhere, or round in a circle,
    stands at the top, so that none is left out."""
    below: dict[str, list[str]] = {}
    for key, body in rows.items():
        below.setdefault(body.get("parent", ""), []).append(key)
    reached: set[str] = set()

    def grown(key: str) -> Branch:
        reached.add(key)
        return made(key, [grown(one) for one in below.get(key, ()) if one not in reached])

    top = [grown(key) for key, body in rows.items() if body.get("parent", "") not in rows]
    return top + [grown(key) for key in rows if key not in reached]


def _plain(desk: RegisterDesk, kind: EntityKind) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        now, tongue = await at_hand(desk), tongue_of(request)
        changed = now.changed(kind)
        context = {
            **_common(request, kind, now),
            "columns": [(column, COLUMN_NAMES[kind][column][tongue]) for column in PLAIN[kind]],
            "languages": LANGUAGES_OF,
            "office": partial(_office_named, now, tongue),
            "lines": [
                Line(key, body, "changed" if key in changed else "")
                for key, body in now.rows(kind).items()
            ],
        }
        return page(request, "register/rows.html", context)

    return show


def _office_named(now: Workspace, tongue: Tongue, key: str) -> str:
    body = now.rows(EntityKind.OFFICE).get(key, {})
    return key if tongue is Tongue.ZH else body.get("office_en") or key


def _common(request: web.Request, kind: EntityKind, now: Workspace) -> dict[str, object]:
    return {
        "section": SECTIONS[kind],
        "kind": kind.value,
        "changes": len([one for one in now.draft.changes if one.kind in set(EntityKind)]),
        "kept": request.query.get("kept", "")[:200],
        "shown": partial(value_named, tongue=tongue_of(request)),
        "may_edit": allows(request, Act.EDIT_PLAN),
    }
