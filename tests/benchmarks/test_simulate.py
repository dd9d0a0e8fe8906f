"""Simulated calls through the real routes, conversation and storage: a few hundred here, thousands
in `benchmarks.simulate`. What the line and the clock do to them breaks no law."""

import os
from pathlib import Path

import pytest

from benchmarks.simulate import Outcome, simulate
from benchmarks.simulation.carrier import Faults
from routing.ledger import GapKind

LOSES = Faults(lost_media=0.4, lost_calls=0.4, strangers=3)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of a developer."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ZHITONG_")]:
        monkeypatch.delenv(name)


def story(outcome: Outcome) -> str:
    """What a failure shows."""
    return "\n".join([*outcome.broken[:20], *map(str, outcome.gaps[:10])])


async def test_an_honest_carriers_calls_lose_nothing(tmp_path: Path) -> None:
    """Callbacks reordered, doubled, dropped and delayed, turns repeated and cut off, a clock that
    jumps an hour ahead and back, tokens rotated, work killed in the middle, REST out of reach."""
    outcome = await simulate(tmp_path, 7, 120)

    assert outcome.broken == [], story(outcome)
    assert outcome.missing == {}, story(outcome)
    assert outcome.kills > 0
    assert outcome.cases > 30
    assert outcome.most_gaps > 0, "on the way something was late"


async def test_what_a_carrier_loses_is_missing_and_nothing_else(tmp_path: Path) -> None:
    """Sound that is gone there, calls that it forgot, recordings of calls that never reached us."""
    outcome = await simulate(tmp_path, 8, 60, LOSES)

    assert outcome.broken == [], story(outcome)
    assert dict(outcome.missing) == dict(outcome.lost)
    # Which of them depends on what came first within a second: that is the threads' to say.
    assert outcome.lost
    assert set(outcome.lost) <= {GapKind.SOUND, GapKind.END, GapKind.RECORDING}


async def test_without_the_sweep_it_would_not_hold(tmp_path: Path) -> None:
    """The line is bad enough for the laws to mean something."""
    outcome = await simulate(tmp_path, 7, 40, sweeps=False)

    assert any("has no end" in law for law in outcome.broken)
