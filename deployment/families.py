"""Which families `/metrics` has, and which part counts each. Whoever adds one adds its line here,
or registers it beside the part that knows (`Metrics.own`, `Metrics.shared`)."""

import platform
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from deployment.metrics import Family, Kind, Metrics, Sample, samples_of
from deployment.snapshots import Key
from deployment.webhooks import Webhooks, measured, template
from ivr.conversation.stores import Plans
from ivr.conversation.tally import Forward, Tally, answer_rate
from routing.ledger import GapKind, Ledger
from routing.ports import Clock
from routing.publishing.release import Releases
from routing.undelivered import TELLING, Undelivered
from storage.durations import Durations
from storage.outbox import Standing, StoredOutbox

PROJECT: Final = Path(__file__).resolve().parent.parent / "pyproject.toml"

WEBHOOKS: Final = Family(
    "zhitong_webhooks",
    Kind.COUNTER,
    "Webhooks answered, by route template and status.",
    ("route", "status"),
)
SECONDS: Final = Family(
    "zhitong_webhook_seconds",
    Kind.HISTOGRAM,
    "Seconds from a webhook's head to its answer.",
    ("route",),
)
BEGUN: Final = Family("zhitong_calls_begun", Kind.COUNTER, "Calls that were answered.")
LIVE: Final = Family("zhitong_calls_live", Kind.GAUGE, "Calls that go on.")
STEPS: Final = Family("zhitong_steps", Kind.COUNTER, "Turns of calls that were kept.")
ENDED: Final = Family(
    "zhitong_calls_ended", Kind.COUNTER, "Calls by the carrier's final status.", ("end",)
)
REFUSED: Final = Family(
    "zhitong_calls_refused",
    Kind.COUNTER,
    "New calls that did not get the menu, by why; of these, `message` may leave a message.",
    ("why",),
)
FORWARDS: Final = Family(
    "zhitong_forwards",
    Kind.COUNTER,
    "Attempts to put a caller through, by outcome, however many phones each rang.",
    ("outcome",),
)
ANSWER_RATE: Final = Family(
    "zhitong_answer_ratio",
    Kind.GAUGE,
    "Share of forwarded calls that somebody accepted, since the server began.",
)
APOLOGIES: Final = Family(
    "zhitong_apologies", Kind.COUNTER, "Webhooks that failed here and were answered in fixed words."
)
COMMITS: Final = Family(
    "zhitong_commit_seconds", Kind.HISTOGRAM, "Seconds until a batch of steps was durable."
)
BUILD: Final = Family(
    "zhitong_build", Kind.GAUGE, "Always 1; what is running.", ("version", "python")
)
JOBS: Final = Family(
    "zhitong_outbox_jobs", Kind.GAUGE, "Unfinished work, by kind and standing.", ("kind", "state")
)
OLDEST: Final = Family(
    "zhitong_outbox_oldest_seconds",
    Kind.GAUGE,
    "Age of the oldest work that is due, being done or being tried again, by kind.",
    ("kind",),
)
GAPS: Final = Family(
    "zhitong_gaps", Kind.GAUGE, "What must follow a call, is late, and is not there.", ("kind",)
)
UNCONFIRMED: Final = Family(
    "zhitong_plan_unconfirmed",
    Kind.GAUGE,
    "What one person did to the plan in a hurry and no second has confirmed, in time or late.",
    ("state",),
)
UNDELIVERED: Final = Family(
    "zhitong_undelivered",
    Kind.GAUGE,
    "What was to be told to an office or a caller and did not arrive, by kind of work.",
    ("kind",),
)
SPOOL: Final = Family(
    "zhitong_spool_bytes", Kind.GAUGE, "What was said in an outage and is no case yet."
)
PLAN_REFUSED: Final = Family(
    "zhitong_plan_refused",
    Kind.GAUGE,
    "1 while a published plan, or today's hours of it, cannot be compiled and the last one stands.",
)
OVERDUE: Final = frozenset({Standing.DUE, Standing.AT_WORK, Standing.RETRYING})


@dataclass(frozen=True, slots=True)
class Counted:
    """The parts that count; `live` says how many calls go on, `apologies` how many there were."""

    tally: Tally
    live: Callable[[], int]
    apologies: Callable[[], int]
    commits: Durations
    outbox: StoredOutbox
    ledger: Ledger
    undelivered: Undelivered
    spool: Callable[[], Awaitable[int]]
    clock: Clock


def watch(metrics: Metrics, parts: Counted) -> None:
    """Register all that the parts count."""
    tally = parts.tally
    metrics.own(BEGUN, lambda: [((), tally.begun)])
    metrics.own(APOLOGIES, lambda: [((), parts.apologies())])
    metrics.own(LIVE, lambda: [((), parts.live())])
    metrics.own(STEPS, lambda: [((), tally.steps)])
    metrics.own(ENDED, lambda: [((end.value,), many) for end, many in tally.ends.items()])
    metrics.own(REFUSED, lambda: [((why.value,), many) for why, many in tally.refused.items()])
    metrics.own(FORWARDS, lambda: [((to.value,), many) for to, many in tally.forwards.items()])
    metrics.derived(ANSWER_RATE, _answer_rate)
    metrics.own(COMMITS, lambda: samples_of(parts.commits))
    _watch_shared(metrics, parts)


def _watch_shared(metrics: Metrics, parts: Counted) -> None:
    """What is the same for all workers, and not to be added up."""
    built = (_version(), platform.python_version())

    async def build() -> Iterable[Sample]:
        return [(built, 1)]

    async def jobs() -> Iterable[Sample]:
        found = await parts.outbox.backlog(parts.clock.now())
        return [((b.kind, b.standing.value), b.many) for b in found]

    async def oldest() -> Iterable[Sample]:
        now = parts.clock.now()
        ages: dict[str, float] = {}
        for backlog in await parts.outbox.backlog(now):
            if backlog.standing in OVERDUE:
                age = (now - backlog.since).total_seconds()
                ages[backlog.kind] = max(age, ages.get(backlog.kind, 0))
        return [((kind,), age) for kind, age in ages.items()]

    async def gaps() -> Iterable[Sample]:
        found = await parts.ledger.counts()
        return [((kind.value,), found.get(kind, 0)) for kind in GapKind]

    async def undelivered() -> Iterable[Sample]:
        found = await parts.undelivered.counts()
        return [((kind.value,), found.get(kind.value, 0)) for kind in sorted(TELLING)]

    async def spooled() -> Iterable[Sample]:
        return [((), await parts.spool())]

    metrics.shared(BUILD, build)
    metrics.shared(GAPS, gaps)
    metrics.shared(UNDELIVERED, undelivered)
    metrics.shared(SPOOL, spooled)
    metrics.shared(JOBS, jobs)
    metrics.shared(OLDEST, oldest)


async def plan_refused(plans: Plans) -> Iterable[Sample]:
    """Whether the last good plan stands in place of one that cannot be compiled."""
    return [((), int(plans.refused is not None))]


def watch_webhooks(
    metrics: Metrics, routes: Sequence[web.RouteDef], *, access: bool
) -> list[web.RouteDef]:
    """The carrier's routes, measured; with `access` each request is a line of the log."""
    seen = {template(route): Webhooks() for route in routes}
    metrics.own(
        WEBHOOKS,
        lambda: [
            ((route, str(status)), many)
            for route, its in seen.items()
            for status, many in its.statuses.items()
        ],
    )
    metrics.own(
        SECONDS,
        lambda: [s for route, its in seen.items() for s in samples_of(its.durations, (route,))],
    )
    return [measured(route, seen[template(route)], access=access) for route in routes]


def _answer_rate(found: Mapping[Key, float]) -> Iterable[Sample]:
    rate = answer_rate({to: found.get((FORWARDS.name, to.value), 0) for to in Forward})
    return [] if rate is None else [((), rate)]


def _version() -> str:
    """As the project file says, where it is beside us."""
    try:
        with PROJECT.open("rb") as file:
            version: str = tomllib.load(file)["project"]["version"]
    except OSError:
        return "unknown"
    return version


async def unconfirmed(releases: Releases) -> Iterable[Sample]:
    """What waits for a second person, and of that what nobody looked at in time."""
    waiting = await releases.waiting()
    late = sum(release.missed for release in waiting)
    return [(("waiting",), len(waiting) - late), (("late",), late)]
