"""Starts Debian's (or any) Chromium for the tests of pages, with a pretended microphone: one for
all tests of a worker, or one of its own where it is to hear something else."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Playwright, async_playwright, expect

from tests.deadline import DEADLINE

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)

PROGRAMS = ("chromium-headless-shell", "chromium")
"""The first is the same Chromium without windows: a tab costs a quarter of the processor there, as
nothing is painted around the page."""

expect.set_options(timeout=1000 * DEADLINE)


def chromium_path() -> str:
    """Where Chromium is. Skips the test where there is none, fails it where one is required."""
    named = os.environ.get("ZHITONG_CHROMIUM")
    found = next(filter(None, [named, *map(shutil.which, PROGRAMS)]), None)
    if found:
        return found
    reason = "no Chromium here: install it, or name it in ZHITONG_CHROMIUM"
    if os.environ.get("ZHITONG_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


async def launched(playwright: Playwright, *more: str) -> Browser:
    """`more` are further arguments, as a WAV for the microphone."""
    return await playwright.chromium.launch(
        executable_path=chromium_path(), args=[*ARGUMENTS, *more]
    )


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """A headless one that no other test has, which takes two seconds of a core to begin."""
    async with async_playwright() as playwright:
        browser = await launched(playwright, *more)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Shared:
    """The one of a worker's tests. Each has tabs of its own, which share nothing."""

    playwright: Playwright
    running: Browser | None = None

    async def lent(self) -> Browser:
        """Begun with the first test that wants it, and anew where it has died."""
        if self.running is None or not self.running.is_connected():
            self.running = await launched(self.playwright)
        return self.running

    async def take_back(self) -> None:
        """What a test that failed has left open is closed."""
        for context in [] if self.running is None else self.running.contexts:
            await context.close()

    async def end(self) -> None:
        if self.running is not None:
            await self.running.close()


@asynccontextmanager
async def tab(browser: Browser, **more: Any) -> AsyncIterator[Page]:
    """A tab of its own, of somebody who reads Chinese, with the microphone allowed and nothing
    moving that need not; `more` is what `new_context` takes. Fails at its end where a script of the
    page failed or something was stopped by the content policy."""
    still = {"permissions": ["microphone"], "reduced_motion": "reduce", "locale": "zh-CN"}
    context = await browser.new_context(**(still | more))
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
    yield page
    await context.close()

    assert faults == []
