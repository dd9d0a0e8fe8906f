"""How long a routing decision takes, and whether building many rules stalls what runs beside it.

    python -m benchmarks.routing [--decisions 20000] [--rounds 7]

Wide: ten rules for each published number. Deep: one number, rules by topic, district and language.
Both with weekly windows and holidays' dates on some rules. Goals (performance §3): at 100,000 rules
p99 at most 20 us, and at most four times the time at 1,000. Rounds of both sizes are interleaved.
Judged is the 99th percentile over decisions of each one's median over rounds: another process that
takes the core or the caches hits other decisions in each round, a slow decision is slow in all.
"All" is the percentile with that noise, and the floor is the noise alone: one probe of a dict of as
many keys, in the same rounds. The naive reference is checked against on some facts.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.machine import facts
from deployment.pauses import giving_way, keep_short
from routing.cases.kinds import Kind
from routing.rules.condition import Between, CallerKind, Condition, During, Facts, Field, Is
from routing.rules.router import Router, naive, router_in_slices
from routing.rules.ruleset import Rule, RuleSet
from routing.week import parse_hours

HERE: Final = ZoneInfo("Asia/Shanghai")
NOW: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAYTIME: Final = During(parse_hours("Mon-Fri 08:30-12:00 14:30-17:30"), HERE)
HOLIDAY: Final = Between(NOW + timedelta(days=30), NOW + timedelta(days=37), HERE)
TOPICS: Final = [f"topic-{n}" for n in range(26)]
LANGUAGES: Final = ("zh-CN", "en")
GOAL_US: Final = 20.0
GOAL_RATIO: Final = 4.0
SMALL: Final = 1_000
BIG: Final = 100_000
TICK: Final = 0.001
"""Seconds of a step beside the building: what a call's webhook would wait for."""


def number(n: int) -> str:
    """The n-th published number; none can ever be assigned."""
    return f"+86558{n:08}"


def wide(rules: int) -> Iterator[Rule]:
    """Ten rules for each number."""
    for at in range(rules - 1):
        owner, sort = divmod(at, 10)
        when: list[Condition] = [Is(Field.DIALLED, number(owner))]
        if sort < 9:
            when.append(Is(Field.TOPIC, TOPICS[sort]))
        if sort % 3 == 1:
            when.append(DAYTIME)
        if sort % 5 == 2:
            when.append(HOLIDAY)
        yield Rule(f"r{at}", "", tuple(when), f"office {owner}")
    yield Rule("last", "", (), "hotline")


def deep(rules: int) -> Iterator[Rule]:
    """One number: topic, district and language, some by either kind."""
    for at in range(rules - 1):
        rest, topic = divmod(at, len(TOPICS))
        district, language = divmod(rest, len(LANGUAGES))
        when: list[Condition] = [
            Is(Field.TOPIC, TOPICS[topic]),
            Is(Field.DISTRICT, f"district-{district}"),
            Is(Field.LANGUAGE, LANGUAGES[language]),
        ]
        if at % 7 == 3:
            when.append(Is(Field.KIND, Kind.HELP))
        if at % 3 == 1:
            when.append(DAYTIME)
        if at % 5 == 2:
            when.append(HOLIDAY)
        yield Rule(f"r{at}", "", tuple(when), f"office {district}")
    yield Rule("last", "", (), "hotline")


def asked(dice: random.Random, rules: int) -> Facts:
    """A matter that some of the rules are about, or none."""
    return Facts(
        dialled=number(dice.randrange(max(rules // 10, 1) + 1)),
        language=dice.choice(LANGUAGES),
        kind=dice.choice((*Kind, None)),
        about=None,
        topic=dice.choice((*TOPICS, None)),
        group=dice.choice((1, 2, 3, 4, None)),
        district=f"district-{dice.randrange(max(rules // 52, 1) + 1)}",
        caller_kind=dice.choice([*CallerKind]),
        at=NOW + timedelta(minutes=dice.randrange(14 * 1440)),
    )


@dataclass(slots=True)
class Figures:
    """Nanoseconds of the same decisions in each round."""

    rounds: list[list[int]] = field(default_factory=list)

    def each(self, share: float) -> float:
        """That quantile, in microseconds, of what each decision takes."""
        return quantile([statistics.median(ones) for ones in zip(*self.rounds, strict=True)], share)

    def all(self, share: float) -> float:
        """The same, of a whole round: the median of rounds."""
        return statistics.median(quantile(one, share) for one in self.rounds)


def quantile(took: Sequence[float], share: float) -> float:
    """In microseconds."""
    return sorted(took)[int(len(took) * share)] / 1000


@dataclass(slots=True)
class Line:
    """One shape and size, and what its rounds gave: decisions, and probes of a dict as large."""

    shape: str
    rules: int
    router: Router
    facts: list[Facts]
    built: float
    probed: dict[tuple[str, str], int]
    keys: list[tuple[str, str]]
    decisions: Figures = field(default_factory=Figures)
    floor: Figures = field(default_factory=Figures)


def line(shape: str, make: Callable[[int], Iterator[Rule]], rules: int, decisions: int) -> Line:
    """Built, and proved against the naive reference on some facts."""
    dice = random.Random(f"{shape} {rules}")
    whole = RuleSet(1, tuple(make(rules)), "bench", "")
    began = time.thread_time()
    router = Router(whole)
    built = time.thread_time() - began
    facts = [asked(dice, rules) for _ in range(decisions)]
    for one in facts[: 50 if rules == SMALL else 10]:
        if router.decide(one) != naive(whole, one):
            raise SystemExit(f"{shape} {rules}: the router and its reference disagree on {one}")
    probed = {("key", number(n)): n for n in range(rules)}
    keys = [("key", number(dice.randrange(rules))) for _ in facts]
    return Line(shape, rules, router, facts, built, probed, keys)


def measure(one: Line) -> None:
    """One round: each decision by itself, then each probe."""
    one.decisions.rounds.append(timed(one.router.decide, one.facts))
    one.floor.rounds.append(timed(one.probed.get, one.keys))


def timed(ask: Callable[[Any], object], each: Sequence[object]) -> list[int]:
    """Nanoseconds of each."""
    clock, took = time.perf_counter_ns, []
    for value in each:
        began = clock()
        ask(value)
        took.append(clock() - began)
    return took


async def stalls(rules: RuleSet | None, seconds: float) -> list[float]:
    """How much later than asked a step beside runs, in milliseconds, while rules are built over
    and over in slices; None: while nothing else happens."""
    late: list[float] = []
    until = time.perf_counter() + seconds

    async def build() -> None:
        while rules is not None and time.perf_counter() < until:
            for _ in router_in_slices(rules):
                await asyncio.sleep(0)

    async def step() -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append((time.perf_counter() - began - TICK) * 1000)

    async with asyncio.TaskGroup() as both:
        both.create_task(build())
        both.create_task(step())
    return sorted(late)


def longest_slice(rules: RuleSet) -> tuple[float, float]:
    """The 99th percentile and the longest of the slices, in milliseconds of CPU."""
    took, began = [], time.thread_time()
    for _ in router_in_slices(rules):
        took.append((time.thread_time() - began) * 1000)
        began = time.thread_time()
    took.sort()
    return took[len(took) * 99 // 100], took[-1]


def main() -> None:
    """All shapes and sizes."""
    parts = argparse.ArgumentParser(description=__doc__)
    parts.add_argument("--decisions", type=int, default=20_000)
    parts.add_argument("--rounds", type=int, default=7)
    parts.add_argument("--seconds", type=float, default=5.0, help="of each look at stalls")
    chosen = parts.parse_args()
    shapes = {"wide": wide, "deep": deep}
    lines = {
        (shape, rules): line(shape, make, rules, chosen.decisions)
        for shape, make in shapes.items()
        for rules in (SMALL, BIG)
    }
    keep_short()  # as the server does once it is put together
    for _ in range(chosen.rounds):
        for one in lines.values():
            measure(one)
    met = True
    print(facts())
    print("us      rules       p50   p99 |  all p50   p99 | floor p50   p99 | built ms of CPU")
    for one in lines.values():
        ours, floor = one.decisions, one.floor
        print(
            f"{one.shape:6} {one.rules:7,}  {ours.each(0.5):6.1f} {ours.each(0.99):5.1f} |"
            f" {ours.all(0.5):8.1f} {ours.all(0.99):5.1f} |"
            f" {floor.all(0.5):9.1f} {floor.all(0.99):5.1f} | {one.built * 1000:8.0f}"
        )
        met = met and (one.rules == SMALL or ours.each(0.99) <= GOAL_US)
    for shape in shapes:
        small, big = (lines[shape, rules].decisions for rules in (SMALL, BIG))
        ratio = big.each(0.5) / small.each(0.5)
        print(f"{shape}: {BIG:,} over {SMALL:,} rules: {ratio:.1f} (goal at most {GOAL_RATIO})")
        met = met and ratio <= GOAL_RATIO
    rules = lines["deep", BIG].router.rules
    with giving_way():  # as the server does meanwhile
        p99, worst = longest_slice(rules)
    print(f"slices of building {BIG:,}: p99 {p99:.2f} ms, longest {worst:.2f} ms")
    for name, asked_for in (("quiet", None), ("building", rules)):
        with contextlib.nullcontext() if asked_for is None else giving_way():
            late = asyncio.run(stalls(asked_for, chosen.seconds))
        print(
            f"a step beside, {name}: late by p50 {late[len(late) // 2]:.2f}, "
            f"p99 {late[len(late) * 99 // 100]:.2f}, at most {late[-1]:.2f} ms ({len(late)} steps)"
        )
    print("met" if met else "NOT met")
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
