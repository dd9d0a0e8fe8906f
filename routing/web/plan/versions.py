"""`/admin/versions`: who published what, when and why, the difference between any two, and the way
back: on a phone, in a minute, by one person, confirmed by a second."""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from routing.publishing.answering import LATEST, Verdict, standing
from routing.publishing.release import (
    NotThere,
    Overtaken,
    PublishingError,
    Refused,
    Release,
    TooFar,
    Unchanged,
    Unreasoned,
    Way,
)
from routing.web.entry import signed_in
from routing.web.layout import LAYOUT, tongue_of
from routing.web.plan.desk import (
    IN_A_HURRY,
    READERS,
    PlanDesk,
    author_of,
    number_in,
    shown,
    word_of,
)

CAME_BACK: Final = frozenset({Way.ROLLED_BACK, Way.RETURNED})
"""After these the version before is the one that somebody has just left: it is no way back."""
DONE: Final = {"confirmed": "plan.was_confirmed", "back": "plan.back_already"}
"""What `?done=` may name besides a version, and the sentence of it."""
A_PAGE: Final = 30
"""Versions of one page."""


def versions_routes(desk: PlanDesk) -> list[web.RouteDef]:
    """For those who may read the plan; the way back for those who may act in a hurry."""

    async def listed(request: web.Request) -> web.StreamResponse:
        return await _listed(request, desk)

    async def one(request: web.Request) -> web.StreamResponse:
        return await _one(request, desk)

    async def ask(request: web.Request) -> web.StreamResponse:
        return await _ask(request, desk)

    async def back(request: web.Request) -> web.StreamResponse:
        return await _back(request, desk)

    async def confirm(request: web.Request) -> web.StreamResponse:
        return await _confirm(request, desk)

    version = "/admin/versions/{number}"
    return [
        web.get("/admin/versions", signed_in(*READERS)(listed)),
        web.get(version, signed_in(*READERS)(one)),
        web.get(f"{version}/back", signed_in(*IN_A_HURRY)(ask)),
        web.post(f"{version}/back", signed_in(*IN_A_HURRY)(back)),
        web.post(f"{version}/confirm", signed_in(*IN_A_HURRY)(confirm)),
    ]


def _said(request: web.Request, word: str, **slots: object) -> str:
    return request.config_dict[LAYOUT].wording.say(word, tongue_of(request), **slots)


async def _listed(
    request: web.Request, desk: PlanDesk, status: int = 200, **more: Any
) -> web.Response:
    before = number_in(request.query.get("before", ""))
    found = await desk.publishing.releases.releases(A_PAGE + 1, before)
    latest = found if before is None else await desk.publishing.releases.releases(A_PAGE)
    done = number_in(request.query.get("done", ""))
    word = DONE.get(request.query.get("done", ""), "")
    context = {
        "releases": found[:A_PAGE],
        "older": found[A_PAGE - 1].number if len(found) > A_PAGE else None,
        "newest": latest[0].number,
        "previous": _before_the_last(latest),
        "done": _said(request, "plan.published", n=done) if done
        else _said(request, word) if word else "",
        "answered": before is None and await _answered(request, desk),
        **more,
    }  # fmt: skip
    return await shown(request, desk, "plan/versions.html", context, status)


def _before_the_last(releases: Sequence[Release]) -> int:
    """The version before the latest that a way back undoes, 0 where there is none: what was done in
    a hurry since then stays through it."""
    last = next((one for one in releases if one.way is not Way.QUICK), None)
    return 0 if last is None or last.way in CAME_BACK else last.number - 1


async def _answered(request: web.Request, desk: PlanDesk) -> dict[str, Any] | None:
    """How many calls of a new plan are answered, beside what is usual; whether that is too few."""
    latest = await desk.publishing.releases.releases(LATEST)
    found = await standing(latest, desk.rates, desk.clock.now(), desk.city)
    if found is None:
        return None
    of_the_hour = found.since > next(one.at for one in latest if one.number == found.number)
    words = {
        "when": _said(request, "plan.last_hour" if of_the_hour else "plan.since", n=found.number),
        "calls": found.ours.calls,
        "rate": f"{found.ours.rate:.0%}",
        "usual": f"{found.usual.rate:.0%}",
    }
    word = "plan.answered" if found.usual.calls else "plan.answered_alone"
    word = word if found.ours.calls else "plan.answered_none"
    return {
        "said": _said(request, word, **words),
        "few": found.verdict is not Verdict.KEEP,
    }


def _number(request: web.Request) -> int:
    number = number_in(request.match_info["number"])
    if not number:
        raise web.HTTPNotFound
    return number


async def _one(request: web.Request, desk: PlanDesk) -> web.StreamResponse:
    number = _number(request)
    old = number_in(request.query.get("with", "")) or max(number - 1, 1)
    try:
        found = await desk.publishing.difference(old, number)
        start = min(number_in(request.query.get("start", "")) or 0, max(len(found) - 1, 0))
        context = {
            "one": await desk.publishing.releases.release(number),
            "old": old,
            "newest": (await desk.publishing.releases.newest()).number,
            "found": found,
            "start": start,
        }
    except NotThere:
        raise web.HTTPNotFound from None
    return await shown(request, desk, "plan/version.html", context)


async def _ask(
    request: web.Request, desk: PlanDesk, status: int = 200, **more: Any
) -> web.Response:
    """What the way back would change, before anybody goes it."""
    number, newest = _number(request), await desk.publishing.releases.newest()
    if number >= newest.number:
        raise web.HTTPNotFound
    try:
        found = await desk.publishing.back_would_change(number)
    except TooFar as wrong:
        return await _listed(request, desk, 409, wrong=_said(request, word_of(wrong)))
    context = {
        "number": number,
        "seen": newest.number,
        "found": found,
        "findings": (),
        "typed": {"reason": _said(request, "plan.back_default")},
        **more,
    }
    return await shown(request, desk, "plan/back.html", context, status)


async def _back(request: web.Request, desk: PlanDesk) -> web.StreamResponse:
    form = await request.post()
    reason, seen = str(form.get("reason", "")), number_in(str(form.get("seen", ""))) or 0
    typed, by = {"reason": reason}, author_of(request)
    try:
        made = await desk.publishing.roll_back(_number(request), reason, by, seen)
    except Unchanged:
        raise web.HTTPSeeOther("/admin/versions?done=back") from None
    except Overtaken as wrong:
        if await _is_back(desk, _number(request)):  # it was sent twice
            raise web.HTTPSeeOther("/admin/versions?done=back") from None
        return await _ask(request, desk, 409, typed=typed, wrong=_said(request, word_of(wrong)))
    except Unreasoned as wrong:
        return await _ask(request, desk, 422, typed=typed, faults={"reason": word_of(wrong)})
    except Refused as wrong:
        said = _said(request, word_of(wrong))
        return await _ask(request, desk, 422, typed=typed, wrong=said, findings=wrong.findings)
    except PublishingError as wrong:
        return await _listed(request, desk, 409, wrong=_said(request, word_of(wrong)))
    raise web.HTTPSeeOther(f"/admin/versions?done={made}")


async def _is_back(desk: PlanDesk, number: int) -> bool:
    """Whether rolling back to this version would change nothing any more."""
    try:
        return not await desk.publishing.back_would_change(number)
    except (NotThere, TooFar):
        return False


async def _confirm(request: web.Request, desk: PlanDesk) -> web.StreamResponse:
    try:
        await desk.publishing.confirm(_number(request), author_of(request))
    except PublishingError as wrong:
        return await _listed(request, desk, 409, wrong=_said(request, word_of(wrong)))
    raise web.HTTPSeeOther("/admin/versions?done=confirmed")
