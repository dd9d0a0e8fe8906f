"""The page of what did not arrive in a real Chromium, from the keyboard alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from routing.web.guard import loopback_only
from routing.web.layout import add_layout
from routing.web.ledger.page import LEDGER_PAGES
from routing.web.undelivered.page import (
    UNDELIVERED_LINK,
    UNDELIVERED_PAGES,
    UndeliveredDesk,
    undelivered_routes,
)
from tests.ivr.web.test_contrast_browser import faint
from tests.routing.web.city import HERE, KeptCases, casework, city
from tests.routing.web.undelivered.test_page import MAIL, TEXT, Kept, Noon


@dataclass(frozen=True, slots=True)
class Served:
    """A running page and what it shows."""

    url: str
    kept: Kept


class Mending(Kept):
    """What is sent again has arrived."""

    async def again(self, job: int, now: object, entry: object = None) -> bool:
        self.done.append(str(job))
        self.rows = [row for row in self.rows if row.id != job]
        return True

    async def all_again(self, kind: str, now: object, entry: object = None) -> int:
        self.done.append(kind)
        self.rows = [row for row in self.rows if row.kind != kind]
        return 2


@pytest_asyncio.fixture(loop_scope="session")
async def served() -> AsyncIterator[Served]:
    """Two mails and a text that did not arrive."""
    kept, directory = Mending([MAIL, replace(MAIL, id=9, reference="10000007"), TEXT]), city()
    app = web.Application()
    add_layout(app, (LEDGER_PAGES, UNDELIVERED_PAGES), (UNDELIVERED_LINK,))
    desk = UndeliveredDesk(kept, casework(KeptCases()), lambda: directory, Noon(), HERE)
    app.add_routes(undelivered_routes(desk, loopback_only))
    async with TestServer(app) as server:
        yield Served(f"http://127.0.0.1:{server.port}/undelivered", kept)


async def focused_on(page: Page, name: str) -> None:
    """Tab along until a button of this name has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    pytest.fail(f"no button {name!r} is reached by the keyboard")


async def test_the_keyboard_sends_one_again_and_then_all_of_a_kind(
    page: Page, served: Served
) -> None:
    await page.goto(f"{served.url}?lang=en")
    await expect(page.get_by_test_id("many")).to_have_text("Not delivered: 3")
    await expect(page.locator("article")).to_have_count(3)
    await focused_on(page, "Send all of these again")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("many")).to_have_text("Not delivered: 1")
    await focused_on(page, "Send again")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("many")).to_have_text("Everything has arrived")

    assert served.kept.done == ["tell_office", "8"]


async def test_each_button_says_what_it_sends(page: Page, served: Served) -> None:
    """To who does not see the card around it."""
    await page.goto(f"{served.url}?lang=en")
    one = page.locator("article[data-job='9']").get_by_role("button", name="Send again")

    await expect(one).to_have_accessible_description("A notice to an office Case 1000 0007")
    await expect(
        page.locator("section[data-kind=tell_office] > form button")
    ).to_have_accessible_description("A notice to an office 2")
    unnamed = await page.evaluate(
        """() => [...document.querySelectorAll("article, section")].filter((e) =>
             !document.getElementById(e.getAttribute("aria-labelledby"))).length"""
    )
    ids = await page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert unnamed == 0
    assert len(ids) == len(set(ids))


async def test_it_can_be_read_by_day_and_by_night_and_on_a_phone(
    page: Page, served: Served
) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(served.url)

    assert await faint(page) == {}
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
