"""`/admin/try`: a call that nobody makes, by any caller to any number at any moment, over the plan
that runs or the draft: what is heard and done, then the decision with each rule that did not apply
and why. It writes nothing. Everything is sent, since no number belongs into an address."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from ivr.flow.event import Admission
from ivr.flow.world import Plan
from ivr.web.trying.moves import MOST_LINE, Key, LineError, Words, read_line
from ivr.web.trying.moves import written as line_of
from ivr.web.trying.play import Asked, Known, Played, play
from ivr.web.trying.telling import Speak, Teller, hears
from routing.accounts.roles import MAY, Act
from routing.cases.case import CaseState
from routing.findings import Finding
from routing.numbers.forms import written as number_of
from routing.numbers.reading import Number, read_number
from routing.ports import Clock
from routing.register import Directory
from routing.rules.condition import Facts, Field
from routing.rules.ruleset import How
from routing.rules.wording import Wording
from routing.web.entry import allows, signed_in
from routing.web.layout import LAYOUT, Chapter, page_beside, tongue_of
from routing.web.rules.answering import answered
from routing.web.wording import Tongue

TRYING_PAGES: Final = Chapter("trying", Path(__file__).parent)
EXAMPLE_CALLER: Final = "139 0000 0012"
"""A number of no subscriber."""
YEARS: Final = range(2000, 2101)
CASES: Final = (
    "in_progress", "received", "dispatched", "awaiting_caller", "answered", "callback",
    "long_term", "closed", "withdrawn", "none",
)  # fmt: skip
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "admission": tuple(one.value for one in Admission),
    "quota": ("free", "used"),
    "case": CASES,
    "cases": ("none", "many"),
    "texts": ("some", "full"),
    "vain": ("no", "yes"),
}
"""What the database would know, the usual first."""
TYPED: Final = ("caller", "dialled", "at", "line", "version")
EARLIER: Final = ("in_force", "version")
PLANS: Final = ("draft", "published", *EARLIER)
"""Which plan is tried: the draft, the one that runs, the one that was in force at that moment, or a
version by its number."""
LAST: Final = 2**31 - 1
FACTS: Final = (
    Field.LANGUAGE, Field.KIND, Field.ABOUT, Field.TOPIC, Field.GROUP, Field.CALLER_KIND,
)  # fmt: skip


Faults = Mapping[str, tuple[str, Mapping[str, str]]]
"""Field -> the id of a sentence and its slots."""


@dataclass(frozen=True, slots=True)
class TryingDesk:
    """What the page needs: the plan that runs, or the drafted one (None, with the findings that say
    why, where it cannot be compiled); an earlier version (None where there is none, or this program
    cannot compile it); which version was in force at a moment; the time, and the zone that moments
    are typed in."""

    published: Callable[[], Plan]
    drafted: Callable[[], Awaitable[tuple[Plan | None, tuple[Finding, ...]]]]
    version: Callable[[int], Awaitable[Plan | None]]
    in_force: Callable[[datetime], Awaitable[int | None]]
    clock: Clock
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed and chosen, field by field, and what is wrong with it."""

    fields: Mapping[str, str]
    asked: Asked | None
    moves: tuple[Any, ...]
    faults: Faults


def trying_routes(desk: TryingDesk) -> list[web.RouteDef]:
    """For whoever may read the plan."""
    read = signed_in(*MAY[Act.READ_PLAN])

    async def show(request: web.Request) -> web.StreamResponse:
        return await _show(request, desk)

    return [web.get("/admin/try", read(show)), web.post("/admin/try", read(show))]


def _numbers(directory: Directory, tongue: Tongue) -> list[tuple[str, str]]:
    """All that can be dialled, as they are written: beside the calls, as there may be thousands."""
    return [(number_of(n), one.post[tongue]) for n, one in directory.numbers.items()]


async def _show(request: web.Request, desk: TryingDesk) -> web.StreamResponse:
    sent, tongue = await request.post(), tongue_of(request)
    fields = _fields(sent, desk, tongue)
    chosen = await _chosen(fields, desk)
    plan, shown = chosen.plan, chosen.plan or desk.published()
    if not fields["dialled"]:
        fields["dialled"] = number_of(next(iter(shown.directory.numbers), ""))
    form = _read(fields, sent, shown.directory.area, desk)
    form = replace(form, faults={**form.faults, **chosen.faults})
    context: dict[str, Any] = {
        "section": "try",
        "form": form,
        "choices": CHOICES,
        "numbers": await asyncio.to_thread(_numbers, shown.directory, tongue),
        "refused": [one.says[tongue] for one in chosen.findings if plan is None],
        "tried": plan.number if plan is not None and fields["plan"] in EARLIER else None,
        "answer": None,
        "call": None,
        "may_keep": allows(request, Act.EDIT_PLAN) and fields["plan"] == "draft",
    }
    if plan is not None and form.asked is not None and not form.faults and request.method == "POST":
        wording = request.config_dict[LAYOUT].wording
        t = partial(_said, wording.say, tongue)
        context |= await asyncio.to_thread(_played, plan, form, t, tongue)
    return await page_beside(
        request, "trying/try.html", context, status=422 if form.faults else 200
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The plan that is tried, or why there is none: findings of a draft, or a fault of a field."""

    plan: Plan | None
    findings: tuple[Finding, ...] = ()
    faults: Faults = field(default_factory=dict)


async def _chosen(fields: Mapping[str, str], desk: TryingDesk) -> Chosen:
    fault: Faults = {}
    match fields["plan"]:
        case "published":
            return Chosen(desk.published())
        case "draft":
            return Chosen(*await desk.drafted())
        case "in_force":
            at = _moment(fields["at"], desk.zone)
            number = None if at is None else await desk.in_force(at)
            if at is not None:
                fault = {"plan": ("trying.no_plan_then", {})}
        case _:
            number = _version(fields["version"])
            fault = {"version": ("trying.no_version", {})}
    found = None if number is None else await desk.version(number)
    return Chosen(found, faults={} if found is not None else fault)


def _version(text: str) -> int | None:
    plain = text.strip()
    known = plain.isascii() and plain.isdecimal() and len(plain) <= 10 and 0 < int(plain) <= LAST
    return int(plain) if known else None


def _said(say: Callable[..., str], tongue: Tongue, word: str, **slots: object) -> str:
    return say(word, tongue, **slots)


def _fields(sent: Mapping[str, Any], desk: TryingDesk, tongue: Tongue) -> dict[str, str]:
    """As they were typed; the usual where nothing was."""
    now = desk.clock.now().astimezone(desk.zone).strftime("%Y-%m-%dT%H:%M")
    usual = {"caller": EXAMPLE_CALLER, "at": now}
    fields = {name: _text(sent.get(name, usual.get(name, ""))) for name in TYPED}
    for name, values in CHOICES.items():
        chosen = _text(sent.get(name, ""))
        fields[name] = chosen if chosen in values else values[0]
    english = _text(sent.get("language", "en" if tongue is Tongue.EN else "zh")) == "en"
    fields["language"] = "en" if english else "zh"
    asked = _text(sent.get("plan", ""))
    fields["plan"] = asked if asked in PLANS else PLANS[0]
    return fields


def _text(value: object) -> str:
    return value[:MOST_LINE] if isinstance(value, str) else ""


def _read(fields: dict[str, str], sent: Mapping[str, Any], area: str, desk: TryingDesk) -> Form:
    faults: dict[str, tuple[str, Mapping[str, str]]] = {}
    caller = _number(fields, "caller", area, faults) if fields["caller"].strip() else None
    dialled = _number(fields, "dialled", area, faults)
    at = _moment(fields["at"], desk.zone)
    if at is None:
        faults["at"] = ("trying.moment", {})
    try:
        moves = _moved(read_line(fields["line"]), sent)
    except LineError as wrong:
        faults["line"] = ("trying.line_fault", {"part": str(wrong)})
    if faults or at is None or dialled is None:
        return Form(fields, None, (), faults)
    known = Known(
        admission=Admission(fields["admission"]),
        quota=fields["quota"] == "free",
        case=None if fields["case"] == "none" else CaseState(fields["case"]),
        many_cases=fields["cases"] == "many",
        texts_full=fields["texts"] == "full",
        in_vain=fields["vain"] == "yes",
    )
    asked = Asked(caller, dialled, at, fields["language"] == "en", known)
    return Form(fields, asked, moves, faults)


def _number(
    fields: Mapping[str, str],
    name: str,
    area: str,
    faults: dict[str, tuple[str, Mapping[str, str]]],
) -> str | None:
    found = read_number(fields[name][:64], area=area)
    if isinstance(found, Number):
        return found.e164
    faults[name] = ("trying.no_number", {})
    return None


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if at.year not in YEARS:
        return None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def _moved(moves: tuple[Any, ...], sent: Mapping[str, Any]) -> tuple[Any, ...]:
    """The line with what was just chosen beneath the call: a button, keys or words."""
    do = _text(sent.get("do", ""))
    if do == "back":
        return moves[:-1]
    if do == "again":
        return ()
    if do == "keys":
        return (*moves, *(one for one in read_line(_text(sent.get("keys", ""))) if _is_key(one)))
    if do == "words":
        text = _text(sent.get("words", "")).strip()
        return (*moves, Words(text[:200])) if text else moves
    return (*moves, *read_line(_text(sent.get("move", ""))))


def _is_key(move: object) -> bool:
    return isinstance(move, Key)


def _played(plan: Plan, form: Form, t: Speak, tongue: Tongue) -> dict[str, Any]:
    """All that the page says of the call."""
    if form.asked is None:
        return {}
    played = play(plan, form.asked, form.moves)
    teller = Teller(plan, t, tongue)
    return {
        "call": {
            "bubbles": list(teller.bubbles(played)),
            "offers": list(teller.offers(played)),
            "phones": list(teller.phones(played)),
            "line": line_of(played.taken, tongue),
            "settled": played.settled is not None,
            "case_only": _case_only(played),
            "facts": _facts(plan, played.facts, tongue),
            **hears(played),
        },
        "answer": answered(plan.rules, plan.directory, plan.open, played.facts, tongue),
        "kept": _kept(played),
    }


def _case_only(played: Played) -> bool:
    return played.settled is not None and played.settled.decision.how is How.CASE_ONLY


def _facts(plan: Plan, facts: Facts, tongue: Tongue) -> list[tuple[str, str]]:
    wording = Wording(plan.directory)
    return [
        (field.value, wording.value(field, getattr(facts, field.value))[tongue]) for field in FACTS
    ]


def _kept(played: Played) -> dict[str, str]:
    """The facts as the form of scenarios takes them."""
    facts = played.facts
    return {
        "dialled": facts.dialled,
        "language": facts.language,
        "kind": facts.kind.value if facts.kind else "",
        "about": facts.about.value if facts.about else "",
        "topic": facts.topic or "",
        "group": "" if facts.group is None else str(facts.group),
        "caller_kind": facts.caller_kind.value,
        "at": facts.at.isoformat(),
    }
