"""/admin/import: files are looked at, what it would change and every error is shown, and only then
they are taken into the draft, whole or not at all (ADR 38)."""

import asyncio
import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.drafts.change import Conflict
from routing.sheets.changes import Preview, What, preview
from routing.sheets.choices import value_named
from routing.sheets.entities import EntityKind
from routing.sheets.files import MOST_BYTES, Upload, read_upload
from routing.sheets.headings import COLUMN_NAMES
from routing.web.entry import actor_of, signed_in
from routing.web.layout import page, tongue_of
from routing.web.parts import MOST_NAME, REFUSED, Part, file_name, parts_of
from routing.web.register.desk import SECTIONS, RegisterDesk, Workspace, at_hand, author

MOST_SENT: Final = MOST_BYTES * 4 // 3 + 16_384
"""Bytes of a form that brings files back: base64 and its other fields."""
MOST_SHOWN: Final = 200
"""Changes, and errors, that a page shows of each; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with files, each a name and its bytes, and how they are to be read; `seen` is the
    draft's revision that their preview was made over, "" before there was one."""

    files: tuple[tuple[str, bytes], ...] = ()
    kind: EntityKind | None = None
    whole: bool = False
    seen: str = ""
    too_large: bool = False


def import_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """The page, its preview, and the taking."""
    edit = signed_in(*MAY[Act.EDIT_PLAN], files=True)

    async def ask(request: web.Request) -> web.StreamResponse:
        return page(request, "register/import.html", _asked(Sent()))

    async def look(request: web.Request) -> web.StreamResponse:
        sent = await _sent(request)
        if not any(raw for _, raw in sent.files) and not sent.too_large:
            context = {**_asked(sent), "no_file": True}
            return page(request, "register/import.html", context, status=422)
        return await _previewed(request, desk, sent)

    async def take(request: web.Request) -> web.StreamResponse:
        return await _taken(request, desk, await _sent(request))

    return [
        web.get("/admin/import", edit(ask)),
        web.post("/admin/import", edit(look)),
        web.post("/admin/import/take", edit(take)),
    ]


def _asked(sent: Sent) -> dict[str, object]:
    return {"section": "import", "kinds": list(EntityKind), "sent": sent, "no_file": False}


async def _previewed(
    request: web.Request, desk: RegisterDesk, sent: Sent, *, moved: bool = False
) -> web.Response:
    now = await at_hand(desk)
    uploads, found = await asyncio.to_thread(_preview, now, sent)
    tongue = tongue_of(request)
    headings = {(one.name, c): text for one in uploads for c, text in one.headings.items()}
    context = {
        **_asked(sent),
        "uploads": uploads,
        "found": found,
        "changes": found.changes[:MOST_SHOWN],
        "faults": found.faults[:MOST_SHOWN],
        "counts": {what.value: found.many(what) for what in What},
        "guarded": sum(one.needs_two for one in found.changes),
        "label": lambda kind, column: COLUMN_NAMES[kind].get(column, {}).get(tongue, column),
        "shown": partial(value_named, tongue=tongue),
        "heading": lambda one: headings.get((one.file, one.column), one.column),
        "contents": [(name, base64.b64encode(raw).decode()) for name, raw in sent.files],
        "seen": now.draft.revision,
        "moved": moved,
    }
    status = 422 if found.faults or moved else 200
    return page(request, "register/preview.html", context, status=status)


def _preview(now: Workspace, sent: Sent) -> tuple[list[Upload], Preview]:
    files = (("", b" " * (MOST_BYTES + 1)),) if sent.too_large else sent.files
    kind = sent.kind if len(files) == 1 else None
    uploads = [read_upload(raw, kind, now.area, name=name) for name, raw in files]
    return uploads, preview(now.drafted, uploads, now.area, whole=sent.whole)


async def _taken(request: web.Request, desk: RegisterDesk, sent: Sent) -> web.StreamResponse:
    """Into the draft, if it is still the one that was looked at and nothing is wrong."""
    now = await at_hand(desk)
    _, found = await asyncio.to_thread(_preview, now, sent)
    if found.faults or sent.seen != str(now.draft.revision):
        return await _previewed(request, desk, sent, moved=not found.faults)
    edits = await asyncio.to_thread(now.edits, found)
    try:
        await desk.drafts.save(edits, author(actor_of(request)), desk.clock.now())
    except Conflict:
        return await _previewed(request, desk, sent, moved=True)
    kinds = [change.kind for change in found.changes]
    where = SECTIONS[kinds[0]] if kinds else "numbers"
    where = "offices" if where == "contacts" else where
    raise web.HTTPSeeOther(f"/admin/{where}?kept=import")


async def _sent(request: web.Request) -> Sent:
    parts = await parts_of(request, MOST_SENT)
    return Sent(too_large=True) if parts is None else _of_parts(parts)


def _of_parts(parts: Sequence[Part]) -> Sent:
    words = [(part.name, part.text) for part in parts if not part.file]
    fields = {name: text[:MOST_NAME].strip() for name, text in words}
    files = [(part.file, part.raw) for part in parts if part.name == "file" and part.raw]
    names = [file_name(text) for name, text in words if name == "name"]
    contents = [_decoded(part.raw) for part in parts if part.name == "content"]
    kind = fields.get("kind", "")
    return Sent(
        files=(*files, *zip(names, contents, strict=False)),
        kind=EntityKind(kind) if kind in set(EntityKind) else None,
        whole=fields.get("whole") == "1",
        seen=fields.get("seen", ""),
    )


def _decoded(content: bytes) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise web.HTTPBadRequest(text=REFUSED) from None
