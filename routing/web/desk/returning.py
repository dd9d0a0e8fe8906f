"""How a case goes back: whoever sorted it takes that back, or the office that got it returns it
with a reason (退单). A page of its own asks for the reason: the list of cases renews itself."""

from typing import Final

from aiohttp import web

from routing.accounts.roles import Act
from routing.cases.case import CaseState
from routing.cases.moves import NotMovedBack, Reason, Refusal, Way, to_return, to_take_back
from routing.cases.reference import spaced
from routing.cases.transitions import CaseError
from routing.ports import OfficeCase
from routing.web.desk.desk import (
    HANDLING,
    OfficeDesk,
    address,
    in_list,
    name_of,
    no_case,
)
from routing.web.entry import actor_of, allows
from routing.web.layout import page, tongue_of
from routing.web.moments import written

RETURN: Final = "/desk/cases/{reference}/return"
TAKE_BACK: Final = "/desk/cases/{reference}/take-back"


def routes(desk: OfficeDesk) -> list[web.RouteDef]:
    """The two ways back."""

    async def reasons(request: web.Request) -> web.StreamResponse:
        return await show(request, desk)

    async def returned(request: web.Request) -> web.StreamResponse:
        return await give_back(request, desk)

    async def taken(request: web.Request) -> web.StreamResponse:
        return await take_back(request, desk)

    return [
        web.get(RETURN, HANDLING(reasons)),
        web.post(RETURN, HANDLING(returned)),
        web.post(TAKE_BACK, HANDLING(taken)),
    ]


async def show(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """The reasons, for a case that may be returned still."""
    case = await desk.case_of(request)
    if case is None:
        return no_case(request)
    try:
        to_return(case.trail, case.office)
    except NotMovedBack as refused:
        return _refused(request, in_list(case), refused.why)
    return _asked(request, desk, case)


async def give_back(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """Back to the office's cases, which say where it went; the form again without a reason, 409
    where it may not be returned."""
    case, by = await desk.case_of(request), actor_of(request)
    if case is None:
        return no_case(request)
    typed = await request.post()
    office, reason = str(typed.get("office", "")), str(typed.get("reason", ""))
    if reason not in set(Reason):
        return _asked(request, desk, case, status=422)
    try:
        await desk.dispatching.give_back(case.reference, office, Reason(reason), by)
    except NotMovedBack as refused:
        return _refused(request, in_list(case), refused.why)
    except CaseError:
        return _refused(request, in_list(case), Refusal.MEANWHILE)
    raise web.HTTPSeeOther(gone(office, case.reference))


async def take_back(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """Back to the case, which its office has again; 409 where that is too late."""
    case, actor = await desk.left_case(request), actor_of(request)
    office = str((await request.post()).get("office", ""))
    if case is None or not office or not actor.opens(office):
        return no_case(request)
    try:
        await desk.dispatching.take_back(case.reference, office, actor)
    except NotMovedBack as refused:
        return _refused(request, address(office), refused.why)
    except CaseError:
        return _refused(request, address(office), Refusal.MEANWHILE)
    raise web.HTTPSeeOther(f"{address(office)}#case-{case.reference}")


def gone(office: str, reference: str) -> str:
    """The page of an office that a case has just left, which says so."""
    return f"{address(office)}?gone={reference}"


async def told(request: web.Request, desk: OfficeDesk, office: str) -> dict[str, object] | None:
    """What that page says of it: where it went, and whether that can be taken back here."""
    reference = request.query.get("gone", "")
    case = await desk.kept(reference)
    last = case.trail[-1] if case is not None and case.trail else None
    if case is None or last is None or (last.before, last.after) != (office, case.office):
        return None
    if last.before == last.after or last.way is Way.TAKEN_BACK:
        return None
    return {
        "case": case,
        "said": "moved.told_returned" if last.way is Way.RETURNED else "moved.told_sent",
        "where": name_of(desk.directory(), case.office, tongue_of(request)),
        "there": in_list(case) if actor_of(request).opens(case.office) else "",
        "before": office,
        "can_be_taken_back": allows(request, Act.HANDLE_CASES) and _can_be_taken_back(case),
    }


def returnable(case: OfficeCase, desk: OfficeDesk) -> bool:
    """Whether its office may give it back now."""
    try:
        sent = to_return(case.trail, case.office)
    except NotMovedBack:
        return False
    open_ = case.state in {CaseState.DISPATCHED, CaseState.IN_PROGRESS}
    return open_ and desk.clock.now() <= desk.dispatching.until(case.office, sent.at)


def _can_be_taken_back(case: OfficeCase) -> bool:
    try:
        to_take_back(case.trail, case.office, case.state)
    except NotMovedBack:
        return False
    return True


def _asked(
    request: web.Request, desk: OfficeDesk, case: OfficeCase, status: int = 200
) -> web.Response:
    tongue, zone = tongue_of(request), desk.zone_of(case.office)
    arrived = case.trail[-1].at if case.trail else case.opened_at
    context = {
        "case": case,
        "pair": spaced,
        "missing": status != 200,
        "reasons": list(Reason),
        "until": written(desk.dispatching.until(case.office, arrived), zone, tongue),
        "back": in_list(case),
    }
    return page(request, "desk/return.html", context, status=status)


def _refused(request: web.Request, back: str, why: Refusal) -> web.Response:
    context = {"why": why, "back": back}
    return page(request, "desk/refused.html", context, status=409)
