"""Draft, publishing and the way back in a browser: from the keyboard, and on a phone."""

from pathlib import Path

from playwright.async_api import Page, expect

from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.publishing.seconds import TwoPeople
from tests.axe import no_serious
from tests.routing.web.plan.planned import Planned, planned


async def signed(page: Page, it: Planned, role: Role, name: str = "") -> str:
    """The page is somebody's in this role; where the server is."""
    url = f"http://127.0.0.1:{it.client.port}"
    cookies = await it.people.cookie(role)
    if name:
        account = await it.people.add(role, name=name)
        cookies = dict.fromkeys(cookies, await it.people.token(account))
    await page.context.add_cookies(
        [{"name": key, "value": value, "url": url} for key, value in cookies.items()]
    )
    return url


async def test_an_admin_publishes_with_a_second_and_rolls_back_on_a_phone(
    page: Page, tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs, TwoPeople.ALWAYS) as it:
        await it.change("topic", "hotline", en="The city's line")
        url = await signed(page, it, Role.ADMIN)
        await page.goto(f"{url}/admin/draft?lang=en")
        await no_serious(page)
        await page.get_by_role("button", name="Publish").press("Enter")

        await page.get_by_label("Reason").fill("clearer words")
        await no_serious(page)
        await page.get_by_role("button", name="Send for approval").press("Enter")
        await expect(page.get_by_test_id("done")).to_contain_text("Sent for approval")
        await no_serious(page)

        await signed(page, it, Role.ADMIN, "second")
        await page.goto(f"{url}/admin/publish")
        await page.get_by_role("button", name="Approve").press("Enter")
        await expect(page.get_by_test_id("done")).to_contain_text("Version 2")

        await page.set_viewport_size({"width": 360, "height": 740})
        await no_serious(page)
        await page.get_by_role("button", name="Roll back to the previous version").press("Enter")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await no_serious(page)
        await page.get_by_role("button", name="Roll back now").press("Enter")
        await expect(page.get_by_test_id("done")).to_contain_text("Version 3")
        assert (await it.desk.releases.release(3)).of == 1
