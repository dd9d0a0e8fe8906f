"""TwiML verbs as frozen values: what a document asks the line to do.

Counterpart of ``twiml_reader.py``, which makes them, and ``executor.py``,
which carries them out. Defaults are Twilio's (twilio-voice §5).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ANY_KEY = "1234567890*#"


class Input(StrEnum):
    """What a Gather listens for."""

    DTMF = "dtmf"
    SPEECH = "speech"


class RejectReason(StrEnum):
    """How a call is refused before it is answered."""

    REJECTED = "rejected"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Say:
    """Text to speak; ``pace`` is 1.0 for the voice's own speed, 0.8 for slower."""

    text: str
    language: str = "en-US"
    voice: str = ""
    loop: int = 1
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Play:
    """A sound file by URL, as written in the document (may be relative)."""

    url: str
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence, in seconds."""

    seconds: float = 1.0


Prompt = Say | Play | Pause


@dataclass(frozen=True, slots=True)
class Gather:
    """Listen for keys or words; ``action`` None means the current URL (twilio-voice §5)."""

    prompts: tuple[Prompt, ...] = ()
    input: frozenset[Input] = frozenset({Input.DTMF})
    action: str | None = None
    method: str = "POST"
    timeout: float = 5.0
    num_digits: int | None = None
    finish_on_key: str = "#"
    action_on_empty: bool = False
    language: str = "en-US"
    hints: str = ""
    speech_timeout: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Record the caller after a tone; seconds everywhere (twilio-voice §5)."""

    action: str | None = None
    method: str = "POST"
    timeout: float = 5.0
    finish_on_key: str = ANY_KEY
    max_length: float = 3600.0
    play_beep: bool = True
    trim: bool = True
    status_callback: str | None = None
    status_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})
    transcribe: bool = False
    transcribe_callback: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One ``<Number>`` of a Dial; ``url`` is the whisper heard on the callee's leg."""

    number: str
    url: str | None = None
    method: str = "POST"
    status_callback: str | None = None
    status_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, slots=True)
class Dial:
    """Put through; several targets ring together unless ``sequential``. With a ``queue`` nobody
    is rung: who waits there first is connected."""

    targets: tuple[Target, ...] = ()
    action: str | None = None
    method: str = "POST"
    timeout: float = 30.0
    time_limit: float = 14400.0
    caller_id: str | None = None
    answer_on_bridge: bool = False
    hangup_on_star: bool = False
    sequential: bool = False
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Wait in a queue, hearing the document at ``wait_url`` over and over (twilio-voice §5)."""

    queue: str
    action: str | None = None
    method: str = "POST"
    wait_url: str | None = None
    wait_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the queue; only of use in what is heard there."""


@dataclass(frozen=True, slots=True)
class Start:
    """Write down what is said from now on, beside the call, and tell it piece by piece."""

    name: str
    url: str
    method: str = "POST"
    track: str = "both_tracks"
    language: str = "en-US"


@dataclass(frozen=True, slots=True)
class Stop:
    """End the transcription of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with the document at another URL; empty means the current one."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the call; as the first verb it is never answered."""

    reason: RejectReason = RejectReason.REJECTED


Verb = (
    Say
    | Play
    | Pause
    | Gather
    | Record
    | Dial
    | Enqueue
    | Leave
    | Start
    | Stop
    | Redirect
    | Hangup
    | Reject
)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something Twilio would note in its debugger without ending the call."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """The verbs of one ``<Response>`` in order, and what was wrong with the rest."""

    verbs: tuple[Verb, ...]
    warnings: tuple[Remark, ...] = ()
