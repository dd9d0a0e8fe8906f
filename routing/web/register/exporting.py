"""/admin/export: the register as files for a spreadsheet program, as published or drafted. A file
that comes back through /admin/import unchanged changes nothing."""

import asyncio

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.sheets.entities import EntityKind
from routing.sheets.files import exported
from routing.web.entry import signed_in
from routing.web.layout import HEADERS, page, tongue_of
from routing.web.register.desk import SECTIONS, RegisterDesk, at_hand


def export_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """The page and its files."""
    read = signed_in(*MAY[Act.READ_PLAN])

    async def show(request: web.Request) -> web.StreamResponse:
        now = await at_hand(desk)
        counts = {kind: len(now.rows(kind)) for kind in EntityKind}
        context = {"section": "export", "counts": counts, "sections": SECTIONS}
        return page(request, "register/export.html", context)

    async def file(request: web.Request) -> web.StreamResponse:
        kind = _KINDS.get(request.match_info["section"])
        if kind is None:
            raise web.HTTPNotFound(text="There is no such file.\n")
        now = await at_hand(desk)
        rows = now.rows_drafted if request.query.get("of") == "draft" else now.rows_published
        raw = await asyncio.to_thread(exported, kind, rows[kind], tongue_of(request))
        name = f"{request.match_info['section']}-{desk.today().isoformat()}.csv"
        headers = {
            **HEADERS,
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        return web.Response(body=raw, headers=headers)

    return [
        web.get("/admin/export", read(show)),
        web.get("/admin/export/{section}.csv", read(file)),
    ]


_KINDS = {section: kind for kind, section in SECTIONS.items()}
