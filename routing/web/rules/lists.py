"""The list of rules in the order in which they are tried: search, pages, and each rule moved up,
down or to a place, by buttons and by dragging. Rules that are drawn from the register follow."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.findings import Finding
from routing.publishing.sight import digest
from routing.rules.document import ORDER, Written, read_rules, written_out
from routing.rules.explain import HOWS
from routing.rules.ruleset import Rule, drawn
from routing.rules.wording import Wording, names_of
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import page_beside, tongue_of
from routing.web.rules.desk import (
    RULE,
    RULE_ORDER,
    RulesDesk,
    Workspace,
    at_hand,
    save,
)
from routing.web.wording import Tongue

PAGE: Final = 50
"""Rows of one page."""
MOST_SOUGHT: Final = 60
MOST_FINDINGS: Final = 30
MOST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its place from 1 (0 where it is drawn), the rule's id, how the draft has it ("" as
    published), and what it says."""

    place: int
    id: str
    draft: str = ""
    name: str = ""
    enabled: bool = True
    asks: Sequence[str] = ()
    leads: str = ""
    faulty: bool = False


Row = tuple[Line, Rule | None, Mapping[str, Any]]
"""A row that is not put into words yet, with its rule and how that was written."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the page shows: its rows, how many there are in all and how many of them people wrote,
    whether the drawn ones follow, which page it is and of how many."""

    lines: Sequence[Line]
    many: int
    own: int
    follows: bool
    at: int
    pages: int


def list_routes(desk: RulesDesk) -> list[web.RouteDef]:
    """The list for whoever may read the plan, its buttons for who may edit it."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])

    async def show(request: web.Request) -> web.StreamResponse:
        return await shown(request, desk)

    async def move(request: web.Request) -> web.StreamResponse:
        return await _move(request, desk)

    async def write_out(request: web.Request) -> web.StreamResponse:
        return await _write_out(request, desk)

    return [
        web.get("/admin/rules", read(show)),
        web.post("/admin/rules/move", edit(move)),
        web.post("/admin/rules/write-out", edit(write_out)),
    ]


async def shown(
    request: web.Request, desk: RulesDesk, *, clash: bool = False, status: int = 200
) -> web.Response:
    """The page; `clash` where the order was changed meanwhile."""
    now, tongue = await at_hand(desk), tongue_of(request)
    looked = await desk.look(now.drafted)
    sought = request.query.get("q", "")[:MOST_SOUGHT].strip()
    asked = request.query.get("page", "1")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    listed = await asyncio.to_thread(_listed, now, desk.zone, tongue, sought, wanted)
    context = {
        "section": "rules",
        "lines": listed.lines,
        "many": listed.many,
        "own": listed.own,
        "follows": listed.follows,
        "findings": [_said(one, tongue) for one in _of_rules(looked.findings)],
        "sought": sought,
        "at": listed.at,
        "pages": listed.pages,
        "turn": lambda n: str(request.rel_url.update_query(page=n)),
        "seen": digest(now.order),
        "clash": clash,
        "kept": "kept" in request.query,
        "changes": len(now.draft.changes),
        "may_edit": allows(request, Act.EDIT_PLAN),
    }
    return await page_beside(request, "rules/list.html", context, status=status)


def _of_rules(findings: Sequence[Finding]) -> Sequence[Finding]:
    kinds = (RULE, RULE_ORDER, "scenario", "topic", "number", "office")
    return [one for one in findings if one.place.kind in kinds][:MOST_FINDINGS]


def _said(finding: Finding, tongue: Tongue) -> dict[str, Any]:
    return {"level": finding.level.value, "says": finding.says[tongue], "place": finding.place}


def _listed(now: Workspace, zone: ZoneInfo, tongue: Tongue, sought: str, wanted: int) -> Listed:
    """A page of them, worked out beside the calls: of some thousand rules only those that are shown
    are put into words, or all where words are looked for."""
    found, wording = now.written, Wording(now.directory)
    rows = list(_rows(now, found, zone))
    if sought:
        rows = [row for row in rows if _found(_line(*row, wording, tongue), sought)]
    pages = max(1, -(-len(rows) // PAGE))
    at = min(max(wanted, 1), pages)
    lines = [_line(*row, wording, tongue) for row in rows[(at - 1) * PAGE : at * PAGE]]
    return Listed(lines, len(rows), len(found.rules), found.drawn, at, pages)


def _rows(now: Workspace, found: Written, zone: ZoneInfo) -> Iterator[Row]:
    changed = now.changed(RULE)
    rules, _ = read_rules(found, now.directory, zone)
    read = {rule.id: rule for rule in rules}
    for place, (id_, body) in enumerate(found.rules.items(), start=1):
        change = changed.get(id_)
        draft = "" if change is None else ("new" if change.base is None else "changed")
        yield Line(place, id_, draft), read.get(id_), body
    if found.drawn:
        for rule in drawn(now.directory):
            yield Line(0, rule.id), rule, {}


def _line(
    line: Line, rule: Rule | None, body: Mapping[str, Any], wording: Wording, tongue: Tongue
) -> Line:
    """The row with what its rule says; of a faulty one only its name, as it was typed."""
    if rule is None:
        return replace(line, name=str(body.get("name", ""))[:MOST_NAME], faulty=True)
    to = "：" if tongue is Tongue.ZH else ", "
    return replace(
        line,
        name=names_of(rule.name)[tongue],
        enabled=rule.enabled,
        asks=[wording.condition(condition)[tongue] for condition in rule.when],
        leads=f"{wording.office(rule.office)[tongue]}{to}{HOWS[rule.how][tongue]}",
    )


def _found(line: Line, sought: str) -> bool:
    text = " ".join((line.name, line.id, *line.asks, line.leads)).casefold()
    return all(word in text for word in sought.casefold().split())


async def _move(request: web.Request, desk: RulesDesk) -> web.StreamResponse:
    """One rule to another place; the others keep their order."""
    sent, now = await request.post(), await at_hand(desk)
    id_, to = str(sent.get("id", "")), str(sent.get("to", ""))
    if str(sent.get("seen", "")) != digest(now.order):
        return await shown(request, desk, clash=True, status=409)
    ids = [*now.written.rules]
    if id_ not in ids:
        return await shown(request, desk, clash=True, status=409)
    place = ids.index(id_)
    ids.remove(id_)
    ids.insert(_place(to, place, len(ids)), id_)
    order = {**now.order, "order": ids}
    if await save(desk, [now.edit(RULE_ORDER, ORDER, order)], actor_of(request)):
        return await shown(request, desk, clash=True, status=409)
    raise web.HTTPSeeOther(f"/admin/rules?{_back(request)}#rule-{ids.index(id_) + 1}")


def _back(request: web.Request) -> str:
    number = request.query.get("page", "1")
    return f"page={number}" if number.isdecimal() and len(number) < 7 else "page=1"


def _place(to: str, place: int, last: int) -> int:
    """Where it goes, from 0: "up", "down" or a place as people count."""
    if to == "up":
        return max(place - 1, 0)
    if to == "down":
        return min(place + 1, last)
    return min(max(int(to) - 1, 0), last) if to.isdecimal() and len(to) < 7 else place


async def _write_out(request: web.Request, desk: RulesDesk) -> web.StreamResponse:
    """The drawn rules become written ones, behind those that people wrote already; from then on
    nothing follows the register by itself."""
    now = await at_hand(desk)
    if now.written.drawn:
        taken = written_out(drawn(now.directory)).rules
        ids = [*now.written.rules, *taken]
        edits = [now.edit(RULE, id_, body) for id_, body in taken.items()]
        edits.append(now.edit(RULE_ORDER, ORDER, {"order": ids, "drawn": False}))
        if await save(desk, edits, actor_of(request)):
            return await shown(request, desk, clash=True, status=409)
    raise web.HTTPSeeOther("/admin/rules?kept=1")
