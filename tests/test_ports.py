"""A port that a test is given stays free until its server has begun."""

from itertools import islice

import pytest

from tests.ports import FIRST, KERNELS, USUAL, WORKERS, own


def test_no_two_workers_look_at_the_same_ports_nor_at_the_kernels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shares = []
    for worker in range(WORKERS):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{worker}")
        shares.append(set(islice(own(), USUAL)))
    every = set[int]().union(*shares)

    assert len(every) == sum(map(len, shares))
    assert min(every) >= FIRST
    if KERNELS.exists():
        assert max(every) < max(int(KERNELS.read_text().split()[0]), FIRST + 1_000 * WORKERS)
