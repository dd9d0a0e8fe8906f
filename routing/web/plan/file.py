"""/admin/plan: the whole plan as one YAML file. It goes out as published or drafted; one that comes
in is looked at, every fault at its line, and then taken into the draft, whole or not at all."""

import asyncio
import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from routing.audit import BY, Action, Entry, subject
from routing.drafts.change import Conflict, Draft, Edit
from routing.drafts.document import Difference, compose, differences
from routing.drafts.kinds import Document
from routing.exchange.document import PlanFile, composed, edits_of, exported, read_plan
from routing.exchange.schema import plan_schema
from routing.exchange.tree import MOST_BYTES
from routing.findings import Finding, Level
from routing.publishing.release import Newest
from routing.web.entry import signed_in
from routing.web.layout import HEADERS
from routing.web.parts import REFUSED, Part, file_name, parts_of
from routing.web.plan.desk import EDITORS, READERS, PlanDesk, author_of, shown

MOST_SENT: Final = MOST_BYTES * 4 // 3 + 65_536
"""Bytes of a form that brings a file back: base64 and its other fields."""
MOST_SHOWN: Final = 200
"""Faults that a page lists; more are counted."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sent, or text that they pasted; `seen` is the draft's revision that its
    preview was made over, "" before there was one."""

    raw: bytes = b""
    name: str = ""
    pasted: bool = False
    seen: str = ""
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file would do: its faults, the draft's edits, what those change, and what the review
    says of the plan that it wants."""

    draft: Draft
    file: PlanFile
    edits: tuple[Edit, ...] = ()
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> int:
        """For how many nothing may be taken."""
        wrong = [one for one in self.findings if one.level is Level.ERROR]
        return len(self.file.errors) + len(wrong)


def file_routes(desk: PlanDesk) -> list[web.RouteDef]:
    """The page, what goes out, and what comes in."""
    read, edit = signed_in(*READERS), signed_in(*EDITORS, files=True)

    async def ask(request: web.Request) -> web.StreamResponse:
        return _asked(request, desk)

    async def export(request: web.Request) -> web.StreamResponse:
        return await _export(request, desk)

    async def look(request: web.Request) -> web.StreamResponse:
        sent = await _sent(request)
        if not sent.raw.strip() and not sent.too_large:
            return _asked(request, desk, no_file=True)
        return await _previewed(request, desk, sent)

    async def take(request: web.Request) -> web.StreamResponse:
        return await _taken(request, desk, await _sent(request))

    return [
        web.get("/admin/plan", read(ask)),
        web.get("/admin/plan/plan.yaml", read(export)),
        web.get("/admin/plan/plan.schema.json", read(_schema)),
        web.post("/admin/plan", edit(look)),
        web.post("/admin/plan/take", edit(take)),
    ]


def _asked(request: web.Request, desk: PlanDesk, *, no_file: bool = False) -> web.Response:
    return shown(request, desk, "plan/file.html", {"no_file": no_file}, 422 if no_file else 200)


async def _export(request: web.Request, desk: PlanDesk) -> web.StreamResponse:
    newest = await desk.publishing.releases.newest()
    document, name = newest.document, f"plan-{newest.number}.yaml"
    if request.query.get("of") == "draft":
        draft = await desk.publishing.drafts.draft()
        document = await asyncio.to_thread(compose, document, draft.changes)
        name = f"plan-{newest.number}-draft-{draft.revision}.yaml"
    return _attachment(await asyncio.to_thread(exported, document), name, "application/yaml")


async def _schema(_: web.Request) -> web.StreamResponse:
    text = json.dumps(plan_schema(), ensure_ascii=False, indent=1) + "\n"
    return _attachment(text, "plan.schema.json", "application/schema+json")


def _attachment(text: str, name: str, kind: str) -> web.Response:
    disposition = f'attachment; filename="{name}"'
    headers = {**HEADERS, "Content-Type": f"{kind}; charset=utf-8"}
    return web.Response(body=text.encode(), headers={**headers, "Content-Disposition": disposition})


async def _look(desk: PlanDesk, sent: Sent) -> Looked:
    newest, draft = await desk.publishing.releases.newest(), await desk.publishing.drafts.draft()
    raw = b" " * (MOST_BYTES + 1) if sent.too_large else sent.raw
    looked, wanted = await asyncio.to_thread(_looked, newest, draft, raw)
    if looked.file.errors or not looked.edits:
        return looked
    findings = tuple(await desk.publishing.review(wanted))
    return Looked(draft, looked.file, looked.edits, looked.differences, findings)


def _looked(newest: Newest, draft: Draft, raw: bytes) -> tuple[Looked, Document]:
    """Beside the loop: a file may have megabytes."""
    file = read_plan(raw, newest.document)
    if file.errors:
        return Looked(draft, file), newest.document
    edits = edits_of(newest.document, newest.number, draft, file)
    before = compose(newest.document, draft.changes)
    found = differences(before, compose(before, edits))
    return Looked(draft, file, edits, found), composed(newest.document, file)


async def _previewed(
    request: web.Request, desk: PlanDesk, sent: Sent, *, moved: bool = False
) -> web.Response:
    found = await _look(desk, sent)
    context: dict[str, Any] = {
        "found": found,
        "name": sent.name,
        "moved": moved,
        "content": base64.b64encode(sent.raw).decode(),
        "most_faults": MOST_SHOWN,
    }
    status = 422 if found.errors or moved else 200
    return shown(request, desk, "plan/file_preview.html", context, status)


async def _taken(request: web.Request, desk: PlanDesk, sent: Sent) -> web.StreamResponse:
    """Into the draft, if that is still the one that was looked at and nothing is wrong; the summary
    is in the same transaction."""
    found, by = await _look(desk, sent), author_of(request)
    if found.errors or sent.seen != str(found.draft.revision):
        return await _previewed(request, desk, sent, moved=not found.errors)
    now = desk.clock.now()
    told = {BY: by.name, "file": sent.name, "changes": len(found.edits)}
    about = subject("draft", f"over {found.edits[0].over}" if found.edits else "")
    summary = Entry(by.account, Action.DRAFT_IMPORTED, about, now, told)
    try:
        if found.edits:
            await desk.publishing.drafts.save(found.edits, by, now, summary)
    except Conflict:
        return await _previewed(request, desk, sent, moved=True)
    raise web.HTTPSeeOther("/admin/draft?done=imported")


async def _sent(request: web.Request) -> Sent:
    parts = await parts_of(request, MOST_SENT)
    if parts is None:
        return Sent(too_large=True)
    fields = {part.name: part for part in parts if part.raw}
    seen = fields["seen"].text if "seen" in fields else ""
    if "content" in fields:
        name = file_name(fields["name"].text) if "name" in fields else ""
        return Sent(_decoded(fields["content"]), name, seen=seen)
    if "file" in fields:
        return Sent(fields["file"].raw, fields["file"].file)
    pasted = fields.get("text")
    return Sent() if pasted is None else Sent(pasted.raw, pasted=True)


def _decoded(part: Part) -> bytes:
    try:
        return base64.b64decode(part.raw, validate=True)
    except binascii.Error:
        raise web.HTTPBadRequest(text=REFUSED) from None
