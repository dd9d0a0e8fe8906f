"""The first test of the editor: in a real browser an admin signs in, imports, writes a rule, sees a
finding, tries it, keeps an example, and publishes with a second person; a caller rings the number,
and lands where the rule says until it is rolled back."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.axe import no_serious
from tests.browser import tab
from tests.first_call import (
    LINE,
    OFFICE,
    ONE_TIME,
    PASSWORD,
    SPEECH,
    Server,
    fresh_clone,
    heard,
    recorded_seconds,
    ring,
    speaking,
    state,
)

pytestmark = pytest.mark.timeout(300)
WATER: Final = "市水利局"
RULE: Final = "这个号码的咨询由水利局受理"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    clone = fresh_clone(tmp_path / "clone")
    server = Server(clone, tmp_path / "data", {"TWO_PEOPLE": "always"})
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.kill()


async def sign_in(page: Page, url: str, name: str, given: str) -> None:
    """With a password that was given out, and then one of their own."""
    await page.goto(f"{url}/admin/draft")
    await page.locator("#name").fill(name)
    await page.locator("#password").fill(given)
    await page.locator("form[action='/sign-in'] button").press("Enter")
    await page.locator("#old").fill(given)
    await page.locator("#new").fill(PASSWORD)
    await page.locator("#again").fill(PASSWORD)
    await page.locator("form[action='/account/password'] button").press("Enter")
    await expect(page.locator("#old")).to_have_count(0)


async def second_admin(page: Page, url: str) -> str:
    """Made by the first one; the password that was given out."""
    await page.goto(f"{url}/admin/accounts/new")
    await page.locator("#name").fill("second")
    await page.locator("#display_zh").fill("第二位管理员")
    await page.locator("#display_en").fill("Second admin")
    await page.locator("#role").select_option("admin")
    await no_serious(page)
    await page.locator("form[action='/admin/accounts/new'] button").press("Enter")
    return await page.get_by_test_id("once").inner_text()


async def imported(page: Page, url: str) -> None:
    """The list of numbers with one post renamed: first with a fault, then without."""
    sheet = (await (await page.request.get(f"{url}/admin/export/numbers.csv")).body()).decode(
        "utf-8-sig"
    )
    rows = list(csv.reader(io.StringIO(sheet)))
    column = next(n for n, heading in enumerate(rows[0]) if "有效期至" in heading)
    entry = next(row for row in rows if LINE in row[0])
    for until, wrong in (("2027-02-31", True), ("2027-03-01", False)):
        entry[column] = until
        text = io.StringIO()
        csv.writer(text).writerows([rows[0], entry])
        await page.goto(f"{url}/admin/import")
        file = {"name": "号码.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
        await page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a payload
        await page.locator("form[action='/admin/import'] button").press("Enter")
        await expect(page.get_by_test_id("faults")).to_have_count(int(wrong))
        await no_serious(page)
    await expect(page.get_by_test_id("changes").locator("ins")).to_have_text("2027-03-01")
    await page.locator("form[action='/admin/import/take'] button").press("Enter")


async def kept_rule(page: Page, url: str, name: str) -> None:
    """A rule for enquiries at the number, which leads to the water office."""
    await page.goto(f"{url}/admin/rules/new")
    await page.locator("#name").fill(name)
    await page.locator("#dialled").fill(LINE)
    await page.locator("input[name='kind'][value='enquiry']").press("Space")
    await keep(page)
    await expect(page.locator("[aria-invalid='true']").first).to_be_visible()
    await expect(page.locator("#name")).to_have_value(name)
    await no_serious(page)
    await page.locator("#office").select_option(WATER)
    await page.locator("#how").select_option("case_only")
    await keep(page)
    await expect(page.get_by_test_id("kept")).to_be_visible()


async def keep(page: Page) -> None:
    await page.locator("button[name='do'][value='keep']").press("Enter")


def line_of(page: Page, name: str) -> Locator:
    """A rule's line in the list."""
    return page.locator("ol.rules > li", has_text=name)


async def finding_of_a_second(page: Page, url: str) -> None:
    """The same once more is in the first one's shadow, and goes again."""
    await kept_rule(page, url, "又写了一遍")
    await expect(page.get_by_test_id("findings")).to_contain_text("又写了一遍")
    await no_serious(page)
    await line_of(page, "又写了一遍").locator("h3 a").press("Enter")
    await (
        page.locator("details", has=page.locator("button[value='remove']"))
        .locator("summary")
        .press("Enter")
    )
    await page.locator("button[value='remove']").press("Enter")
    await expect(line_of(page, "又写了一遍")).to_have_count(0)


async def tried_and_kept(page: Page, url: str) -> None:
    """A call played key by key over the draft; its answer, as sentences; and as an example that
    must hold from now on."""
    await page.goto(f"{url}/admin/try")
    await page.locator("#dialled").fill(LINE)
    await page.locator("#at").fill("2026-12-01T10:00")
    await page.locator("form.card button").press("Enter")
    for key in ("2", "1", "#"):
        await page.locator(f"#now button[name='move'][value='{key}']").press("Enter")
    await expect(page.get_by_test_id("played")).to_contain_text("登记工单：市水利局")
    answer = page.get_by_test_id("answer")
    await expect(answer.locator("h2")).to_contain_text("水利局")
    await expect(page.get_by_test_id("lines").locator("li").last).to_contain_text(RULE)
    await no_serious(page)
    await page.locator("form[action='/admin/scenarios/keep'] #name").fill("咨询到水利局")
    await page.locator("form[action='/admin/scenarios/keep'] button").press("Enter")
    await expect(page.get_by_test_id("scenarios")).to_contain_text("✓")


async def published(page: Page, second: Page, url: str) -> None:
    """Proposed by one, approved by the other: nobody approves their own."""
    await page.goto(f"{url}/admin/publish")
    await expect(page.get_by_test_id("second")).to_be_visible()
    await page.locator("#reason").fill("新增一条规则，并更新有效期")
    await no_serious(page)
    await page.locator("form[action='/admin/publish'] button").press("Enter")
    await expect(page.locator("form[action$='/approve']")).to_have_count(0)
    await second.goto(f"{url}/admin/publish")
    await no_serious(second)
    await second.locator("form[action$='/approve'] button").press("Enter")
    await expect(second.locator("form[action$='/approve']")).to_have_count(0)


async def enquired(caller: Page, url: str) -> None:
    """A caller asks something, and hangs up once it is registered."""
    await ring(caller, url)
    await heard(caller, "公开电话")
    await caller.get_by_test_id("key-2").click()
    await heard(caller, "咨询按1")
    await caller.get_by_test_id("key-1").click()
    await state(caller, "recording")
    await recorded_seconds(caller, 4)
    await caller.get_by_test_id("key-hash").click()
    await heard(caller, "已登记")
    await caller.get_by_test_id("hang-up").click()
    await state(caller, "ended")


async def cases(page: Page, url: str, office: str, many: int) -> None:
    """How many the office has."""
    await page.goto(f"{url}/desk/office/{office}")
    await expect(page.locator("article.case")).to_have_count(many)


async def rolled_back(page: Page, url: str) -> None:
    """To the version before, from the list of versions."""
    await page.goto(f"{url}/admin/versions")
    await no_serious(page)
    await page.locator("a[href$='/back']").first.press("Enter")
    await page.locator("form[action$='/back'] button").press("Enter")
    await page.goto(f"{url}/admin/rules")
    await expect(line_of(page, RULE)).to_have_count(0)


async def test_a_rule_is_written_proved_published_rung_and_rolled_back(server: Server) -> None:
    url = server.url
    given = await server.says(ONE_TIME)
    async with speaking(SPEECH) as browser, tab(browser) as admin, tab(browser) as second:
        await sign_in(admin, url, given[1], given[2])
        await sign_in(second, url, "second", await second_admin(admin, url))
        await imported(admin, url)
        await kept_rule(admin, url, RULE)
        await finding_of_a_second(admin, url)
        await tried_and_kept(admin, url)
        await published(admin, second, url)

        async with tab(browser) as caller:
            await enquired(caller, url)
        await cases(second, url, WATER, 1)
        await cases(second, url, OFFICE, 0)

        await rolled_back(admin, url)
        async with tab(browser) as caller:
            await enquired(caller, url)
        await cases(second, url, WATER, 1)
        await cases(second, url, OFFICE, 1)
