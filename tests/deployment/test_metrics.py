"""What `/metrics` tells: Prometheus reads it back as what was counted."""

import itertools
from collections.abc import Iterable, Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from deployment import shared
from deployment.metrics import Family, Key, Kind, Metrics, Sample, samples_of
from storage.durations import BOUNDS, Durations

CALLS = Family("zhitong_calls", Kind.COUNTER, "Calls.", ("end",))
LIVE = Family("zhitong_live", Kind.GAUGE, "Live calls.")
TOOK = Family("zhitong_took_seconds", Kind.HISTOGRAM, "Seconds.", ("route",))
RATE = Family("zhitong_rate", Kind.GAUGE, "A share.")


class Worker:
    """Another worker of this machine."""

    def __init__(self, of: Metrics) -> None:
        self._of = of

    def counted(self) -> Mapping[Key, float]:
        return self._of.counted()


async def read(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families((await metrics.text()).decode())
        for sample in family.samples
    }


def labels(**told: str) -> frozenset[tuple[str, str]]:
    return frozenset(told.items())


def counting(completed: int, live: int, *took: float) -> Metrics:
    metrics, durations = Metrics(), Durations()
    for seconds in took:
        durations.note(seconds)
    metrics.own(CALLS, lambda: [(("completed",), completed)])
    metrics.own(LIVE, lambda: [((), live)])
    metrics.own(TOOK, lambda: samples_of(durations, ("/voice/answer",)))
    return metrics


async def test_what_was_counted_is_read_back() -> None:
    found = await read(counting(3, 2, 0.004, 0.005, 99.0))

    assert found["zhitong_calls_total", labels(end="completed")] == 3
    assert found["zhitong_live", labels()] == 2
    route = {"route": "/voice/answer"}
    assert found["zhitong_took_seconds_bucket", labels(le="0.0025", **route)] == 0
    assert found["zhitong_took_seconds_bucket", labels(le="0.005", **route)] == 2
    assert found["zhitong_took_seconds_bucket", labels(le="15.0", **route)] == 2
    assert found["zhitong_took_seconds_bucket", labels(le="+Inf", **route)] == 3
    assert found["zhitong_took_seconds_count", labels(**route)] == 3
    assert found["zhitong_took_seconds_sum", labels(**route)] == pytest.approx(99.009)


async def test_a_p99_of_five_to_fifty_milliseconds_can_be_told() -> None:
    assert {0.005, 0.01, 0.02, 0.05} <= set(BOUNDS)
    within = [bound for bound in BOUNDS if 0.005 <= bound <= 0.05]
    assert all(after / before <= 1.7 for before, after in itertools.pairwise(within))


async def test_several_workers_are_added_up() -> None:
    metrics = counting(3, 2, 0.004)
    metrics._others = Worker(counting(5, 1, 0.004, 0.2))
    metrics.derived(RATE, lambda found: [((), found["zhitong_calls", "completed"] / 10)])
    found = await read(metrics)

    assert found["zhitong_calls_total", labels(end="completed")] == 8
    assert found["zhitong_live", labels()] == 3
    assert found["zhitong_rate", labels()] == 0.8
    assert found["zhitong_took_seconds_count", labels(route="/voice/answer")] == 3


async def test_what_cannot_be_told_is_left_out_and_the_rest_is_there() -> None:
    async def broken() -> Iterable[Sample]:
        raise OSError(28, "No space left on device")

    metrics = counting(3, 2)
    metrics.shared(RATE, broken)
    with capture_logs() as lines:
        found = await read(metrics)

    assert ("zhitong_rate", labels()) not in found
    assert found["zhitong_live", labels()] == 2
    assert [(line["event"], line["family"]) for line in lines] == [
        ("metrics.unread", "zhitong_rate")
    ]


async def test_the_database_is_asked_at_most_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0

    async def ask() -> Iterable[Sample]:
        nonlocal asked
        asked += 1
        return [((), asked)]

    metrics = Metrics()
    metrics.shared(RATE, ask)
    monkeypatch.setattr(shared, "FRESH", 3600.0)

    assert await metrics.text() == await metrics.text()
    assert asked == 1
