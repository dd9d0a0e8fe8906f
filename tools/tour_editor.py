"""Takes the pictures of the README's editor: starts a server of its own where two people publish,
changes its plan in Chromium, and writes docs/tour/editor-*.png. `uv run python -m
tools.tour_editor`."""

import asyncio
import csv
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

from tools.tour import (
    FIRST,
    LINE,
    PATIENCE,
    PICTURES,
    ROOT,
    chromium_path,
    free_port,
    ready,
    signed_in,
)

RULE: Final = "咨询由水利局受理"
AGAIN: Final = "又写了一遍"
WATER: Final = "市水利局"
SIZE: Final = {"width": 1180, "height": 760}
CALLS: Final = tuple(
    f"ring {LINE} as +86139000000{at}\n2\n{kind}\nsay 我家停水了\n#\nhang up\n"
    for at, kind in ((71, 1), (72, 1), (73, 2))
)
"""What has rung before the comparison: two enquiries and somebody who needs help."""


async def tab(browser: Browser) -> Page:
    """Somebody's own, which a busy machine may keep waiting."""
    context = await browser.new_context(viewport=SIZE, locale="zh-CN")  # type: ignore[arg-type]  # a size is one
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    return page


async def picture(page: Page, name: str, at: str = "h1") -> None:
    """Write one picture, from what is named down."""
    await page.locator(at).first.evaluate("(one) => one.scrollIntoView()")
    await page.screenshot(path=PICTURES / f"editor-{name}.png")


async def rung(port: int, data: str) -> None:
    """The calls of the comparison, in words, all at once."""
    environment = {**os.environ, "ZHITONG_PORT": str(port), "ZHITONG_DATA_DIR": data}

    async def ring(said: str) -> None:
        call = await asyncio.create_subprocess_exec(
            *(sys.executable, "server.py", "rehearse"),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        await call.communicate(said.encode())

    await asyncio.gather(*map(ring, CALLS))


async def imported(page: Page, url: str) -> None:
    """One number is valid for longer."""
    sheet = await (await page.request.get(f"{url}/admin/export/numbers.csv")).body()
    rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
    until = next(at for at, heading in enumerate(rows[0]) if "有效期至" in heading)
    entry = next(row for row in rows if LINE in row[0])
    entry[until] = "2027-03-01"
    text = io.StringIO()
    csv.writer(text).writerows([rows[0], entry])
    await page.goto(f"{url}/admin/import")
    file = {"name": "号码.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    await page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a payload
    await page.locator("form[action='/admin/import'] button").click()
    await page.get_by_test_id("changes").wait_for()
    await picture(page, "import")
    await page.locator("form[action='/admin/import/take'] button").click()
    await page.get_by_test_id("kept").wait_for()


async def ruled(page: Page, url: str, name: str) -> None:
    """Enquiries at the number are the water office's."""
    await page.goto(f"{url}/admin/rules/new")
    await page.locator("#name").fill(name)
    await page.locator("#dialled").fill(LINE)
    await page.locator("input[name='kind'][value='enquiry']").check()
    await page.locator("#office").select_option(WATER)
    await page.locator("#how").select_option("case_only")
    await page.locator("button[name='do'][value='keep']").click()
    await page.get_by_test_id("kept").wait_for()


async def found(page: Page, url: str) -> None:
    """The same rule twice: the second is in the first one's shadow, and goes again."""
    await ruled(page, url, RULE)
    await ruled(page, url, AGAIN)
    await page.get_by_test_id("findings").wait_for()
    await picture(page, "finding")
    await page.locator("ol.rules > li", has_text=AGAIN).locator("h3 a").click()
    removal = page.locator("details", has=page.locator("button[value='remove']"))
    await removal.locator("summary").click()
    await page.locator("button[value='remove']").click()
    await page.get_by_test_id("count").wait_for()


async def tried(page: Page, url: str) -> None:
    """A call over the draft, key by key."""
    await page.goto(f"{url}/admin/try")
    await page.locator("#dialled").fill(LINE)
    await page.locator("#line").fill("2 1 #")
    await page.locator("form.card button").first.click()
    await page.get_by_test_id("answer").wait_for()
    await picture(page, "try", "#transcript")


async def published(page: Page, second: Page, url: str) -> None:
    """Sent for approval by one, approved by the other."""
    await page.goto(f"{url}/admin/publish")
    await page.locator("#reason").fill("新增一条规则，并更新有效期")
    await page.locator("form[action='/admin/publish'] button").click()
    await second.goto(f"{url}/admin/publish")
    await second.locator("form[action$='/approve']").wait_for()
    await picture(second, "publish")
    await second.locator("form[action$='/approve'] button").click()
    await second.get_by_test_id("done").wait_for()
    await second.goto(f"{url}/admin/versions")
    await picture(second, "versions")


async def second_of(page: Page, browser: Browser, url: str) -> Page:
    """Another admin's tab, with the password that the first one was given for them."""
    await page.goto(f"{url}/admin/accounts/new")
    await page.locator("#name").fill("second")
    await page.locator("#display_zh").fill("第二位管理员")
    await page.locator("#display_en").fill("Second admin")
    await page.locator("#role").select_option("admin")
    await page.locator("form[action='/admin/accounts/new'] button").click()
    once = await page.get_by_test_id("once").inner_text()
    second = await tab(browser)
    await signed_in(second, url, "second", once)
    return second


async def tour(browser: Browser, url: str, port: int, data: str) -> None:
    """From the sign-in to the list of versions."""
    said = Path(data) / "said.txt"
    page = await tab(browser)
    await page.goto(f"{url}/sign-in")
    given = FIRST.search(await asyncio.to_thread(said.read_text, "utf-8"))
    if given is None:
        sys.exit("the server has given no first password: is its folder new?")
    await page.locator("#name").fill(given[1])
    await picture(page, "sign-in")
    await signed_in(page, url, given[1], given[2])
    await rung(port, data)
    await imported(page, url)
    await found(page, url)
    await tried(page, url)
    await page.goto(f"{url}/admin/draft/compare?days=1")
    await picture(page, "compare")
    await published(page, await second_of(page, browser, url), url)


async def main() -> None:
    """All of them. Ends with a sentence where there is no Chromium."""
    port, chromium = free_port(), chromium_path()
    with tempfile.TemporaryDirectory() as data:
        environment = {
            **os.environ,
            "ZHITONG_PORT": str(port),
            "ZHITONG_DATA_DIR": data,
            "ZHITONG_TWO_PEOPLE": "always",
        }
        said = Path(data) / "said.txt"
        server = subprocess.Popen(  # noqa: ASYNC220 - it outlives this line on purpose
            [sys.executable, "server.py"], cwd=ROOT, env=environment, stdout=said.open("wb")
        )
        try:
            await ready(f"http://127.0.0.1:{port}")
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                await tour(browser, f"http://127.0.0.1:{port}", port, data)
                await browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    asyncio.run(main())
