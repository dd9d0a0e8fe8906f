"""In a browser an admin words the menu anew in both languages, sees a fault beside its field, has a
recording taken and publishes; whoever rings then reads and hears the new words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, Response, expect

import server
from deployment.folder import open_folder
from deployment.house import HOUSE, House
from deployment.settings import Settings
from ivr.carrier.local.recordings import from_wav, samples_of
from routing.accounts.roles import Role
from tests.axe import no_serious
from tests.databases import migrated
from tests.deadline import DEADLINE
from tests.first_call import heard, ring
from tests.ivr.carrier.local.test_conversion import hertz_of, recording
from tests.people import People, PeoplesClock
from tests.ports import free_port

CHINESE: Final = "查号码真假按1，反映事项按2，查进度按3，人工按0，回拨未接来电按5。"
ENGLISH: Final = (
    "To check whether a number is genuine, press 1; to state a matter, 2; progress, 3; "
    "a person, 0; returning a missed call, 5."
)
HERTZ: Final = 700


@contextlib.asynccontextmanager
async def living(folder: Path) -> AsyncIterator[tuple[str, House]]:
    """The whole server in this process."""
    settings = Settings(demo=True, data_dir=folder, port=free_port(), speech="none")
    lock = open_folder(settings)
    migrated(folder / "zhitong.db")
    app = await server.build_app(settings)
    running = TestServer(app, host="127.0.0.1", port=settings.port)
    await running.start_server()
    try:
        yield settings.base, app[HOUSE]
    finally:
        await running.close()
        lock.release()


async def signed(page: Page, url: str, house: House) -> None:
    people = People(house.signing_in, house.factors, PeoplesClock())
    cookies = await people.cookie(Role.ADMIN)
    await page.context.add_cookies(
        [{"name": name, "value": value, "url": url} for name, value in cookies.items()]
    )


async def reworded(page: Page, url: str) -> None:
    """Found by its words; first with a slot that nothing fills."""
    await page.goto(f"{url}/admin/phrases")
    await no_serious(page)
    await page.locator("#q").fill("反映事项按2，查进度")
    await page.locator("form[role='search'] button").press("Enter")
    await page.get_by_role("link", name="menu.main").press("Enter")
    await page.locator("#words-zh-CN").fill(CHINESE)
    await page.locator("#words-en").fill(ENGLISH + " {number}")
    await page.locator("button[name='do'][value='keep']").press("Enter")
    await expect(page.locator("#en-fault")).to_contain_text("{number}")
    await expect(page.locator("#words-en")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#words-zh-CN")).to_have_value(CHINESE)
    await no_serious(page)
    await page.locator("#words-en").fill(ENGLISH)
    await page.locator("button[name='do'][value='keep']").press("Enter")
    await expect(page.get_by_test_id("kept")).to_be_visible()


async def recorded(page: Page) -> None:
    """An MP3 is refused with the command that converts it; then a WAV, which is heard at once."""
    sentence = page.locator("[data-sentence='zh-CN/menu.main.1']")
    await expect(sentence.locator("audio")).to_have_count(0)
    files = (
        {"name": "menu.wav", "mimeType": "audio/wav", "buffer": b"ID3 an MP3"},
        {"name": "menu.wav", "mimeType": "audio/wav",
         "buffer": recording(rate=8_000, seconds=3.0, hertz=HERTZ)},
    )  # fmt: skip
    for file in files:
        await sentence.locator("input[type='file']").set_input_files(file)  # type: ignore[arg-type]  # a payload
        await sentence.locator("form button").first.press("Enter")
        if file is files[0]:
            await expect(sentence.locator(".fault code")).to_contain_text("ffmpeg -i")
            await no_serious(page)
    player = sentence.locator("audio")
    await player.evaluate("player => player.play()")
    await page.wait_for_function(
        "player => player.duration > 2.5", arg=await player.element_handle()
    )
    await no_serious(page)


async def published(page: Page, url: str, house: House) -> None:
    await page.goto(f"{url}/admin/publish")
    await expect(page.get_by_test_id("findings")).to_be_visible()
    await page.locator("#reason").fill("菜单说得更明白")
    await page.locator("form[action='/admin/publish'] button").press("Enter")
    await expect(page.get_by_test_id("done")).to_be_visible()
    async with asyncio.timeout(DEADLINE):
        while not house.fallback.bank.own:
            await asyncio.sleep(0.01)


async def rung(page: Page, url: str) -> None:
    """The new words are shown, and the recording is what sounds."""
    heard_hertz: asyncio.Queue[float] = asyncio.Queue()

    async def listen(answer: Response) -> None:
        if "/phone/voice/" in answer.url and answer.status == 200:
            samples = samples_of(from_wav(await answer.body()))
            await heard_hertz.put(hertz_of(list(samples)))

    page.on("response", listen)
    await ring(page, url)
    await heard(page, "查号码真假按1")
    async with asyncio.timeout(DEADLINE):
        while await heard_hertz.get() != pytest.approx(HERTZ, rel=0.02):
            pass
    page.remove_listener("response", listen)
    await page.get_by_test_id("hang-up").click()


async def other_pages(page: Page, url: str) -> None:
    """The menus, their drawing and their text; the plan as a file, and what comes in."""
    await page.goto(f"{url}/admin/scripts")
    await page.locator("main details summary").first.press("Enter")
    await expect(page.locator("svg").first).to_be_visible()
    await no_serious(page)
    await page.goto(f"{url}/admin/scripts/edit?lang=en")
    text = await page.locator("#text").input_value()
    await page.locator("#text").fill(text.replace('loop = "loop"', 'loop = "lop"'))
    await page.locator("button[name='do'][value='look']").press("Enter")
    await expect(page.get_by_test_id("faults")).to_contain_text("leads to 'lop', which is no node")
    await no_serious(page)
    await page.goto(f"{url}/admin/plan")
    await no_serious(page)
    await page.locator("#text").fill("zhitong_plan: 1\nphrase:\n  end.bye: []\nnonsense: {}\n")
    await page.locator("form[action='/admin/plan'] button").press("Enter")
    await expect(page.get_by_test_id("faults").locator("tbody tr")).to_have_count(2)
    await no_serious(page)


async def test_a_phrase_is_worded_recorded_published_and_heard(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with living(tmp_path) as (url, house):
        await signed(page, url, house)
        await reworded(page, url)
        await recorded(page)
        await published(page, url, house)
        await rung(page, url)
        await other_pages(page, url)
