"""The first test again, with words: a caller says in Mandarin what the matter is, and the office's
mail in a real mail server carries what was said. Wants the extra `speech`."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import pytest

from benchmarks.errors import error_rate
from ivr.carrier.local.telephone import Telephone
from tests.first_call import LINE, Server, fresh_clone
from tests.ivr.carrier.local.house import hear
from tests.routing.delivery.mailbox import SENDER, Mailbox, serving
from tests.speech.likeness import samples

pytestmark = pytest.mark.timeout(400)

SPEECH = Path(__file__).parent / "speech" / "repair_light.zh-CN.wav"
SAID = "您好，我家门口的路灯坏了，晚上很黑。请派人来修理，谢谢。"
CALLER = "+8613900000012"
HALF_A_SECOND = 8_000
"""Bytes, as a microphone's page sends them."""
MAILED_WITHIN = 300.0


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()
    async with serving(box) as port:
        yield box, port


@pytest.fixture
async def server(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> AsyncIterator[Server]:
    settings = {
        "TRANSCRIBER": "local",
        "SMTP_URL": f"smtp://127.0.0.1:{mailbox[1]}",
        "MAIL_FROM": SENDER,
    }
    server = Server(fresh_clone(tmp_path / "clone"), tmp_path / "data", settings)
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.kill()
        shutil.rmtree(tmp_path / "data" / "models", ignore_errors=True)


async def state_a_matter(url: str) -> None:
    """Rings, chooses an enquiry, speaks, ends it with the key and hangs up."""
    sound = b"".join(sample.to_bytes(2, "little", signed=True) for sample in speech())
    async with aiohttp.ClientSession() as session, Telephone(session, url, CALLER) as phone:
        await phone.send("dial", to=LINE)
        for key in "21":
            await hear(phone, "listening", kind="gather")
            await phone.send("digits", digits=key)
        await hear(phone, "listening", kind="record")
        for at in range(0, len(sound), HALF_A_SECOND):
            await phone.send_audio(sound[at : at + HALF_A_SECOND])
        await phone.send("digits", digits="#")
        await hear(phone, "heard", kind="record")
        await phone.send("hangup")


def speech() -> list[int]:
    return samples(SPEECH.read_bytes())


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


async def test_the_offices_mail_carries_the_words_that_were_spoken(
    server: Server, mailbox: tuple[Mailbox, int]
) -> None:
    taken = mailbox[0].taken
    await state_a_matter(server.url)
    async with asyncio.timeout(MAILED_WITHIN):
        while len(taken) < 2:
            await asyncio.sleep(0.05)
    first, second = taken

    assert second["In-Reply-To"] == first["Message-ID"]
    assert "路灯" not in words_of(first)
    lines = words_of(second).splitlines()
    assert min(error_rate(SAID, line) for line in lines) < 0.25
    assert any("路灯坏了" in line for line in lines)
