"""What one person does in a hurry, at night and on a phone: close an office, take a number out of
use, go back a version; each is looked at by a second person from another browser, and nothing that
is met on the way is too small for a thumb."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from deployment.house import HOUSE
from routing.accounts.roles import Role
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from tests.deadline import DEADLINE
from tests.test_pages_browser import OFFICE, Served, served

__all__ = ["served"]

pytestmark = pytest.mark.timeout(300)
TOO_SMALL: Final = """least => [...document.querySelectorAll(
    "a, button, input:not([type=hidden]), select, textarea, summary, label:has(> input)"
)].flatMap((target) => {
  const held = target.closest("label:has(> [type=radio], > [type=checkbox])") ?? target;
  const sentence = target.matches("a") && getComputedStyle(target).display === "inline"
    && !target.closest("nav, td, th");
  const { width, height } = held.getBoundingClientRect();
  const hidden = target.matches(".skip") || width * height === 0 || sentence;
  return hidden || Math.min(width, height) >= least ? [] : [held.outerHTML.slice(0, 120)];
})"""
THUMB: Final = 43.5
"""Pixels, WCAG 2.5.5 asks for 44; half of one is the browser's rounding. A link within a sentence
is as high as its line."""


@dataclass
class Thumb:
    """A phone in one hand."""

    page: Page
    taps: int = 0

    async def tap(self, what: str) -> None:
        """Once, to the next page, on one on which all that could be meant is large enough."""
        await self.fits()
        self.taps += 1
        async with self.page.expect_navigation():
            await self.page.locator(what).first.tap()

    async def place(self, of: str) -> None:
        """One of the menu, which is behind a button on a phone."""
        self.taps += 1
        await self.page.locator("header details.menu summary").tap()
        await self.tap(f"header a[href='{of}']")

    async def fits(self) -> None:
        """Nothing is too small to be hit."""
        small = await self.page.evaluate(TOO_SMALL, THUMB)
        assert not small, f"{self.page.url}: too small for a thumb: {small}"

    def done(self) -> int:
        """The taps since the last time."""
        taps, self.taps = self.taps, 0
        return taps


@asynccontextmanager
async def phone(browser: Browser, served: Served, role: Role) -> AsyncIterator[Thumb]:
    """Somebody's of this role, who begins at the offices' cases."""
    size = {"width": 390, "height": 844}
    context = await browser.new_context(viewport=size, has_touch=True, is_mobile=True)  # type: ignore[arg-type]  # a size is one
    page = await context.new_page()
    page.set_default_timeout(1000 * DEADLINE)
    await served.enter(page, role)
    await page.goto(f"{served.url}/desk?lang=zh")
    yield Thumb(page)
    await context.close()


async def published(served: Served) -> None:
    """A version that can be gone back from."""
    desk, somebody = served.app[HOUSE].publishing(), Author("a1", "lin")
    newest, now = await desk.releases.newest(), served.app[HOUSE].clock.now()
    base = entity_of(newest.document, "topic", "hotline")
    edit = Edit("topic", "hotline", {**(base or {}), "en": "Line"}, base, newest.number)
    await desk.publish(await desk.drafts.save([edit], somebody, now), "clearer", somebody)


async def test_one_person_closes_suspends_and_goes_back_and_another_confirms(
    browser: Browser, served: Served
) -> None:
    await published(served)
    async with (
        phone(browser, served, Role.SUPERVISOR) as one,
        phone(browser, served, Role.ADMIN) as other,
    ):
        await one.place("/admin/closures")
        await one.tap("a[href='/admin/closures/new']")
        await one.tap("nav.templates a")
        await one.page.locator("#scope").select_option(OFFICE)
        await one.tap("form[action='/admin/closures/new'] button")
        await expect(one.page.get_by_role("status")).to_contain_text("请一位同事")
        assert one.done() == 5, "and two for the list of offices"

        await other.place("/admin/closures")
        await other.tap("form[action='/admin/closures/confirm'] button")
        await expect(other.page.get_by_role("status")).to_be_visible()
        await expect(other.page.locator("form[action$='/confirm']")).to_have_count(0)

        await one.place("/admin/numbers")
        await one.page.locator("#q").tap()
        await one.page.keyboard.type("0022")
        async with one.page.expect_navigation():
            await one.page.keyboard.press("Enter")
        await one.tap("a[href$='/suspend']")
        await one.tap("form[method='post']:has([name='why']) button")
        await expect(one.page.get_by_test_id("until")).to_be_visible()
        assert one.done() == 4, "and four digits in the field that was tapped"

        await one.place("/admin/versions")
        await one.tap("a[role='button'][href$='/back']")
        await one.tap("form[action='/admin/versions/1/back'] button")
        await expect(one.page.get_by_test_id("done")).to_contain_text("第5版")
        await expect(one.page.locator("form[action$='/confirm']")).to_have_count(0)
        await one.fits()
        assert one.done() == 4

        await other.place("/admin/versions")
        for left in (1, 0):
            await other.tap("form[action$='/confirm'] button")
            await expect(other.page.locator("form[action$='/confirm']")).to_have_count(left)
    newest = (await served.app[HOUSE].publishing().releases.newest()).document
    number = entity_of(newest, "number", "+865580000022")
    topic = entity_of(newest, "topic", "hotline")
    assert number is not None
    assert topic is not None
    assert (number["status"], topic["en"] == "Line") == ("suspended", False)
