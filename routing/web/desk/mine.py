"""`/desk/mine`: what an official wants to know of their own number: how many calls they took today
and how many are left, when they are reached, who stands in, what was put to them (hotline §3).
Nobody else sees another's bounds."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.cases.reference import spaced
from routing.directory import PublishedNumber
from routing.hours import OpenIntervals
from routing.numbers.forms import written as number_as_written
from routing.ports import PutThrough
from routing.rules.quota import Quota, bucket
from routing.web.desk.desk import OfficeDesk, address, case_address
from routing.web.entry import actor_of, signed_in
from routing.web.layout import page_beside, tongue_of
from routing.web.moments import written

MINE: Final = "/desk/mine"
MOST_CASES: Final = 20


@dataclass(frozen=True, slots=True)
class OwnLines:
    """What the page needs besides the desk: quotas as calls follow them now, the tokens that are
    taken (by official and bucket), an office's open hours, and the calls put to somebody."""

    quota: Callable[[str], Quota]
    used: Callable[[datetime], Awaitable[Mapping[tuple[str, str], int]]]
    open: Callable[[str], OpenIntervals | None]
    put: PutThrough


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many: of the `day`, of a call `hour`, or of an `escalation` day."""

    what: str
    taken: int
    of: int

    @property
    def left(self) -> int:
        """None are, where the bound was lowered since."""
        return max(0, self.of - self.taken)


def mine_routes(desk: OfficeDesk, lines: OwnLines) -> list[web.RouteDef]:
    """The page of an official's own number."""

    async def show(request: web.Request) -> web.StreamResponse:
        line, office = actor_of(request).line, actor_of(request).office or ""
        entry = desk.directory().numbers.get(line or "")
        if entry is None:  # no number is theirs, or it has left the list
            raise web.HTTPSeeOther(address(office))
        context = await _context(request, desk, lines, entry)
        return await page_beside(request, "desk/mine.html", context)

    return [web.get(MINE, signed_in(*MAY[Act.OWN_LINE])(show))]


async def _context(
    request: web.Request, desk: OfficeDesk, lines: OwnLines, entry: PublishedNumber
) -> dict[str, Any]:
    now, tongue, zone = desk.clock.now(), tongue_of(request), desk.zone_of(entry.office)
    midnight = now.astimezone(desk.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    office = desk.directory().offices.get(entry.office)
    instead = office and entry.stand_in_on(now.astimezone(zone).date(), office)
    quota, intervals = lines.quota(entry.e164), lines.open(entry.office)
    opens = None if intervals is None else intervals.next_open(now)
    own = actor_of(request).office
    cases = [] if own is None else await desk.cases.cases(own)
    return {
        "post": entry.post[tongue],
        "beside_post": entry.post[tongue.other],
        "number": number_as_written(entry.e164),
        "shares": _shares(entry.e164, quota, await lines.used(midnight), (now, desk)),
        "hours": [one for one in quota.hours if one.day >= now.astimezone(desk.zone).date()][:5],
        "open": opens == now,
        "opens": None if opens is None else written(opens, zone, tongue),
        "stand_in": number_as_written(instead) if instead else "",
        "calls": await lines.put.since(entry.e164, midnight),
        "cases": [case for case in cases if case.dialled == entry.e164][:MOST_CASES],
        "all_cases": address(own or ""),
        "case_url": lambda case: case_address(case.reference),
        "when": lambda at: written(at, zone, tongue),
        "pair": spaced,
    }


def _shares(
    line: str, quota: Quota, used: Mapping[tuple[str, str], int], at: tuple[datetime, OfficeDesk]
) -> list[Share]:
    now, desk = at
    buckets = [bucket(quota, line, now, desk.zone, escalation=way) for way in (False, True)]
    return [
        Share(one.key.partition(" ")[0], used.get((line, one.key), 0), one.tokens)
        for one in buckets
    ]
