"""/admin/plan: the whole plan as a file, alone or with its recordings. One that comes in is looked
at, every fault at its line, and then taken into the draft, whole or not at all. What goes out is in
`exporting`."""

import asyncio
import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from aiohttp import web

from routing.audit import BY, Action, Entry, subject
from routing.drafts.change import Author, Conflict, Draft, Edit
from routing.drafts.document import Difference, compose, differences
from routing.drafts.kinds import Document
from routing.exchange.container import MOST_PACKED, MOST_SOUNDS, Unusable, WholeFile, read_whole
from routing.exchange.document import PlanFile, composed, edits_of
from routing.exchange.sounds import Sounds
from routing.exchange.tree import MOST_BYTES
from routing.findings import Finding, Level
from routing.publishing.release import Newest
from routing.web.entry import signed_in
from routing.web.parts import REFUSED, Part, file_name, parts_of
from routing.web.plan.desk import EDITORS, READERS, PlanDesk, author_of, shown
from routing.web.plan.exporting import plan_alone, plan_with_sounds, schema

MOST_SENT: Final = max(MOST_BYTES * 4 // 3, MOST_PACKED) + 262_144
"""Bytes of a form: a file, or base64 of the YAML that its preview was made of, and other fields."""
HASH: Final = re.compile(r"[0-9a-f]{64}")
MOST_SHOWN: Final = 200
"""Faults that a page lists; more are counted."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sent, or text that they pasted; `seen` is the draft's revision that its
    preview was made over, "" before there was one; `sounds` are the hashes of the recordings that
    came with it then and are kept since."""

    raw: bytes = b""
    name: str = ""
    pasted: bool = False
    seen: str = ""
    sounds: tuple[str, ...] = ()
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file would do: its faults, the draft's edits, what those change, and what the review
    says of the plan that it wants."""

    draft: Draft
    whole: WholeFile
    edits: tuple[Edit, ...] = ()
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def file(self) -> PlanFile:
        """What it says."""
        return self.whole.plan

    @property
    def errors(self) -> int:
        """For how many nothing may be taken."""
        wrong = [one for one in self.findings if one.level is Level.ERROR]
        return len(self.file.errors) + len(wrong)


@dataclass(frozen=True, slots=True)
class FileDesk:
    """What the page needs beside the plan's own desk."""

    plan: PlanDesk
    sounds: Sounds


def file_routes(plan: PlanDesk, sounds: Sounds) -> list[web.RouteDef]:
    """The page, what goes out, and what comes in."""
    desk = FileDesk(plan, sounds)
    read, edit = signed_in(*READERS), signed_in(*EDITORS, files=True)

    async def ask(request: web.Request) -> web.StreamResponse:
        return await _asked(request, desk)

    async def alone(request: web.Request) -> web.StreamResponse:
        return await plan_alone(request, plan)

    async def whole(request: web.Request) -> web.StreamResponse:
        return await plan_with_sounds(request, plan, sounds)

    async def look(request: web.Request) -> web.StreamResponse:
        sent = await _sent(request)
        if not sent.raw.strip() and not sent.too_large:
            return await _asked(request, desk, no_file=True)
        return await _previewed(request, desk, sent)

    async def take(request: web.Request) -> web.StreamResponse:
        return await _taken(request, desk, await _sent(request))

    return [
        web.get("/admin/plan", read(ask)),
        web.get("/admin/plan/plan.yaml", read(alone)),
        web.get("/admin/plan/plan.zip", read(whole)),
        web.get("/admin/plan/plan.schema.json", read(schema)),
        web.post("/admin/plan", edit(look)),
        web.post("/admin/plan/take", edit(take)),
    ]


async def _asked(request: web.Request, desk: FileDesk, *, no_file: bool = False) -> web.Response:
    status = 422 if no_file else 200
    return await shown(
        request, desk.plan, "plan/file.html", {"no_file": no_file, "too_much": False}, status
    )


async def _look(desk: FileDesk, sent: Sent, by: Author) -> Looked:
    """Sounds of a file without faults are kept before the review asks for them, one preview's a
    person."""
    publishing = desk.plan.publishing
    newest, draft = await publishing.releases.newest(), await publishing.drafts.draft()
    raw = b" " * (MOST_BYTES + 1) if sent.too_large else sent.raw
    see = partial(_looked, newest, draft, raw, desk.sounds.unusable)
    looked, wanted = await asyncio.to_thread(see)
    if looked.file.errors:
        return looked
    if looked.whole.sounds:
        await desk.sounds.preview(looked.whole.sounds, by.account)
    if not looked.edits:
        return looked
    findings = tuple(await publishing.review(wanted))
    return Looked(draft, looked.whole, looked.edits, looked.differences, findings)


def _looked(
    newest: Newest, draft: Draft, raw: bytes, unusable: Unusable
) -> tuple[Looked, Document]:
    """Beside the loop: a file may have megabytes."""
    whole = read_whole(raw, newest.document, unusable)
    if whole.plan.errors:
        return Looked(draft, whole), newest.document
    edits = edits_of(newest.document, newest.number, draft, whole.plan)
    before = compose(newest.document, draft.changes)
    found = differences(before, compose(before, edits))
    return Looked(draft, whole, edits, found), composed(newest.document, whole.plan)


async def _previewed(
    request: web.Request, desk: FileDesk, sent: Sent, *, moved: bool = False, lost: bool = False
) -> web.Response:
    found = await _look(desk, sent, author_of(request))
    context: dict[str, Any] = {
        "found": found,
        "name": sent.name,
        "moved": moved,
        "lost": lost,
        "sounds": sent.sounds or tuple(found.whole.sounds),
        "content": base64.b64encode(found.whole.text).decode(),
        "most_faults": MOST_SHOWN,
    }
    status = 422 if found.errors or moved or lost else 200
    return await shown(request, desk.plan, "plan/file_preview.html", context, status)


async def _taken(request: web.Request, desk: FileDesk, sent: Sent) -> web.StreamResponse:
    """Into the draft, if that is still the one that was looked at, its recordings are kept still
    and nothing is wrong; the summary is in the same transaction."""
    by = author_of(request)
    found = await _look(desk, sent, by)
    if found.errors or sent.seen != str(found.draft.revision):
        return await _previewed(request, desk, sent, moved=not found.errors)
    if not await _holds(desk.sounds, sent.sounds):
        return await _previewed(request, desk, sent, lost=True)
    now = desk.plan.clock.now()
    told = {BY: by.name, "file": sent.name, "changes": len(found.edits)}
    told |= {"recordings": len(sent.sounds)} if sent.sounds else {}
    about = subject("draft", f"over {found.edits[0].over}" if found.edits else "")
    summary = Entry(by.account, Action.DRAFT_IMPORTED, about, now, told)
    try:
        if found.edits:
            await desk.plan.publishing.drafts.save(found.edits, by, now, summary)
    except Conflict:
        return await _previewed(request, desk, sent, moved=True)
    raise web.HTTPSeeOther("/admin/draft?done=imported")


async def _holds(sounds: Sounds, hashes: Collection[str]) -> bool:
    """A preview that was left open for half a day, or for another one, has lost them. What is no
    hash is none of ours: no database is asked for it."""
    if not all(HASH.fullmatch(one) for one in hashes):
        return False
    return not hashes or await sounds.hold(hashes) == frozenset(hashes)


async def _sent(request: web.Request) -> Sent:
    parts = await parts_of(request, MOST_SENT)
    if parts is None:
        return Sent(too_large=True)
    fields = {part.name: part for part in parts if part.raw}
    seen = fields["seen"].text if "seen" in fields else ""
    if "content" in fields:
        name = file_name(fields["name"].text) if "name" in fields else ""
        sounds = fields["sounds"].text.split() if "sounds" in fields else []
        return Sent(_decoded(fields["content"]), name, seen=seen, sounds=(*sounds[:MOST_SOUNDS],))
    if "file" in fields:
        return Sent(fields["file"].raw, fields["file"].file)
    pasted = fields.get("text")
    return Sent() if pasted is None else Sent(pasted.raw, pasted=True)


def _decoded(part: Part) -> bytes:
    try:
        return base64.b64decode(part.raw, validate=True)
    except binascii.Error:
        raise web.HTTPBadRequest(text=REFUSED) from None
