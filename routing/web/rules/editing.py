"""The form of one rule: a new one, or one that there is. What is sent is kept in the draft or shown
again as it was typed, each fault beside its field; what somebody else made of it meanwhile stands
beside what was typed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.drafts.kinds import KINDS
from routing.publishing.sight import digest
from routing.rules.fields import Known, read_rule
from routing.rules.ruleset import How
from routing.rules.wording import RuleFault
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import LAYOUT, page, tongue_of
from routing.web.named import Named
from routing.web.rules.choices import choices, offices, targets
from routing.web.rules.desk import RULE, RulesDesk, Workspace, at_hand, save
from routing.web.rules.form import body_of, filled

EMPTY: Final[Mapping[str, Any]] = {"name": "", "when": {}, "then": {"how": "put_through"}}


def edit_routes(desk: RulesDesk) -> list[web.RouteDef]:
    """The form, for those who may edit the plan; who may only read it sees it."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])
    one = RulePage(desk)
    return [
        web.get("/admin/rules/new", edit(one.new)),
        web.post("/admin/rules/new", edit(one.save)),
        web.get("/admin/rules/edit", read(one.show)),
        web.post("/admin/rules/edit", edit(one.save)),
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """One form: of which rule (None: a new one), as typed, and what was before the editor's eyes.
    `theirs` is what somebody else made of it, {} where they took it out; None where nobody did."""

    id: str | None
    body: Mapping[str, Any]
    seen: str
    faults: Sequence[RuleFault] = ()
    theirs: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RulePage:
    """The handlers."""

    desk: RulesDesk

    async def new(self, request: web.Request) -> web.StreamResponse:
        """An empty form."""
        return self._form(request, await at_hand(self.desk), Shown(None, EMPTY, ""))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One that there is, as drafted."""
        now, id_ = await at_hand(self.desk), request.query.get("id", "")
        body = now.written.rules.get(id_)
        if body is None:
            return page(request, "rules/missing.html", {"section": "rules"}, status=404)
        return self._form(request, now, Shown(id_, body, digest(body)))

    async def save(self, request: web.Request) -> web.StreamResponse:
        """Into the draft, and back to the list."""
        sent, now = await request.post(), await at_hand(self.desk)
        known, seen = request.query.get("id"), str(sent.get("seen", ""))[:64]
        old = None if known is None else now.written.rules.get(known)
        id_ = _next_id(now) if known is None else known
        typed = {name: sent.getall(name) for name in sent}
        body = await asyncio.to_thread(body_of, typed, id_, old)
        if known is not None and digest(old) != seen:
            return self._form(request, now, _clash(known, body, old), status=409)
        removed = known is not None and sent.get("do") == "remove"
        faults = () if removed else await asyncio.to_thread(self._faults, id_, body, now)
        if faults:
            shown = Shown(known, body, seen, faults)
            return self._form(request, now, shown, status=422)
        edit = now.edit(RULE, id_, None if removed else body)
        faster = await save(self.desk, [edit], actor_of(request))
        if faster is not None:
            theirs = None if faster.theirs is None else faster.theirs.body
            return self._form(request, now, _clash(known, body, theirs), status=409)
        raise web.HTTPSeeOther("/admin/rules?kept=1")

    def _faults(self, id_: str, body: Mapping[str, Any], now: Workspace) -> Sequence[RuleFault]:
        return read_rule(id_, body, Known.of(now.directory, self.desk.zone))[1]

    def _form(
        self, request: web.Request, now: Workspace, shown: Shown, status: int = 200
    ) -> web.Response:
        tongue = tongue_of(request)
        named = Named(request.config_dict[LAYOUT].wording, tongue, now.directory)
        faults: dict[str, list[str]] = {}
        for fault in shown.faults:
            faults.setdefault(fault.field.split(".")[0], []).append(fault.says[tongue])
        query = "new" if shown.id is None else f"edit?{urlencode({'id': shown.id})}"
        context = {
            "section": "rules",
            "id": shown.id,
            "body": filled(shown.body, tongue),
            "seen": shown.seen,
            "faults": faults,
            "named": named,
            "theirs": None if shown.theirs is None else named.lines(RULE, shown.theirs),
            "action": f"/admin/rules/{query}",
            "choices": choices(Known.of(now.directory, self.desk.zone), now.directory, tongue),
            "offices": offices(now.directory, tongue),
            "targets": targets(now.directory, KINDS["roster"].read(now.drafted), tongue),
            "services": [(n, names[tongue]) for n, names in now.directory.public_services.items()],
            "hows": [(how.value, named.value(RULE, "how", how.value)) for how in How],
            "change": None if shown.id is None else now.draft.of(RULE, shown.id),
            "may_edit": allows(request, Act.EDIT_PLAN),
        }
        return page(request, "rules/form.html", context, status=status)


def _clash(id_: str | None, mine: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> Shown:
    return Shown(id_, mine, digest(theirs), theirs=theirs or {})


def _next_id(now: Workspace) -> str:
    """The first of rule-1, rule-2, ... that nobody uses, nor has taken out in this draft."""
    used = {*now.written.rules, *now.changed(RULE)}
    return next(id_ for n in range(1, len(used) + 2) if (id_ := f"rule-{n}") not in used)
