"""Fixtures for the whole suite, and its two switches: `--update` rewrites golden calls,
ZHITONG_NO_SKIPS=1 makes a skip a failure (CI has everything that a test may want)."""

import os
import sys
from collections.abc import Generator, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from ivr.flow.world import Plan, Policy
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets
from tests.outside import OUTSIDE
from tools.postgres import Postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden calls as they play now")


os.environ["ZHITONG_SPEECH"] = "none"  # for each server that a test starts, the voice is begun anew
EXTRAS: Final = {"notify": "apprise", "speech": "faster_whisper"}
"""Tests of an extra are collected where what it installs is there."""
SPEECH_TESTS: Final = frozenset({"test_first_words.py", "test_whisper.py"})
"""Files whose tests run Whisper itself."""


def pytest_report_header() -> list[str]:
    here = {name: find_spec(package) is not None for name, package in EXTRAS.items()}
    how = {True: "installed", False: "not installed, its tests are left out"}
    return [f"extra {name}: {how[found]}" for name, found in here.items()]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    left_out = collection_path.name in SPEECH_TESTS and not find_spec(EXTRAS["speech"])
    return True if left_out else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    here = report.skipped and OUTSIDE not in str(report.longrepr)
    if here and os.environ.get("ZHITONG_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped here: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def demo_inputs() -> Inputs:
    return Inputs(demo_sheets(), shipped(), calendar(), AREA, "Asia/Shanghai", Policy())


@pytest.fixture(scope="session")
def demo_plan(demo_inputs: Inputs) -> Plan:
    return compile_plan(demo_inputs, 1, date(2026, 11, 24))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, started when the first test wants it."""
    if sys.platform == "win32":
        pytest.skip("the embedded PostgreSQL is started on a Unix socket")
    with Postgres.temporary() as server:
        yield server


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite is shared out, two workers to a core since half of its time is waiting for
    servers and browsers; a few files are run as they are."""
    whole = not config.option.file_or_dir and not config.option.keyword
    return min(2 * (os.cpu_count() or 1), 8) if whole else 0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole servers and browsers first: what takes long must not be left for the end."""
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)
