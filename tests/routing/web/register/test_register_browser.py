"""The register in a real Chromium, from the keyboard alone: a number is found, changed and put
right, a file is imported, a number is suspended on a phone; axe-core finds nothing serious."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from routing.accounts.roles import Role
from routing.web.register.page import REGISTER_PAGES, register_routes
from tests.axe import no_serious
from tests.people import app_of, people_of
from tests.routing.web.register.editors import ONE, Register, register_at


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, what stands behind it, and an admin's cookies."""

    url: str
    register: Register
    cookies: dict[str, str]


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with register_at(tmp_path) as register:
        people = people_of(register.database, register.clock)
        app = app_of(people, register_routes(register.desk), (REGISTER_PAGES,))
        cookies = await people.cookie(Role.ADMIN)
        async with TestServer(app) as server:
            yield Served(f"http://127.0.0.1:{server.port}", register, cookies)


async def opened(page: Page, served: Served, path: str) -> None:
    cookies = [
        {"name": name, "value": value, "url": served.url} for name, value in served.cookies.items()
    ]
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]  # a plain dictionary is one
    await page.goto(f"{served.url}{path}")


async def reach(page: Page, selector: str) -> None:
    """Tab along until it has the focus."""
    wanted = page.locator(selector)
    for _ in range(90):
        if await wanted.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by the keyboard")


async def test_a_number_is_found_and_changed_from_the_keyboard(page: Page, served: Served) -> None:
    await opened(page, served, "/admin/numbers?lang=zh")
    await no_serious(page)
    await reach(page, "#q")
    await page.keyboard.type("0558-0000001")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await reach(page, "tbody th a")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(ONE)
    await no_serious(page)

    await reach(page, "#forward_to")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("0558")
    await page.keyboard.press("Enter")
    fault = page.locator("#forward_to-fault")
    await expect(fault).to_contain_text("应写成")
    await expect(page.locator("#forward_to")).to_have_value("0558")
    await expect(page.locator("#forward_to")).to_have_attribute("aria-invalid", "true")
    await no_serious(page)

    await reach(page, "#forward_to")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("0558-0010001;139 0000 0012")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("kept")).to_contain_text("已存入草稿")
    body = await served.register.body("number", ONE)
    assert body is not None
    assert body["forward_to"] == "+865580010001;+8613900000012"


async def test_offices_stand_as_a_tree_with_their_ladder(page: Page, served: Served) -> None:
    await opened(page, served, "/admin/offices?lang=en")
    await expect(page.locator(".tree > li")).to_have_count(1)
    await expect(page.locator(".tree li")).to_have_count(49)
    await no_serious(page)
    await page.get_by_role("link", name="Public Security Bureau", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".ladder li")).to_have_count(3)
    await no_serious(page)


async def test_files_are_looked_at_and_taken(page: Page, served: Served) -> None:
    await opened(page, served, "/admin/import?lang=en")
    await no_serious(page)
    rows = f"号码,单位,职务\n{ONE},市委,第一书记\n".encode("gb18030")
    bad = "号码,中文名称,英文名称\n8.66E+11,甲,a\n".encode()
    files = [
        {"name": "numbers.csv", "mimeType": "text/csv", "buffer": rows},
        {"name": "services.csv", "mimeType": "text/csv", "buffer": bad},
    ]
    await page.set_input_files("#file", files)  # type: ignore[arg-type]  # plain dictionaries are ones
    await reach(page, "main form button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("faults").locator("tbody tr")).to_have_count(1)
    await expect(page.get_by_test_id("faults")).to_contain_text("was rounded by a spreadsheet")
    await expect(page.locator("form[action='/admin/import/take']")).to_have_count(0)
    await no_serious(page)

    await page.goto(f"{served.url}/admin/import")
    await page.set_input_files("#file", files[:1])  # type: ignore[arg-type]  # the same
    await reach(page, "main form button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("sum")).to_contain_text("Added 0, changed 1, removed 0.")
    await no_serious(page)
    await reach(page, "form[action='/admin/import/take'] button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("kept")).to_be_visible()
    assert (await served.register.body("number", ONE) or {})["post"] == "第一书记"


async def test_a_number_is_suspended_on_a_phone(page: Page, served: Served) -> None:
    await page.set_viewport_size({"width": 360, "height": 640})
    await opened(page, served, f"/admin/numbers/{ONE}/suspend?lang=zh")
    button = page.get_by_role("button", name="立即暂停使用")
    await expect(button).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await no_serious(page)
    await reach(page, "main form button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("until")).to_contain_text("请另一位同事")
    await no_serious(page)
    assert (await served.register.number())["status"] == "suspended"
