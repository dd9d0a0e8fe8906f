"""`--costs`: what each file of tests takes of the processors, its servers and browsers included,
which other work on the machine does not lengthen, and how long that was. pytest's `--durations`
names single tests by the clock, and half of their time is waiting."""

import contextlib
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil
import pytest

LINES: Final = 40
BEFORE: Final = "(imports and collection)"


class Cost(NamedTuple):
    """Seconds of the processors, seconds by the clock, tests."""

    processor: float = 0.0
    clock: float = 0.0
    tests: int = 0

    def and_(self, more: "Cost") -> "Cost":
        return Cost(
            self.processor + more.processor, self.clock + more.clock, self.tests + more.tests
        )


def used() -> float:
    """Processor seconds of this process and of all that it ever started."""
    spent = sum(os.times()[:4])
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended just now, and is counted with its parent
            spent += sum(one.cpu_times()[:4])
    return spent


class Costs:
    """Those of a run: each worker counts its own, the controller adds them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._by_file: dict[str, Cost] = {}
        self._last = (0.0, time.monotonic())
        self._tests = 0

    def pytest_collection_finish(self) -> None:
        self._count(BEFORE)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        done = yield
        self._tests += 1
        if nextitem is None or nextitem.path != item.path:
            self._count(str(item.path.relative_to(self._root)))
        return done

    def _count(self, name: str) -> None:
        now, (processor, clock) = (used(), time.monotonic()), self._last
        self._add(name, Cost(now[0] - processor, now[1] - clock, self._tests))
        self._last, self._tests = now, 0

    def _add(self, name: str, cost: Cost) -> None:
        self._by_file[name] = self._by_file.get(name, Cost()).and_(cost)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            of_this = {name: list(cost) for name, cost in self._by_file.items()}
            session.config.workeroutput["costs"] = of_this

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        for name, cost in getattr(node, "workeroutput", {}).get("costs", {}).items():
            self._add(name, Cost(*cost))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        every = sorted(self._by_file.items(), key=lambda one: -one[1].processor)
        whole = Cost()
        for _, cost in every:
            whole = whole.and_(cost)
        terminalreporter.section("costs: processor seconds, seconds, tests")
        for name, cost in [("all", whole), *every[:LINES]]:
            terminalreporter.write_line(
                f"{cost.processor:8.1f} {cost.clock:8.1f} {cost.tests:6} {name}"
            )
