"""How long the page of rules keeps an admin waiting in Chromium: until it can be used, a search,
the page that is last of 2,000, and a rule moved to another place. `uv run python -m
benchmarks.rules_page`."""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from statistics import median
from typing import Final

from aiohttp import ClientSession, web
from playwright.async_api import Page, async_playwright

import server
from benchmarks.publisher import publisher_routes
from deployment.folder import open_folder
from deployment.house import HOUSE, House
from deployment.settings import Settings
from routing.accounts.account import Account
from routing.accounts.roles import Actor, Role
from routing.audit import SYSTEM
from storage.schema import migrate
from tools.tour import chromium_path, free_port, signed_in

ADMIN: Final = "bench"
USABLE: Final = "performance.getEntriesByType('navigation')[0].domInteractive"
"""Milliseconds from asking for the page until all of it can be used; no script of its draws it."""


async def admin_of(house: House, page: Page, url: str) -> None:
    """The tab is an admin's."""
    account = Account("", ADMIN, Role.ADMIN, None)
    once = await house.signing_in.create(account, frozenset(), Actor(SYSTEM, "", Role.ADMIN))
    await signed_in(page, url, ADMIN, str(once))


async def measured(page: Page, url: str, rounds: int) -> dict[str, list[float]]:
    """Seconds by what was done."""
    found: dict[str, list[float]] = {}

    async def timed(name: str, act: Awaitable[object]) -> None:
        began = time.perf_counter()
        await act
        await page.locator("ol.rules > li").first.wait_for()
        found.setdefault(name, []).append(time.perf_counter() - began)

    for at in range(rounds):
        await timed("open", page.goto(f"{url}/admin/rules"))
        found.setdefault("usable", []).append(await page.evaluate(USABLE) / 1000)
        await page.locator("#q").fill(f"Rule {at + 100}")
        await timed("search", page.locator("#q").press("Enter"))
        await timed("page 40", page.goto(f"{url}/admin/rules?page=40"))
        place = page.locator("form[data-to] input[name='to']").first
        await place.fill(f"{at + 1}")
        await timed("move", place.press("Enter"))
    return found


async def main(rules: int, rounds: int) -> None:
    """Prints the medians and the worst."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # no .env of a developer
        port = free_port()
        settings = Settings(data_dir=Path(folder), port=port)
        lock = open_folder(settings)
        await asyncio.to_thread(migrate, Path(folder) / "zhitong.db")
        app = await server.build_app(settings)
        app.add_routes(publisher_routes(app))
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        url = f"http://127.0.0.1:{port}"
        async with ClientSession() as session:
            await session.post(f"{url}/fill/{rules}")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium_path(), args=["--no-sandbox"]
            )
            page = await browser.new_page()
            page.set_default_timeout(120_000)
            await admin_of(app[HOUSE], page, url)
            for name, took in (await measured(page, url, rounds)).items():
                print(f"{name:8} median {median(took):.2f} s, worst {max(took):.2f} s")
            await browser.close()
        await runner.cleanup()
        lock.release()


if __name__ == "__main__":
    parts = argparse.ArgumentParser(description=__doc__)
    parts.add_argument("--rules", type=int, default=2000)
    parts.add_argument("--rounds", type=int, default=5)
    asked = parts.parse_args()
    asyncio.run(main(asked.rules, asked.rounds))
