"""Say, Gather and Hangup through signed webhooks; each behaviour cites twilio-voice."""

from __future__ import annotations

from tests.ivr.carrier.local.house import (
    ACCOUNT,
    CALLER,
    LINE,
    House,
    hear,
    texts_until_hangup,
    twiml,
)

MENU = (
    '<Gather action="/voice/turn" numDigits="1" timeout="4" language="cmn-Hans-CN" {more}>'
    '<Say language="zh-CN">您好。</Say><Say language="zh-CN">查号码，请按一。</Say></Gather>'
)


async def test_a_call_is_answered_heard_and_keyed_through(house: House) -> None:
    house.replies["/voice/answer"] = twiml(MENU.format(more=""))
    house.replies["/voice/turn"] = twiml("<Say>Thank you</Say>", "<Hangup/>")
    async with house.phone() as phone:
        await hear(phone, "attached", state="idle")
        await phone.send("dial", to=LINE)
        await hear(phone, "calling", to=LINE)
        await hear(phone, "answered")
        await hear(phone, "listening", kind="gather", max_digits=1, speech=False)
        assert (await hear(phone, "say"))["text"] == "您好。"
        await hear(phone, "waiting", timeout=4.0)
        await phone.send("digits", digits="1")
        await hear(phone, "heard", why="digits", digits="1")
        assert (await hear(phone, "say"))["text"] == "Thank you"
        over = await hear(phone, "hungup")

    assert (over["reason"], over["by"]) == ("completed", "line")
    first, turn = house.to("/voice/answer")[0], house.to("/voice/turn")[0]
    assert first.form["CallStatus"] == "ringing"  # §1: the first shows ringing
    assert (first.form["From"], first.form["To"]) == (CALLER, LINE)
    assert (first.form["Direction"], first.form["AccountSid"]) == ("inbound", ACCOUNT)
    assert first.headers["User-Agent"] == "TwilioProxy/1.1"
    assert first.headers["I-Twilio-Idempotency-Token"]
    assert turn.form["CallStatus"] == "in-progress"
    assert turn.form["Digits"] == "1"
    status = await house.hook("/voice/status")
    assert status.form["CallStatus"] == "completed"
    assert status.form["CallDuration"] == "0"


async def test_a_key_interrupts_the_prompt(house: House) -> None:
    """§5 Gather: digits pressed during the prompt stop it."""
    house.replies["/voice/answer"] = twiml(MENU.format(more=""))
    async with house.phone() as phone:
        phone.acks = False
        await phone.send("dial", to=LINE)
        await hear(phone, "say", text="您好。")
        await phone.send("digits", digits="2")
        await hear(phone, "hush")
        await hear(phone, "heard", digits="2")
        await hear(phone, "hungup")
    assert house.to("/voice/turn")[0].form["Digits"] == "2"


async def test_silence_falls_through_to_the_next_verb(hasty: House) -> None:
    """§5 Gather: on timeout it falls through unless an empty result is asked for."""
    hasty.replies["/voice/answer"] = twiml(MENU.format(more=""), "<Say>still there?</Say>")
    async with hasty.phone() as phone:
        await phone.send("dial", to=LINE)
        said = await texts_until_hangup(phone)
    assert said[-1] == "still there?"
    assert not hasty.to("/voice/turn")


async def test_silence_is_told_where_it_is_asked_for(hasty: House) -> None:
    """§5 Gather: actionOnEmptyResult requests the action without Digits."""
    hasty.replies["/voice/answer"] = twiml(MENU.format(more='actionOnEmptyResult="true"'))
    async with hasty.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "heard", why="silence")
        await hear(phone, "hungup")
    turn = hasty.to("/voice/turn")[0]
    assert "Digits" not in turn.form
    assert "SpeechResult" not in turn.form


async def test_the_finish_key_alone_is_empty_and_named(house: House) -> None:
    """§5 Gather: # pressed first with no digits counts as empty."""
    gather = '<Gather action="/voice/turn" actionOnEmptyResult="true"><Say>number?</Say></Gather>'
    house.replies["/voice/answer"] = twiml(gather)
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("digits", digits="#")
        await hear(phone, "hungup")
    turn = house.to("/voice/turn")[0]
    assert (turn.form["Digits"], turn.form["FinishedOnKey"]) == ("", "#")


async def test_the_finish_key_is_not_part_of_the_digits(house: House) -> None:
    house.replies["/voice/answer"] = twiml('<Gather action="/voice/turn"/>')
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("digits", digits="05580000001#")
        await hear(phone, "hungup")
    turn = house.to("/voice/turn")[0]
    assert (turn.form["Digits"], turn.form["FinishedOnKey"]) == ("05580000001", "#")


async def test_no_finish_key_takes_the_hash_as_a_digit(house: House) -> None:
    """§5 Gather: finishOnKey "" means none; the timeout ends the input."""
    house.replies["/voice/answer"] = twiml(
        '<Gather action="/voice/turn" finishOnKey="" timeout="2"/>'
    )
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("digits", digits="0#")
        await hear(phone, "hungup")
    assert house.to("/voice/turn")[0].form["Digits"] == "0#"


async def test_typed_words_are_the_speech_result(house: House) -> None:
    """§1 Gather action: SpeechResult and Confidence; typed words are certain."""
    house.replies["/voice/answer"] = twiml(
        '<Gather input="dtmf speech" action="/voice/turn"><Say language="zh-CN">请说</Say></Gather>'
    )
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "listening", speech=True)
        await phone.send("words", text="我家停水了")
        await hear(phone, "heard", why="words")
        await hear(phone, "hungup")
    turn = house.to("/voice/turn")[0]
    assert (turn.form["SpeechResult"], turn.form["Confidence"]) == ("我家停水了", "1.0")
    assert "Digits" not in turn.form


async def test_words_are_not_heard_where_only_keys_are(hasty: House) -> None:
    hasty.replies["/voice/answer"] = twiml(MENU.format(more=""))
    async with hasty.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("words", text="hello")
        await hear(phone, "warning", code=0)
        await hear(phone, "heard", why="silence")
        await hear(phone, "hungup")


async def test_a_hang_up_during_gather_has_no_action(house: House) -> None:
    """§1: if the caller hangs up during Gather, no action is requested."""
    house.replies["/voice/answer"] = twiml(MENU.format(more='actionOnEmptyResult="true"'))
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("hangup")
        await hear(phone, "hungup", by="me", reason="completed")
    await house.hook("/voice/status")
    assert not house.to("/voice/turn")


async def test_the_action_defaults_to_the_current_url(house: House) -> None:
    """§5 Gather: the loop trap."""
    pages = iter([twiml('<Gather numDigits="1"/>'), twiml("<Hangup/>")])
    house.replies["/voice/answer"] = lambda form: next(pages)
    async with house.phone() as phone:
        await phone.send("dial", to=LINE)
        await hear(phone, "waiting")
        await phone.send("digits", digits="7")
        await hear(phone, "hungup")
    assert [hook.form.get("Digits") for hook in house.to("/voice/answer")] == [None, "7"]


async def test_the_timeout_counts_after_the_prompts(house: House) -> None:
    """§5 Gather: timeout starts after nested audio, however long it takes to play."""
    house.replies["/voice/answer"] = twiml(MENU.format(more=""))
    async with house.phone() as phone:
        phone.acks = False
        await phone.send("dial", to=LINE)
        for _ in range(2):
            prompt = await hear(phone, "say")
            await phone.send("played", id=prompt["id"])
        await hear(phone, "waiting")
        await phone.send("digits", digits="3")
        await hear(phone, "hungup")
    assert house.to("/voice/turn")[0].form["Digits"] == "3"


async def test_a_phone_that_never_acknowledges_does_not_hold_the_line(hasty: House) -> None:
    hasty.replies["/voice/answer"] = twiml("<Say>one</Say>", "<Say>two</Say>")
    async with hasty.phone() as phone:
        phone.acks = False
        await phone.send("dial", to=LINE)
        assert await texts_until_hangup(phone) == ["one", "two"]


async def test_keys_elsewhere_than_in_a_gather_are_lost(house: House) -> None:
    house.replies["/voice/answer"] = twiml("<Say>wait</Say>", MENU.format(more=""))
    async with house.phone() as phone:
        phone.acks = False
        await phone.send("dial", to=LINE)
        prompt = await hear(phone, "say", text="wait")
        await phone.send("digits", digits="1")
        await phone.send("played", id=prompt["id"])
        phone.acks = True
        await hear(phone, "waiting")
        await phone.send("digits", digits="2")
        await hear(phone, "hungup")
    assert [hook.form["Digits"] for hook in house.to("/voice/turn")] == ["2"]
