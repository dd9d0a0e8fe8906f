"""`/desk/cases/<number>`: one case, where mails lead; its sound, and what is done with it. Whoever
may not open it is told what they would be told of one that was never there."""

from typing import Final

from aiohttp import web

from routing.accounts.roles import Act
from routing.cases.opening import is_noted
from routing.cases.transitions import IllegalTransition
from routing.ports import OfficeCase
from routing.web.desk import correcting, returning, sorting
from routing.web.desk.desk import (
    HANDLING,
    HEARING,
    LOOKING,
    OfficeDesk,
    address,
    in_list,
    name_of,
    no_case,
)
from routing.web.desk.office import CORRECTION, TOPIC, how_shown, whole_or_part
from routing.web.entry import actor_of, allows
from routing.web.guard import Handler
from routing.web.layout import page, tongue_of
from routing.web.sound import sound

CASE: Final = "/desk/cases/{reference}"


def case_routes(desk: OfficeDesk) -> list[web.RouteDef]:
    """One case, and all that can be asked of it."""

    async def correction(request: web.Request) -> web.StreamResponse:
        return await correcting.show(request, desk)

    async def correct(request: web.Request) -> web.StreamResponse:
        return await correcting.take(request, desk)

    async def topics(request: web.Request) -> web.StreamResponse:
        return await sorting.show(request, desk)

    async def sort(request: web.Request) -> web.StreamResponse:
        return await sorting.take(request, desk)

    return [
        web.get(CASE, LOOKING(_shown(desk))),
        web.get(f"{CASE}/recordings/{{sid}}.wav", HEARING(_played(desk))),
        web.post(f"{CASE}/accept", HANDLING(_accepted(desk))),
        web.get(CORRECTION, HANDLING(correction)),
        web.post(CORRECTION, HANDLING(correct)),
        web.get(TOPIC, HANDLING(topics)),
        web.post(TOPIC, HANDLING(sort)),
        *returning.routes(desk),
    ]


def _shown(desk: OfficeDesk) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        case = await desk.case_of(request)
        if case is None:
            return no_case(request)
        if allows(request, Act.HEAR_CALLERS):
            await desk.opened(request, case)
        context = {
            "case": case,
            "noted": is_noted(case.kind, case.about, case.confidentiality),
            "office": name_of(desk.directory(), case.office, tongue_of(request)),
            "back": address(case.office),
            **how_shown(request, desk, case.office),
            "open": lambda _: True,
        }
        return await whole_or_part(request, "one", context)

    return show


def _played(desk: OfficeDesk) -> Handler:
    async def play(request: web.Request) -> web.StreamResponse:
        case, sid = await desk.case_of(request), request.match_info["sid"]
        if case is None or not _has(case, sid):
            return no_case(request)
        await desk.opened(request, case)
        audio = await desk.cases.audio(sid)
        return no_case(request) if audio is None else sound(request, audio)

    return play


def _has(case: OfficeCase, sid: str) -> bool:
    return any(recording.sid == sid for recording in case.recordings)


def _accepted(desk: OfficeDesk) -> Handler:
    """Back to the case, signed for; 409 where it is not waiting for that."""

    async def accept(request: web.Request) -> web.StreamResponse:
        case = await desk.case_of(request)
        if case is None:
            return no_case(request)
        try:
            await desk.casework.accept(case.reference, actor_of(request))
        except IllegalTransition:
            return page(request, "desk/ended.html", {"back": address(case.office)}, status=409)
        raise web.HTTPSeeOther(in_list(case))

    return accept
