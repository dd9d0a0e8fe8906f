"""/admin/scripts: the menus as callers walk through them, each node with its words; and their text,
TOML, with every fault at its line and node. What is typed goes into the shared draft (ADR 41)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ivr.flow.graph import Edge, edges
from ivr.flow.node import Menu, Node, Prompt, Record, Script
from ivr.flow.review import Level, review, unknown_topics
from ivr.library.errors import LibraryError
from ivr.library.script_text import line_of
from ivr.library.scripts import ScriptTextError, load_script
from ivr.library.ways import COMPOSED, said, ways
from ivr.web.spoken.desk import MAIN, SCRIPT, Seen, SpokenDesk, at_hand
from ivr.web.spoken.drawing import Drawing, drawn
from routing.accounts.roles import MAY, Act
from routing.drafts.change import Conflict
from routing.drafts.kinds import kind_of
from routing.publishing.sight import Sight, sight_in
from routing.register import Names
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import page, page_beside
from routing.web.parts import parts_of

EDIT: Final = "/admin/scripts/edit"
MOST_TEXT: Final = 200_000
"""Bytes of a script; the shipped one has some twenty thousand."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a script: at which line (0 where no line is meant) and node, and what
    stands there. Only an `error` keeps it from being published."""

    line: int
    node: str
    says: Names
    there: str
    error: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One way: where it begins, its drawing, and its nodes with what each leads to and says."""

    start: str
    drawing: Drawing
    nodes: Sequence[tuple[str, Node, Sequence[Edge], Sequence[Prompt]]]


def scripts_routes(desk: SpokenDesk) -> list[web.RouteDef]:
    """The menus, and the form for their text."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])

    async def show(request: web.Request) -> web.StreamResponse:
        return await _shown(request, await at_hand(desk))

    async def ask(request: web.Request) -> web.StreamResponse:
        seen = await at_hand(desk)
        return await _form(request, seen, text_of(seen), seen.sight(SCRIPT, MAIN))

    async def save(request: web.Request) -> web.StreamResponse:
        return await _save(request, desk)

    return [
        web.get("/admin/scripts", read(show)),
        web.get(EDIT, edit(ask)),
        web.post(EDIT, signed_in(*MAY[Act.EDIT_PLAN], files=True)(save)),
    ]


def text_of(seen: Seen) -> str:
    """The menus as drafted."""
    return str(seen.rows(SCRIPT).get(MAIN, {}).get("text", ""))


async def _shown(request: web.Request, seen: Seen) -> web.Response:
    context = {
        **await asyncio.to_thread(_told, seen),
        "composed": COMPOSED,
        "slotted": lambda slot: f"‹{slot}›",
        "is_menu": lambda node: isinstance(node, Menu),
        "minutes": lambda node: node.longest // 60 if isinstance(node, Record) else 0,
        "when": _when,
        "kept": "kept" in request.query,
        "changed": (SCRIPT, MAIN) in seen.changes,
        "may_edit": allows(request, Act.EDIT_PLAN),
    }
    return await page_beside(request, "spoken/script.html", context)


def _told(seen: Seen) -> dict[str, Any]:
    """What is said and drawn of the menus: a walk through all of them, beside the loop."""
    return {
        "faults": faults_of(seen, text_of(seen)),
        "parts": [] if seen.script is None else list(_parts(seen.script)),
        "words": seen.book().texts,
    }


def _parts(script: Script) -> Iterator[Part]:
    for start, names in ways(script).items():
        nodes = [
            (name, script.nodes[name], tuple(edges(script.nodes[name])), said(script.nodes[name]))
            for name in names
        ]
        yield Part(start, drawn(script, names), nodes)


def _when(node: Node, edge: Edge) -> str:
    """The condition under which a key is offered, "" for none."""
    option = node.options.get(edge.label) if isinstance(node, Menu) else None
    return "" if option is None or option.when is None else option.when.value


def faults_of(seen: Seen, text: str) -> list[Fault]:
    """What is wrong with a text as the menus of the draft."""
    lines = text.split("\n")

    def there(line: int) -> str:
        return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""

    try:
        script = load_script(text)
    except ScriptTextError as wrong:
        return [Fault(one.line, one.node, one.says, there(one.line)) for one in wrong.faults]
    topics = kind_of("topic").read(seen.drafted)
    found = []
    for one in (*review(script, seen.book()), *unknown_topics(script, topics)):
        line = line_of(text, one.where) if one.where in script.nodes else 0
        says = {"zh-CN": f"{one.where}：{one.chinese}", "en": f"{one.where}: {one.sentence}"}
        node = one.where if one.where in script.nodes else ""
        found.append(Fault(line, node, says, there(line), error=one.level is Level.ERROR))
    return found


async def _save(request: web.Request, desk: SpokenDesk) -> web.StreamResponse:
    """Looked at, or kept in the draft where it can be read; a menu that is not finished may be kept
    and is not published."""
    parts = await parts_of(request, MOST_TEXT + 4096)
    fields = {} if parts is None else {part.name: part.text for part in parts}
    text, seen = fields.get("text", "").replace("\r\n", "\n"), await at_hand(desk)
    sight = sight_in(fields.get("seen"))
    if parts is None or len(text.encode()) > MOST_TEXT:
        return await _form(request, seen, "", sight, too_large=True)
    if fields.get("do") == "back":
        text = str(seen.published["shipped"]["script"])
    if fields.get("do") == "look" or not await asyncio.to_thread(_is_read, text):
        return await _form(request, seen, text, sight, looked=True)
    try:
        edit = seen.edit(SCRIPT, MAIN, {"text": text}, sight)
        await desk.save(edit, sight, actor_of(request))
    except Conflict:
        now = await at_hand(desk)
        return await _form(request, now, text, now.sight(SCRIPT, MAIN), theirs=text_of(now))
    raise web.HTTPSeeOther("/admin/scripts?kept=1")


def _is_read(text: str) -> bool:
    try:
        load_script(text)
    except LibraryError:
        return False
    return True


async def _form(
    request: web.Request,
    seen: Seen,
    text: str,
    sight: Sight,
    *,
    theirs: str | None = None,
    looked: bool = False,
    too_large: bool = False,
) -> web.Response:
    faults = [] if too_large else await asyncio.to_thread(faults_of, seen, text)
    readable = too_large or await asyncio.to_thread(_is_read, text)
    context: dict[str, Any] = {
        "text": text,
        "seen": sight,
        "faults": faults,
        "unreadable": not readable,
        "too_large": too_large,
        "looked": looked,
        "theirs": theirs,
        "is_shipped": text == seen.published["shipped"]["script"],
        "most": MOST_TEXT // 1000,
    }
    wrong = theirs is not None or too_large or not readable
    return page(request, "spoken/script_edit.html", context, status=422 if wrong else 200)
