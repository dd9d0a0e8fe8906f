"""What the exchange tells a phone: one frozen value per message of the wire.

Counterpart of ``socket.py``, which documents the protocol and reads what a
phone sends. ``to_plain`` gives the JSON object; ``from_`` becomes ``from``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import ClassVar

Plain = dict[str, object]


class Mode(StrEnum):
    """What a listening phone may do."""

    GATHER = "gather"
    RECORD = "record"


class Why(StrEnum):
    """Why listening ended."""

    DIGITS = "digits"
    WORDS = "words"
    SILENCE = "silence"
    KEY = "key"
    LIMIT = "limit"


class By(StrEnum):
    """Whose doing the end of a call was, as this phone sees it."""

    ME = "me"
    LINE = "line"
    PEER = "peer"


@dataclass(frozen=True, slots=True)
class Attached:
    """Reply to attach and hold: what this phone is in the middle of."""

    type: ClassVar[str] = "attached"
    handset: str
    number: str
    state: str
    call: Plain | None
    numbers: tuple[str, ...]
    voice: bool


@dataclass(frozen=True, slots=True)
class Calling:
    """The number is being rung."""

    type: ClassVar[str] = "calling"
    call: str
    to: str
    from_: str


@dataclass(frozen=True, slots=True)
class Ringing:
    """The phone that gets it rings."""

    type: ClassVar[str] = "ringing"
    call: str
    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The call is up."""

    type: ClassVar[str] = "answered"
    call: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to be heard; ``seconds`` is an estimate of its length."""

    type: ClassVar[str] = "say"
    id: int
    kind: str
    text: str
    language: str
    pace: float
    url: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """After what is said now comes the tone of a recording."""

    type: ClassVar[str] = "ahead"


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop sounding at once."""

    type: ClassVar[str] = "hush"


@dataclass(frozen=True, slots=True)
class ListeningGather:
    """Keys (and words where ``speech``) are taken from now on."""

    type: ClassVar[str] = "listening"
    kind: ClassVar[str] = Mode.GATHER
    keys: bool
    speech: bool
    max_digits: int | None
    finish: str
    timeout: float
    language: str


@dataclass(frozen=True, slots=True)
class ListeningRecord:
    """The tone was heard: speak."""

    type: ClassVar[str] = "listening"
    kind: ClassVar[str] = Mode.RECORD
    max_seconds: float
    timeout: float
    finish: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nested prompts are over; the silence clock of this many seconds runs."""

    type: ClassVar[str] = "waiting"
    timeout: float


@dataclass(frozen=True, slots=True)
class HeardEnough:
    """Listening is over; ``seconds`` is a recording's length."""

    type: ClassVar[str] = "heard"
    kind: Mode
    why: Why
    digits: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Beep:
    """The tone before a recording."""

    type: ClassVar[str] = "beep"
    id: int


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording light; ``seconds`` already kept."""

    type: ClassVar[str] = "recording"
    on: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Ringback:
    """The caller is being put through."""

    type: ClassVar[str] = "ringback"
    on: bool


@dataclass(frozen=True, slots=True)
class Bridged:
    """Two phones hear each other."""

    type: ClassVar[str] = "bridged"
    with_: str


@dataclass(frozen=True, slots=True)
class Unbridged:
    """The talk is over, the call may go on."""

    type: ClassVar[str] = "unbridged"
    seconds: int


@dataclass(frozen=True, slots=True)
class Text:
    """A text message for this phone's number."""

    type: ClassVar[str] = "sms"
    sid: str
    from_: str
    to: str
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over for this phone."""

    type: ClassVar[str] = "hungup"
    call: str
    reason: str
    by: By
    seconds: int


@dataclass(frozen=True, slots=True)
class Caution:
    """A fault in the TwiML, or input that was ignored."""

    type: ClassVar[str] = "warning"
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The phone's last message was not carried out."""

    type: ClassVar[str] = "error"
    code: str
    text: str


Message = (
    Attached
    | Calling
    | Ringing
    | Answered
    | Prompt
    | Ahead
    | Hush
    | ListeningGather
    | ListeningRecord
    | Waiting
    | HeardEnough
    | Beep
    | Recording
    | Ringback
    | Bridged
    | Unbridged
    | Text
    | HungUp
    | Caution
    | Refused
)


def to_plain(message: Message) -> Plain:
    """The JSON object of one message."""
    plain: Plain = {"type": message.type}
    if isinstance(message, ListeningGather | ListeningRecord):
        plain["kind"] = str(message.kind)
    for item in fields(message):
        plain[item.name.rstrip("_")] = getattr(message, item.name)
    return plain
