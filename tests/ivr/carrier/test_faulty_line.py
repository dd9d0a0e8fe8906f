"""The faults do what they say, so that tests which use them mean something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ivr.carrier.faulty_line import Faults, media_late, to
from tests.ivr.carrier.local.house import LINE, House, hear, texts_until_hangup, twiml
from tests.ivr.carrier.local.sounds import tone

MENU = twiml('<Gather action="/voice/turn" numDigits="1"/>')


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def house(tmp_path: Path, faults: Faults) -> AsyncIterator[House]:
    async with House(tmp_path, faults=faults.wrap) as made:
        made.replies["/voice/answer"] = MENU
        made.replies["/voice/turn"] = twiml("<Say>turn</Say>")
        made.replies["/voice/fallback"] = twiml("<Say>fallback</Say>")
        yield made


async def play(house: House) -> list[str]:
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("digits", digits="1")
        return await texts_until_hangup(phone)


async def test_doubled_and_repeated(house: House, faults: Faults) -> None:
    faults.doubled, faults.repeated = to("/turn"), to("/answer")
    assert await play(house) == ["turn"]
    turns, answers = house.to("/voice/turn"), house.to("/voice/answer")
    assert [len(turns), len(answers)] == [2, 2]
    assert turns[0].form == turns[1].form
    assert turns[0].headers == turns[1].headers


async def test_cut_off_and_lost_go_to_the_fallback(house: House, faults: Faults) -> None:
    faults.cut_off = to("/turn")
    assert await play(house) == ["fallback"]
    assert house.to("/voice/fallback")[0].form["ErrorCode"] == "11203"
    faults.cut_off, faults.failing = None, to("/turn")
    assert await play(house) == ["fallback"]
    assert house.to("/voice/fallback")[1].form["ErrorCode"] == "11200"
    assert len(house.to("/voice/turn")) == 2  # the application saw both


async def test_unreached(house: House, faults: Faults) -> None:
    faults.unreached = to("/turn")
    assert await play(house) == ["fallback"]
    assert not house.to("/voice/turn")


async def test_callbacks_overtake_each_other(house: House, faults: Faults) -> None:
    house.replies["/voice/answer"] = twiml(
        '<Record action="/voice/done" recordingStatusCallback="/voice/recording"/>'
    )
    faults.held = to("/recording")
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(1.0))
        await phone.send("digits", digits="1")
        await hear(phone, "hungup")
        await house.hook("/voice/status")
        await faults.held_up()
        faults.release()
        await house.hook("/voice/recording")
    assert [hook.path.rpartition("/")[2] for hook in house.hooks] == [
        *("answer", "done", "status", "recording")
    ]


async def test_media_come_late(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Record action="/voice/done"/>')
    media_late(house.line, 2)
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record")
        await phone.send_audio(tone(1.0))
        await phone.send("digits", digits="1")
        await hear(phone, "hungup")
    sid = house.to("/voice/done")[0].form["RecordingSid"]
    fetched = [house.line.recordings.media(sid) is not None for _ in range(3)]
    assert fetched == [False, False, True]


async def test_an_old_webhook_again_with_changed_fields(house: House, faults: Faults) -> None:
    await play(house)
    parcel = next(parcel for parcel in faults.sent if "/turn" in parcel.url)
    await faults.send_again(house.line.desk.post, parcel, AccountSid="AC" + "9" * 32)
    assert house.to("/voice/turn")[1].form["AccountSid"] == "AC" + "9" * 32
    assert house.to("/voice/turn")[1].form["Digits"] == "1"
