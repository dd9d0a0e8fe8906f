"""Ordering a closure on a phone, from the keyboard alone, in a real Chromium."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.web.worktime.desk import WORKTIME_PAGES
from routing.web.worktime.page import worktime_routes
from tests.axe import no_serious
from tests.ivr.web.test_contrast_browser import FAINT
from tests.people import app_of, people_of
from tests.routing.web.worktime.town import Town, town_at

PHONE = {"width": 375, "height": 740}
WIDER = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, the town, and a supervisor's cookie."""

    url: str
    town: Town
    cookie: dict[str, str]


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path, demo_inputs: Inputs) -> AsyncIterator[Served]:
    async with town_at(tmp_path, demo_inputs) as town:
        people = people_of(town.database, town.clock)
        app = app_of(people, worktime_routes(town.desk), (WORKTIME_PAGES,))
        async with TestServer(app) as server:
            cookie = await people.cookie(Role.ADMIN)
            yield Served(f"http://127.0.0.1:{server.port}", town, cookie)


async def open_at(page: Page, served: Served, path: str) -> None:
    ((name, token),) = served.cookie.items()
    await page.context.add_cookies([{"name": name, "value": token, "url": served.url}])
    await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await page.goto(f"{served.url}{path}")


async def tab_to(page: Page, name: re.Pattern[str]) -> None:
    """Press Tab until what has the focus is called so."""
    named = "() => document.activeElement.closest('a, button')?.textContent ?? ''"
    for _ in range(60):
        await page.keyboard.press("Tab")
        if name.search(await page.evaluate(named)):
            return
    raise AssertionError(f"Tab never comes to {name.pattern}")


@pytest.mark.asyncio
async def test_a_closure_is_ordered_on_a_phone_by_keys(page: Page, served: Served) -> None:
    await open_at(page, served, "/admin/closures")
    await tab_to(page, re.compile("发布停办公告"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("哪些单位")).to_be_visible()
    await tab_to(page, re.compile("暴雨内涝"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("原因（仅供存档）")).to_have_value("暴雨内涝")
    await no_serious(page)
    assert await page.evaluate(FAINT) == []
    assert not await page.evaluate(WIDER)

    await tab_to(page, re.compile("发布，立即生效"))
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("status")).to_contain_text("已经发布")
    await expect(page.get_by_role("article")).to_contain_text("待第二人确认")
    (order,) = await served.town.orders()
    assert order.reason == "暴雨内涝"
    assert order.stands(served.town.clock.at)
    await no_serious(page)
    assert await page.evaluate(FAINT) == []
    assert not await page.evaluate(WIDER)


@pytest.mark.asyncio
async def test_the_calendars_pages_are_for_everybody(page: Page, served: Served) -> None:
    """On a phone, without a mouse, and whatever one sees."""
    for path in (
        "/admin/calendars?office=市教育局",
        "/admin/calendars/overrides?year=2026",
        "/admin/calendars?lang=en",
    ):
        await open_at(page, served, path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await no_serious(page)
        assert await page.evaluate(FAINT) == []
        assert not await page.evaluate(WIDER), path
