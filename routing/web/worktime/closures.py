"""`/admin/closures`: which offices are closed by order, ordering and ending one in a hurry, by one
person on a phone, and a second person's word (ADR 37)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.audit import Action
from routing.drafts.change import Author, Conflict, Edit
from routing.drafts.document import entity_of
from routing.drafts.kinds import KINDS
from routing.publishing.release import NotSecond, PublishingError, Refused, Release, Way
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import LAYOUT, page, tongue_of
from routing.web.moments import written
from routing.web.worktime.closure_form import Typed, offered, order_of, says_the_same, typed
from routing.web.worktime.desk import ALL, WorktimeDesk, author_of, beside, field_of, tree
from routing.worktime.closures import Closure, reach
from routing.worktime.orders import KIND, closure_of, read_closures
from routing.worktime.templates import TEMPLATES

LISTED: Final = "/admin/closures"
DONE: Final = frozenset(
    {"ordered", "stands", "ended", "confirmed", "removed", "not_second", "settled", "failed"}
)
MOST_PRIOR: Final = 50
"""Orders that are over and still shown."""
MOST_WAITING: Final = 20
"""Changes in a hurry that are looked into for the order that each is about, the most urgent first:
two bodies are read for each. All of them stand on the page of versions."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change in a hurry that a second person has not confirmed; `key` is its order."""

    release: Release
    key: str


def closure_routes(desk: WorktimeDesk) -> list[web.RouteDef]:
    """Reading is for who may read the plan, the rest for who may act in a hurry."""
    reads, hurries = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.ACT_IN_A_HURRY])

    async def listed(request: web.Request) -> web.StreamResponse:
        return await _listed(request, desk)

    async def blank(request: web.Request) -> web.StreamResponse:
        tongue = tongue_of(request)
        template, now = request.query.get("template", ""), desk.clock.now()
        return _form(request, desk, offered(template, now, desk.zone, desk.new_id(), tongue), {})

    async def order(request: web.Request) -> web.StreamResponse:
        return await _order(request, desk)

    async def end(request: web.Request) -> web.StreamResponse:
        return await _end(request, desk)

    async def remove(request: web.Request) -> web.StreamResponse:
        return await _remove(request, desk)

    async def confirm(request: web.Request) -> web.StreamResponse:
        return await _confirm(request, desk)

    return [
        web.get(LISTED, reads(listed)),
        web.get(f"{LISTED}/new", hurries(blank)),
        web.post(f"{LISTED}/new", hurries(order)),
        web.post(f"{LISTED}/end", hurries(end)),
        web.post(f"{LISTED}/remove", hurries(remove)),
        web.post(f"{LISTED}/confirm", hurries(confirm)),
    ]


async def _listed(request: web.Request, desk: WorktimeDesk) -> web.StreamResponse:
    newest, now, tongue = (
        await desk.publishing.releases.newest(),
        desk.clock.now(),
        tongue_of(request),
    )
    directory = desk.directory()
    kept = desk.kept(directory)
    orders = read_closures(newest.document.get("closures", ""))
    over = [each for each in orders if each.until <= now]
    waiting, more = await _waiting(desk)
    done = request.query.get("done", "")
    context: dict[str, Any] = {
        "standing": [each for each in orders if each.stands(now)],
        "coming": [each for each in orders if each.start > now and each.until > each.start],
        "over": over[-MOST_PRIOR:][::-1],
        "waiting": waiting,
        "more": more,
        "unconfirmed": {each.key: each.release for each in waiting},
        "late": lambda release: release.confirm_by is not None and release.confirm_by <= now,
        "mine": lambda release: release.by.account == actor_of(request).account,
        "closes": lambda each: sorted(
            directory.offices[office].name[tongue] for office in reach(each, directory, kept)
        ),
        "scope": lambda each: [_name(directory.offices, office, tongue) for office in each.scope],
        "when": lambda at: written(at, desk.zone, tongue),
        "may": allows(request, Act.ACT_IN_A_HURRY),
        "done": done if done in DONE else "",
    }
    return page(request, "worktime/closures.html", context)


def _name(offices: Mapping[str, Any], office: str, tongue: str) -> str:
    return str(offices[office].name[tongue]) if office in offices else office


async def _waiting(desk: WorktimeDesk) -> tuple[Sequence[Waiting], int]:
    """Those of orders, and how many changes in a hurry were not looked into: what else was done so
    stands on the page of versions."""
    found: list[Waiting] = []
    waits = await desk.publishing.releases.waiting()
    quick = [release for release in waits if release.way is Way.QUICK]
    for release in quick[:MOST_WAITING]:
        changed = await desk.publishing.difference(release.number - 1, release.number)
        found.extend(Waiting(release, each.key) for each in changed if each.kind == KIND)
    return found, len(quick[MOST_WAITING:])


def _form(
    request: web.Request, desk: WorktimeDesk, sent: Typed, faults: Mapping[str, str]
) -> web.Response:
    tongue = tongue_of(request)
    context: dict[str, Any] = {
        "typed": sent,
        "faults": faults,
        "templates": [(each.id, each.reason[tongue]) for each in TEMPLATES],
        "offices": tree(desk.directory(), tongue),
        "all": ALL,
        "zone": desk.zone.key,
    }
    return page(request, "worktime/order.html", context, status=422 if faults else 200)


async def _order(request: web.Request, desk: WorktimeDesk) -> web.StreamResponse:
    sent, tongue = typed(await request.post()), tongue_of(request)
    by, now = author_of(request), desk.clock.now()
    body, wrong = order_of(sent, desk.directory(), by, now, desk.zone)
    if wrong or not sent.id:
        return _form(request, desk, sent, beside(wrong, tongue))
    try:
        done = await _ordered(desk, sent, body, by)
    except Conflict:  # by this form something else was ordered before
        again = replace(sent, id=desk.new_id())
        return _form(request, desk, again, {"": _said(request, "closure.another")})
    except Refused as refused:
        return _form(request, desk, sent, beside(refused.findings, tongue))
    except PublishingError:  # others publish all the time
        return _form(request, desk, sent, {"": _said(request, "closure.overtaken")})
    raise web.HTTPSeeOther(f"{LISTED}?done={done}")


async def _ordered(desk: WorktimeDesk, sent: Typed, body: Mapping[str, Any], by: Author) -> str:
    """Once, however often it is sent, also by the new form that a browser fetches which goes back.
    What was done is a word of DONE. Raises Conflict where this form ordered something else before,
    PublishingError."""
    if await _stands(desk, sent, body):
        return "stands"
    edit = Edit(KIND, sent.id, body, None, 0)
    try:
        await desk.publishing.change_quickly([edit], sent.reason, by, Action.CLOSURE_ORDERED)
    except Conflict:
        if await _stands(desk, sent, body):  # it was sent twice at the same moment
            return "stands"
        raise
    return "ordered"


async def _stands(desk: WorktimeDesk, sent: Typed, body: Mapping[str, Any]) -> bool:
    """Whether an order that says the same stands or comes."""
    newest, now = await desk.publishing.releases.newest(), desk.clock.now()
    orders = KINDS[KIND].read(newest.document)
    return any(says_the_same(closure_of(*each), sent, body, now) for each in orders.items())


def _said(request: web.Request, word: str) -> str:
    return request.config_dict[LAYOUT].wording.say(word, tongue_of(request))


async def _end(request: web.Request, desk: WorktimeDesk) -> web.StreamResponse:
    by, now = author_of(request), desk.clock.now()
    closure, base = await _known(request, desk)
    if closure.until > now:
        body = {**base, "ended": {"by": by.name, "at": now.isoformat()}}
        edit = Edit(KIND, closure.id, body, base, 0)
        await _changed(desk, edit, closure.reason, by)
    raise web.HTTPSeeOther(f"{LISTED}?done=ended")


async def _changed(
    desk: WorktimeDesk, edit: Edit, reason: str, by: Author, *, over: bool = False
) -> None:
    """Raises HTTPSeeOther where somebody else was faster, or it could not be done: the page shows
    how it stands."""
    try:
        await desk.publishing.change_quickly(
            [edit], reason, by, Action.CLOSURE_LIFTED, confirmed=over
        )
    except Conflict:
        raise web.HTTPSeeOther(f"{LISTED}?done=settled") from None
    except PublishingError:  # the checks found an error, or came to no end
        raise web.HTTPSeeOther(f"{LISTED}?done=failed") from None


async def _remove(request: web.Request, desk: WorktimeDesk) -> web.StreamResponse:
    """What is over changes no call, so nobody has to look at it again."""
    by, now = author_of(request), desk.clock.now()
    closure, base = await _known(request, desk)
    if closure.until > now:
        raise web.HTTPSeeOther(f"{LISTED}?done=settled")
    edit = Edit(KIND, closure.id, None, base, 0)
    await _changed(desk, edit, closure.reason, by, over=True)
    raise web.HTTPSeeOther(f"{LISTED}?done=removed")


async def _known(request: web.Request, desk: WorktimeDesk) -> tuple[Closure, Mapping[str, Any]]:
    """The order that a button is of, and how the newest plan has it."""
    key = field_of(await request.post(), "id")
    newest = await desk.publishing.releases.newest()
    base = entity_of(newest.document, KIND, key)
    if base is not None:
        return closure_of(key, base), base
    raise web.HTTPSeeOther(f"{LISTED}?done=settled")


async def _confirm(request: web.Request, desk: WorktimeDesk) -> web.StreamResponse:
    number = field_of(await request.post(), "plan")
    waits = await desk.publishing.releases.waiting()
    known = {str(each.number): each.number for each in waits if each.way is Way.QUICK}
    if number not in known:
        raise web.HTTPSeeOther(f"{LISTED}?done=settled")
    try:
        await desk.publishing.confirm(known[number], author_of(request))
    except NotSecond:
        raise web.HTTPSeeOther(f"{LISTED}?done=not_second") from None
    except PublishingError:
        raise web.HTTPSeeOther(f"{LISTED}?done=settled") from None
    raise web.HTTPSeeOther(f"{LISTED}?done=confirmed")
