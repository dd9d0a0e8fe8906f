"""/admin/import: a file is looked at, what it would change and every error is shown, and only then
it is taken into the draft, whole or not at all (ADR 38)."""

import asyncio
import base64
import binascii
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import BodyPartReader, web

from routing.accounts.roles import MAY, Act
from routing.drafts.change import Conflict, Edit
from routing.sheets.changes import Preview, What, preview
from routing.sheets.entities import EntityKind, entities
from routing.sheets.files import MOST_BYTES, Upload, read_upload
from routing.sheets.headings import COLUMN_NAMES
from routing.web.entry import actor_of, signed_in
from routing.web.layout import page, tongue_of
from routing.web.register.desk import SECTIONS, RegisterDesk, Workspace, at_hand, author

MOST_SENT: Final = MOST_BYTES * 4 // 3 + 16_384
"""Bytes of a form that brings a file back: base64 and its other fields."""
MOST_SHOWN: Final = 200
"""Changes, and errors, that a page shows of each; the counts are of all."""
MOST_FILE_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with a file, and how it is to be read; `seen` is the draft's revision that its preview
    was made over, "" before there was one."""

    raw: bytes = b""
    name: str = ""
    kind: EntityKind | None = None
    whole: bool = False
    seen: str = ""
    too_large: bool = False


def import_routes(desk: RegisterDesk) -> list[web.RouteDef]:
    """The page, its preview, and the taking."""
    edit = signed_in(*MAY[Act.EDIT_PLAN])

    async def ask(request: web.Request) -> web.StreamResponse:
        return page(request, "register/import.html", _asked(Sent()))

    async def look(request: web.Request) -> web.StreamResponse:
        sent = await _sent(request)
        if not sent.raw and not sent.too_large:
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
    upload, found = await asyncio.to_thread(_preview, now, sent)
    tongue = tongue_of(request)
    context = {
        **_asked(replace(sent, kind=upload.kind)),
        "found": found,
        "changes": found.changes[:MOST_SHOWN],
        "faults": found.faults[:MOST_SHOWN],
        "counts": {what.value: found.many(what) for what in What},
        "two": sum(one.needs_two for one in found.changes),
        "label": lambda kind, column: COLUMN_NAMES[kind].get(column, {}).get(tongue, column),
        "heading": lambda column: upload.headings.get(column, column),
        "content": base64.b64encode(sent.raw).decode(),
        "seen": now.draft.revision,
        "moved": moved,
    }
    status = 422 if found.faults or moved else 200
    return page(request, "register/preview.html", context, status=status)


def _preview(now: Workspace, sent: Sent) -> tuple[Upload, Preview]:
    raw = sent.raw if not sent.too_large else b" " * (MOST_BYTES + 1)
    upload = read_upload(raw, sent.kind, now.area, name=sent.name)
    return upload, preview(now.drafted, [upload], now.area, whole=sent.whole)


async def _taken(request: web.Request, desk: RegisterDesk, sent: Sent) -> web.StreamResponse:
    """Into the draft, if it is still the one that was looked at and nothing is wrong."""
    now = await at_hand(desk)
    _, found = await asyncio.to_thread(_preview, now, sent)
    if found.faults or sent.seen != str(now.draft.revision):
        return await _previewed(request, desk, sent, moved=not found.faults)
    edits = await asyncio.to_thread(_edits, now, found)
    try:
        await desk.drafts.save(edits, author(actor_of(request)), desk.clock.now())
    except Conflict:
        return await _previewed(request, desk, sent, moved=True)
    kinds = [change.kind for change in found.changes]
    where = SECTIONS[kinds[0]] if kinds else "numbers"
    where = "offices" if where == "contacts" else where
    raise web.HTTPSeeOther(f"/admin/{where}?kept=import")


def _edits(now: Workspace, found: Preview) -> list[Edit]:
    bodies = {kind: entities(found.sheets, kind) for kind in {one.kind for one in found.changes}}
    return [
        now.edit(change.kind, change.key, bodies[change.kind].get(change.key))
        for change in found.changes
    ]


async def _sent(request: web.Request) -> Sent:
    """Read part by part, since a file may be larger than any other body that the server takes.
    Whatever is too large is not read to its end."""
    if not request.content_type.startswith("multipart/"):
        raise web.HTTPUnsupportedMediaType(text="Send the form of the page.\n")
    fields: dict[str, bytes] = {}
    name, left = "", MOST_SENT
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise web.HTTPBadRequest(text="Send the form of the page.\n")
        if part.filename is not None:
            name = part.filename
        read = await _bounded(part, left)
        if read is None:
            return Sent(name=_file_name(name), too_large=True)
        left -= len(read)
        fields[part.name] = read
    return _of_fields(fields, name)


async def _bounded(part: BodyPartReader, most: int) -> bytes | None:
    """A part's bytes; None where there are more."""
    read = bytearray()
    while chunk := await part.read_chunk():
        read += chunk
        if len(read) > most:
            return None
    return bytes(read)


def _of_fields(fields: dict[str, bytes], name: str) -> Sent:
    def text(field: str, most: int = MOST_FILE_NAME) -> str:
        return fields.get(field, b"")[: most * 4].decode("utf-8", "replace")[:most].strip()

    raw = fields.get("file", b"")
    if "content" in fields:
        try:
            raw = base64.b64decode(fields["content"], validate=True)
        except binascii.Error:
            raise web.HTTPBadRequest(text="Send the form of the page.\n") from None
    kind = text("kind")
    return Sent(
        raw=raw,
        name=_file_name(name or text("name")),
        kind=EntityKind(kind) if kind in set(EntityKind) else None,
        whole=text("whole") == "1",
        seen=text("seen"),
    )


def _file_name(name: str) -> str:
    """As a page shows it: without a folder, on one line."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:MOST_FILE_NAME]
