"""Forms in the shape that Twilio was seen to send, and hostile ones (twilio-voice §1)."""

import math
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict

from ivr.carrier.inbound import (
    MAX_DIGITS,
    MAX_SPEECH,
    MAX_TRANSCRIPT,
    Arrival,
    CarrierWords,
    Ending,
    Expecting,
    MalformedWebhook,
    Sender,
    read_answer,
    read_recording,
    read_sender,
    read_status,
    read_transcript,
    read_turn,
)
from ivr.carrier.profiles import SOMLENG
from ivr.flow.event import (
    DialEnded,
    HungUp,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    Silence,
    Spoke,
)
from ivr.ports.calls import CallEnd
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
PARENT = "CA" + "2" * 32
RECORDING = "RE" + "3" * 32
MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"


def form(**extra: str) -> MultiDict[str]:
    """The base set as a +86 caller's first leg shows it; empty geography included."""
    base = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": CALL,
        "CallStatus": "in-progress",
        "Called": "+862258001001",
        "CalledCity": "",
        "CalledCountry": "CN",
        "CalledState": "",
        "CalledZip": "",
        "Caller": "+8613800000012",
        "CallerCity": "",
        "CallerCountry": "CN",
        "Direction": "inbound",
        "From": "+8613800000012",
        "FromCountry": "CN",
        "To": "+862258001001",
        "ToCountry": "CN",
    }
    return MultiDict({**base, **extra})


def ended_recording(**extra: str) -> MultiDict[str]:
    shown = {"RecordingUrl": MEDIA, "RecordingSid": RECORDING, "RecordingDuration": "12"}
    return form(**{**shown, **extra})


def test_a_new_call() -> None:
    assert read_answer(form(CallStatus="ringing")) == Arrival(
        ACCOUNT, CALL, "+8613800000012", "+862258001001", None
    )


def test_a_forwarded_call_to_a_short_number_is_kept_as_written() -> None:
    told = read_answer(form(To="12345", ForwardedFrom="+862258001002", From="sip:7@pbx.example"))

    assert (told.dialled, told.forwarded_from, told.caller) == (
        "12345",
        "+862258001002",
        "sip:7@pbx.example",
    )


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "anonymous",
        "Anonymous",
        "Restricted",
        "unavailable",
        "private",
        "blocked",
        "+266696687",
        "+7378742833",
        "+2562533",
        "+8656696",
        "+86282452253",
    ],
)
def test_a_withheld_caller_is_none(shown: str) -> None:
    assert read_answer(form(From=shown)).caller is None


def test_the_sender_is_checked_against_call_and_parent() -> None:
    leg = read_sender(form(ParentCallSid=PARENT))

    assert leg == Sender(ACCOUNT, CALL, PARENT)
    assert leg.belongs_to(Origin(ACCOUNT, PARENT))
    assert leg.belongs_to(Origin(ACCOUNT, CALL))
    assert not leg.belongs_to(Origin("AC" + "9" * 32, PARENT))
    assert not read_sender(form()).belongs_to(Origin(ACCOUNT, PARENT))
    assert leg.rung_by(Origin(ACCOUNT, PARENT))
    assert not leg.rung_by(Origin(ACCOUNT, CALL)), "a caller does not accept his own call"
    assert not leg.rung_by(Origin("AC" + "9" * 32, PARENT))


@pytest.mark.parametrize("sid", ["", "x" * 65, "CA 1", "CA\x001", "呼叫"])
def test_an_unusable_call_id_is_refused(sid: str) -> None:
    with pytest.raises(MalformedWebhook, match="CallSid"):
        read_sender(form(CallSid=sid))


def test_other_engines_ids_are_opaque() -> None:
    assert read_sender(form(CallSid="v3:AbC-12_x.y==")).sid == "v3:AbC-12_x.y=="


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"Digits": "1", "FinishedOnKey": "", "msg": "Gather End"}, Pressed("1")),
        ({"Digits": "01088888888", "FinishedOnKey": "#"}, Pressed("01088888888", finished=True)),
        ({"Digits": "", "FinishedOnKey": "#"}, Pressed("", finished=True)),
        ({"Digits": "１３８＃", "FinishedOnKey": "＃"}, Pressed("138#", finished=True)),
        ({"Digits": "12", "FinishedOnKey": "timeout"}, Pressed("12")),
        ({"Digits": "", "FinishedOnKey": "timeout"}, Silence()),
        ({"Digits": "a"}, Pressed("A")),
        ({}, Silence()),
        ({"Digits": "", "SpeechResult": ""}, Silence()),
        ({"SpeechResult": " \t"}, Silence()),
        ({"SpeechResult": "我家停水了", "Confidence": "0.91"}, Spoke("我家停水了", 0.91)),
        ({"SpeechResult": "１２３４５"}, Spoke("12345")),
        ({"SpeechResult": "嗯", "Confidence": "nan"}, Spoke("嗯")),
        ({"SpeechResult": "嗯", "Confidence": "7"}, Spoke("嗯")),
        ({"SpeechResult": "a\x00b\n😀", "Confidence": "high"}, Spoke("ab 😀")),
        ({"Digits": "2", "SpeechResult": "一"}, Pressed("2")),
        ({"CallStatus": "completed"}, HungUp()),
    ],
)
def test_a_choice(fields: dict[str, str], event: LineEvent) -> None:
    assert read_turn(form(**fields)) == event
    assert read_turn(form(**fields), Expecting.CHOICE) == event


@pytest.mark.parametrize(
    ("fields", "seconds", "end"),
    [
        ({"Digits": "hangup", "CallStatus": "completed"}, 12, RecordingEnd.HANGUP),
        ({"Digits": "#"}, 12, RecordingEnd.FINISHED),
        ({"Digits": "＃"}, 12, RecordingEnd.FINISHED),
        ({"Digits": "0"}, 12, RecordingEnd.PERSON),
        ({"Digits": "*"}, 12, RecordingEnd.FINISHED),
        ({"Digits": "", "RecordingDuration": "0"}, 0, RecordingEnd.SILENCE),
        ({"Digits": "7"}, 12, RecordingEnd.FINISHED),
        ({}, 12, RecordingEnd.SILENCE),
        ({"CallStatus": "completed"}, 12, RecordingEnd.HANGUP),
        ({"Digits": "#", "RecordingDuration": "-3"}, 1, RecordingEnd.FINISHED),
        ({"Digits": "#", "RecordingDuration": ""}, 1, RecordingEnd.FINISHED),
        ({"Digits": "#", "RecordingDuration": "99999999"}, 86_400, RecordingEnd.FINISHED),
    ],
)
def test_a_recording_ends(fields: dict[str, str], seconds: int, end: RecordingEnd) -> None:
    expected = Recorded(RECORDING, seconds, end)

    assert read_turn(ended_recording(**fields)) == expected
    assert read_turn(ended_recording(**fields), Expecting.RECORDING) == expected


@pytest.mark.parametrize("tail", ["", ".wav", ".mp3", "/", "?x=1", ".wav?a=/b"])
def test_without_a_sid_the_urls_last_segment_is_the_recording(tail: str) -> None:
    told = ended_recording(RecordingSid="", RecordingUrl=f"{MEDIA}{tail}", Digits="#")

    assert read_turn(told) == Recorded(RECORDING, 12, RecordingEnd.FINISHED)


@pytest.mark.parametrize("sid", ["../../etc/passwd", ".", "a/b", "RE\x00", "x" * 65, "录音", "-rf"])
def test_a_recording_id_that_could_name_another_file_is_refused(sid: str) -> None:
    with pytest.raises(MalformedWebhook, match="RecordingSid"):
        read_turn(ended_recording(RecordingSid=sid))
    with pytest.raises(MalformedWebhook, match="RecordingSid"):
        read_recording(ended_recording(RecordingSid=sid))


def test_a_recording_that_never_was() -> None:
    assert read_turn(form(), Expecting.RECORDING) == Silence()
    assert read_turn(form(CallStatus="completed"), Expecting.RECORDING) == HungUp()


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"DialCallStatus": "completed", "DialBridged": "true"}, DialEnded(True, False)),
        ({"DialCallStatus": "completed", "DialBridged": "false"}, DialEnded(False, False)),
        ({"DialCallStatus": "completed"}, DialEnded(False, False)),
        ({"DialCallStatus": "no-answer"}, DialEnded(False, False)),
        ({"DialCallStatus": "busy"}, DialEnded(False, False)),
        (
            {"DialCallStatus": "completed", "DialBridged": "True", "CallStatus": "completed"},
            DialEnded(True, False, caller_gone=True),
        ),
        ({"CallStatus": "completed"}, DialEnded(False, False, caller_gone=True)),
    ],
)
def test_a_dial_ends(fields: dict[str, str], event: DialEnded) -> None:
    assert read_turn(form(**fields), Expecting.DIAL) == event
    if "DialCallStatus" in fields:
        assert read_turn(form(**fields)) == event


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({"DialCallStatus": "completed", "DialCallSid": "7f", "DialCallDuration": "31"}, True),
        ({"DialCallStatus": "completed", "DialCallSid": "7f", "DialCallDuration": "0"}, False),
        ({"DialCallStatus": "completed"}, False),
        ({"DialCallStatus": "no-answer", "DialCallDuration": "20"}, False),
        ({"DialCallStatus": "busy"}, False),
    ],
)
def test_without_a_whisper_an_attended_office_accepts_by_taking_up_the_phone(
    fields: dict[str, str], accepted: bool
) -> None:
    assert read_turn(fields, carrier=SOMLENG) == DialEnded(accepted, declined=False)
    assert read_turn(fields) == DialEnded(accepted=False, declined=False)


def test_a_carrier_that_tells_no_key_is_not_taken_for_silence() -> None:
    """Eight seconds of speech, ended by `#`, look like nothing said where ten seconds of silence
    end a recording: they are kept."""
    url = "https://somleng.example/2010-04-01/Accounts/7d1/Calls/9c2/Recordings/0b1f-77"
    fields = {"RecordingUrl": url, "RecordingDuration": "8", "CallStatus": "in-progress"}

    assert read_turn(fields, carrier=SOMLENG) == Recorded("0b1f-77", 8, RecordingEnd.FINISHED)
    assert read_turn(fields) == Recorded("0b1f-77", 8, RecordingEnd.SILENCE)
    over = fields | {"CallStatus": "completed"}
    assert read_turn(over, carrier=SOMLENG) == Recorded("0b1f-77", 8, RecordingEnd.HANGUP)


def test_a_dial_without_its_status_is_refused() -> None:
    with pytest.raises(MalformedWebhook, match="DialCallStatus"):
        read_turn(form(), Expecting.DIAL)


def test_digits_and_speech_are_bounded() -> None:
    assert read_turn(form(Digits="1" * 10_000)) == Pressed("1" * MAX_DIGITS)
    assert read_turn(form(SpeechResult="我" * 10_000)) == Spoke("我" * MAX_SPEECH)


@pytest.mark.parametrize("digits", ["1;DROP TABLE calls", "<Say>", "😀", "1\x002", "١"])
def test_what_no_key_sends_is_refused(digits: str) -> None:
    with pytest.raises(MalformedWebhook, match="Digits"):
        read_turn(form(Digits=digits))


@pytest.mark.parametrize(
    ("fields", "ref"),
    [
        ({"RecordingStatus": "completed"}, RecordingRef(RECORDING, MEDIA, 12)),
        ({}, RecordingRef(RECORDING, MEDIA, 12)),
        ({"RecordingDuration": ""}, RecordingRef(RECORDING, MEDIA, 1)),
        ({"RecordingStatus": "absent"}, None),
        ({"RecordingStatus": "failed"}, None),
        ({"RecordingStatus": "in-progress"}, None),
        ({"RecordingUrl": ""}, None),
    ],
)
def test_a_recording_callback(fields: dict[str, str], ref: RecordingRef | None) -> None:
    assert read_recording(ended_recording(**fields)) == ref


def test_a_recording_url_holds_nothing_that_no_database_takes() -> None:
    ref = read_recording(ended_recording(RecordingUrl=f"{MEDIA}/\0RE\x85"))
    assert ref is not None
    assert ref.url == f"{MEDIA}/RE"


def test_an_endless_recording_url_is_refused() -> None:
    with pytest.raises(MalformedWebhook, match="RecordingUrl"):
        read_recording(ended_recording(RecordingUrl=f"https://x/{'a' * 3_000}"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"TranscriptionStatus": "completed"}, CarrierWords(RECORDING, "停水 三天")),
        ({"TranscriptionStatus": "failed"}, None),
        ({"TranscriptionText": "\x00 "}, None),
    ],
)
def test_the_carriers_words(fields: dict[str, str], words: CarrierWords | None) -> None:
    told = ended_recording(**{"TranscriptionText": " 停水\n三天", **fields})

    assert read_transcript(told) == words


def test_the_carriers_words_are_bounded() -> None:
    words = read_transcript(ended_recording(TranscriptionText="水" * 50_000))

    assert words is not None
    assert len(words.text) == MAX_TRANSCRIPT


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress", "", "odd"])
def test_before_the_end_there_is_no_ending(status: str) -> None:
    assert read_status(form(CallStatus=status)) is None


@pytest.mark.parametrize("end", list(CallEnd))
def test_the_end_of_a_call(end: CallEnd) -> None:
    assert read_status(form(CallStatus=end, CallDuration="61")) == Ending(CALL, end, 61)
    assert read_status(form(CallStatus=end)) == Ending(CALL, end, None)


NAMES = st.sampled_from(
    [
        "AccountSid",
        "CallSid",
        "ParentCallSid",
        "CallStatus",
        "From",
        "To",
        "Digits",
        "SpeechResult",
        "Confidence",
        "FinishedOnKey",
        "RecordingUrl",
        "RecordingSid",
        "RecordingDuration",
        "RecordingStatus",
        "DialCallStatus",
        "DialBridged",
        "TranscriptionText",
        "CallDuration",
    ]
)
ODD = ["hangup", "#", "completed", "ringing", "true", "9" * 400, "-1", "1e999", "inf", MEDIA, "٣"]
VALUES = st.one_of(st.sampled_from(ODD), st.text(st.characters(), max_size=80))


@settings(max_examples=1_000, deadline=None)
@given(
    fields=st.lists(st.tuples(NAMES, VALUES), max_size=12),
    expecting=st.sampled_from([None, *Expecting]),
)
def test_nothing_but_malformed_webhook_is_raised(
    fields: list[tuple[str, str]], expecting: Expecting | None
) -> None:
    told = MultiDict(fields)
    event = _or_malformed(partial(read_turn, told, expecting))
    for read in (read_answer, read_sender, read_recording, read_transcript, read_status):
        _or_malformed(partial(read, told))

    match event:
        case Pressed(digits):
            assert set(digits) <= set("0123456789*#ABCD")
            assert len(digits) <= MAX_DIGITS
        case Spoke(text, confidence):
            assert 0 < len(text) <= MAX_SPEECH
            assert text.encode()
            assert confidence is None or (math.isfinite(confidence) and 0 <= confidence <= 1)
        case Recorded(recording, seconds):
            assert recording.isascii()
            assert 0 <= seconds <= 86_400


def _or_malformed(read: Callable[[], object]) -> object:
    try:
        return read()
    except MalformedWebhook as error:
        return str(error)
