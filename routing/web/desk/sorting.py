"""What a person does with a case whose caller chose no topic: says what it is about, which sends it
where that leads. One button for each topic that its words name, and a page with all topics."""

from itertools import groupby

from aiohttp import web

from routing.cases.reference import spaced
from routing.directory import Directory, Topic
from routing.ports import OfficeCase
from routing.web.desk.desk import OfficeDesk, address, audio_url, in_list, no_case
from routing.web.entry import actor_of
from routing.web.layout import page, tongue_of
from routing.web.moments import written
from routing.web.wording import Tongue


async def show(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """All topics, each with the office that leads it."""
    case = await desk.case_of(request)
    if case is None:
        return no_case(request)
    if not case.unsorted:
        return _late(request, case)
    await desk.opened(request, case)
    return _topics(request, desk, case)


async def take(request: web.Request, desk: OfficeDesk) -> web.StreamResponse:
    """Back to the office's cases, which say where it went, or to the case where it stayed; 409
    where it waits no longer or may not go there."""
    case = await desk.case_of(request)
    if case is None:
        return no_case(request)
    topic = str((await request.post()).get("topic", ""))
    if topic not in desk.directory().topics:
        return _topics(request, desk, case, status=422) if case.unsorted else _late(request, case)
    sorted_ = await desk.dispatching.by_person(case.reference, topic, actor_of(request))
    if sorted_ is None:
        return _late(request, case)
    if sorted_.moves:
        raise web.HTTPSeeOther(f"{address(case.office)}?gone={case.reference}")
    raise web.HTTPSeeOther(in_list(case))


def _topics(
    request: web.Request, desk: OfficeDesk, case: OfficeCase, status: int = 200
) -> web.Response:
    directory, tongue, zone = desk.directory(), tongue_of(request), desk.zone_of(case.office)
    context = {
        "case": case,
        "missing": status != 200,
        "groups": _grouped(directory, tongue),
        "audio_url": audio_url,
        "back": in_list(case),
        "when": lambda at: written(at, zone, tongue),
        "pair": spaced,
    }
    return page(request, "desk/topics.html", context, status=status)


def _grouped(
    directory: Directory, tongue: Tongue
) -> list[tuple[int, list[tuple[Topic, str, str]]]]:
    """The topics with the offices that lead them, by the key of the phone's first menu."""
    known = sorted(directory.topics.values(), key=lambda one: one.code)
    named = [
        (topic, topic.names[tongue], directory.offices[topic.lead].name[tongue])
        for topic in known
        if topic.lead in directory.offices
    ]
    return [(group, list(of)) for group, of in groupby(named, key=lambda one: one[0].group)]


def _late(request: web.Request, case: OfficeCase) -> web.Response:
    back = in_list(case)
    return page(request, "desk/sorted.html", {"back": back}, status=409)
