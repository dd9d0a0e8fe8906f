"""Two tabs and the real embedded carrier: the page and the exchange speak the same protocol."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from ivr.carrier.local.line import LocalLine
from ivr.web.phone import PHONE_LINK, PHONE_PAGES, Phones, phone_routes
from routing.web.layout import add_layout
from tests.browser import tab
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import ACCOUNT, TOKEN, StoppedClock, twiml
from tests.ivr.web.conftest import BOOK
from tests.ports import free_port
from tests.routing.web.city import city

OFFICIAL = "+865580010002"
CALLER = "+8613900000012"
GATHER = (
    '<Gather action="/voice/menu" numDigits="1" timeout="10"><Say>反映事项请按2。</Say></Gather>'
)
WHISPER = '<Gather action="/voice/accept" numDigits="1"><Say>求助，接听请按1。</Say></Gather>'
RECORD = '<Record action="/voice/done" maxLength="60" timeout="10" finishOnKey="#"/>'
DIAL = f'<Dial action="/voice/end"><Number url="/voice/whisper">{OFFICIAL}</Number></Dial>'
REPLIES = {
    "answer": twiml(GATHER),
    "menu": twiml("<Say>请说。</Say>", RECORD),
    "done": twiml("<Say>正在接通。</Say>", DIAL),
    "whisper": twiml(WHISPER, "<Hangup/>"),
    "accept": twiml(),
    "end": twiml("<Say>再见。</Say>", "<Hangup/>"),
}
COUNT_SOUND = """
  let came = 0;
  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => {
        came += data.byteLength || 0;
        if (came > 16000) document.documentElement.dataset.peer = "heard";
      });
    }
  };
"""


class Exchange:
    """A server with the pages and the carrier, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.forms: dict[str, dict[str, str]] = {}
        self.came: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def start(self) -> None:
        self.line = LocalLine(
            base_url=self.url,
            voice_url=f"{self.url}/voice/answer",
            fallback_url=None,
            status_url=None,
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            data_dir=self.folder,
            clock=StoppedClock(),
            speech_program="",
        )
        app, directory = web.Application(), city()
        add_layout(app, (PHONE_PAGES,), (PHONE_LINK,))
        phones = Phones(
            lambda: directory, dict, lambda: BOOK, self.line, None, ZoneInfo("Asia/Shanghai")
        )
        app.add_routes(phone_routes(phones))
        app.router.add_post("/voice/{name}", self._reply)
        self.line.mount(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        await self.line.stop()
        await self._runner.cleanup()

    async def text(self, to: str, words: str) -> None:
        url = f"{self.url}/line/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        form = {"To": to, "From": "+865580000001", "Body": words}
        auth = aiohttp.encode_basic_auth(ACCOUNT, TOKEN)
        async with (
            aiohttp.ClientSession(headers={"Authorization": auth}) as session,
            session.post(url, data=form) as answer,
        ):
            assert answer.status == 201, await answer.text()

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.forms[name] = {key: str(value) for key, value in (await request.post()).items()}
        self.came[name].set()
        return web.Response(text=REPLIES[name], content_type="text/xml")


@pytest_asyncio.fixture(loop_scope="session")
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def state(page: Page, wanted: str) -> None:
    await expect(page.get_by_test_id("state")).to_have_attribute("data-state", wanted)


async def test_neither_socket_nor_voices_answer_to_a_name_from_elsewhere(
    exchange: Exchange,
) -> None:
    rebound = {"Host": "evil.example", "Origin": "http://evil.example"}
    async with aiohttp.ClientSession(headers=rebound) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{exchange.url}/phone/socket")
        voice = await session.get(f"{exchange.url}/phone/voice/{'0' * 32}.wav")

    assert (refused.value.status, voice.status) == (403, 403)


async def test_a_matter_recorded_over_a_restart_then_a_talk_of_two_tabs(
    browser: Browser, exchange: Exchange
) -> None:
    async with tab(browser) as caller, tab(browser) as official:
        await caller.add_init_script(COUNT_SOUND)
        await official.add_init_script(COUNT_SOUND)
        await official.goto(f"{exchange.url}/phone?as=official")
        await official.get_by_test_id("official-number").select_option(OFFICIAL)
        await official.get_by_test_id("attach").click()
        await expect(official.get_by_test_id("state")).to_contain_text("待接中")
        await caller.goto(f"{exchange.url}/phone")
        await caller.get_by_test_id("ring").click()
        await state(caller, "talking")
        await expect(caller.get_by_test_id("subtitles")).to_contain_text("反映事项请按2")
        await caller.keyboard.press("2")
        await state(caller, "recording")
        await exchange.stop()
        await state(caller, "reconnecting")
        await caller.get_by_test_id("words").fill("水管裂了")
        await caller.get_by_test_id("say").click()
        await exchange.start()
        await state(caller, "recording")
        await expect(caller.locator("li[data-kind=recording]")).to_contain_text("3 秒")
        await caller.get_by_test_id("key-hash").click()
        await state(official, "ringing")
        await official.get_by_test_id("answer").click()
        await expect(official.get_by_test_id("subtitles")).to_contain_text("接听请按1")
        await official.get_by_test_id("key-1").click()
        await state(caller, "bridged")
        await state(official, "bridged")
        for page in (caller, official):
            await expect(page.locator("html")).to_have_attribute("data-peer", "heard")
        await exchange.text(CALLER, "工单编号4627 0395")
        await expect(caller.get_by_test_id("messages")).to_contain_text("工单编号4627 0395")
        await expect(official.get_by_test_id("messages")).to_contain_text("工单编号4627 0395")
        await official.get_by_test_id("hang-up").click()
        await state(official, "ended")
        await expect(caller.get_by_test_id("subtitles")).to_contain_text("再见")
        await state(caller, "ended")

    assert exchange.forms["done"]["Digits"] == "#"
    assert int(exchange.forms["done"]["RecordingDuration"]) >= 2
    assert exchange.forms["end"]["DialCallStatus"] == "completed"


async def test_an_official_who_declines_and_a_caller_who_reloads_the_page(
    browser: Browser, exchange: Exchange
) -> None:
    async with tab(browser) as caller, tab(browser) as official:
        await official.goto(f"{exchange.url}/phone?as=official")
        await official.get_by_test_id("official-number").select_option(OFFICIAL)
        await official.get_by_test_id("attach").click()
        await caller.goto(f"{exchange.url}/phone")
        await caller.get_by_test_id("ring").click()
        await state(caller, "talking")
        await caller.reload()
        await expect(caller.get_by_test_id("subtitles")).to_contain_text("反映事项请按2")
        await caller.get_by_test_id("key-2").click()
        await state(caller, "recording")
        await caller.get_by_test_id("key-hash").click()
        await state(official, "ringing")
        await official.get_by_test_id("decline").click()
        await state(official, "ended")
        await state(caller, "ended")

    async with asyncio.timeout(DEADLINE):
        await exchange.came["end"].wait()
    assert exchange.forms["end"]["DialCallStatus"] == "busy"
