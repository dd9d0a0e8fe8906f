"""The phone's line by itself: what it keeps while the exchange is away, and what it lets go."""

from typing import Any

from playwright.async_api import Page

from tests.ivr.web.conftest import House

PIECE = 1280

LED = """async ({ before, pieces, after }) => {
  const found = [...document.scripts].find((s) => s.src.endsWith("/phone/phone.js"));
  const { Line } = await import(new URL("./line.js", found.src));
  const line = new Line("ws://127.0.0.1:1/", "h-00000000");
  const sent = [];
  line.socket = { send: (data) => sent.push(typeof data === "string" ? data : data.byteLength) };
  line.attached = true;
  for (const message of before) line.take(JSON.stringify(message));
  line.lost(1006);
  clearTimeout(line.timer);
  for (let i = 0; i < pieces; i += 1) line.sendSound(new ArrayBuffer(1280));
  line.send({ type: "digits", digits: "1" });
  line.socket = { send: (data) => sent.push(typeof data === "string" ? data : data.byteLength) };
  const live = { type: "attached", state: "live", call: { sid: "CA1" } };
  for (const message of [live, ...after]) line.take(JSON.stringify(message));
  return { sent, kept: line.soundBytes };
}"""

CALLING = {"type": "calling", "call": "CA1"}
TAPE = {"type": "recording", "on": True, "seconds": 0}
GATHER = {"type": "listening", "kind": "gather"}


async def led(page: Page, **steps: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await page.evaluate(LED, steps)
    return answer


async def test_what_is_kept_while_the_exchange_is_away(page: Page, house: House) -> None:
    """A recording gets what was said meanwhile, then the keys; at most thirty seconds, in pieces
    that the exchange takes; and nothing that was said outside of one."""
    await page.goto(f"{house.url}/phone")
    found = await led(page, before=[CALLING, TAPE], pieces=3, after=[TAPE])
    assert found == {"sent": [3 * PIECE, '{"type":"digits","digits":"1"}'], "kept": 0}

    found = await led(page, before=[CALLING, TAPE], pieces=1000, after=[TAPE])
    sizes = [size for size in found["sent"] if isinstance(size, int)]
    assert 479_000 < sum(sizes) <= 480_000
    assert max(sizes) <= 16_000
    assert all(size % 2 == 0 for size in sizes)

    for before, after in (
        ([CALLING], [{"type": "beep", "id": 1}, TAPE]),
        ([CALLING, TAPE, {"type": "recording", "on": False, "seconds": 1}], [TAPE]),
        ([CALLING, TAPE], [GATHER, TAPE]),
        ([CALLING, TAPE], [{"type": "bridged", "with": "x"}, TAPE]),
    ):
        found = await led(page, before=before, pieces=5, after=after)
        assert [s for s in found["sent"] if isinstance(s, int)] == [], (before, after)
