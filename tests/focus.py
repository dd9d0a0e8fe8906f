"""Whether whoever has no mouse gets to every control of a page and sees where they are: `await
all_focused(page)`, after the page was opened and before anything on it has the focus."""

from typing import Final

from playwright.async_api import Page

CONTROLS: Final = """a[href], button, input:not([type=hidden]), select, textarea, summary,
  audio[controls], [tabindex='0']"""
FOCUSED: Final = """(controls) => {
  const faults = [];
  const needs = (good, one, what) => good || faults.push(`${what}: ${one.outerHTML.slice(0, 120)}`);
  needs(document.activeElement.matches(".skip"), document.activeElement, "is the first, not skip");
  for (const one of document.querySelectorAll(controls)) {
    const there = one.checkVisibility({visibilityProperty: true}) && !one.closest("[inert]");
    if (!there || one.matches(":disabled")) continue;
    one.focus({focusVisible: true, preventScroll: true});
    const reached = document.activeElement === one && (one.tabIndex >= 0 || one.controls);
    needs(reached, one, "cannot have the focus");
    const {outlineStyle, outlineWidth} = getComputedStyle(one);
    needs(outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, one, "does not show the focus");
    const tab = new KeyboardEvent("keydown", {key: "Tab", bubbles: true, cancelable: true});
    needs(one.dispatchEvent(tab), one, "holds the Tab key fast");
  }
  return faults;
}"""
"""What the Tab key would come by, without a frame drawn for each: every control in the order of the
page takes the focus, shows it and lets the key go."""


async def all_focused(page: Page) -> None:
    """Fails with what cannot have the focus, does not show it or holds the key fast. The first step
    is the key's own; two elements of one radio group count as two."""
    await page.keyboard.press("Tab")
    faults = await page.evaluate(FOCUSED, CONTROLS)

    assert not faults, "\n".join(faults)
