"""What the line shall do, as values. The counterpart of `event`: `advance` returns a
tuple of these and the carrier renders them (TwiML in `ivr.carrier.twiml`)."""

from enum import StrEnum
from typing import Literal

from ivr.flow.value import value

Language = Literal["zh-CN", "en"]


@value
class Say:
    """Speak `text`. `slow` is 80 % pace; `pause` is seconds of silence after it."""

    text: str
    language: Language
    slow: bool = False
    pause: int = 0


@value
class Ask:
    """Speak and listen for keys, and for speech where `speech` is set. Ends a document.

    `digits` is the number of keys that ends the input, None for any number; `finish` is
    the key that ends it, "" for none; `wait` is seconds after the prompt or the last key;
    `hints` are words that the recogniser should expect."""

    prompts: tuple[Say, ...]
    language: Language
    wait: int = 10
    digits: int | None = 1
    finish: str = ""
    speech: bool = False
    hints: tuple[str, ...] = ()


@value
class Record:
    """Beep and record. Ends a document. `longest` and `silence` are seconds, `keys` end it."""

    longest: int = 300
    silence: int = 10
    keys: str = "#0"
    transcribe: Language | None = None


@value
class Dial:
    """Ring one target, showing `caller_id` (the published number dialled). Ends a document.

    `whisper` asks the callee to accept by `1` before both are bridged; `leg` numbers the
    target within the call; `seconds` is the time to ring, `longest` that of a talk, 1 to 14400:
    a line that was never put down must not stay open, and be paid for, until the carrier's own
    four hours are over (twilio-voice §5)."""

    number: str
    caller_id: str
    leg: int
    seconds: int = 20
    whisper: bool = True
    longest: int = 7200


@value
class Hold:
    """Let the caller wait in `room` while several phones ring, until one of them joins or the wait
    is over. Ends a document. A room is of one turn of one call, and its name says nothing else;
    `seconds` to ring and `longest` for a talk are as in `Dial`."""

    room: str
    seconds: int = 20
    longest: int = 7200


@value
class Join:
    """Connect a callee, who has accepted, with the caller who waits in `room`. Ends a document.
    `longest` is the seconds of a talk, as in `Dial`."""

    room: str
    longest: int = 7200


@value
class Tone:
    """One ring of the tone that says that a phone rings, with the silence after it, as long as
    exchanges in China sound it: a second of 450 Hz and four of nothing."""

    seconds: int = 5


@value
class Leave:
    """In what a caller hears who waits: the wait is over, the call goes on. Ends a document."""


@value
class Hangup:
    """End the call, or, in a whisper, decline it. Ends a document."""


class Refusal(StrEnum):
    """What a caller hears whose call is not answered: the network's own tone."""

    REJECTED = "rejected"
    BUSY = "busy"


@value
class Reject:
    """Refuse the call, unanswered and at nobody's cost. Stands alone: it is only heeded as the
    first part of a call's first document (twilio-voice §5)."""

    reason: Refusal = Refusal.REJECTED


Instruction = Say | Ask | Record | Dial | Hold | Join | Tone | Leave | Hangup | Reject
