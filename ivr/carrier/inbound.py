"""Reads a carrier's webhook form into values: what happened on the line, who called, what
became of a recording. The counterpart of `twiml`; the only reader of field names
(twilio-voice §1)."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

import orjson

from ivr.carrier.profiles import TWILIO, Profile
from ivr.carrier.text import clean, id_of, party, recording_id_of, whole_seconds
from ivr.conversation.pieces import Piece
from ivr.flow.event import (
    DialEnded,
    HungUp,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    RoundEnded,
    Silence,
    Spoke,
)
from ivr.flow.progress import CallStatus, Progress
from ivr.flow.receipt import Receipt, TextStatus
from ivr.flow.value import value
from ivr.ports.calls import CallEnd
from ivr.ports.journal import Origin
from ivr.ports.recordings import RecordingRef
from routing.directory import Directory
from routing.numbers.reading import caller_form, withheld

Form = Mapping[str, str]
"""The fields as `form.read_form` gives them."""

MAX_DIGITS, MAX_SPEECH, MAX_TRANSCRIPT = 64, 1_000, 20_000  # characters kept of each
_MAX_TRACK: Final = 32
_MAX_URL: Final = 2_048
_CODE: Final = re.compile(r"[0-9]{1,6}")
_KEYS: Final = re.compile(r"[0-9*#A-D]*")
# Full-width forms, as keyboards and recognisers of East Asia write digits and keys.
_NARROW: Final = str.maketrans("０１２３４５６７８９＊＃", "0123456789*#")
_ENDS: Final = {
    "hangup": RecordingEnd.HANGUP,
    "#": RecordingEnd.FINISHED,
    "0": RecordingEnd.PERSON,
    "": RecordingEnd.SILENCE,
}
_OVER: Final = frozenset(CallEnd)
_JOINED: Final = frozenset({"bridged", "redirected-from-bridged"})


class MalformedWebhook(Exception):
    """A signed webhook that cannot be read; the sentence names the field. Answer 400."""


class Expecting(StrEnum):
    """What the last document waited for. Its URL does not say it."""

    CHOICE = "choice"  # a <Gather>
    RECORDING = "recording"
    DIAL = "dial"
    ROOM = "room"  # an <Enqueue>


@value
class Sender:
    """Which account and leg sent a webhook; `parent` is set on a callee's leg."""

    account: str
    sid: str
    parent: str | None

    def belongs_to(self, origin: Origin) -> bool:
        """Whether it is a leg of that call (design §3, The URLs we hand out)."""
        return self.account == origin.account and origin.sid in (self.sid, self.parent)

    def rung_by(self, origin: Origin) -> bool:
        """Whether it is a callee's leg of that call: no caller accepts his own call."""
        return self.account == origin.account and origin.sid == self.parent


@value
class Arrival:
    """A new call. `caller` is None where withheld; numbers are as the carrier wrote them."""

    account: str
    sid: str
    caller: str | None
    dialled: str
    forwarded_from: str | None


@dataclass(frozen=True, slots=True)
class CarrierWords:
    """The words that the carrier heard in a recording."""

    recording: str
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A call is over at the carrier; `seconds` is its length, where told."""

    sid: str
    end: CallEnd
    seconds: int | None


def read_sender(form: Form) -> Sender:
    """Account and leg of any webhook, to be checked against the call's own."""
    parent = _text(form, "ParentCallSid")
    return Sender(_sid(form, "AccountSid"), _sid(form, "CallSid"), parent or None)


def read_answer(form: Form) -> Arrival:
    """The first webhook of a call."""
    caller = _party(form, "From")
    return Arrival(
        account=_sid(form, "AccountSid"),
        sid=_sid(form, "CallSid"),
        caller=None if withheld(caller) else caller,
        dialled=_party(form, "To"),
        forwarded_from=_party(form, "ForwardedFrom") or None,
    )


def dialled_number(arrival: Arrival, directory: Directory) -> str:
    """The number that was printed: where it is diverted to another of ours, the carrier may say
    from which (hotline §2.3); else the one that it rang."""
    if arrival.forwarded_from is not None:
        diverting = caller_form(arrival.forwarded_from, directory.area)
        if diverting in directory.numbers:
            return diverting
    return caller_form(arrival.dialled, directory.area)


def read_turn(
    form: Form, expecting: Expecting | None = None, carrier: Profile = TWILIO
) -> LineEvent:
    """What happened on the caller's leg (or, as a choice, in a whisper); without `expecting` the
    fields decide. What the target answered to its whisper is the conversation's to know."""
    match expecting or _shape(form):
        case Expecting.CHOICE:
            return _choice(form)
        case Expecting.RECORDING:
            return _recorded(form, carrier)
        case Expecting.DIAL:
            return _dialled(form, carrier)
        case Expecting.ROOM:
            return _left(form)
        case never:
            assert_never(never)


def _shape(form: Form) -> Expecting:
    """A Dial's action may carry a recording too, a Record's carries no DialCallStatus."""
    if _text(form, "QueueResult"):
        return Expecting.ROOM
    if _text(form, "DialCallStatus"):
        return Expecting.DIAL
    if _text(form, "RecordingUrl") or _text(form, "RecordingSid"):
        return Expecting.RECORDING
    return Expecting.CHOICE


def read_recording(form: Form) -> RecordingRef | None:
    """A recording that can be fetched, from its callback or a Record's action; None where the
    carrier says that there is none."""
    state = _text(form, "RecordingStatus")
    if state not in ("", "completed") or not _text(form, "RecordingUrl"):
        return None
    url = clean(_text(form, "RecordingUrl"))
    if len(url) > _MAX_URL:
        raise MalformedWebhook(f"RecordingUrl has {len(url)} characters, at most {_MAX_URL} pass")
    return RecordingRef(_recording_sid(form), url, _recorded_seconds(form))


def read_transcript(form: Form) -> CarrierWords | None:
    """The carrier's words for a recording; None where it heard none or failed."""
    text = clean(_text(form, "TranscriptionText"))[:MAX_TRANSCRIPT].strip()
    if _text(form, "TranscriptionStatus") not in ("", "completed") or not text:
        return None
    return CarrierWords(_recording_sid(form), text)


def read_progress(form: Form) -> tuple[Progress, int | None]:
    """How far a call that we placed has come, and its length in seconds where told. Raises
    MalformedWebhook for a status that nobody knows."""
    try:
        status = CallStatus(_text(form, "CallStatus"))
    except ValueError as wrong:
        raise MalformedWebhook("CallStatus must be one that the carrier's page lists") from wrong
    return Progress(status, _seconds(form, "SequenceNumber")), _seconds(form, "CallDuration")


def read_piece(form: Form) -> Piece | None:
    """Some words of a recording that is being made; None for every other word on the listening
    itself, and for a guess that another will replace (twilio-voice §5, Start)."""
    if _text(form, "TranscriptionEvent") != "transcription-content":
        return None
    text = _heard(_text(form, "TranscriptionData"))
    if _text(form, "Final").lower() == "false" or not text:
        return None
    return Piece(
        _sid(form, "TranscriptionSid"),
        clean(_text(form, "Track"))[:_MAX_TRACK],
        _seconds(form, "SequenceId") or 0,
        text,
    )


def _heard(data: str) -> str:
    """The transcript in TranscriptionData, which is JSON within a field."""
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as wrong:
        raise MalformedWebhook("TranscriptionData must be JSON") from wrong
    text = told.get("transcript") if isinstance(told, dict) else None
    if not isinstance(text, str):
        raise MalformedWebhook("TranscriptionData must hold a transcript")
    return clean(text)[:MAX_TRANSCRIPT].strip()


def read_status(form: Form) -> Ending | None:
    """The end of a call; None for every status before it (order is not promised, §3)."""
    status = _text(form, "CallStatus")
    if status not in _OVER:
        return None
    return Ending(_sid(form, "CallSid"), CallEnd(status), _seconds(form, "CallDuration"))


def read_receipt(form: Form) -> Receipt | None:
    """How far a text has come; None for a status that no carrier we know has."""
    sid = id_of(form.get("MessageSid") or form.get("SmsSid"))
    if sid is None:
        raise MalformedWebhook("MessageSid must name the text")
    return receipt_of(
        sid, form.get("MessageStatus") or form.get("SmsStatus"), form.get("ErrorCode")
    )


def receipt_of(sid: str, status: object, code: object) -> Receipt | None:
    """The same, by its parts, as the carrier's rows have them."""
    number = str(code or "")
    try:
        known = TextStatus(str(status))
    except ValueError:
        return None
    return Receipt(sid, known, number if _CODE.fullmatch(number) else "")


def _choice(form: Form) -> LineEvent:
    """The first kind heard wins at the carrier; keys win here if both were sent."""
    digits, key = _keys(form, "Digits"), _text(form, "FinishedOnKey").translate(_NARROW)
    finished = len(key) == 1 and key in "0123456789*#"
    if digits or (finished and key == "#"):
        return Pressed(digits, finished)
    speech = clean(_text(form, "SpeechResult"))[:MAX_SPEECH].translate(_NARROW).strip()
    if speech:
        return Spoke(speech, _confidence(_text(form, "Confidence")))
    return HungUp() if _gone(form) else Silence()


def _recorded(form: Form, carrier: Profile) -> LineEvent:
    if not (_text(form, "RecordingUrl") or _text(form, "RecordingSid")):
        return HungUp() if _gone(form) else Silence()
    return Recorded(_recording_sid(form), _recorded_seconds(form), _ending(form, carrier))


def _recorded_seconds(form: Form) -> int:
    """An unknown length counts as one second, since something may have been said."""
    seconds = _seconds(form, "RecordingDuration")
    return 1 if seconds is None else seconds


def _ending(form: Form, carrier: Profile) -> RecordingEnd:
    """Where the carrier never says which key it was, something was said: silence is not assumed,
    since a short statement would be thrown away with it."""
    key = _text(form, "Digits").translate(_NARROW)
    if not key and _gone(form):  # engines that send no Digits at all (twilio-voice §12)
        return RecordingEnd.HANGUP
    if not carrier.record_key:
        return RecordingEnd.FINISHED
    return _ENDS.get(key, RecordingEnd.FINISHED)


def _dialled(form: Form, carrier: Profile) -> LineEvent:
    """Accepted by the carrier's word that both were bridged; a DialCallStatus of `completed` may
    be a mobile's own voicemail (design §3, Put through). Where nobody can be asked first, only
    offices with somebody at the desk are rung, and one that took up the phone has accepted."""
    if not _text(form, "DialCallStatus") and not _gone(form):
        raise MalformedWebhook("DialCallStatus is missing though a number was being rung")
    accepted = _text(form, "DialBridged").lower() == "true"
    if not carrier.whisper:
        talked = (_seconds(form, "DialCallDuration") or 0) > 0
        accepted = accepted or (talked and _text(form, "DialCallStatus") == "completed")
    return DialEnded(accepted, declined=False, caller_gone=_gone(form))


def _left(form: Form) -> LineEvent:
    """Who left the queue for a talk has had it when this comes (twilio-voice §5, Enqueue)."""
    result = _text(form, "QueueResult")
    return RoundEnded(
        accepted=result in _JOINED,
        caller_gone=_gone(form) or result == "hangup",
        room=id_of(_text(form, "QueueSid")),
    )


def read_joined(form: Form) -> bool:
    """Whether a callee who was connected with whom waits has talked: without the carrier's word,
    by the length of it."""
    told = _text(form, "DialBridged").lower()
    talked = (_seconds(form, "DialCallDuration") or 0) > 0
    return told == "true" or (not told and talked)


def _gone(form: Form) -> bool:
    return _text(form, "CallStatus") in _OVER


def _text(form: Form, name: str) -> str:
    value = form.get(name)
    return value.strip() if value else ""


def _sid(form: Form, name: str) -> str:
    value = id_of(_text(form, name))
    if value is None:
        raise MalformedWebhook(f"{name} must be 1 to 64 printable characters")
    return value


def _recording_sid(form: Form) -> str:
    """RecordingSid, or the last path segment of the URL where it is missing."""
    last = _text(form, "RecordingUrl").partition("?")[0].rstrip("/").rpartition("/")[2]
    named = _text(form, "RecordingSid") or last.removesuffix(".wav").removesuffix(".mp3")
    sid = recording_id_of(named)
    if sid is None:
        raise MalformedWebhook("RecordingSid must be 1 to 64 letters, digits, _ or -")
    return sid


def _party(form: Form, name: str) -> str:
    return party(_text(form, name))


def _keys(form: Form, name: str) -> str:
    keys = _text(form, name)[:MAX_DIGITS]
    if keys.isascii() and keys.isdigit():
        return keys
    keys = keys.translate(_NARROW).upper()
    if not _KEYS.fullmatch(keys):
        raise MalformedWebhook(f"{name} must hold keys only: 0 to 9, * and #")
    return keys


def _seconds(form: Form, name: str) -> int | None:
    """Whole seconds, None where absent or no number; bounded by a day."""
    return whole_seconds(_text(form, name))


def _confidence(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= 1 else None
