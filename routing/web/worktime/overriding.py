"""`/admin/calendars/overrides`: an admin's own days and the holiday notices by year, edited in the
draft. Two who change one entry at once lose nothing: the later one sees both texts."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.drafts.change import MOST_KEY, Conflict, Draft, Edit, Entity
from routing.drafts.document import entity_of, with_draft
from routing.findings import Finding, Place
from routing.hours import read_holidays
from routing.publishing.release import Newest
from routing.publishing.sight import Sight, compare
from routing.web.entry import signed_in
from routing.web.layout import LAYOUT, page, tongue_of
from routing.web.named import Named
from routing.web.worktime.desk import WorktimeDesk, author_of, beside, tree
from routing.web.worktime.override_form import (
    Days,
    Year,
    days_kept,
    days_sent,
    year_kept,
    year_sent,
)
from routing.worktime.calendar import KIND, NOTICE, form_faults, notice_key
from routing.worktime.overrides import What
from routing.worktime.sentences import finding

HERE: Final = "/admin/calendars/overrides"
DONE: Final = frozenset({"saved", "removed"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What is in the two forms, what is wrong with it, and what somebody else has kept."""

    days: Days | None = None
    year: Year | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    theirs: Entity | None = None


def override_routes(desk: WorktimeDesk) -> list[web.RouteDef]:
    """For who may edit the plan."""
    edits = signed_in(*MAY[Act.EDIT_PLAN])

    async def show(request: web.Request) -> web.StreamResponse:
        return await _page(request, desk, Shown())

    async def keep(request: web.Request) -> web.StreamResponse:
        sent = days_sent(await request.post())
        key = sent.key or desk.new_id()
        wrong = [*form_faults(key, sent.body()), *_unknown(desk, key, sent.office)]
        return await _keep(request, desk, Shown(days=sent), (key, sent.seen, sent.body()), wrong)

    async def keep_year(request: web.Request) -> web.StreamResponse:
        sent = year_sent(await request.post())
        key = f"{NOTICE}{sent.year}"
        wrong = list(form_faults(key, sent.body()))
        return await _keep(request, desk, Shown(year=sent), (key, sent.seen, sent.body()), wrong)

    async def remove(request: web.Request) -> web.StreamResponse:
        sent = days_sent(await request.post())
        if not 0 < len(sent.key) <= MOST_KEY:
            raise web.HTTPSeeOther(HERE)
        return await _keep(request, desk, Shown(), (sent.key, sent.seen, None), [])

    return [
        web.get(HERE, edits(show)),
        web.post(HERE, edits(keep)),
        web.post(f"{HERE}/year", edits(keep_year)),
        web.post(f"{HERE}/remove", edits(remove)),
    ]


def _unknown(desk: WorktimeDesk, key: str, office: str) -> list[Finding]:
    if not office or office in desk.directory().offices:
        return []
    return [finding(Place(KIND, key, "office"), "no_office", value=office)]


async def _keep(
    request: web.Request,
    desk: WorktimeDesk,
    shown: Shown,
    change: tuple[str, Sight, Entity | None],
    wrong: list[Finding],
) -> web.StreamResponse:
    key, seen, body = change
    if wrong:
        faults = beside(wrong, tongue_of(request))
        return await _page(request, desk, Shown(shown.days, shown.year, faults))
    newest = await desk.publishing.releases.newest()
    edit = Edit(
        KIND, key, body, entity_of(newest.document, KIND, key), newest.number, seen.revision
    )
    try:
        await compare(desk.publishing.releases, edit, seen)
        await desk.publishing.drafts.save([edit], author_of(request), desk.clock.now())
    except Conflict:
        now, draft = await desk.publishing.releases.newest(), await desk.publishing.drafts.draft()
        return await _page(request, desk, _with_theirs(shown, key, now, draft))
    raise web.HTTPSeeOther(f"{HERE}?done={'removed' if body is None else 'saved'}")


def _with_theirs(shown: Shown, key: str, newest: Newest, draft: Draft) -> Shown:
    """Both texts, {} where it was taken out; who sends the form again has seen the other one."""
    theirs = with_draft(newest.document, draft, KIND).get(key, {})
    seen = _seen(newest, draft, key)
    return Shown(
        None if shown.days is None else replace(shown.days, seen=seen),
        None if shown.year is None else replace(shown.year, seen=seen),
        theirs=theirs,
    )


async def _page(request: web.Request, desk: WorktimeDesk, shown: Shown) -> web.Response:
    newest, draft = await desk.publishing.releases.newest(), await desk.publishing.drafts.draft()
    rows = with_draft(newest.document, draft, KIND)
    tongue, directory = tongue_of(request), desk.directory()
    named = Named(request.config_dict[LAYOUT].wording, tongue, directory)
    done = request.query.get("done", "")
    context: dict[str, Any] = {
        "rows": [
            days_kept(key, _seen(newest, draft, key), body)
            for key, body in rows.items()
            if not key.startswith(NOTICE)
        ],
        "years": _years(desk, newest, rows),
        "change": lambda key: draft.of(KIND, key),
        "days": shown.days or _days(request, rows, newest, draft),
        "year": shown.year or _year(request, rows, newest, draft),
        "faults": shown.faults,
        "theirs": named.lines(KIND, shown.theirs),
        "lost": shown.theirs is not None,
        "done": done if done in DONE else "",
        "whats": list(What),
        "offices": tree(directory, tongue),
        "name": lambda office: (
            directory.offices[office].name[tongue] if office in directory.offices else office
        ),
    }
    return page(
        request,
        "worktime/overrides.html",
        context,
        status=409 if shown.theirs is not None else 422 if shown.faults else 200,
    )


def _seen(newest: Newest, draft: Draft, key: str) -> Sight:
    return Sight.of(draft.of(KIND, key), newest.number)


def _days(request: web.Request, rows: Mapping[str, Entity], newest: Newest, draft: Draft) -> Days:
    key = request.query.get("edit", "")
    if key in rows and not key.startswith(NOTICE):
        return days_kept(key, _seen(newest, draft, key), rows[key])
    return Days(office=request.query.get("office", ""))


def _year(
    request: web.Request, rows: Mapping[str, Entity], newest: Newest, draft: Draft
) -> Year | None:
    """The year that is asked for: as entered, else as bundled, to begin from."""
    asked = request.query.get("year", "")
    if not asked.isdecimal() or len(asked) != 4:
        return None
    key = notice_key(int(asked))
    if key in rows:
        return year_kept(int(asked), _seen(newest, draft, key), rows[key])
    bundled = tomllib.loads(newest.document["calendar"]).get(asked, {})
    days = {name: [f"{day}" for day in bundled.get(name, ())] for name in ("off", "make_up")}
    return year_kept(int(asked), _seen(newest, draft, key), days)


def _years(desk: WorktimeDesk, newest: Newest, rows: Mapping[str, Entity]) -> list[tuple[int, str]]:
    """The current year and the next two, with where their notice comes from."""
    bundled = read_holidays(tomllib.loads(newest.document["calendar"])).years
    this = desk.clock.now().astimezone(desk.zone).year
    own = {year for year in range(this, this + 3) if notice_key(year) in rows}
    return [
        (year, "own" if year in own else "bundled" if year in bundled else "missing")
        for year in range(this, this + 3)
    ]
