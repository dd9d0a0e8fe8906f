"""Every page of the server in a real Chromium: nothing serious for axe-core, every second page in
Chinese by day and the others in English by night, nothing wider than a phone, and all of it within
reach of the Tab key. A page that is added is walked too, or this fails."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

import server
from deployment.folder import open_folder
from deployment.house import HOUSE
from deployment.settings import Settings
from routing.accounts.roles import Role
from storage.tables.accounts import sessions
from tests.axe import no_serious
from tests.browser import tab
from tests.databases import migrated
from tests.focus import all_focused
from tests.people import PASSWORD, People, PeoplesClock
from tests.storage.stepping import first_step, later_step, open_case

pytestmark = pytest.mark.timeout(600)
OFFICE: Final = "市水利局"
LINE: Final = "+865580000021"
REFERENCE: Final = "46270395"
NO_PAGES: Final = re.compile(
    r"/(static|line|voice)/|\.(csv|wav|yaml|json|zip)$|^/(healthz|readyz|metrics)$|/socket$|^/demo/"
)
"""Files, webhooks, figures, and addresses that lead elsewhere."""
ELSEWHERE: Final = {
    "/desk/cases/{reference}/recordings/{sid}/correction": "test_correcting_browser",
    "/sign-in/second": "test_account_browser",
    "/account/kept": "the test below: there is none before a session has ended",
    "/admin/versions/{number}/back": "test_plan_browser",
    "/admin/calls/{id}": "the page of a call that was put through: test_calls.py, without axe",
    "/phone/messages": "a part of the phone's page",
    "/admin/phrases/sound": "a recording, and no page",
}
"""Pages that want what no call here has left, and where they are looked at."""
OPENED: Final = {
    "/admin/accounts/{id}": "/admin/accounts/{account}",
    "/admin/contacts/edit": "/admin/contacts/new?office=市委&order=1",
    "/admin/numbers/edit": f"/admin/numbers/edit?key=%2B{LINE[1:]}",
    "/admin/numbers/{number}/suspend": f"/admin/numbers/{LINE}/suspend",
    "/admin/offices/edit": f"/admin/offices/edit?key={OFFICE}",
    "/admin/readings/edit": "/admin/readings/edit?key=涡河%2Fzh-CN",
    "/admin/rules/edit": "/admin/rules/edit?id={rule}",
    "/admin/quotas/edit": f"/admin/quotas/edit?key=%2B{LINE[1:]}",
    "/admin/services/edit": "/admin/services/edit?key=110",
    "/admin/topics/edit": "/admin/topics/edit?key=housing",
    "/admin/phrases/edit": "/admin/phrases/edit?key=greet.first",
    "/admin/versions/{number}": "/admin/versions/1",
    "/desk/office/{office}": f"/desk/office/{OFFICE}",
    "/desk/cases/{reference}": f"/desk/cases/{REFERENCE}",
    "/desk/cases/{reference}/return": f"/desk/cases/{REFERENCE}/return",
    "/desk/cases/{reference}/topic": f"/desk/cases/{REFERENCE}/topic",
}
"""What is opened of pages that are about something."""
TOO_LATE: Final = re.compile(r"/desk/cases/\{reference\}/(return|topic)$")
"""Pages that say of this case, whose topic is known and which came long ago, that it is late."""
OTHERS: Final = {"/desk/mine": Role.OFFICIAL, "/desk/cases/": Role.SUPERVISOR}
"""Pages that are not an admin's."""
WIDER: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WATCH: Final = """() => {
  window.seen = [];
  document.addEventListener("focusin", ({ target }) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(target);
    const shown = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    window.seen.push([target.className, shown ? "" : target.outerHTML.slice(0, 120)]);
  });
}"""
PRESSED: Final = ("/phone", "/admin/rules/new")
"""Where the key itself is pressed from first to last: a page that hears keys, and a form."""
DESK: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
MOST_STEPS: Final = 90


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, who works there, and an application to ask for its doors."""

    url: str
    app: web.Application
    people: People

    async def enter(self, page: Page, role: Role) -> None:
        """The tab is somebody's in this role."""
        cookies = await self.people.cookie(role)
        await page.context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in cookies.items()]
        )


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The real application as a newcomer starts it, with one case."""
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    settings = Settings(data_dir=tmp_path, demo=True)
    lock = open_folder(settings)
    migrated(tmp_path / "zhitong.db")
    app = await server.build_app(settings)
    async with TestServer(app, skip_url_asserts=True) as running:
        house = app[HOUSE]
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, replace(open_case(), office=OFFICE)))
        people = People(house.signing_in, house.factors, PeoplesClock(house.clock.now()))
        yield Served(f"http://127.0.0.1:{running.port}", app, people)
    lock.release()


def pages(app: web.Application) -> list[str]:
    """The addresses of all that may be a page."""
    found = {
        route.resource.canonical
        for route in app.router.routes()
        if route.method == "GET" and route.resource is not None
    }
    return sorted(one for one in found - set(ELSEWHERE) if not NO_PAGES.search(one))


async def kept_rule(page: Page, url: str, name: str) -> None:
    """Written from the keyboard."""
    await page.goto(f"{url}/admin/rules/new")
    await page.locator("#name").fill(name)
    await page.locator("#dialled").fill(LINE)
    await page.locator("#office").select_option(OFFICE)
    await page.locator("#how").select_option("case_only")
    await page.locator("button[name='do'][value='keep']").press("Enter")
    await expect(page.get_by_test_id("kept")).to_be_visible()


async def pressed_through(page: Page, place: str) -> None:
    """From the skip link on and never held fast; each place shows that it has the focus."""
    await page.evaluate(WATCH)
    seen: list[list[str]] = []
    for _ in range(MOST_STEPS // 15):
        before = len(seen)
        for _ in range(15):
            await page.keyboard.press("Tab")
        seen = await page.evaluate("window.seen")
        assert len(seen) > before, f"{place}: the Tab key is held fast"
        if [name for name, _ in seen].count("skip") > 1:
            break
    assert seen[0][0] == "skip", place
    unseen = {outline for _, outline in seen} - {""}
    assert not unseen, f"{place}: has the focus and does not show it"


async def opened(page: Page, address: str, tongue: str, status: int) -> None:
    mark = "&" if "?" in address else "?"
    answer = await page.goto(f"{address}{mark}lang={tongue}")
    assert answer is not None
    assert (answer.status, answer.headers["content-type"][:9]) == (status, "text/html"), address
    assert await page.evaluate(WIDER) == 0, f"{address} in {tongue} scrolls sideways"


@dataclass(frozen=True, slots=True)
class Screens:
    """Where a page is looked at: in Chinese by day on a desk, in English by night on a phone."""

    desk: Page
    phone: Page

    async def walk(self, address: str, status: int, *, night: bool) -> None:
        """axe-core, which costs most of the time, in one of them: what both are made of is the
        same."""
        await opened(self.desk, address, "zh", status)
        if not night:
            await no_serious(self.desk)
        if urlsplit(address).path in PRESSED:
            await pressed_through(self.desk, address)
        else:
            await all_focused(self.desk)
        await opened(self.phone, address, "en", status)
        if night:
            await no_serious(self.phone)


@pytest_asyncio.fixture(loop_scope="session")
async def screens(browser: Browser) -> AsyncIterator[Screens]:
    async with tab(browser, **DESK) as desk, tab(browser, **PHONE) as phone:
        yield Screens(desk, phone)


async def places(page: Page, served: Served) -> list[tuple[str, Role, int]]:
    """Of every page an address, who opens it and what it answers; an admin's come first."""
    await served.enter(page, Role.ADMIN)
    await kept_rule(page, served.url, "水务")
    rule = await page.locator("ol.rules h3 a").first.get_attribute("href")
    admin = served.people.known[Role.ADMIN].id
    names = {"account": admin, "rule": (rule or "").split("id=")[1]}
    found: list[tuple[str, Role, int]] = []
    for door in pages(served.app):
        assert "{" not in door or door in OPENED, f"{door}: say in OPENED what is opened of it"
        who = next((role for at, role in OTHERS.items() if door.startswith(at)), Role.ADMIN)
        status = 409 if TOO_LATE.search(door) else 200
        found.append((OPENED.get(door, door).format_map(names), who, status))
    return sorted(found, key=lambda one: (one[1] is not Role.ADMIN, one[1]))


async def test_every_page_is_for_everybody(screens: Screens, served: Served) -> None:
    everything = await places(screens.desk, served)
    assert len(everything) > 50
    entered, faults = None, list[str]()
    for place_in_line, (place, who, status) in enumerate(everything):
        if who is not entered:
            await served.enter(screens.desk, who)
            await served.enter(screens.phone, who)
            entered = who
        try:
            await screens.walk(served.url + place, status, night=place_in_line % 2 == 1)
        except AssertionError as fault:
            faults.append(f"{place}: {fault}")

    assert not faults, "\n\n".join(faults)


async def test_rules_are_dragged_moved_by_keys_and_kept_after_the_session(
    page: Page, served: Served
) -> None:
    """A real mouse; then the keys; then a session that ends while somebody types."""
    await served.enter(page, Role.ADMIN)
    for name in ("甲", "乙", "丙"):
        await kept_rule(page, served.url, name)
    await page.goto(f"{served.url}/admin/rules")
    names = page.locator("ol.rules > li[draggable] h3 a")
    before = await names.all_inner_texts()
    goal, grip = page.locator("ol.rules > li").first, page.locator("ol.rules > li").nth(2)
    await grip.locator("h3").hover(position={"x": 2, "y": 2})
    await page.mouse.down()
    await goal.hover(position={"x": 5, "y": 5})
    await goal.hover(position={"x": 9, "y": 9})
    await page.mouse.up()
    await expect(names).to_have_text([before[2], before[0], before[1]])
    await page.locator("ol.rules > li").nth(0).locator("button[value='down']").press("Enter")
    await expect(names).to_have_text([before[0], before[2], before[1]])
    await page.locator("ol.rules > li").nth(0).locator("input[name='to']:not([type])").fill("3")
    await page.keyboard.press("Enter")
    await expect(names).to_have_text([before[2], before[1], before[0]])

    await page.goto(f"{served.url}/admin/rules/new")
    await page.locator("#name").fill("写到一半")
    past = served.people.clock.now() - timedelta(hours=1)
    over = update(sessions).values(ends=past)
    await served.app[HOUSE].database.brief(lambda unit: unit.execute(over))
    await page.locator("button[name='do'][value='keep']").press("Enter")
    await page.locator("#name").fill(served.people.known[Role.ADMIN].name)
    await page.locator("#password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("写到一半")
