"""Starts Debian's (or any) Chromium for the tests of pages, with a pretended microphone."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

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

expect.set_options(timeout=1000 * DEADLINE)


def chromium_path() -> str:
    """Where Chromium is. Skips the test where there is none, fails it where one is required."""
    path = os.environ.get("ZHITONG_CHROMIUM") or shutil.which("chromium")
    if path:
        return path
    reason = "no Chromium here: install it, or name it in ZHITONG_CHROMIUM"
    if os.environ.get("ZHITONG_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """A headless Chromium of its own. `more` are further arguments, as a WAV for the microphone."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path(), args=[*ARGUMENTS, *more]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(browser: Browser) -> AsyncIterator[Page]:
    """A tab of its own, with the microphone allowed. Fails at its end where a script of the page
    failed or something was stopped by the content policy."""
    context = await browser.new_context(permissions=["microphone"])
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Policy" in said.text else None)
    yield page
    await context.close()

    assert faults == []
