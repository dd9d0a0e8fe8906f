"""Every text on every page can be read: WCAG 2.2 AA contrast, by day and by night."""

from playwright.async_api import Page

from tests.ivr.web.conftest import House
from tests.ivr.web.test_phone_browser import record, ring, say

FAINT = """() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const light = (rgb) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const shown = element.checkVisibility() && !element.closest(":disabled");
    if (!shown || !walker.currentNode.data.trim()) continue;
    const under = ground(element);
    const found = ratio(light(over(rgba(getComputedStyle(element).color), under)), light(under));
    if (found < 4.5) faint.push([walker.currentNode.data.trim(), found.toFixed(2)]);
  }
  return faint;
}"""


async def faint(page: Page) -> dict[str, object]:
    """What cannot be read, by day and by night."""
    found: dict[str, object] = {}
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found[scheme] = await page.evaluate(FAINT)
    return {scheme: texts for scheme, texts in found.items() if texts}


async def test_no_text_is_fainter_than_wcag_aa_allows(page: Page, house: House) -> None:
    for path in ("/phone?as=official", "/desk", "/desk/office/市水利局", "/phone"):
        await page.goto(house.url + path)
        assert await faint(page) == {}, path
    await ring(page, house.line)
    await house.line.tell(say(1, "您好。"))
    await house.line.expect("played")
    await page.keyboard.press("1")
    await record(page, house.line)

    assert await faint(page) == {}
