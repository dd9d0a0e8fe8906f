"""The look for what keeps people out of a page does find it."""

import pytest
from playwright.async_api import Page

from tests.axe import no_serious
from tests.focus import all_focused

GOOD = '<html lang="en"><title>x</title><main><h1>x</h1><label>x <input></label></main></html>'


async def test_a_field_without_a_label_is_serious(page: Page) -> None:
    await page.set_content(GOOD)
    await no_serious(page)
    await page.set_content(GOOD.replace("label", "div"))
    with pytest.raises(AssertionError, match="label"):
        await no_serious(page)


SEEN = "<style>:focus { outline: 3px solid }</style><a class=skip href='#x'>x</a><input><button>"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (f"<button>first</button>{SEEN}", "is the first"),
        (f"{SEEN}<input style='outline: none'>", "does not show the focus"),
        (f"{SEEN}<a href='#x' tabindex='-1'>x</a>", "cannot have the focus"),
    ],
    ids=["skip", "outline", "reach"],
)
async def test_a_control_out_of_the_keyboards_reach_is_found(
    page: Page, body: str, fault: str
) -> None:
    await page.set_content(SEEN)
    await all_focused(page)
    await page.set_content(body)
    with pytest.raises(AssertionError, match=fault):
        await all_focused(page)


async def test_a_control_that_holds_the_tab_key_is_found(page: Page) -> None:
    await page.set_content(SEEN)
    hold = "document.querySelector('input').onkeydown = (event) => event.preventDefault();"
    await page.evaluate(f"() => {{ {hold} }}")
    with pytest.raises(AssertionError, match="holds the Tab key fast: <input>"):
        await all_focused(page)
