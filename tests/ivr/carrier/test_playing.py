"""`VOICES=play`: what is recorded is played, the rest is said, in its order; and the route."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ivr.carrier.local.bank import Bank
from ivr.carrier.local.dialects import dialect_of
from ivr.carrier.local.mulaw import from_mulaw_wav
from ivr.carrier.local.recordings import from_wav
from ivr.carrier.local.stretching import slower
from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.playing import PACE, SLOWER, SoundRoutes, Sounds
from ivr.carrier.profiles import SIGNALWIRE, SOMLENG, TWILIO, Profile
from ivr.carrier.twiml import MAX_BODY, Twiml, Urls
from ivr.flow.instruction import Ask, Hangup, Instruction, Say

BASE: Final = "https://ivr.example.cn"
URLS: Final = Urls(f"{BASE}/voice/c0ffee/turn/2")
BANK: Final = Bank()
BYE: Final = BANK.paths["zh-CN", "再见。"]
NAME: Final = hashlib.sha256(BYE.read_bytes()).hexdigest()[:32]


def spoken(*said: Instruction, profile: Profile = TWILIO) -> list[tuple[str, str]]:
    made = Twiml(profile, Sounds.of(BANK, BASE)).render(said, URLS)
    assert not read_twiml(made.decode(), dialect_of(profile.name)).warnings
    return [(each.tag, each.text or "") for each in ET.fromstring(made).iter() if each.text]


@pytest.mark.parametrize("profile", [TWILIO, SOMLENG, SIGNALWIRE], ids=lambda each: each.name)
def test_a_recorded_sentence_is_played_and_others_are_said_between(profile: Profile) -> None:
    found = spoken(Say("您好，这里是市公安局。请稍候。再见。再见。", "zh-CN"), profile=profile)

    sound = f"{BASE}/voice/sounds/{NAME}.wav"
    assert found == [
        ("Say", "您好，这里是市公安局。请稍候。"),
        ("Play", sound),
        ("Play", sound),
    ]


def test_inside_a_gather_and_slower_too() -> None:
    slow = Ask((Say("再见。", "zh-CN", slow=True), Say("Hi.", "en", slow=True)), "zh-CN")
    made = Twiml(TWILIO, Sounds.of(BANK, BASE)).render((slow, Hangup()), URLS)

    gather = ET.fromstring(made)[0]
    assert [(each.tag, "".join(each.itertext())) for each in gather] == [
        ("Play", f"{BASE}/voice/sounds/{NAME}{SLOWER}.wav"),
        ("Say", "Hi."),
    ]


def test_a_pause_and_markup_stay_what_they_are() -> None:
    assert spoken(Say(" ", "en"), Hangup()) == []
    made = Twiml(TWILIO, Sounds.of(BANK, BASE)).render((Say("再见。", "zh-CN", pause=2),), URLS)
    assert made.decode().endswith('.wav</Play><Pause length="2"/></Response>')
    assert spoken(Say("<b> & so。再见。", "zh-CN"))[0] == ("Say", "<b> & so。")


def test_the_longest_menu_of_recorded_sentences_stays_within_bounds() -> None:
    every = [text for language, text in BANK.paths if language == "zh-CN"]
    made = Twiml(TWILIO, Sounds.of(BANK, BASE)).render((Say("".join(every), "zh-CN"),), URLS)

    assert len(made) < MAX_BODY


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app.add_routes(SoundRoutes(BANK).routes())
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def test_a_sound_is_served_for_good(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client.get(f"/voice/sounds/{NAME}.wav") as response:
        assert response.status == 200
        assert response.content_type == "audio/wav"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert await response.read() == BYE.read_bytes()
        etag = response.headers["ETag"]
    async with client.get(f"/voice/sounds/{NAME}.wav", headers={"If-None-Match": etag}) as response:
        assert response.status == 304


async def test_slower_it_is_the_same_words(
    client: TestClient[web.Request, web.Application],
) -> None:
    for _ in range(2):
        async with client.get(f"/voice/sounds/{NAME}{SLOWER}.wav") as response:
            heard = from_wav(await response.read())
            assert heard == slower(from_mulaw_wav(BYE.read_bytes()), PACE)


@pytest.mark.parametrize(
    "name",
    ["0" * 32, NAME[:31], f"{NAME}-slower-slower", "..%2F..%2Fmanifest", "%2e%2e", "manifest"],
)
async def test_nothing_else_is_served(
    client: TestClient[web.Request, web.Application], name: str
) -> None:
    async with client.get(f"/voice/sounds/{name}.wav") as response:
        assert response.status == 404


async def test_every_address_in_a_document_is_served(
    client: TestClient[web.Request, web.Application],
) -> None:
    addresses = Sounds.of(BANK, str(client.make_url("/")).rstrip("/")).addresses
    for address in list(addresses.values())[::30]:
        async with client.get(f"/voice/sounds/{Path(address).name}.wav") as response:
            assert response.status == 200
