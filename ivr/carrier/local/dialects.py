"""How a carrier reads documents and what it tells: the embedded one, which remarks on what it does
not know, or in the place of another, whose documents hold nothing else and whose webhooks lack what
that one lacks. The carrier's side of `ivr.carrier.profiles`, which says what we believe of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

_SCHEMA: Final = Path(__file__).with_name("schema.json")


@dataclass(frozen=True, slots=True)
class Element:
    """What one element may hold and which attributes it takes."""

    holds: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()


Schema = Mapping[str, Element]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One carrier's ways. Without a `schema`, unknown parts are remarked on and ignored; with one
    they make a document unusable.

    `gather_key`, `record_key`: the action is told which key ended the input. `record_sid`: and the
    recording's id. `bridged`: a Dial's action is told whether both were bridged. `joined_only`: it
    is told id and length of the callee's leg only then. `hangup_action`: who hangs up while being
    recorded has the action requested all the same. `uuids`: ids have no prefix. `signature` is the
    header of the webhooks."""

    name: str
    schema: Schema | None = None
    gather_key: bool = True
    record_key: bool = True
    record_sid: bool = True
    bridged: bool = True
    joined_only: bool = False
    hangup_action: bool = True
    uuids: bool = False
    signature: str = "X-Twilio-Signature"

    def strangers(self, root: ET.Element) -> list[str]:
        """What in a document this carrier does not know: `Gather@input`, `Response/Pause`."""
        return [] if self.schema is None else list(_strangers(root, self.schema))

    def new_sid(self, prefix: str) -> str:
        """An id: two letters and 32 hexadecimal digits, or a UUID."""
        return str(uuid.uuid4()) if self.uuids else prefix + uuid.uuid4().hex


EMBEDDED: Final = Dialect("local")


def _strangers(element: ET.Element, schema: Schema) -> list[str]:
    known = schema.get(element.tag, Element())
    found = [f"{element.tag}@{name}" for name in element.attrib if name not in known.takes]
    for child in element:
        if child.tag in known.holds:
            found += _strangers(child, schema)
        else:
            found.append(f"{element.tag}/{child.tag}")
    return found


@cache
def dialect_of(name: str) -> Dialect:
    """The ways of `twilio`, `somleng` or `signalwire`; any other is the embedded carrier's."""
    match name:
        case "twilio":
            return Dialect(name, _twilio())
        case "somleng":
            return Dialect(
                name,
                _by_hand(_SOMLENG),
                gather_key=False,
                record_key=False,
                record_sid=False,
                bridged=False,
                joined_only=True,
                hangup_action=False,
                uuids=True,
            )
        case "signalwire":
            return Dialect(
                name,
                _by_hand(_SIGNALWIRE),
                gather_key=False,
                record_sid=False,
                bridged=False,
                uuids=True,
                signature="X-SignalWire-Signature",
            )
        case _:
            return EMBEDDED


def _twilio() -> Schema:
    """From Twilio's own library, by `tools/allow_list.py`."""
    told: dict[str, dict[str, list[str]]] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return {
        name: Element(frozenset(entry["holds"]), frozenset(entry["takes"]))
        for name, entry in told.items()
    }


def _by_hand(table: Mapping[str, tuple[str, str]]) -> Schema:
    return {
        name: Element(frozenset(holds.split()), frozenset(takes.split()))
        for name, (holds, takes) in table.items()
    }


_SSML: Final = "break emphasis lang p phoneme prosody s say-as sub"
_ACTION: Final = "action method "
_CALLBACK: Final = "statusCallback statusCallbackEvent statusCallbackMethod"
_RECORDING: Final = "recordingStatusCallback recordingStatusCallbackMethod"
_GATHER: Final = _ACTION + "timeout numDigits finishOnKey actionOnEmptyResult"
_RECORD: Final = _ACTION + "timeout finishOnKey maxLength playBeep " + _RECORDING

# What its switch reads; any other verb ends the document (twilio-voice §12).
_SOMLENG: Final[Mapping[str, tuple[str, str]]] = {
    "Response": ("Say Play Gather Record Dial Redirect Hangup Reject", ""),
    "Say": ("", "voice language loop"),
    "Play": ("", "loop"),
    "Gather": ("Say Play", _GATHER),
    "Record": ("", _RECORD),
    "Dial": ("Number", _ACTION + "callerId timeout"),
    "Redirect": ("", "method"),
    "Reject": ("", "reason"),
}
# What its reference of the markup lists, of the verbs that are used here.
_SIGNALWIRE: Final[Mapping[str, tuple[str, str]]] = {
    "Response": ("Say Play Pause Gather Record Dial Enqueue Leave Redirect Hangup Reject", ""),
    "Say": (_SSML, "voice language loop"),
    "prosody": (_SSML, "rate pitch volume"),
    "Play": ("", "loop digits"),
    "Pause": ("", "length"),
    "Gather": (
        "Say Play Pause",
        _GATHER + " input language hints enhanced profanityFilter speechModel speechTimeout"
        " partialResultCallback partialResultCallbackMethod",
    ),
    "Record": (
        "",
        _RECORD + " recordingStatusCallbackEvent trim transcribe transcribeCallback",
    ),
    "Dial": (
        "Number Queue",
        _ACTION + "callerId timeout timeLimit answerOnBridge hangupOnStar trim",
    ),
    "Queue": ("", "url method"),
    "Enqueue": ("", _ACTION + "waitUrl waitUrlMethod"),
    "Number": ("", "url method sendDigits " + _CALLBACK),
    "Redirect": ("", "method"),
    "Reject": ("", "reason"),
}
