"""Takes the pictures of the README's tour: starts a server of its own, rings it in Chromium with a
spoken WAV as the microphone, and writes docs/tour/*.png. `uv run python tools/tour.py`."""

import asyncio
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import aiohttp
from playwright.async_api import Browser, Page, async_playwright

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "tour"
SPEECH: Final = ROOT / "tests" / "speech" / "street_light.zh-CN.wav"
LINE: Final = "+865580000021"
POOL: Final = "+865580020007"
NO_TOPIC: Final = "+865580000002"
"""A line whose callers are asked what it is about."""
TOPICS: Final = "不清楚按井号"
WORDS: Final = "我家门口的路灯坏了，请派人来修。"
FIRST: Final = re.compile(r"first sign-in\s+(\S+)\s+(\S+)")
ONCE: Final = re.compile(r'data-testid="once">([^<]+)<')
PATIENCE: Final = 180_000
"""Milliseconds: the longest prompt takes a good ten seconds, and a busy machine many times that."""
START: Final = 600
"""Seconds that a server may take to start beside other work."""


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def ready(url: str) -> None:
    """Wait until the server answers."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(START):
        while True:
            try:
                async with session.get(f"{url}/readyz"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def tab(browser: Browser, width: int, height: int, *, dark: bool = False) -> Page:
    """A tab of this size."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        permissions=["microphone"],
        locale="zh-CN",
        color_scheme="dark" if dark else "light",
        device_scale_factor=1.5,
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    return page


async def heard(page: Page, words: str) -> None:
    """Wait until these words were said."""
    said = page.locator('[data-testid="subtitles"] li', has_text=words)
    await said.first.wait_for(timeout=PATIENCE)


async def signed_in(page: Page, url: str, name: str, once: str) -> None:
    """The tab is theirs from now on, with a password of their own in place of the given one."""
    chosen = secrets.token_urlsafe(24)
    await page.request.post(f"{url}/sign-in", form={"name": name, "password": once})
    await page.request.post(
        f"{url}/account/password", form={"old": once, "new": chosen, "again": chosen}
    )


async def of_supervisor(browser: Browser, url: str, said: Path) -> Page:
    """A tab of somebody who sees to all offices: the first admin makes the account."""
    given = FIRST.search(await asyncio.to_thread(said.read_text, "utf-8"))
    if given is None:
        sys.exit("the server has given no first password: is its folder new?")
    admin, page = await tab(browser, 1180, 560), await tab(browser, 1180, 560)
    await signed_in(admin, url, given[1], given[2])
    made = await admin.request.post(
        f"{url}/admin/accounts/new", form={"name": "supervisor", "role": "supervisor"}
    )
    once = ONCE.search(await made.text())
    if once is None:
        sys.exit("the account for the tour could not be made")
    await signed_in(page, url, "supervisor", once[1])
    return page


async def picture(page: Page, name: str) -> None:
    """Write one picture."""
    await page.screenshot(path=PICTURES / f"{name}.png")


async def tour(browser: Browser, url: str, said: Path) -> None:
    """One call, from the greeting to the office; what the server `said` lets in to its page."""
    caller = await tab(browser, 1180, 860)
    official = await tab(browser, 1180, 860)
    await official.goto(f"{url}/phone?as=official")
    await official.get_by_test_id("official-number").select_option(POOL)
    await official.get_by_test_id("attach").click()
    await caller.goto(f"{url}/phone")
    await caller.get_by_test_id("number-select").select_option(LINE)
    await picture(caller, "phone")
    await caller.get_by_test_id("ring").click()
    await heard(caller, "核验号码按1")
    await caller.get_by_test_id("key-2").click()
    await heard(caller, "咨询按1")
    await caller.get_by_test_id("key-2").click()
    recording = caller.locator('[data-testid="state"][data-state="recording"]')
    await recording.wait_for(timeout=PATIENCE)
    await caller.get_by_test_id("words").fill(WORDS)
    await caller.get_by_test_id("say").click()
    await caller.wait_for_timeout(6000)
    await picture(caller, "recording")
    await caller.get_by_test_id("key-hash").click()
    await official.locator('[data-testid="state"][data-state="ringing"]').wait_for(timeout=PATIENCE)
    await official.get_by_test_id("answer").click()
    await heard(official, "直通来电")
    await picture(official, "whisper")
    await official.get_by_test_id("key-1").click()
    await caller.locator('[data-testid="state"][data-state="bridged"]').wait_for(timeout=PATIENCE)
    await picture(caller, "talk")
    await caller.get_by_test_id("hang-up").click()
    desk = await of_supervisor(browser, url, said)
    await office(browser, desk, url)
    await waiting(browser, desk, url)


async def office(browser: Browser, page: Page, url: str) -> None:
    """What the office sees, and the phone on a small screen."""
    await page.goto(f"{url}/desk/office/市公安局")
    await page.locator("article.case audio").wait_for(timeout=PATIENCE)
    await page.get_by_test_id("case-words").wait_for(timeout=PATIENCE)
    await picture(page, "office")
    small = await tab(browser, 390, 844, dark=True)
    await small.goto(f"{url}/phone?lang=en")
    await picture(small, "small")


async def waiting(browser: Browser, page: Page, url: str) -> None:
    """A case of a caller who chose no topic and was put through to nobody."""
    caller = await tab(browser, 1180, 860)
    await caller.goto(f"{url}/phone")
    await caller.get_by_test_id("number-select").select_option(NO_TOPIC)
    await caller.get_by_test_id("ring").click()
    await heard(caller, "核验号码按1")
    await caller.get_by_test_id("key-2").click()
    await heard(caller, "咨询按1")
    await caller.get_by_test_id("key-2").click()
    await heard(caller, TOPICS)
    await caller.get_by_test_id("key-hash").click()
    recording = caller.locator('[data-testid="state"][data-state="recording"]')
    await recording.wait_for(timeout=PATIENCE)
    await caller.get_by_test_id("words").fill(WORDS)
    await caller.get_by_test_id("say").click()
    await caller.wait_for_timeout(6000)
    await caller.get_by_test_id("hang-up").click()
    await page.set_viewport_size({"width": 1180, "height": 700})
    await page.goto(f"{url}/desk/office/市委")
    await page.get_by_test_id("to-sort").wait_for(timeout=PATIENCE)
    await picture(page, "waiting")


def chromium_path() -> str:
    """Where Chromium is. Ends with a sentence where there is none."""
    chromium = os.environ.get("ZHITONG_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium here: install it, or name it in ZHITONG_CHROMIUM")
    return chromium


async def main() -> None:
    """The whole tour. Ends with a sentence where there is no Chromium."""
    chromium = chromium_path()
    PICTURES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "ZHITONG_PORT": str(port), "ZHITONG_DATA_DIR": data}
        said = Path(data) / "said.txt"
        server = subprocess.Popen(  # noqa: ASYNC220 - it outlives this line on purpose
            [sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=said.open("wb")
        )
        try:
            await ready(url)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium,
                    args=[
                        "--no-sandbox",
                        "--use-fake-device-for-media-stream",
                        "--use-fake-ui-for-media-stream",
                        "--autoplay-policy=no-user-gesture-required",
                        f"--use-file-for-fake-audio-capture={SPEECH}",
                    ],
                )
                await tour(browser, url, said)
                await browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    asyncio.run(main())
