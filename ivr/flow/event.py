"""What happened on the line, as values. The counterpart of `instruction`: the carrier
turns a webhook into one of these, and `advance` answers with instructions."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from ivr.flow.value import value
from routing.cases.case import CaseState


class Admission(StrEnum):
    """What a new call may do, by how many go on and by the block list (ADR 18)."""

    OPEN = "open"
    MESSAGE = "message"  # the lines are full: a message is taken
    BUSY = "busy"  # no line is left, or the caller's own calls are as many as may be
    BLOCKED = "blocked"


@value
class Answered:
    """A new call was picked up (the carrier's first webhook)."""

    admission: Admission = Admission.OPEN


@value
class Pressed:
    """Keys were pressed: `digits` without the finish key; `finished` if that key ended them.

    `Pressed("", finished=True)` is `#` alone, which means "none" (prompts §1)."""

    digits: str
    finished: bool = False


@value
class Spoke:
    """The carrier recognised speech. `confidence` is 0 to 1, None where it gave none."""

    text: str
    confidence: float | None = None


@value
class Silence:
    """A prompt's listening time went by without a key or a word."""


class RecordingEnd(StrEnum):
    """Why a recording stopped."""

    FINISHED = "finished"  # `#`
    PERSON = "person"  # `0`
    SILENCE = "silence"
    HANGUP = "hangup"


@value
class Recorded:
    """A recording ended. `recording` is the carrier's id, `seconds` may be 0 for nothing heard."""

    recording: str
    seconds: int
    end: RecordingEnd


@value
class DialEnded:
    """The leg to a target ended.

    `accepted` comes from the whisper's row or the carrier's word that both were bridged,
    never from the dial status alone (design §3, Put through)."""

    accepted: bool
    declined: bool
    caller_gone: bool = False


@value
class RoundEnded:
    """The caller waits no longer while several phones ring together.

    `accepted`: one of them joined and both have talked; `declined` are those that said no, by their
    place among the call's targets; `room` is the carrier's id of where the caller waited, None
    where it told none."""

    accepted: bool
    declined: tuple[int, ...] = ()
    caller_gone: bool = False
    room: str | None = None


@value
class HungUp:
    """The call is over at the carrier."""


@value
class CaseFound:
    """A case matched its number and PIN. `due` is aware UTC."""

    reference: str
    state: CaseState
    office: str
    due: datetime | None


@value
class CaseMissed:
    """Number or PIN did not match; `locked` when a limit is reached. All misses are alike."""

    locked: bool


@value
class PinSent:
    """The request for a forgotten PIN was taken; says nothing of whether the case exists."""


@value
class RecentCases:
    """How many cases this caller opened within the last hour, and the latest open one."""

    last_hour: int
    latest: str | None


@value
class LiveCallsToday:
    """By target: the token that a live call with an official may take, None where none is left or
    none is needed; and how often its phone rang within the hour without being taken."""

    tokens: tuple[int | None, ...] = ()
    in_vain: tuple[int, ...] = ()


@value
class NextOnDuty:
    """The members of each roster that was asked about, in the order in which they are rung."""

    orders: Mapping[str, tuple[str, ...]]


@value
class MatterFound:
    """Whether a case exists already for this recording (call, turn): the callback was first."""

    reference: str | None
    pin: str | None


@value
class TextsToday:
    """Whether this caller's number has had its share of texts today."""

    full: bool


Answer = (
    CaseFound
    | CaseMissed
    | PinSent
    | RecentCases
    | LiveCallsToday
    | NextOnDuty
    | MatterFound
    | TextsToday
)


LineEvent = Answered | Pressed | Spoke | Silence | Recorded | DialEnded | RoundEnded | HungUp


@value
class Found:
    """The same event again, with what the shell looked up for it; journaled together."""

    event: LineEvent
    answers: tuple[Answer, ...]


Event = LineEvent | Found


def plain_event(event: LineEvent, looked: tuple[Answer, ...]) -> dict[str, object]:
    """The event and what was looked up for it, as the journal keeps them; the values themselves
    are left to the JSON writer."""
    kept: dict[str, object] = {"event": type(event).__name__, "values": event}
    if looked:
        kept["looked"] = [{"answer": type(a).__name__, "values": a} for a in looked]
    return kept
