"""How a case goes back: whoever sorted it takes that back, or the office that got it returns it
with a reason (退单). A page of its own asks for the reason: the list of cases renews itself."""

from typing import Final

from aiohttp import web

from routing.cases.case import CaseState
from routing.cases.moves import NotMovedBack, Reason, Refusal, Way, to_return, to_take_back
from routing.cases.reference import spaced
from routing.cases.transitions import CaseError
from routing.ports import OfficeCase
from routing.web.demo.desk import OfficeDesk, address, name_of
from routing.web.demo.sorting import BY
from routing.web.guard import loopback_only
from routing.web.layout import page, tongue_of
from routing.web.moments import written

RETURN: Final = "/demo/office/cases/{reference}/return"
TAKE_BACK: Final = "/demo/office/cases/{reference}/take-back"


def routes(desk: OfficeDesk) -> list[web.RouteDef]:
    """The two ways back."""

    async def reasons(request: web.Request) -> web.StreamResponse:
        return await show(request, desk)

    async def returned(request: web.Request) -> web.StreamResponse:
        return await give_back(request, desk)

    async def taken(request: web.Request) -> web.StreamResponse:
        return await take_back(request, desk)

    return [
        web.get(RETURN, loopback_only(reasons)),
        web.post(RETURN, loopback_only(returned)),
        web.post(TAKE_BACK, loopback_only(taken)),
    ]


async def show(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """The reasons, for a case that may be returned still."""
    case = await desk.case_of(request)
    if case is None:
        return page(request, "demo/missing.html", {"what": "office.no_case"}, status=404)
    try:
        to_return(case.trail, case.office)
    except NotMovedBack as refused:
        return _refused(request, case, refused.why)
    return _asked(request, desk, case)


async def give_back(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """Back to the office's cases, which say where it went; the form again without a reason, 409
    where it may not be returned."""
    case = await desk.case_of(request)
    if case is None:
        return page(request, "demo/missing.html", {"what": "office.no_case"}, status=404)
    typed = await request.post()
    office, reason = str(typed.get("office", "")), str(typed.get("reason", ""))
    if reason not in set(Reason):
        return _asked(request, desk, case, status=422)
    try:
        await desk.dispatching.give_back(case.reference, office, Reason(reason), BY)
    except NotMovedBack as refused:
        return _refused(request, case, refused.why)
    except CaseError:
        return _refused(request, case, Refusal.MEANWHILE)
    raise web.HTTPSeeOther(gone(office, case.reference))


async def take_back(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """Back to the case, which its office has again; 409 where that is too late."""
    case = await desk.case_of(request)
    if case is None:
        return page(request, "demo/missing.html", {"what": "office.no_case"}, status=404)
    office = str((await request.post()).get("office", ""))
    try:
        await desk.dispatching.take_back(case.reference, office, BY)
    except NotMovedBack as refused:
        return _refused(request, case, refused.why)
    except CaseError:
        return _refused(request, case, Refusal.MEANWHILE)
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
        "there": f"{address(case.office)}#case-{case.reference}",
        "before": office,
        "can_be_taken_back": _can_be_taken_back(case),
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
        "back": f"{address(case.office)}#case-{case.reference}",
    }
    return page(request, "demo/return.html", context, status=status)


def _refused(request: web.Request, case: OfficeCase, why: Refusal) -> web.Response:
    context = {"why": why, "back": f"{address(case.office)}#case-{case.reference}"}
    return page(request, "demo/refused.html", context, status=409)
