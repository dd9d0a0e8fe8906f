"""What goes out of /admin/plan: the plan as YAML, alone or in a zip with its recordings, and the
schema of it."""

import asyncio
import json

from aiohttp import web

from routing.drafts.document import compose
from routing.drafts.kinds import Document
from routing.exchange.container import TooMuch, named_sounds, packed
from routing.exchange.document import exported
from routing.exchange.schema import plan_schema
from routing.exchange.sounds import Sounds
from routing.web.layout import HEADERS
from routing.web.plan.desk import PlanDesk, shown


async def plan_alone(request: web.Request, desk: PlanDesk) -> web.StreamResponse:
    """The YAML, of the plan in use or of the draft."""
    document, name = await _asked_for(request, desk)
    text = await asyncio.to_thread(exported, document)
    return _attachment(text.encode(), f"{name}.yaml", "application/yaml; charset=utf-8")


async def plan_with_sounds(
    request: web.Request, desk: PlanDesk, sounds: Sounds
) -> web.StreamResponse:
    """The same with the recordings that are kept here."""
    document, name = await _asked_for(request, desk)
    kept = await sounds.wavs(await asyncio.to_thread(named_sounds, document))
    try:
        raw = await asyncio.to_thread(lambda: packed(exported(document), kept))
    except TooMuch:
        return await shown(
            request, desk, "plan/file.html", {"no_file": False, "too_much": True}, 409
        )
    return _attachment(raw, f"{name}.zip", "application/zip")


async def schema(_: web.Request) -> web.StreamResponse:
    """How a plan's file is written."""
    text = json.dumps(plan_schema(), ensure_ascii=False, indent=1) + "\n"
    kind = "application/schema+json; charset=utf-8"
    return _attachment(text.encode(), "plan.schema.json", kind)


async def _asked_for(request: web.Request, desk: PlanDesk) -> tuple[Document, str]:
    newest = await desk.publishing.releases.newest()
    if request.query.get("of") != "draft":
        return newest.document, f"plan-{newest.number}"
    draft = await desk.publishing.drafts.draft()
    document = await asyncio.to_thread(compose, newest.document, draft.changes)
    return document, f"plan-{newest.number}-draft-{draft.revision}"


def _attachment(content: bytes, name: str, kind: str) -> web.Response:
    disposition = f'attachment; filename="{name}"'
    headers = {**HEADERS, "Content-Type": kind, "Content-Disposition": disposition}
    return web.Response(body=content, headers=headers)
