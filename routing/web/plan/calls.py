"""`/admin/calls`: why a past call went where it did, by the version that it began with; and
`/admin/draft/compare`: where the draft would send the calls of the last days."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.drafts.change import Draft
from routing.drafts.document import compose, rebase
from routing.drafts.kinds import Document
from routing.publishing.past import MOST, PastCall, PastCalls, Ruled, Rung, compared
from routing.publishing.release import Newest
from routing.rules.compare import Change, Compared, Comparison
from routing.rules.explain import Explanation, decided_line, explain, refused_line
from routing.rules.wording import Wording
from routing.web.entry import signed_in
from routing.web.layout import tongue_of
from routing.web.plan.desk import READERS, PlanDesk, number_in, shown

SEERS: Final = tuple(sorted(MAY[Act.SEE_CALLS]))
A_PAGE: Final = 50
MOST_REFUSED: Final = 100
"""Rules that a page says why they did not apply: the nearest first."""
DAYS: Final = (1, 7, 30)
USUAL_DAYS: Final = 7
MOST_DAYS: Final = 180
"""Cases are kept for longer; what the rules were half a year ago is nobody's question."""
MOST_OFFICES: Final = 20
WIDEST: Final = 300
"""Units of the longest bar."""


@dataclass(frozen=True, slots=True)
class CallsDesk:
    """What the pages need: the calls, and what a version and a body decide by (None: it cannot be
    compiled)."""

    plan: PlanDesk
    calls: PastCalls
    of_version: Callable[[int], Awaitable[Ruled | None]]
    of_body: Callable[[Document], Awaitable[Ruled | None]]


def calls_routes(desk: CallsDesk) -> list[web.RouteDef]:
    """For those who may see calls, and those who read the plan."""

    async def listed(request: web.Request) -> web.StreamResponse:
        return await _listed(request, desk)

    async def one(request: web.Request) -> web.StreamResponse:
        return await _one(request, desk)

    async def compare(request: web.Request) -> web.StreamResponse:
        return await _compare(request, desk)

    return [
        web.get("/admin/calls", signed_in(*SEERS)(listed)),
        web.get("/admin/calls/{id}", signed_in(*SEERS)(one)),
        web.get("/admin/draft/compare", signed_in(*READERS)(compare)),
    ]


async def _listed(request: web.Request, desk: CallsDesk) -> web.Response:
    dialled = request.query.get("number", "").strip()[:32]
    before = _instant(request.query.get("before", ""))
    found = await desk.calls.latest(A_PAGE + 1, before, dialled)
    older = found[A_PAGE - 1].at.isoformat() if len(found) > A_PAGE else None
    context = {
        "calls": found[:A_PAGE],
        "older": older,
        "number": dialled,
        "office": await _names(request, desk, found),
    }
    return await shown(request, desk.plan, "plan/calls.html", context)


async def _names(
    request: web.Request, desk: CallsDesk, found: Sequence[PastCall]
) -> Callable[[str], str]:
    """Of offices, as the newest of these calls had them: a version each would be compiled for a
    list; an office that it lacks keeps its id."""
    ruled = await desk.of_version(found[0].plan) if found else None
    if ruled is None:
        return str
    wording, tongue = Wording(ruled.directory), tongue_of(request)
    return lambda id_: wording.office(id_)[tongue]


def _instant(text: str) -> datetime | None:
    """A page's end as its link has it; anything else begins at the latest."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


async def _one(request: web.Request, desk: CallsDesk) -> web.StreamResponse:
    call = await desk.calls.call(request.match_info["id"][:64])
    if call is None:
        raise web.HTTPNotFound
    ruled, rung = await desk.of_version(call.plan), await desk.calls.rung(call.id)
    context: dict[str, Any] = {
        "call": call,
        "explained": None,
        **_known(request, ruled, call, rung),
    }
    if ruled is not None and call.matter is not None:
        explanation = _explained(ruled, call)
        if explanation is not None:
            context |= _said(request, ruled, call, explanation)
    return await shown(request, desk.plan, "plan/call.html", context)


def _known(
    request: web.Request, ruled: Ruled | None, call: PastCall, rung: Sequence[Rung]
) -> dict[str, Any]:
    """What is known of every call: whose number was rung, as its version had it, who answered, and
    how it ended."""
    tongue = tongue_of(request)
    numbers = {} if ruled is None else ruled.directory.numbers

    def post(number: str | None) -> str:
        entry = numbers.get(number or "")
        return "" if entry is None else entry.post[tongue]

    return {
        "post": post(call.dialled) or call.dialled,
        "listed": call.dialled in numbers,
        "rung": [(one.at, one.accepted, post(one.official)) for one in rung],
    }


def _explained(ruled: Ruled, call: PastCall) -> Explanation | None:
    if call.matter is None:
        return None
    try:
        return explain(ruled.router, ruled.facts(call, call.matter))
    except LookupError:
        return None


def _said(
    request: web.Request, ruled: Ruled, call: PastCall, explanation: Explanation
) -> dict[str, Any]:
    wording, tongue = Wording(ruled.directory), tongue_of(request)
    refused = sorted(explanation.refused, key=lambda one: not one.near)
    topic = ruled.directory.topics.get((call.matter.topic if call.matter else None) or "")
    return {
        "explained": explanation,
        "decided": decided_line(explanation, wording)[tongue],
        "refused": [refused_line(one, wording)[tongue] for one in refused[:MOST_REFUSED]],
        "beyond": max(len(refused) - MOST_REFUSED, 0),
        "topic": None if topic is None else topic.names[tongue],
        "office": wording.office(explanation.decision.office)[tongue],
        "moved": call.matter is not None and call.matter.office != explanation.decision.office,
        "now": "" if call.matter is None else wording.office(call.matter.office)[tongue],
    }


async def _compare(request: web.Request, desk: CallsDesk) -> web.StreamResponse:
    days, fault = _days(request.query.get("days", str(USUAL_DAYS)))
    releases, now = desk.plan.publishing.releases, desk.plan.clock.now()
    draft, newest = await desk.plan.publishing.drafts.draft(), await releases.newest()
    old = await desk.of_version(newest.number)
    new = await desk.of_body(await asyncio.to_thread(_drafted, newest, draft))
    context: dict[str, Any] = {
        "days": days,
        "faults": {"days": fault},
        "most_days": MOST_DAYS,
        "choices": DAYS,
        "comparison": None,
        "limit": MOST,
    }
    if old is not None and new is not None:
        since = now - timedelta(days=days)
        first, last = (at.astimezone(desk.plan.zone).date() for at in (since, now))
        before = await asyncio.to_thread(old.over, first, last)
        after = await asyncio.to_thread(new.over, first, last)
        comparison = await _over(before, after, desk.calls.since(since, MOST))
        context |= _table(comparison, Wording(new.directory), tongue_of(request))
    return await shown(request, desk.plan, "plan/compare.html", context, 422 if fault else 200)


def _drafted(newest: Newest, draft: Draft) -> Document:
    """The body that the draft would make of the newest plan."""
    rebased = rebase(draft.changes, newest.document, newest.number)
    return compose(newest.document, rebased.carried)


def _days(text: str) -> tuple[int, str]:
    """How many, and what is wrong with what was typed: then the usual ones are shown."""
    asked = number_in(text.strip())
    if asked is None or not 1 <= asked <= MOST_DAYS:
        return USUAL_DAYS, "compare.days_fault"
    return asked, ""


async def _over(old: Ruled, new: Ruled, calls: AsyncIterator[Sequence[PastCall]]) -> Comparison:
    """All of them, each slice beside the loop: calls are answered meanwhile."""
    rows: list[Compared] = []
    async for some in calls:
        rows.extend((await asyncio.to_thread(compared, old, new, some)).rows)
    return Comparison(tuple(rows))


def _table(comparison: Comparison, wording: Wording, tongue: str) -> dict[str, Any]:
    most, landings = max((*comparison.counts.values(), 1)), comparison.landings
    widest = max((1, *(max(one.old, one.new) for one in landings)))

    def width(count: int, of: int) -> int:
        return round(WIDEST * count / of)

    return {
        "comparison": comparison,
        "bars": [(change, n, width(n, most)) for change, n in comparison.counts.items()],
        "landings": [
            (one, width(one.old, widest), width(one.new, widest)) for one in landings[:MOST_OFFICES]
        ],
        "changed": [row for row in comparison.rows if row.change is not Change.SAME],
        "office": lambda id_: "" if id_ is None else wording.office(id_)[tongue],
    }
