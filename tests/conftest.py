"""Fixtures for the whole suite, and its two switches: `--update` rewrites golden calls,
ZHITONG_NO_SKIPS=1 makes a skip a failure (CI has everything that a test may want)."""

from tests import reading  # noqa: F401 - first, for how the rest is read

# isort: split
import gc
import os
import sys
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import aiohttp_jinja2
import hypothesis
import jinja2
import pytest
import pytest_asyncio
from jinja2.bccache import Bucket
from playwright.async_api import Browser, Page, async_playwright

from ivr.flow.world import Plan, Policy
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets
from tests.browser import Shared, tab
from tests.costs import Costs
from tests.deadline import DEADLINE
from tests.outside import OUTSIDE
from tests.programs import end_all
from tools.postgres import Postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden calls as they play now")
    parser.addoption("--costs", action="store_true", help="say what each file of tests takes")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.costs:
        config.pluginmanager.register(Costs(config.rootpath), "costs")


def pytest_collection_finish() -> None:
    """Nothing that collection makes is ever garbage, and it makes so much that to look for some
    takes as long as to collect. It stays until the end and is not looked at again."""
    gc.enable()
    gc.freeze()


os.environ["ZHITONG_SPEECH"] = "none"  # for each server that a test starts, the voice is begun anew

hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")  # a slow machine is no wrong example
EXTRAS: Final = {"notify": "apprise", "speech": "faster_whisper"}
"""Tests of an extra are collected where what it installs is there."""
HASTE: Final = 2.0
"""Seconds."""
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


@pytest.fixture(scope="session", autouse=True)
def plans_compiled_once() -> Iterator[None]:
    """A plan is a value and compiling one takes a fifth of a second, so servers within a test that
    are told the same compile it once. Tests of compiling call `compile_plan` itself."""
    known: dict[tuple[str, int, date], Plan] = {}

    def compiled(inputs: Inputs, number: int, today: date) -> Plan:
        key = (inputs.to_text(), number, today)
        if key not in known:
            known[key] = compile_plan(inputs, number, today)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deployment.plans.compile_plan", compiled)
        yield


class Templates(jinja2.BytecodeCache):
    """Templates of this process, as they were compiled from the same source before."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (known := self._known.get(bucket.key)) is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once() -> Iterator[None]:
    """Each application has an environment of its own, and would compile its pages anew."""
    setup = partial(aiohttp_jinja2.setup, bytecode_cache=Templates())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("routing.web.layout.aiohttp_jinja2.setup", setup)
        yield


@pytest.fixture(scope="session", autouse=True)
def patient() -> Iterator[None]:
    """Callers are told the plan after two seconds, and PostgreSQL is given up after three: a busy
    machine is no fault, but in the tests of just that, which are `hasty`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ivr.carrier.routes.PATIENCE", DEADLINE)
        patch.setattr("storage.postgres.database.PATIENCE", DEADLINE)
        yield


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator's server; for tests in which something hangs."""
    monkeypatch.setattr("ivr.carrier.routes.PATIENCE", HASTE)
    monkeypatch.setattr("storage.postgres.database.PATIENCE", HASTE)


@pytest.fixture(scope="session", autouse=True)
def no_command_takes_the_log() -> Iterator[None]:
    """A command sends this process's log to what stands for its terminal then: another test's,
    closed when somebody has something to say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deployment.commands.log_as_json", lambda level="info": None)
        yield


@pytest.fixture(scope="session", autouse=True)
def programs_fork_until_the_end() -> Iterator[None]:
    yield
    end_all()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, started when the first test wants it."""
    if sys.platform == "win32":
        pytest.skip("the embedded PostgreSQL is started on a Unix socket")
    with Postgres.temporary() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_of_all() -> AsyncIterator[Shared]:
    async with async_playwright() as playwright:
        shared = Shared(playwright)
        yield shared
        await shared.end()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium_of_all: Shared) -> AsyncIterator[Browser]:
    """The worker's Chromium, with a pretended microphone and no tab."""
    yield await chromium_of_all.lent()
    await chromium_of_all.take_back()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A tab that fails its test when a script of the page fails or breaks the policy."""
    async with tab(browser) as opened:
        yield opened


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite is shared out, two workers to a core since half of its time is waiting for
    servers and browsers; a few files are run as they are."""
    whole = not config.option.file_or_dir and not config.option.keyword
    return min(2 * (os.cpu_count() or 1), 8) if whole else 0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole servers and browsers first: what takes long must not be left for the end. Tests of
    pages share a loop, in which their Chromium is spoken to."""
    for item in items:
        if item.path.stem.endswith("_browser") and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)
