"""`/ledger`: what must have followed the calls and is missing, and the work that was given up, with
a try more of it (ADR 16). It is there whoever carries the calls, for those who run the line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.cases.reference import spaced
from routing.ledger import OF_WORK, GapKind, Ledger
from routing.ports import Clock
from routing.web.guard import Handler
from routing.web.layout import Chapter, Link, fresh, page, tongue_of
from routing.web.moments import written
from routing.web.reasons import reasons

LEDGER_PAGES: Final = Chapter("ledger", Path(__file__).parent)
LEDGER_LINK: Final = Link("/ledger", "ledger.title")
LAST_JOB: Final = 2**31 - 1
"""As far as the database numbers its work: PostgreSQL takes no number beyond it, not to look for
either."""
MOST_NUMERALS: Final = 10
Act = Callable[[web.Request], Awaitable[bool]]
"""Does what a button asks for; whether there was anything to do."""


@dataclass(frozen=True, slots=True)
class LedgerDesk:
    """What the page needs: the ledger, the time, and the zone that times are written in."""

    ledger: Ledger
    clock: Clock
    zone: ZoneInfo


def ledger_routes(desk: LedgerDesk, admit: Callable[[Handler], Handler]) -> list[web.RouteDef]:
    """The page and its two buttons, for whom `admit` lets through."""

    async def show(request: web.Request) -> web.StreamResponse:
        return await _show(request, desk)

    async def again(request: web.Request) -> bool:
        job = request.match_info["job"]
        known = job.isdecimal() and len(job) <= MOST_NUMERALS and int(job) <= LAST_JOB
        return known and await desk.ledger.again(int(job), desk.clock.now())

    async def aside(request: web.Request) -> bool:
        kind, subject = request.match_info["kind"], request.match_info["subject"]
        return kind in set(GapKind) and await desk.ledger.put_aside(GapKind(kind), subject)

    gap = "/ledger/gaps/{kind:[a-z0-9_]+}/{subject:[A-Za-z0-9_-]+}/aside"
    return [
        web.get("/ledger", admit(show)),
        web.post("/ledger/work/{job}/again", admit(_acting(again))),
        web.post(gap, admit(_acting(aside))),
    ]


def _acting(act: Act) -> Handler:
    """Back to the page, which shows what came of it; 404 where somebody else was faster."""

    async def acted(request: web.Request) -> web.StreamResponse:
        if not await act(request):
            return page(request, "ledger/gone.html", {}, status=404)
        raise web.HTTPSeeOther("/ledger")

    return acted


async def _show(request: web.Request, desk: LedgerDesk) -> web.Response:
    """The page; with `?part=1` only what changes, for the page to renew itself."""
    tongue = tongue_of(request)
    counts = await desk.ledger.counts()
    context: dict[str, Any] = {
        "missing": sum(counts.values()),
        "gaps": await desk.ledger.gaps(),
        "last": await desk.ledger.last_round(),
        "given_up": await desk.ledger.given_up(),
        "when": lambda at: written(at, desk.zone, tongue),
        "reason": lambda why: reasons().told(why, tongue),
        "pair": spaced,
        "works": OF_WORK,
    }
    if "part" in request.query:
        return fresh(request, page(request, "ledger/part.html", context))
    part = str(request.rel_url.with_query(part="1"))
    return page(request, "ledger/whole.html", {"part": part, **context})
