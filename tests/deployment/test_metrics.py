"""What `/metrics` tells: Prometheus reads it back as what was counted."""

import asyncio
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from deployment import shared as answers
from deployment.metrics import Family, Kind, Metrics, Sample, samples_of
from storage.durations import BOUNDS, Durations
from tests.deadline import DEADLINE

CALLS = Family("zhitong_calls", Kind.COUNTER, "Calls.", ("end",))
LIVE = Family("zhitong_live", Kind.GAUGE, "Live calls.")
TOOK = Family("zhitong_took_seconds", Kind.HISTOGRAM, "Seconds.", ("route",))
RATE = Family("zhitong_rate", Kind.GAUGE, "A share.")


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


async def shared(folder: Path, metrics: Metrics) -> None:
    """Its numbers lie beside the other workers' once."""
    task = asyncio.get_running_loop().create_task(metrics.share(folder))
    async with asyncio.timeout(DEADLINE):
        while metrics._beside is None or not list(folder.glob(f"{metrics._beside._mine}.json")):
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_several_workers_are_added_up(tmp_path: Path) -> None:
    here, there = counting(3, 2, 0.004), counting(5, 1, 0.004, 0.2)
    here.derived(RATE, lambda found: [((), found["zhitong_calls", "completed"] / 10)])
    await shared(tmp_path, here)
    await shared(tmp_path, there)

    found = await read(here)
    assert found["zhitong_calls_total", labels(end="completed")] == 8
    assert found["zhitong_live", labels()] == 3
    assert found["zhitong_rate", labels()] == 0.8
    assert found["zhitong_took_seconds_count", labels(route="/voice/answer")] == 3
    assert (await read(there))["zhitong_calls_total", labels(end="completed")] == 8


def forsaken(folder: Path) -> None:
    """All who wrote here are gone."""
    for path in folder.iterdir():
        os.utime(path, (0, 0))


async def test_what_a_worker_had_counted_stays_when_it_is_gone(tmp_path: Path) -> None:
    """A counter that falls is read as a restart, and its whole value as news."""
    here = counting(3, 2)
    await shared(tmp_path, counting(5, 1))
    forsaken(tmp_path)
    await shared(tmp_path, here)

    found = await read(here)
    assert found["zhitong_calls_total", labels(end="completed")] == 8
    assert found["zhitong_live", labels()] == 2
    assert len(list(tmp_path.iterdir())) == 1, "its file is not kept for ever"
    third = counting(1, 0)
    await shared(tmp_path, third)
    assert (await read(third))["zhitong_calls_total", labels(end="completed")] == 9


async def test_a_worker_that_falls_silent_has_no_live_calls(tmp_path: Path) -> None:
    here = counting(3, 2)
    await shared(tmp_path, here)
    await shared(tmp_path, counting(5, 1))
    forsaken(tmp_path)

    found = await read(here)
    assert found["zhitong_calls_total", labels(end="completed")] == 8
    assert found["zhitong_live", labels()] == 2


async def test_a_file_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    here = counting(3, 2)
    await shared(tmp_path, here)
    (tmp_path / "1-x.json").write_bytes(b"{half")

    assert (await read(here))["zhitong_calls_total", labels(end="completed")] == 3


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


async def test_a_database_that_hangs_keeps_the_scraper_waiting_once() -> None:
    both = asyncio.Barrier(2)

    async def waits() -> Iterable[Sample]:
        await both.wait()
        return [((), 1)]

    metrics = Metrics()
    metrics.shared(RATE, waits)
    metrics.shared(LIVE, waits)
    async with asyncio.timeout(DEADLINE):
        found = await read(metrics)
    assert found["zhitong_rate", labels()] == found["zhitong_live", labels()] == 1


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
    monkeypatch.setattr(answers, "FRESH", 3600.0)

    assert await metrics.text() == await metrics.text()
    assert asked == 1
