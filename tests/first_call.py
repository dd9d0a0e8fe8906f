"""The parts of the first test: a server as the README starts it, a browser whose microphone hears
Mandarin speech, and the call of `test_first_call` and `test_first_call_replicas`."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from playwright.async_api import Browser, Page, expect

from tests.browser import chromium
from tests.deadline import DEADLINE
from tests.ports import free_port
from tests.speech.likeness import RATE, SAME, likeness, samples
from tools.guard import KILL_GROUP, Guard

ROOT = Path(__file__).parents[1]
SPEECH = Path(__file__).parent / "speech" / "street_light.zh-CN.wav"
LINE = "+865580000021"
POOL = "+865580020007"
OFFICE = "市公安局"
PASSWORD = "seven lanterns on the pier"
ONE_TIME = re.compile(r"first sign-in\s+(\S+)\s+(\S+)")
SPOKEN_WITHIN = 1000 * DEADLINE
"""Milliseconds: the longest prompt is read aloud in a good ten seconds."""


def fresh_clone(into: Path) -> Path:
    """The tree as git sees it: nothing that is ignored comes along."""
    listed = subprocess.run(
        [shutil.which("git") or "git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    return into


class Server:
    """The README's command in a process group of its own, so that -9 reaches the server itself."""

    def __init__(self, clone: Path, data: Path, settings: Mapping[str, str] | None = None) -> None:
        self._clone = clone
        self.url = f"http://127.0.0.1:{free_port()}"
        self._environment = {
            **os.environ,
            "ZHITONG_PORT": self.url.rpartition(":")[2],
            "ZHITONG_DATA_DIR": str(data),
            **{f"ZHITONG_{name}": value for name, value in (settings or {}).items()},
            "UV_PROJECT_ENVIRONMENT": sys.prefix,
            "UV_LINK_MODE": "copy",
            "PYTHONDONTWRITEBYTECODE": "1",  # of a clone that is gone afterwards
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._said = data.parent / "said.txt"

    def start(self) -> None:
        uv = shutil.which("uv")
        command = [uv, "run", "server.py"] if uv else [sys.executable, "server.py"]
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                command,
                cwd=self._clone,
                env=self._environment,
                start_new_session=True,
                stdout=said,
                stderr=said,
            )
        self._guard = Guard(KILL_GROUP, self._process.pid)

    async def says(self, words: re.Pattern[str]) -> re.Match[str]:
        """Wait until it stands on its terminal."""
        async with asyncio.timeout(DEADLINE):
            while (found := words.search(self._said.read_text("utf-8"))) is None:
                await asyncio.sleep(0.05)
        return found

    async def ready(self) -> None:
        async with aiohttp.ClientSession() as session, asyncio.timeout(DEADLINE):
            while not await self._answers(session):
                await asyncio.sleep(0.05)

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None


@asynccontextmanager
async def speaking(wav: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone hears the WAV, over and over."""
    async with chromium(f"--use-file-for-fake-audio-capture={wav}") as browser:
        yield browser


async def state(page: Page, name: str) -> None:
    await expect(page.get_by_test_id("state")).to_have_attribute(
        "data-state", name, timeout=SPOKEN_WITHIN
    )


async def heard(page: Page, words: str) -> None:
    spoken = page.locator('[data-testid="subtitles"] li[data-kind="say"]', has_text=words)
    await expect(spoken.first).to_be_visible(timeout=SPOKEN_WITHIN)


async def official_waits(page: Page, url: str) -> None:
    await page.goto(f"{url}/phone?as=official")
    await page.get_by_test_id("official-number").select_option(POOL)
    await page.get_by_test_id("attach").click()
    await state(page, "idle")


async def ring(page: Page, url: str) -> None:
    await page.goto(f"{url}/phone")
    await page.get_by_test_id("number-select").select_option(LINE)
    await page.get_by_test_id("ring").click()


async def recorded_seconds(page: Page, at_least: float) -> None:
    """Wait until the page shows that so much was recorded."""
    await page.wait_for_function(
        """seconds => {
            const shown = [...document.querySelectorAll("[data-recorded]")].at(-1);
            return shown && Number(shown.dataset.recorded) >= seconds;
        }""",
        arg=at_least,
        timeout=SPOKEN_WITHIN,
    )


async def until_recorded(caller: Page, official: Page, url: str) -> None:
    """The caller rings, chooses an enquiry and speaks; the official's phone is switched on."""
    await official_waits(official, url)
    await ring(caller, url)
    await heard(caller, "公开电话")
    await caller.get_by_test_id("key-2").click()
    await heard(caller, "咨询按1")
    await caller.get_by_test_id("key-1").click()
    await state(caller, "recording")
    await recorded_seconds(caller, 3)


async def until_hung_up(caller: Page, official: Page) -> None:
    """The matter is registered, the official declines it, and the caller hangs up."""
    await recorded_seconds(caller, 7)
    await caller.get_by_test_id("key-hash").click()
    await heard(caller, "已登记")
    await heard(caller, "工单编号")

    await state(official, "ringing")
    await official.get_by_test_id("answer").click()
    await heard(official, "直通来电，咨询")
    await official.get_by_test_id("key-2").click()
    await heard(caller, "正在接通代接人")
    await caller.get_by_test_id("hang-up").click()
    await state(caller, "ended")


async def as_admin(page: Page, url: str, server: Server) -> None:
    """The tab is the first admin's from now on, with the password that the server's terminal gave;
    nothing is typed."""
    given = await server.says(ONE_TIME)
    name, once = given[1], given[2]
    await page.request.post(f"{url}/sign-in", form={"name": name, "password": once})
    chosen = {"old": once, "new": PASSWORD, "again": PASSWORD}
    answer = await page.request.post(f"{url}/account/password", form=chosen)
    assert answer.url.endswith("?done=password"), answer.url


async def office_hears_the_speech(page: Page, url: str) -> None:
    """Exactly one case, with the sound that was spoken."""
    sound = await office_sound(page, url)
    alike = likeness(sound, samples(SPEECH.read_bytes()))
    assert alike > SAME, f"{alike:.2f} alike, of {len(sound) / RATE:.1f} s"


async def office_sound(page: Page, url: str) -> list[int]:
    """What the office page plays, after showing exactly one case."""
    await page.goto(f"{url}/desk")
    await page.get_by_role("link", name=OFFICE).first.click()
    await expect(page.locator("article.case")).to_have_count(1)
    player = page.locator("article.case audio")
    await expect(player).to_have_count(1, timeout=SPOKEN_WITHIN)
    await player.evaluate("player => player.play()")
    await page.wait_for_function(
        "player => player.currentTime > 0.5 && player.duration > 5",
        arg=await player.element_handle(),
    )
    source = await player.get_attribute("src")
    answer = await page.request.get(f"{url}{source}")
    return samples(await answer.body())
