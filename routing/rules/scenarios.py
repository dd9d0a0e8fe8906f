"""Saved examples that must come out as they say before rules are published: facts, and the office
and way that are expected. Pure. `proposals` makes some of the register and the calendar, for an
admin to accept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from routing.cases.kinds import About, Kind
from routing.hours import YEARS, OpenIntervals
from routing.register import Directory, Names
from routing.rules.condition import CallerKind, Facts, Opening
from routing.rules.errors import RuleSetError
from routing.rules.router import Decision, Router
from routing.rules.ruleset import How
from routing.rules.wording import Wording, both, names_of

E = TypeVar("E", bound=StrEnum)
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """Where it must go and how; and whether that office must be open then (None: either)."""

    office: str
    how: How | None = None
    is_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One example, under its id; `name` is what people call it."""

    id: str
    name: str
    facts: Facts
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an example came out. `is_open` is None where that is not known."""

    scenario: Scenario
    decision: Decision | None
    is_open: bool | None

    @property
    def passed(self) -> bool:
        """Whether it came out as it must."""
        wanted, found = self.scenario.expected, self.decision
        return (
            found is not None
            and found.office == wanted.office
            and wanted.how in (None, found.how)
            and wanted.is_open in (None, self.is_open)
        )

    def says(self, wording: Wording) -> Names:
        """What was expected, and what came instead; as it is where that was right."""
        wanted = wording.office(self.scenario.expected.office)
        got = (
            both("没有去处", "nowhere")
            if self.decision is None
            else wording.office(self.decision.office)
        )
        name = names_of(self.scenario.name)
        if self.passed:
            return both(
                f"“{name['zh-CN']}”通过：交由{got['zh-CN']}。",
                f"“{name['en']}” holds: {got['en']}.",
            )
        if got == wanted:
            return both(
                f"“{name['zh-CN']}”不通过：单位相符，但处理方式或上下班状态与预期不同。",
                f"“{name['en']}” fails: the office is right, but not how it is reached, "
                "or whether it is open.",
            )
        return both(
            f"“{name['zh-CN']}”不通过：应交由{wanted['zh-CN']}，结果是{got['zh-CN']}。",
            f"“{name['en']}” fails: it should go to {wanted['en']} and goes to {got['en']}.",
        )


class Usual(Mapping[str, Opening]):
    """When offices are open by their hours and calendars, as though no closure order stood: those
    come and go, and an example must keep back neither an order nor its end."""

    def __init__(self, opened: Mapping[str, Opening]) -> None:
        self._opened = opened

    def __getitem__(self, office: str) -> Opening:
        known = self._opened[office]
        return known.without_orders() if isinstance(known, OpenIntervals) else known

    def __iter__(self) -> Iterator[str]:
        return iter(self._opened)

    def __len__(self) -> int:
        return len(self._opened)


def run(
    router: Router, scenario: Scenario, directory: Directory, opened: Mapping[str, Opening]
) -> Outcome:
    """One example under the rules and the usual hours of a plan."""
    entry, opened = directory.numbers.get(scenario.facts.dialled), Usual(opened)
    facts = replace(
        scenario.facts,
        office=None if entry is None else entry.office,
        district=None if entry is None else entry.district,
        open=opened,
    )
    try:
        decision = router.decide(facts)
    except LookupError:
        return Outcome(scenario, None, None)
    opening = opened.get(decision.office)
    return Outcome(scenario, decision, None if opening is None else opening.is_open(facts.at))


def read_scenarios(text: str) -> tuple[Scenario, ...]:
    """Those of a plan's body: id -> example. Raises RuleSetError naming the one that cannot be
    read."""
    try:
        listed = json.loads(text or "{}")
    except ValueError as wrong:
        raise RuleSetError(
            f"the scenarios are no JSON ({wrong}): import them again",
            f"保存的场景不是有效的JSON（{wrong}），请重新导入。",
        ) from wrong
    if not isinstance(listed, dict):
        raise RuleSetError(
            "the scenarios must be an object, id -> example", "保存的场景应按编号分列，请重新导入。"
        )
    return tuple(read_scenario(id_, body) for id_, body in listed.items())


def read_scenario(id_: str, body: Any) -> Scenario:
    """One example. Raises RuleSetError."""
    try:
        facts, expected = body["facts"], body["expected"]
        at = datetime.fromisoformat(facts["at"])
        if at.tzinfo is None:
            raise ValueError("its moment has no time zone")
        if at.year not in YEARS:
            raise ValueError("its moment is of no year that is lived")
        if not isinstance(facts.get("topic"), str | None):
            raise TypeError("its topic is no text")
        wanted, how = expected.get("open"), expected.get("how")
        return Scenario(
            id_,
            str(body["name"]),
            Facts(
                dialled=str(facts["dialled"]),
                language=str(facts.get("language", "zh-CN")),
                kind=_or_none(Kind, facts.get("kind")),
                about=_or_none(About, facts.get("about")),
                topic=facts.get("topic"),
                group=facts.get("group"),
                district=None,
                caller_kind=CallerKind(facts.get("caller_kind", CallerKind.MOBILE.value)),
                at=at,
            ),
            Expected(
                str(expected["office"]),
                None if how is None else How(how),
                None if wanted is None else bool(wanted),
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise RuleSetError(
            f"the scenario {id_!r} cannot be read: remove it, and save it again from “Try it”",
            f"场景“{id_}”无法识别，请删除，再从“试一试”重新保存。",
        ) from wrong


def _or_none(kind: type[E], value: Any) -> E | None:
    return None if value is None else kind(value)


def scenario_to_plain(scenario: Scenario) -> dict[str, Any]:
    """As JSON-ready values; what is not known is left out."""
    facts, expected = scenario.facts, scenario.expected
    said = {
        "dialled": facts.dialled,
        "language": facts.language,
        "kind": facts.kind and facts.kind.value,
        "about": facts.about and facts.about.value,
        "topic": facts.topic,
        "group": facts.group,
        "caller_kind": facts.caller_kind.value,
        "at": facts.at.isoformat(),
    }
    wanted = {
        "office": expected.office,
        "how": expected.how and expected.how.value,
        "open": expected.is_open,
    }
    return {
        "name": scenario.name,
        "facts": {name: value for name, value in said.items() if value is not None},
        "expected": {name: value for name, value in wanted.items() if value is not None},
    }
