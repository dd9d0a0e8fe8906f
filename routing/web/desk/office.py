"""`/desk`: what offices get. Whoever is of one sees its cases, whoever sees to all of them the list
of offices with what waits there. What can be done with one case is in the modules beside this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.cases.opening import is_noted
from routing.cases.reference import spaced
from routing.directory import Directory
from routing.numbers.forms import masked
from routing.ports import OfficeCase
from routing.web.desk import returning
from routing.web.desk.desk import (
    LOOKING,
    OfficeDesk,
    address,
    audio_url,
    case_address,
    name_of,
    no_office,
)
from routing.web.desk.mine import MINE
from routing.web.entry import actor_of, allows
from routing.web.layout import Chapter, Link, fresh, page_beside, tongue_of
from routing.web.moments import written
from routing.web.wording import Tongue

DESK_PAGES: Final = Chapter("desk", Path(__file__).parent)
DESK_LINK: Final = Link("/desk", "office.title", MAY[Act.ALL_OFFICES] | MAY[Act.OWN_OFFICE])
DESK_DOOR: Final = Link("/desk", "office.title", of_strangers=True)
"""The same for a newcomer, who signs in there."""
CORRECTION: Final = "/desk/cases/{reference}/recordings/{sid}/correction"
TOPIC: Final = "/desk/cases/{reference}/topic"


@dataclass(frozen=True, slots=True)
class CallerGroup:
    """One caller's cases of an office: the first, open with danger or else the newest, and the
    others; most groups have one."""

    key: str
    first: OfficeCase
    others: tuple[OfficeCase, ...]


def office_routes(desk: OfficeDesk) -> list[web.RouteDef]:
    """The list of offices, and an office's cases."""

    async def begin(request: web.Request) -> web.StreamResponse:
        actor = actor_of(request)
        if actor.line is not None:
            raise web.HTTPSeeOther(MINE)
        if not allows(request, Act.ALL_OFFICES):
            raise web.HTTPSeeOther(address(actor.office or ""))
        return await _offices(request, desk)

    async def cases(request: web.Request) -> web.StreamResponse:
        return await _cases(request, desk)

    return [web.get("/desk", LOOKING(begin)), web.get("/desk/office/{office}", LOOKING(cases))]


def grouped(cases: Iterable[OfficeCase]) -> tuple[CallerGroup, ...]:
    """Cases in their order, with repeated calls of one caller under the first of them."""
    found: dict[str, list[OfficeCase]] = {}
    for case in cases:
        found.setdefault(case.group_of or case.reference, []).append(case)
    return tuple(CallerGroup(key, same[0], tuple(same[1:])) for key, same in found.items())


async def _offices(request: web.Request, desk: OfficeDesk) -> web.Response:
    counts, directory = await desk.cases.offices(desk.clock.now()), desk.directory()
    missed, tongue = await desk.undelivered(), tongue_of(request)
    busy = {count.office for count in counts}
    context = {
        "counts": [(count, name_of(directory, count.office, tongue)) for count in counts],
        "others": [o for o in directory.offices.values() if o.id not in busy],
        "undelivered": lambda count: missed.get(count.office, 0),
        "address": address,
        "latest": lambda count: written(count.latest, desk.zone_of(count.office), tongue),
    }
    return await whole_or_part(request, "offices", context)


async def _cases(request: web.Request, desk: OfficeDesk) -> web.Response:
    office, directory = request.match_info["office"], desk.directory()
    if not actor_of(request).opens(office):
        return no_office(request)
    cases = await desk.cases.cases(office)
    if office not in directory.offices and not cases:
        return no_office(request)
    tongue = tongue_of(request)
    context = {
        "office": name_of(directory, office, tongue),
        "beside_office": name_of(directory, office, tongue.other),
        "id": office,
        "groups": grouped(cases),
        "gone": await returning.told(request, desk, office),
        "all_offices": allows(request, Act.ALL_OFFICES),
        "keeps_accounts": allows(request, Act.KEEP_ACCOUNTS) and office in directory.offices,
        **how_shown(request, desk, office),
    }
    return await whole_or_part(request, "cases", context)


async def whole_or_part(
    request: web.Request, name: str, context: Mapping[str, Any]
) -> web.Response:
    """The page; with `?part=1` only what changes, for the page to renew itself."""
    if "part" in request.query:
        return fresh(request, await page_beside(request, f"desk/{name}_part.html", context))
    part = str(request.rel_url.with_query(part="1"))
    return await page_beside(request, f"desk/{name}.html", {"part": part, **context})


def how_shown(request: web.Request, desk: OfficeDesk, office: str) -> dict[str, Any]:
    """How a case of an office is written for whoever looks at it, and what they may do with it."""
    directory, tongue, zone = desk.directory(), tongue_of(request), desk.zone_of(office)
    handles = allows(request, Act.HANDLE_CASES)
    return {
        **_names(directory, tongue),
        "when": lambda at: written(at, zone, tongue),
        "masked": masked,
        "pair": spaced,
        "hears": allows(request, Act.HEAR_CALLERS),
        "handles": handles,
        "open": lambda case: not is_noted(case.kind, case.about, case.confidentiality),
        "returnable": lambda case: handles and returning.returnable(case, desk),
        "audio_url": audio_url,
        "case_url": lambda case: case_address(case.reference),
        "return_url": lambda case: returning.RETURN.format(reference=case.reference),
        "take_back_url": lambda case: returning.TAKE_BACK.format(reference=case.reference),
        "topic_url": lambda case: TOPIC.format(reference=case.reference),
        "correction_url": lambda case, recording: CORRECTION.format(
            reference=case.reference, sid=quote(recording.sid, safe="")
        ),
    }


def _names(directory: Directory, tongue: Tongue) -> dict[str, Any]:
    def topic(code: str) -> str:
        known = directory.topics.get(code)
        return known.names[tongue] if known else code

    def line(number: str) -> str:
        known = directory.numbers.get(number)
        return known.post[tongue] if known else masked(number)

    return {
        "topic": topic,
        "line": line,
        "office_name": lambda office: name_of(directory, office, tongue),
    }
