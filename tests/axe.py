"""What axe-core finds wrong with a page for whoever cannot see it well or has no mouse: `await
no_serious(page)` at the end of a test of a page."""

from functools import cache
from pathlib import Path
from typing import Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"
SERIOUS: Final = frozenset({"serious", "critical"})
RUN: Final = """
  const lesser = axe._audit.rules.filter(({impact}) => impact === "moderate" || impact === "minor");
  const rules = Object.fromEntries(lesser.map(({id}) => [id, {enabled: false}]));
  const {violations} = await axe.run(document, {resultTypes: ["violations"], rules});
  return violations.map(
    ({impact, id, help, nodes}) => [impact, id, help, ...nodes.map((node) => node.html)]);"""
"""A rule that names its impact finds nothing of another: those that name a lesser one are not run,
as what they find is not asked for and takes nearly half of the time."""


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


async def no_serious(page: Page) -> None:
    """Fails with what is serious or critical, each with its elements. The page's own policy stays
    as strict as it is: the script comes by the browser's own door, not by the page's."""
    found = await page.evaluate(f"async () => {{ {_axe()}; {RUN} }}")
    serious = [" ".join(one) for one in found if one[0] in SERIOUS]

    assert not serious, "\n".join(serious)
