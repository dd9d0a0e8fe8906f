"""What `/metrics` tells: families of whole numbers that the parts count, and what the database
says. Each worker counts its own; whichever is asked adds the others' up (ADR 17). Prometheus's
package writes the text."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from deployment.shared import SharedAnswer
from deployment.snapshots import EVERY, Key, Snapshots
from storage.durations import BOUNDS, Durations

LOG: Final = structlog.get_logger()
SUM: Final = "sum"
LIMITS: Final = (*(str(bound) for bound in BOUNDS), "+Inf")

Labels = tuple[str, ...]
Sample = tuple[Labels, float]


class Kind(StrEnum):
    """How a family's numbers are to be read."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One name of `/metrics`: what it counts, in a sentence, and by which labels. Labels are
    templates, kinds and states: never a path, a number or a name of a person."""

    name: str
    kind: Kind
    text: str
    labels: Labels = ()


Own = Callable[[], Iterable[Sample]]
Derived = Callable[[Mapping[Key, float]], Iterable[Sample]]
Asked = Callable[[], Awaitable[Iterable[Sample]]]


class Metrics:
    """Parts register what they count with `own`, and what is the same for every worker, because
    it is asked of the database, with `shared`."""

    def __init__(self) -> None:
        self._beside: Snapshots | None = None
        self._own: dict[str, tuple[Family, Own]] = {}
        self._derived: dict[str, tuple[Family, Derived]] = {}
        self._asked: dict[str, tuple[Family, SharedAnswer[tuple[Sample, ...]]]] = {}

    def own(self, family: Family, read: Own) -> None:
        """Counted by this process; read at each scrape, so it must be cheap."""
        self._own[family.name] = family, read

    def derived(self, family: Family, read: Derived) -> None:
        """From what all workers together have counted."""
        self._derived[family.name] = family, read

    def shared(self, family: Family, ask: Asked) -> None:
        """The same whoever is asked; at most once a second. What cannot be told is left out."""

        async def told() -> tuple[Sample, ...]:
            return tuple(await ask())

        self._asked[family.name] = family, SharedAnswer(told)

    async def share(self, folder: Path) -> None:
        """Until cancelled: lay what this process counts beside the other workers' numbers, and add
        theirs up from now on."""
        snapshots = Snapshots(folder)
        await asyncio.to_thread(snapshots.inherit)
        self._beside = snapshots
        while True:
            gauges = (family.name for family, _ in self._own.values() if family.kind is Kind.GAUGE)
            await asyncio.to_thread(snapshots.keep, self.counted(), frozenset(gauges))
            await asyncio.sleep(EVERY)

    def counted(self) -> dict[Key, float]:
        """What this process has counted."""
        return {
            (family.name, *labels): value
            for family, read in self._own.values()
            for labels, value in read()
        }

    async def text(self) -> bytes:
        """The page, in Prometheus's own format."""
        found = self.counted()
        if self._beside is not None:
            for key, value in (await asyncio.to_thread(self._beside.counted)).items():
                found[key] = found.get(key, 0) + value
        families = [family for family, _ in self._own.values()]
        for family, read in self._derived.values():
            families.append(family)
            found |= {(family.name, *labels): value for labels, value in read(found)}
        asked = [*self._asked.values()]
        told = await asyncio.gather(*(_told(family, answer) for family, answer in asked))
        for (family, _), samples in zip(asked, told, strict=True):
            if samples is not None:
                families.append(family)
                found |= {(family.name, *labels): value for labels, value in samples}
        registry = CollectorRegistry()
        registry.register(_Collected([*_written(families, found)]))
        return generate_latest(registry)


async def _told(
    family: Family, answer: SharedAnswer[tuple[Sample, ...]]
) -> tuple[Sample, ...] | None:
    """One family's; several are asked together, since a database that hangs makes each of them
    wait, and a scraper gives up after ten seconds."""
    try:
        return await answer.now()
    except Exception:
        LOG.exception("metrics.unread", family=family.name)
        return None


def samples_of(durations: Durations, labels: Labels = ()) -> Iterator[Sample]:
    """A histogram's."""
    for limit, many in zip(LIMITS, durations.counts, strict=True):
        yield (*labels, limit), many
    yield (*labels, SUM), durations.total


class _Collected(Collector):
    """Families that have been read."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _written(families: Iterable[Family], found: Mapping[Key, float]) -> Iterator[Metric]:
    of: dict[str, dict[Labels, float]] = {}
    for (name, *labels), value in found.items():
        of.setdefault(name, {})[tuple(labels)] = value
    for family in families:
        yield _family(family, of.get(family.name, {}))


def _family(family: Family, samples: Mapping[Labels, float]) -> Metric:
    match family.kind:
        case Kind.HISTOGRAM:
            return _histogram(family, samples)
        case Kind.COUNTER:
            made: CounterMetricFamily | GaugeMetricFamily = CounterMetricFamily(
                family.name, family.text, labels=family.labels
            )
        case Kind.GAUGE:
            made = GaugeMetricFamily(family.name, family.text, labels=family.labels)
    for labels, value in sorted(samples.items()):
        made.add_metric(labels, value)
    return made


def _histogram(family: Family, samples: Mapping[Labels, float]) -> Metric:
    made = HistogramMetricFamily(family.name, family.text, labels=family.labels)
    for labels in sorted({labels[:-1] for labels in samples}):
        below, buckets = 0.0, []
        for limit in LIMITS:
            below += samples.get((*labels, limit), 0)
            buckets.append((limit, below))
        made.add_metric(labels, buckets, samples.get((*labels, SUM), 0.0))
    return made
