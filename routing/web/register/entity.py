"""The form of one entity of the register: a new one, or one that there is. What is sent is kept in
the draft or shown again as it was typed, each fault beside its field, and what somebody else made
of it meanwhile beside what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never
from urllib.parse import quote, urlencode

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.sheets.entities import Body, EntityKind
from routing.sheets.headings import COLUMN_NAMES
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import page, tongue_of
from routing.web.register.desk import SECTIONS, RegisterDesk, Workspace, at_hand
from routing.web.register.fields import MOST_TYPED, Typed, groups
from routing.web.register.keeping import Clash, Faulty, Form, Kept, keep, remove, text_of

NEW_NUMBER: Mapping[str, str] = {
    "answer_mode": "pooled",
    "outbound_policy": "never",
    "languages": "zh-CN;en",
    "status": "suspended",
}
NEW: Mapping[EntityKind, Mapping[str, str]] = {
    EntityKind.NUMBER: NEW_NUMBER,
    EntityKind.OFFICE: {
        "hours": "Mon-Fri 08:30-12:00 14:30-17:30",
        "time_zone": "Asia/Shanghai",
        "attended": "no",
    },
    EntityKind.PRONUNCIATION: {"language": "zh-CN"},
}
"""What a new one begins with."""


def entity_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """The forms, for those who may edit the plan; who may only read it sees them."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])
    routes: list[web.RouteDef] = []
    for kind, section in SECTIONS.items():
        one = EntityPage(desk, kind)
        routes += [
            web.get(f"/admin/{section}/new", edit(one.new)),
            web.post(f"/admin/{section}/new", edit(one.save)),
            web.get(f"/admin/{section}/edit", read(one.show)),
            web.post(f"/admin/{section}/edit", edit(one.save)),
        ]
    return routes


@dataclass(frozen=True, slots=True)
class Shown:
    """One form: of which key (None: a new one), as typed, and what was before the editor's eyes."""

    key: str | None
    typed: Typed
    seen: str
    gone: bool = False
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntityPage:
    """The pages of one kind."""

    desk: RegisterDesk
    kind: EntityKind

    async def new(self, request: web.Request) -> web.StreamResponse:
        """An empty form; the address may fill some of it."""
        given = {c: v for c, v in request.query.items() if c in COLUMN_NAMES[self.kind]}
        body = {**NEW.get(self.kind, {}), **given}
        return self._form(request, await at_hand(self.desk), Shown(None, Typed(body, {}), ""))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One that there is, as drafted."""
        now, key = await at_hand(self.desk), request.query.get("key", "")
        body = now.rows(self.kind).get(key)
        if body is None:
            return page(request, "register/missing.html", self._common(), status=404)
        return self._form(request, now, Shown(key, Typed(body, {}), text_of(body)))

    async def save(self, request: web.Request) -> web.StreamResponse:
        """Into the draft, and back to the list."""
        sent = await request.post()
        cells = {
            column: text[: MOST_TYPED + 1]
            for column in COLUMN_NAMES[self.kind]
            if isinstance(text := sent.get(column, ""), str)
        }
        seen, actor = str(sent.get("seen", ""))[:64], actor_of(request)
        form = Form(self.kind, request.query.get("key"), cells, seen)
        change = remove if sent.get("do") == "remove" else keep
        match await change(self.desk, form, actor):
            case Kept(key=key):
                raise web.HTTPSeeOther(self._after(key))
            case Faulty(body=body, faults=faults):
                shown = Shown(form.key, Typed(body, faults), seen)
            case Clash(body=body, theirs=theirs):
                typed = Typed(body, {}, theirs or {})
                shown = Shown(form.key, typed, text_of(theirs), gone=theirs is None)
            case other:
                assert_never(other)
        return self._form(request, await at_hand(self.desk), shown, status=422)

    def _after(self, key: str) -> str:
        """The list, or the office whose contact it is."""
        if self.kind is EntityKind.CONTACT:
            office = key.rpartition("/")[0]
            return f"/admin/offices/edit?{urlencode({'key': office, 'kept': 1})}"
        return f"/admin/{SECTIONS[self.kind]}?kept={quote(key)}"

    def _common(self) -> dict[str, object]:
        return {"section": SECTIONS[self.kind], "kind": self.kind.value}

    def _form(
        self, request: web.Request, now: Workspace, shown: Shown, status: int = 200
    ) -> web.Response:
        tongue, key = tongue_of(request), shown.key
        action = f"/admin/{SECTIONS[self.kind]}/" + (
            "new" if key is None else f"edit?{urlencode({'key': key})}"
        )
        context = {
            **self._common(),
            "key": key,
            "groups": list(groups(self.kind, shown.typed, now, tongue)),
            "whole": [says[tongue] for column, says in shown.typed.faults.items() if not column],
            "faulty": [column for column in shown.typed.faults if column],
            "clash": shown.typed.theirs is not None,
            "gone": shown.gone,
            "seen": shown.seen,
            "action": action,
            "change": None if key is None else now.draft.of(self.kind, key),
            "contacts": self._contacts(now, key),
            "may_edit": allows(request, Act.EDIT_PLAN),
            "kept": "kept" in request.query,
        }
        return page(request, "register/form.html", context, status=status)

    def _contacts(self, now: Workspace, office: str | None) -> list[tuple[str, Body]]:
        """The ladder of an office, rung by rung."""
        if self.kind is not EntityKind.OFFICE or office is None:
            return []
        rows = now.rows(EntityKind.CONTACT).items()
        mine = [(key, body) for key, body in rows if body.get("office") == office]
        return sorted(mine, key=lambda row: row[1].get("order", "").rjust(9))
