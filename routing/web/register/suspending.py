"""/admin/numbers/{number}/suspend: in a hurry one person takes a number out of use, from a phone
and at once, without what else the draft holds; a second person looks at it within a working day.
Putting it back is a change like any other, with all its checks (ADR 38)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.audit import Action
from routing.drafts.change import Conflict, Edit
from routing.numbers.forms import written
from routing.publishing.release import MOST_REASON, Overtaken, Refused, Unreasoned
from routing.sheets.entities import Body, EntityKind, entities
from routing.sheets.register import Sheets
from routing.web.entry import actor_of, signed_in
from routing.web.layout import LAYOUT, page, tongue_of
from routing.web.moments import written as moment
from routing.web.register.desk import RegisterDesk, author
from routing.web.wording import Tongue

REASONS: Final = ("swindle", "wrong_calls", "asked", "other")
"""What is mostly the matter; `other` is said in words."""


def suspend_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """The page and its button."""
    hurry = signed_in(*MAY[Act.ACT_IN_A_HURRY])
    one = SuspendPage(desk)
    return [
        web.get("/admin/numbers/{number}/suspend", hurry(one.ask)),
        web.post("/admin/numbers/{number}/suspend", hurry(one.suspend)),
    ]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A number in the plan of this number, and the office that it is of."""

    plan: int
    body: Body
    office: Body

    def office_in(self, tongue: Tongue) -> str:
        """Its name; the Chinese one where it has no other."""
        key = self.body.get("office", "")
        return key if tongue is Tongue.ZH else self.office.get("office_en") or key


@dataclass(frozen=True, slots=True)
class SuspendPage:
    """One number at a time."""

    desk: RegisterDesk

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Whose number it is, why, and one button; or since when it is out of use."""
        return await self._form(request, await self._published(request))

    async def suspend(self, request: web.Request) -> web.StreamResponse:
        """At once, on every replica."""
        sent = await request.post()
        chosen, words = str(sent.get("why", "")), str(sent.get("words", ""))
        seen = await self._published(request)
        if seen.body.get("status") != "published":
            return await self._form(request, seen)
        typed = {"why": chosen, "words": words[: MOST_REASON + 1]}
        if chosen not in REASONS or (chosen == "other" and not words.strip()):
            return await self._form(request, seen, typed, fault="unreasoned")
        edit = _suspended(request.match_info["number"], seen, self.desk.today().isoformat())
        try:
            number = await self.desk.publishing.change_quickly(
                [edit], _reason(request, typed), author(actor_of(request)), Action.NUMBER_SUSPENDED
            )
        except Unreasoned:
            return await self._form(request, seen, typed, fault="too_long")
        except (Conflict, Overtaken):
            now = await self._published(request)
            return await self._form(request, now, typed, fault="overtaken")
        except Refused as refused:
            says = [found.says[tongue_of(request)] for found in refused.findings]
            return await self._form(request, seen, typed, fault="refused", says=says)
        raise web.HTTPSeeOther(f"{request.path}?plan={number}")

    async def _published(self, request: web.Request) -> _Listed:
        """The number as callers have it."""
        newest = await self.desk.publishing.releases.newest()
        sheets = Sheets(**newest.document["sheets"])
        rows = await asyncio.to_thread(entities, sheets, EntityKind.NUMBER)
        body = rows.get(request.match_info["number"])
        if body is None:
            context = {"section": "numbers", "kind": "number"}
            raise _Missing(page(request, "register/missing.html", context, status=404))
        offices = await asyncio.to_thread(entities, sheets, EntityKind.OFFICE)
        return _Listed(newest.number, body, offices.get(body.get("office", ""), {}))

    async def _form(
        self,
        request: web.Request,
        seen: _Listed,
        typed: Mapping[str, str] | None = None,
        *,
        fault: str = "",
        says: list[str] | None = None,
    ) -> web.Response:
        context: dict[str, Any] = {
            "section": "numbers",
            "body": seen.body,
            "office": seen.office_in(tongue_of(request)),
            "shown": written(request.match_info["number"]),
            "reasons": REASONS,
            "typed": typed or {"why": REASONS[0], "words": ""},
            "fault": fault,
            "says": says or [],
            "until": await self._until(request),
        }
        return page(request, "register/suspend.html", context, status=422 if fault else 200)

    async def _until(self, request: web.Request) -> str:
        """By when a second person looks at what was just done; "" where nothing was."""
        asked = request.query.get("plan", "")
        if not (asked.isdecimal() and len(asked) < 10):
            return ""
        newest = await self.desk.publishing.releases.newest()
        if not 1 <= int(asked) <= newest.number:
            return ""
        release = await self.desk.publishing.releases.release(int(asked))
        if release.confirm_by is None:
            return ""
        return moment(release.confirm_by, self.desk.zone, tongue_of(request))


class _Missing(web.HTTPNotFound):
    """The page that says so, as an answer that ends the handler."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(text=response.text, content_type="text/html")
        headers = (one for one in response.headers.items() if one[0] not in self.headers)
        self.headers.extend(headers)


def _suspended(number: str, seen: _Listed, today: str) -> Edit:
    changed = {**seen.body, "status": "suspended", "suspended_on": today}
    return Edit(EntityKind.NUMBER.value, number, changed, seen.body, seen.plan)


def _reason(request: web.Request, typed: Mapping[str, str]) -> str:
    """As versions and audit keep it: in the deployment's own language."""
    told = ""
    if typed["why"] in REASONS and typed["why"] != "other":
        told = request.config_dict[LAYOUT].wording.say(f"reg_suspend.{typed['why']}", Tongue.ZH)
    return "：".join(part for part in (told, typed["words"].strip()) if part)
