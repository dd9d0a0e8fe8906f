"""Our documents carried out by the embedded carrier, and its webhooks read by us: both sides of
the edge over loopback HTTP, nothing handed across in the process."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from multidict import CIMultiDict, MultiDict

from ivr.carrier.account import Account, CarrierRefused
from ivr.carrier.client import Messages, RecordingRows
from ivr.carrier.inbound import (
    CarrierWords,
    Ending,
    read_answer,
    read_recording,
    read_sender,
    read_status,
    read_transcript,
    read_turn,
)
from ivr.carrier.local.telephone import Telephone
from ivr.carrier.profiles import LOCAL
from ivr.carrier.recordings import Media, MediaNotYet, bring_home
from ivr.carrier.signature import SignatureCheck
from ivr.carrier.twiml import TwimlDocuments
from ivr.flow.event import DialEnded, LineEvent, Pressed, Recorded, RecordingEnd, Silence, Spoke
from ivr.flow.instruction import Ask, Dial, Hangup, Instruction, Record, Refusal, Reject, Say
from ivr.ports.calls import CallEnd
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from tests.ivr.carrier.faulty_line import media_late
from tests.ivr.carrier.local.house import (
    ACCOUNT,
    CALLER,
    LINE,
    OFFICIAL,
    TOKEN,
    Hook,
    House,
    hear,
    listen,
)
from tests.ivr.carrier.local.sounds import tone
from tests.ivr.carrier.test_recordings import Shelf

TURN = "/voice/c4ll0000/turn/1"
BYE: tuple[Instruction, ...] = (Say("再见。", "zh-CN"), Hangup())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as made:
        documents = TwimlDocuments(LOCAL, made.base)
        made.replies[TURN] = documents.turn(BYE, "c4ll0000", 2).decode()
        yield made


def answer_with(house: House, *say: Instruction) -> None:
    document = TwimlDocuments(LOCAL, house.base).turn(say, "c4ll0000", 1)
    house.replies["/voice/answer"] = document.decode()


def read(house: House, hook: Hook) -> LineEvent:
    """The event of a webhook that our own check finds genuine."""
    check = SignatureCheck(house.base, [TOKEN])
    assert check.form(hook.path, MultiDict(hook.form), CIMultiDict(hook.headers))
    return read_turn(hook.form)


async def menu(house: House, *, words: str = "", keys: str = "") -> LineEvent:
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "say", text="请按键。")
        await hear(phone, "waiting")
        if words:
            await phone.send("words", text=words)
        if keys:
            await phone.send("digits", digits=keys)
        await hear(phone, "say", text="再见。")
        await hear(phone, "hungup")
    return read(house, await house.hook(TURN))


ASK = Ask((Say("请按键。", "zh-CN", slow=True),), "zh-CN", wait=4)


async def test_a_key(house: House) -> None:
    answer_with(house, ASK)
    assert await menu(house, keys="3") == Pressed("3")


async def test_silence(house: House) -> None:
    answer_with(house, ASK)
    assert await menu(house) == Silence()


async def test_words(house: House) -> None:
    answer_with(house, Ask(ASK.prompts, "zh-CN", wait=4, speech=True, hints=("停水",)))
    assert await menu(house, words="我家停水了") == Spoke("我家停水了", 1.0)


@pytest.mark.parametrize(
    ("keys", "event"),
    [("12345#", Pressed("12345", finished=True)), ("#", Pressed("", finished=True))],
)
async def test_a_number_ended_by_hash(house: House, keys: str, event: Pressed) -> None:
    answer_with(house, Ask(ASK.prompts, "zh-CN", wait=5, digits=None, finish="#"))
    assert await menu(house, keys=keys) == event


async def test_who_called_whom_and_how_it_ended(house: House) -> None:
    answer_with(house, ASK)
    await menu(house, keys="1")
    first, last = house.to("/voice/answer")[0], await house.hook("/voice/status")
    arrival = read_answer(first.form)

    assert (arrival.account, arrival.caller, arrival.dialled) == (ACCOUNT, CALLER, LINE)
    assert read_status(first.form) is None
    assert read_status(last.form) == Ending(arrival.sid, CallEnd.COMPLETED, 0)


@pytest.mark.parametrize(
    ("reason", "end"), [(Refusal.BUSY, CallEnd.BUSY), (Refusal.REJECTED, CallEnd.NO_ANSWER)]
)
async def test_a_call_that_is_refused_is_never_answered(
    house: House, reason: Refusal, end: CallEnd
) -> None:
    """Nobody pays for it (twilio-voice §5, Reject)."""
    answer_with(house, Reject(reason))
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        over = await hear(phone, "hungup")
    told = read_status((await house.hook("/voice/status")).form)

    assert (over["reason"], over["seconds"]) == (end.value, 0)
    assert told is not None
    assert told.end is end
    assert house.to(TURN) == []


async def recorded(house: House, keys: str = "#") -> RecordingRef:
    answer_with(house, Record(transcribe="zh-CN"))
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", kind="record", finish="#0")
        await phone.send_audio(tone(1.0))
        await phone.send("words", text="我家停水了")
        await hang_up_or_press(phone, keys)
    ref = read_recording((await house.hook(f"{TURN}/recording")).form)
    assert ref is not None
    return ref


async def hang_up_or_press(phone: Telephone, keys: str) -> None:
    if keys:
        await phone.send("digits", digits=keys)
        await hear(phone, "say", text="再见。")
    else:
        await phone.send("hangup")
    await hear(phone, "hungup")


@pytest.mark.parametrize(
    ("keys", "end"),
    [("#", RecordingEnd.FINISHED), ("0", RecordingEnd.PERSON), ("", RecordingEnd.HANGUP)],
)
async def test_a_recording_ends(house: House, keys: str, end: RecordingEnd) -> None:
    ref = await recorded(house, keys)

    assert ref.seconds > 0
    assert read(house, await house.hook(TURN)) == Recorded(ref.sid, ref.seconds, end)


async def test_the_carriers_words_name_their_recording(house: House) -> None:
    ref = await recorded(house)
    rows = RecordingRows(Account(ACCOUNT, TOKEN, f"{house.base}/line"), house.session)
    assert await rows.words(ref.sid) == "我家停水了"
    words = read_transcript((await house.hook(f"{TURN}/transcript")).form)

    assert words == CarrierWords(ref.sid, "我家停水了")


async def test_a_recording_is_brought_home_and_deleted_there(house: House) -> None:
    ref = await recorded(house)
    account = Account(ACCOUNT, TOKEN, f"{house.base}/line")
    media, rows = Media(account, house.session), RecordingRows(account, house.session)
    call, shelf = house.to(TURN)[0].form["CallSid"], Shelf()
    media_late(house.line, 1)

    assert await rows.of_call(call) == [ref]
    assert await rows.of_call("CA" + "0" * 32) == []
    with pytest.raises(MediaNotYet):
        await bring_home(ref, media, shelf)
    await bring_home(ref, media, shelf)
    assert shelf.kept[ref.sid][44:].startswith(tone(1.0))
    await rows.delete(ref.sid)
    assert await rows.of_call(call) == []


async def test_a_whisper_is_offered_and_accepted(house: House) -> None:
    documents = TwimlDocuments(LOCAL, house.base)
    offer: tuple[Instruction, ...] = (Ask((Say("接听按1。", "zh-CN"),), "zh-CN"), Hangup())
    leg = "/voice/c4ll0000/turn/1/leg/0"
    house.replies[f"{leg}/0"] = documents.leg(offer, "c4ll0000", 1, 0, 1).decode()
    accepted = (Say("已接通。", "zh-CN"),)
    house.replies[f"{leg}/1"] = documents.leg(accepted, "c4ll0000", 1, 0, 2).decode()
    answer_with(house, Dial(OFFICIAL, LINE, leg=0))
    async with house.phone() as caller, house.phone(OFFICIAL) as official:
        await hear(official, "attached")
        await caller.send("dial", to=LINE)
        assert (await hear(official, "ringing"))["from"] == LINE
        await official.send("answer")
        await hear(official, "say", text="接听按1。")
        await official.send("digits", digits="1")
        await hear(official, "bridged")
        await caller.send_audio(tone(0.1))
        assert await listen(official) == tone(0.1)
        await official.send("hangup")
        await hear(caller, "hungup")
    pressed, ended = house.to(f"{leg}/1")[0], house.to(TURN)[0]
    parent = house.to("/voice/answer")[0].form["CallSid"]

    assert read(house, pressed) == Pressed("1")
    assert read_sender(pressed.form).rung_by(Origin(ACCOUNT, parent))
    assert read(house, ended) == DialEnded(accepted=True, declined=False)


async def test_a_text_reaches_the_phone_and_is_found_again(house: House) -> None:
    account = Account(ACCOUNT, TOKEN, f"{house.base}/line")
    messages = Messages(account, house.session)
    async with house.phone() as phone:
        await hear(phone, "attached")
        sid = await messages.send(CALLER, LINE, "【云岭直通】已登记。", "case:1")
        assert (await hear(phone, "sms"))["text"] == "【云岭直通】已登记。"
    now = house.clock.now()

    assert await messages.find(CALLER, LINE, "【云岭直通】已登记。", now) == sid
    assert await messages.find(CALLER, LINE, "别的", now) is None
    late = now + timedelta(hours=1)
    assert await messages.find(CALLER, LINE, "【云岭直通】已登记。", late) is None


async def test_a_wrong_token_is_refused(house: House) -> None:
    account = Account(ACCOUNT, "other", f"{house.base}/line")
    with pytest.raises(CarrierRefused, match="20003"):
        await Messages(account, house.session).send(CALLER, LINE, "x", "k")
