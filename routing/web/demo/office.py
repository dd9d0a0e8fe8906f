"""`/demo/office`: what an office gets. Its cases with the recording, the words, the masked caller
and the due time, and a button to accept them; for this machine only, until the desk has its
sign-in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.cases.reference import spaced
from routing.cases.transitions import IllegalTransition
from routing.directory import Directory
from routing.numbers.forms import masked
from routing.ports import OfficeCase
from routing.web.demo import correcting, returning, sorting
from routing.web.demo.desk import OfficeDesk, address, audio_url, name_of
from routing.web.guard import loopback_only
from routing.web.layout import Chapter, Link, fresh, page, tongue_of
from routing.web.moments import written
from routing.web.sound import sound
from routing.web.wording import Tongue

OFFICE_PAGES: Final = Chapter("demo", Path(__file__).parent)
OFFICE_LINK: Final = Link("/demo/office", "office.title")
CORRECTION: Final = "/demo/office/cases/{reference}/recordings/{sid}/correction"
TOPIC: Final = "/demo/office/cases/{reference}/topic"
_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class CallerGroup:
    """One caller's cases of an office: the first, open with danger or else the newest, and the
    others; most groups have one."""

    key: str
    first: OfficeCase
    others: tuple[OfficeCase, ...]


def office_routes(desk: OfficeDesk) -> list[web.RouteDef]:
    """The list of offices, an office's cases, their sound, and what people heard in it."""

    async def offices(request: web.Request) -> web.StreamResponse:
        return await _offices(request, desk)

    async def cases(request: web.Request) -> web.StreamResponse:
        return await _cases(request, desk)

    async def audio(request: web.Request) -> web.StreamResponse:
        return await _audio(request, desk)

    async def accept(request: web.Request) -> web.StreamResponse:
        return await _accept(request, desk)

    async def correction(request: web.Request) -> web.StreamResponse:
        return await correcting.show(request, desk)

    async def correct(request: web.Request) -> web.StreamResponse:
        return await correcting.take(request, desk)

    async def topics(request: web.Request) -> web.StreamResponse:
        return await sorting.show(request, desk)

    async def sort(request: web.Request) -> web.StreamResponse:
        return await sorting.take(request, desk)

    return [
        *returning.routes(desk),
        web.get(TOPIC, loopback_only(topics)),
        web.post(TOPIC, loopback_only(sort)),
        web.post("/demo/office/cases/{reference}/accept", loopback_only(accept)),
        web.get("/demo/office", loopback_only(offices)),
        web.get("/demo/office/recordings/{sid}.wav", loopback_only(audio)),
        web.get("/demo/office/{office}", loopback_only(cases)),
        web.get(CORRECTION, loopback_only(correction)),
        web.post(CORRECTION, loopback_only(correct)),
    ]


def grouped(cases: Iterable[OfficeCase]) -> tuple[CallerGroup, ...]:
    """Cases in their order, with repeated calls of one caller under the first of them."""
    found: dict[str, list[OfficeCase]] = {}
    for case in cases:
        found.setdefault(case.group_of or case.reference, []).append(case)
    return tuple(CallerGroup(key, same[0], tuple(same[1:])) for key, same in found.items())


async def _offices(request: web.Request, desk: OfficeDesk) -> web.Response:
    counts, directory = await desk.cases.offices(), desk.directory()
    tongue = tongue_of(request)
    busy = {count.office for count in counts}
    context = {
        "counts": [(count, name_of(directory, count.office, tongue)) for count in counts],
        "others": [o for o in directory.offices.values() if o.id not in busy],
        "total": sum(count.cases for count in counts),
        "address": address,
        "latest": lambda count: written(count.latest, desk.zone_of(count.office), tongue),
    }
    return _whole_or_part(request, "offices", context)


async def _cases(request: web.Request, desk: OfficeDesk) -> web.Response:
    office, directory = request.match_info["office"], desk.directory()
    known = directory.offices.get(office)
    cases = await desk.cases.cases(office)
    if known is None and not cases:
        return page(request, "demo/missing.html", {"what": "office.missing"}, status=404)
    tongue = tongue_of(request)
    context = {
        "office": name_of(directory, office, tongue),
        "beside_office": name_of(directory, office, tongue.other),
        "groups": grouped(cases),
        "many": len(cases),
        "gone": await returning.told(request, desk, office),
        **_how_written(desk, directory, desk.zone_of(office), tongue),
    }
    return _whole_or_part(request, "cases", context)


async def _audio(request: web.Request, desk: OfficeDesk) -> web.Response:
    sid = request.match_info["sid"]
    audio = await desk.cases.audio(sid) if _SID.fullmatch(sid) else None
    if audio is None:
        raise web.HTTPNotFound(text="this recording is not kept here\n")
    return sound(request, audio)


async def _accept(request: web.Request, desk: OfficeDesk) -> web.Response:
    """Back to the case, signed for; 404 and 409 where there is none, or none to be signed for."""
    case = await desk.case_of(request)
    if case is None:
        return page(request, "demo/missing.html", {"what": "office.no_case"}, status=404)
    try:
        await desk.casework.accept(case.reference, "office page")
    except IllegalTransition:
        return page(request, "demo/ended.html", {"back": address(case.office)}, status=409)
    raise web.HTTPSeeOther(f"{address(case.office)}#case-{case.reference}")


def readable_address(office: str) -> str:
    """The same for people to read, as a browser shows it: letters of any script stand as they
    are, and a browser that follows it encodes them itself."""
    shown = (letter if letter.isalnum() else quote(letter, safe="") for letter in office)
    return f"/demo/office/{''.join(shown)}"


def _whole_or_part(request: web.Request, name: str, context: dict[str, Any]) -> web.Response:
    """The page; with `?part=1` only what changes, for the page to renew itself."""
    if "part" in request.query:
        return fresh(request, page(request, f"demo/{name}_part.html", context))
    part = str(request.rel_url.with_query(part="1"))
    return page(request, f"demo/{name}.html", {"part": part, **context})


def _how_written(
    desk: OfficeDesk, directory: Directory, zone: ZoneInfo, tongue: Tongue
) -> dict[str, Any]:
    def topic(code: str) -> str:
        known = directory.topics.get(code)
        return known.names[tongue] if known else code

    def line(number: str) -> str:
        known = directory.numbers.get(number)
        return known.post[tongue] if known else masked(number)

    return {
        "when": lambda at: written(at, zone, tongue),
        "topic": topic,
        "line": line,
        "masked": masked,
        "pair": spaced,
        "audio_url": audio_url,
        "office_name": lambda office: name_of(directory, office, tongue),
        "returnable": lambda case: returning.returnable(case, desk),
        "return_url": lambda case: returning.RETURN.format(reference=case.reference),
        "take_back_url": lambda case: returning.TAKE_BACK.format(reference=case.reference),
        "topic_url": lambda case: TOPIC.format(reference=case.reference),
        "correction_url": lambda case, recording: CORRECTION.format(
            reference=case.reference, sid=quote(recording.sid, safe="")
        ),
    }
