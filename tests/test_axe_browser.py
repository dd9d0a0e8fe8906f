"""The look for what keeps people out of a page does find it."""

import pytest
from playwright.async_api import Page

from tests.axe import no_serious

GOOD = '<html lang="en"><title>x</title><main><h1>x</h1><label>x <input></label></main></html>'


async def test_a_field_without_a_label_is_serious(page: Page) -> None:
    await page.set_content(GOOD)
    await no_serious(page)
    await page.set_content(GOOD.replace("label", "div"))
    with pytest.raises(AssertionError, match="label"):
        await no_serious(page)
