"""`/admin/try/facts`: number, kind, topic and moment, and the decision in sentences, with each rule
that did not apply and why; as the draft would have it, or as it runs. `ivr.web.trying` plays a
whole call instead. `/admin/scenarios` keeps such examples, which must come out as they say before
anything is published."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.cases.kinds import About, Kind
from routing.drafts.kinds import Document, kind_of
from routing.hours import YEARS
from routing.publishing.sight import digest
from routing.register import LANGUAGES
from routing.rules.condition import CallerKind, Facts
from routing.rules.errors import RuleSetError
from routing.rules.fields import Known
from routing.rules.proposals import Ground, generated
from routing.rules.scenarios import (
    Expected,
    Scenario,
    Usual,
    read_scenario,
    run,
    scenario_to_plain,
)
from routing.rules.wording import Wording, names_of
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import page_beside, tongue_of
from routing.web.plan.desk import number_in
from routing.web.rules.answering import answered
from routing.web.rules.choices import choices
from routing.web.rules.desk import SCENARIO, RulesDesk, Workspace, at_hand, save
from routing.web.rules.form import typed_number
from routing.web.wording import Tongue

MOST_NAME: Final = 120
ASKED: Final = (
    "dialled", "language", "kind", "about", "topic", "group", "caller_kind", "at",
    "plan", "version",
)  # fmt: skip
PLANS: Final = ("draft", "published", "in_force", "version")
"""Which plan is asked, as `ivr.web.trying` has them."""


def try_routes(desk: RulesDesk) -> list[web.RouteDef]:
    """Trying, for whoever may read the plan; examples are kept by who may edit it."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])
    one = TryPages(desk)
    return [
        web.get("/admin/try/facts", read(one.try_)),
        web.post("/admin/try/facts", read(one.try_)),
        web.get("/admin/scenarios", read(one.scenarios)),
        web.post("/admin/scenarios/keep", edit(one.keep)),
        web.post("/admin/scenarios/accept", edit(one.accept)),
        web.post("/admin/scenarios/remove", edit(one.remove)),
    ]


@dataclass(frozen=True, slots=True)
class TryPages:
    """The handlers."""

    desk: RulesDesk

    async def try_(self, request: web.Request) -> web.StreamResponse:
        """The form, and the answer where something was asked. It is sent, as no number belongs
        into an address."""
        now, tongue, sent = await at_hand(self.desk), tongue_of(request), await request.post()
        asked = _asked(sent)
        asked["at"] = asked["at"] or self._now()
        asked["plan"] = asked["plan"] if asked["plan"] in PLANS else PLANS[0]
        body, odd = await self._body(asked, now)
        looked = await self.desk.look(now.drafted if body is None else body)
        asked["dialled"] = asked["dialled"] or next(iter(now.directory.numbers), "")
        context: dict[str, Any] = {
            "section": "try",
            "asked": asked,
            "plans": PLANS,
            "odd": odd,
            "choices": choices(Known.of(now.directory, self.desk.zone), now.directory, tongue),
            "numbers": [(n, one.post[tongue]) for n, one in now.directory.numbers.items()],
            "refused": [one.says[tongue] for one in looked.findings if looked.ground is None],
            "fault": "",
            "answer": None,
            "may_edit": allows(request, Act.EDIT_PLAN),
        }
        if looked.ground is not None and not odd and "dialled" in sent:
            facts, ground = self._facts(asked, looked.ground), looked.ground
            context["fault"] = "try.moment" if facts is None else ""
            if facts is not None:
                context["answer"] = await asyncio.to_thread(
                    answered, ground.router, ground.directory, ground.open, facts, tongue
                )
        status = 422 if odd else 200
        return await page_beside(request, "rules/facts.html", context, status=status)

    async def _body(
        self, asked: Mapping[str, str], now: Workspace
    ) -> tuple[Document | None, Mapping[str, str]]:
        """The plan that is asked, or what is wrong with how it was named, by field."""
        match asked["plan"]:
            case "draft":
                return now.drafted, {}
            case "published":
                return now.published, {}
            case "in_force":
                at = _moment(asked["at"], self.desk.zone)
                if at is None:
                    return now.published, {}  # which is said beside the moment
                number, odd = await self.desk.in_force(at), {"plan": "try.no_plan_then"}
            case _:
                number, odd = number_in(asked["version"]), {"version": "try.no_version"}
        body = await self.desk.version(number) if number else None
        return (body, {}) if body is not None else (None, odd)

    def _now(self) -> str:
        return self.desk.clock.now().astimezone(self.desk.zone).strftime("%Y-%m-%dT%H:%M")

    def _facts(self, asked: Mapping[str, str], ground: Ground) -> Facts | None:
        """What was asked, as facts; None where the moment cannot be read."""
        directory, at = ground.directory, _moment(asked["at"], self.desk.zone)
        if at is None:
            return None
        entry = directory.numbers.get(asked["dialled"])
        known = directory.topics.get(asked["topic"])
        group = int(asked["group"]) if asked["group"] in {"1", "2", "3", "4"} else None
        return Facts(
            dialled=asked["dialled"],
            language=asked["language"] if asked["language"] in LANGUAGES else LANGUAGES[0],
            kind=Kind(asked["kind"]) if asked["kind"] in set(Kind) else None,
            about=About(asked["about"]) if asked["about"] in set(About) else None,
            topic=None if known is None else known.id,
            group=group if known is None else known.group,
            district=None if entry is None else entry.district,
            caller_kind=CallerKind(asked["caller_kind"])
            if asked["caller_kind"] in set(CallerKind)
            else CallerKind.MOBILE,
            at=at,
            office=None if entry is None else entry.office,
            open=ground.open,
        )

    async def scenarios(self, request: web.Request) -> web.StreamResponse:
        """Those that are kept, how each comes out now, and those that could be kept."""
        return await self._scenarios(request, await at_hand(self.desk))

    async def _scenarios(
        self, request: web.Request, now: Workspace, *, clash: bool = False, status: int = 200
    ) -> web.Response:
        tongue, looked = tongue_of(request), await self.desk.look(now.drafted)
        context = {
            **await asyncio.to_thread(_examples, now, looked.ground, tongue),
            "section": "scenarios",
            "refused": [one.says[tongue] for one in looked.findings if looked.ground is None],
            "clash": clash,
            "kept": "kept" in request.query,
            "may_edit": allows(request, Act.EDIT_PLAN),
        }
        return await page_beside(request, "rules/scenarios.html", context, status=status)

    async def keep(self, request: web.Request) -> web.StreamResponse:
        """What was tried, with what came out as what must."""
        sent, now = await request.post(), await at_hand(self.desk)
        looked = await self.desk.look(now.drafted)
        asked = _asked(sent)
        ground = looked.ground
        facts = None if ground is None else self._facts(asked, ground)
        if ground is None or facts is None:
            return await self._scenarios(request, now, clash=True, status=409)
        usual = replace(facts, open=Usual(ground.open))  # by which it is looked at from now on
        decision = ground.router.decide(usual)
        name = str(sent.get("name", "")).strip()[:MOST_NAME] or asked["at"]
        used = {*_kept(now), *now.changed(SCENARIO)}
        id_ = next(key for n in range(1, len(used) + 2) if (key := f"example-{n}") not in used)
        expected = Expected(decision.office, decision.how)
        plain = scenario_to_plain(Scenario(id_, name, facts, expected))
        return await self._saved(request, now, {id_: plain})

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """Proposed ones: those that were ticked, or all."""
        sent, now = await request.post(), await at_hand(self.desk)
        looked = await self.desk.look(now.drafted)
        wanted = {str(one) for one in sent.getall("id", ())}
        proposed = await asyncio.to_thread(_proposed, now, looked.ground)
        chosen = {
            one.id: scenario_to_plain(one) for one in proposed if "all" in sent or one.id in wanted
        }
        return await self._saved(request, now, chosen)

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """One that is not asked for any more."""
        sent, now = await request.post(), await at_hand(self.desk)
        id_ = str(sent.get("id", ""))
        found = _kept(now).get(id_)
        if found is None or digest(found) != str(sent.get("seen", "")):
            return await self._scenarios(request, now, clash=True, status=409)
        return await self._saved(request, now, {id_: None})

    async def _saved(
        self, request: web.Request, now: Workspace, bodies: Mapping[str, Any]
    ) -> web.StreamResponse:
        edits = [now.edit(SCENARIO, id_, body) for id_, body in bodies.items()]
        if edits and await save(self.desk, edits, actor_of(request)):
            return await self._scenarios(request, await at_hand(self.desk), clash=True, status=409)
        raise web.HTTPSeeOther("/admin/scenarios?kept=1")


def _asked(sent: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, the number as rules name it."""
    asked = {name: str(sent.get(name, ""))[:64] for name in ASKED}
    return {**asked, "dialled": typed_number(asked["dialled"].strip())}


def _kept(now: Workspace) -> Mapping[str, Any]:
    """Id -> example, as drafted."""
    return kind_of(SCENARIO).read(now.drafted)


def _proposed(now: Workspace, ground: Ground | None) -> list[Scenario]:
    """Those that could be kept."""
    kept = _kept(now)
    return [] if ground is None else [one for one in generated(ground) if one.id not in kept]


def _examples(now: Workspace, ground: Ground | None, tongue: Tongue) -> dict[str, Any]:
    """How each that is kept comes out now, and what could be kept; each is a whole decision."""
    rows = [_row(id_, body, ground, tongue) for id_, body in _kept(now).items()]
    proposed = _proposed(now, ground)
    return {
        "rows": rows,
        "failed": sum(not row["passed"] for row in rows),
        "proposed": _grouped(proposed, ground, tongue),
        "many": len(proposed),
    }


def _row(id_: str, body: Any, ground: Ground | None, tongue: Tongue) -> dict[str, Any]:
    row = {"id": id_, "seen": digest(body), "passed": False, "says": ""}
    try:
        scenario = read_scenario(id_, body)
    except RuleSetError as wrong:
        return {**row, "says": wrong.says[tongue]}
    if ground is None:
        return {**row, "says": names_of(scenario.name)[tongue]}
    outcome = run(ground.router, scenario, ground.directory, ground.open)
    says = outcome.says(Wording(ground.directory))[tongue]
    return {**row, "passed": outcome.passed, "says": says}


def _grouped(
    proposed: Sequence[Scenario], ground: Ground | None, tongue: Tongue
) -> Mapping[str, list[dict[str, Any]]]:
    """What each expects, by what it is made of: topics, days, hours."""
    found: dict[str, list[dict[str, Any]]] = {}
    if ground is None:
        return found
    wording = Wording(ground.directory)
    for one in proposed:
        goes, is_open = wording.office(one.expected.office)[tongue], one.expected.is_open
        line = {"id": one.id, "name": names_of(one.name)[tongue], "goes": goes, "is_open": is_open}
        found.setdefault(one.id.partition("-")[0], []).append(line)
    return found


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """What was typed; None where that is no moment of these years."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.year not in YEARS:
        return None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at
