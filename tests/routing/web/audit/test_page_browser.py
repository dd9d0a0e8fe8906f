"""`/admin/audit` in a browser: from the keyboard, on a small screen, for who cannot see it well."""

from pathlib import Path

from playwright.async_api import Page, expect

from routing.accounts.roles import Role
from routing.audit import Action
from tests.axe import no_serious
from tests.routing.web.audit.shown import HOSTILE, shown


async def test_an_auditor_looks_verifies_and_takes_out(page: Page, tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.note(Action.PLAN_PUBLISHED, "plan:2", reason="节前")
        await it.note(Action.DRAFT_CHANGED, "office:water", reason=HOSTILE)
        url = f"http://127.0.0.1:{it.client.port}"
        cookies = await it.people.cookie(Role.AUDITOR)
        await page.context.add_cookies(
            [{"name": name, "value": value, "url": url} for name, value in cookies.items()]
        )
        await page.goto(f"{url}/admin/audit?lang=en")
        await no_serious(page)

        await page.get_by_label("Words").fill("节前")
        await page.keyboard.press("Enter")
        await expect(page.locator("tr[data-number]")).to_have_count(1)
        assert await page.get_by_label("Words").input_value() == "节前"

        async with page.expect_download() as started:
            await page.get_by_role("button", name="Export as a table").click()
        taken = await (await started.value).path()
        assert "plan:2" in Path(taken).read_text("utf-8")

        await page.set_viewport_size({"width": 360, "height": 740})
        await page.get_by_role("button", name="Verify the whole chain").press("Enter")
        verdict = page.get_by_test_id("verdict")
        assert "hold" in await verdict.inner_text()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await no_serious(page)
