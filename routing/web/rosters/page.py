"""Duty rosters on the web: who is on duty now, and a form for each. What is typed goes into the
shared draft; callers notice it when that is published (ADR 36, 39)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.directory import Directory
from routing.drafts.change import Author, Conflict
from routing.drafts.kinds import kind_of
from routing.ports import Clock
from routing.publishing.desk import PublishingDesk
from routing.publishing.sight import NOTHING, Sight, compare, sight_in
from routing.rules.roster import Roster, on_shift
from routing.rules.roster_document import KIND, read_rosters, roster_faults
from routing.rules.wording import both
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import Chapter, Link, page, tongue_of
from routing.web.rosters.seen import Seen, seen_of
from routing.web.rosters.written import Typed, by_field
from routing.week import EXAMPLES

ROSTER_PAGES: Final = Chapter("rosters", Path(__file__).parent)
ROSTER_LINK: Final = Link("/admin/rosters", "ros.title", MAY[Act.READ_PLAN])


@dataclass(frozen=True, slots=True)
class RosterDesk:
    """The draft and the published plans, the register as it is, and the time."""

    publishing: PublishingDesk
    directory: Callable[[], Directory]
    clock: Clock

    def zone(self, office: str) -> tzinfo:
        """An office's."""
        return ZoneInfo(self.directory().offices[office].time_zone)


def roster_routes(desk: RosterDesk) -> list[web.RouteDef]:
    """The list and the form."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])
    pages = RosterPages(desk)
    return [
        web.get("/admin/rosters", read(pages.show_all)),
        web.get("/admin/rosters/edit", read(pages.show)),
        web.post("/admin/rosters/edit", edit(pages.save)),
    ]


@dataclass(frozen=True, slots=True)
class RosterPages:
    """The handlers."""

    desk: RosterDesk

    async def _seen(self) -> Seen:
        return await seen_of(self.desk.publishing, KIND)

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """Each with who is on duty now, as drafted."""
        seen, tongue = await self._seen(), tongue_of(request)
        lines = [
            {
                "key": key,
                "name": body.get("name" if tongue == "zh-CN" else "name_en", key),
                "office": self._office(body.get("office", ""), tongue),
                "now": self._on_duty(key, body, tongue),
                "changed": key in seen.changes,
            }
            for key, body in seen.drafted.items()
        ]
        more = {"lines": lines, "may_edit": allows(request, Act.EDIT_PLAN)}
        return page(request, "rosters/all.html", {**more, "kept": "kept" in request.query})

    def _on_duty(self, key: str, body: Mapping[str, Any], tongue: str) -> list[str]:
        """Nobody of a roster that cannot be read: its form says why."""
        if roster_faults(key, body, self.desk.directory(), self.desk.zone):
            return []
        rosters: Mapping[str, Roster] = read_rosters(
            _text(key, body), self.desk.directory(), self.desk.zone
        )
        return [one.post[tongue] for one in on_shift(rosters[key], self.desk.clock.now())]

    def _office(self, id_: str, tongue: str) -> str:
        known = self.desk.directory().offices
        return known[id_].name[tongue] if id_ in known else id_

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One of them, or an empty form."""
        seen, key = await self._seen(), request.query.get("key", "")
        body = seen.drafted.get(key, {})
        if key and not body:
            raise web.HTTPNotFound(text="There is no such roster.\n")
        return self._form(request, Typed.written(key, body, tongue_of(request)), seen.sight(key))

    async def save(self, request: web.Request) -> web.StreamResponse:
        """Into the draft and back to the list, or the form again as it was typed."""
        sent, seen = await request.post(), await self._seen()
        known = request.query.get("key", "")
        typed = Typed.of(known or str(sent.get("key", "")), sent)
        if not known and typed.key in seen.drafted:
            taken = both("这个代号已有一份值班表。", "another roster has this id")
            says = {"key": [taken[tongue_of(request)]]}
            return self._form(request, typed, NOTHING, says)
        directory = self.desk.directory()
        body = typed.body(directory.numbers) if sent.get("do") != "remove" else None
        if body is not None:
            found = roster_faults(typed.key, body, directory, self.desk.zone)
            if found:
                sight = sight_in(sent.get("seen"))
                return self._form(request, typed, sight, by_field(found, tongue_of(request)))
        return await self._keep(request, typed, seen, body, sight_in(sent.get("seen")))

    async def _keep(
        self,
        request: web.Request,
        typed: Typed,
        seen: Seen,
        body: Mapping[str, Any] | None,
        sight: Sight,
    ) -> web.StreamResponse:
        actor = actor_of(request)
        edit = seen.edit(typed.key, body, sight)
        try:
            await compare(self.desk.publishing.releases, edit, sight)
            await self.desk.publishing.drafts.save(
                [edit], Author(actor.account, actor.name), self.desk.clock.now()
            )
        except Conflict:
            now = await self._seen()
            theirs = Typed.written(typed.key, now.drafted.get(typed.key, {}), tongue_of(request))
            return self._form(request, typed, now.sight(typed.key), theirs=theirs)
        raise web.HTTPSeeOther("/admin/rosters?kept=1")

    def _form(
        self,
        request: web.Request,
        typed: Typed,
        sight: Sight,
        faults: Mapping[str, list[str]] | None = None,
        theirs: Typed | None = None,
    ) -> web.Response:
        known, tongue = request.query.get("key", ""), tongue_of(request)
        context = {
            "typed": typed,
            "known": known,
            "seen": sight,
            "faults": faults or {},
            "theirs": theirs,
            "example": EXAMPLES[tongue],
            "offices": [
                (id_, self._office(id_, tongue_of(request)))
                for id_ in self.desk.directory().offices
            ],
            "action": "/admin/rosters/edit" + (f"?{urlencode({'key': known})}" if known else ""),
            "may_edit": allows(request, Act.EDIT_PLAN),
        }
        wrong = bool(faults) or theirs is not None
        return page(request, "rosters/one.html", context, status=422 if wrong else 200)


def _text(key: str, body: Mapping[str, Any]) -> str:
    return kind_of(KIND).write({}, {key: body})["rosters"]  # type: ignore[no-any-return]  # its text
