"""Gather: keys or words, with nested prompts that a key interrupts (twilio-voice §5)."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.carrier.local.desk import Desk, next_request
from ivr.carrier.local.leg import Heard, Leg, Pressed, Worded
from ivr.carrier.local.messages import HeardEnough, ListeningGather, Mode, Waiting, Why
from ivr.carrier.local.speaking import speak, unheard
from ivr.carrier.local.state import Request
from ivr.carrier.local.transcribing import overhear
from ivr.carrier.local.verbs import Gather, Input
from ivr.carrier.local.webhooks import Params


@dataclass(frozen=True, slots=True)
class _Taken:
    """How listening ended and what the action is told; empty input has ``extra`` to tell
    only when an empty result is asked for."""

    why: Why
    digits: str = ""
    extra: Params = ()
    empty: bool = False


async def gather(leg: Leg, desk: Desk, verb: Gather) -> Request | None:
    """Listen; the action's request, or None to fall through to the next verb.

    A phone that hangs up ends the call without an action (twilio-voice §1).
    """
    leg.flush()
    leg.stand("listening", _listening(verb))
    first = await _prompts(leg, desk, verb)
    if first is None:
        leg.tell(Waiting(verb.timeout))
    taken = await _listen(leg, verb, first)
    for name, value in taken.extra:
        if name == "SpeechResult":
            overhear(leg, desk, value)
    extra = taken.extra if desk.dialect.gather_key else _keys_alone(taken.extra)
    leg.lift("listening")
    leg.tell(HeardEnough(Mode.GATHER, taken.why, taken.digits, 0))
    if taken.empty and not verb.action_on_empty:
        return None
    return next_request(leg, verb.action, verb.method, extra)


def _listening(verb: Gather) -> ListeningGather:
    return ListeningGather(
        keys=Input.DTMF in verb.input,
        speech=Input.SPEECH in verb.input,
        max_digits=verb.num_digits,
        finish=verb.finish_on_key,
        timeout=verb.timeout,
        language=verb.language,
    )


async def _prompts(leg: Leg, desk: Desk, verb: Gather) -> Heard | None:
    """The nested prompts; the first key or words stop them (twilio-voice §5)."""
    for prompt in verb.prompts:
        heard = await speak(leg, desk, prompt, lambda heard: _counts(verb, heard))
        if heard is not None:
            return heard
    return None


def _counts(verb: Gather, heard: Heard) -> bool:
    if isinstance(heard, Pressed):
        return Input.DTMF in verb.input
    return isinstance(heard, Worded) and Input.SPEECH in verb.input


async def _listen(leg: Leg, verb: Gather, heard: Heard | None) -> _Taken:
    """After the prompts the timeout runs anew for each key; the first kind heard wins."""
    digits = ""
    deadline = leg.deadline(verb.timeout)
    while True:
        if heard is not None and not _counts(verb, heard):
            unheard(leg, heard)
        elif isinstance(heard, Worded) and not digits:
            return _spoken(heard.text)
        elif isinstance(heard, Pressed):
            if heard.key == verb.finish_on_key:
                return _finished(digits, heard.key)
            digits += heard.key
            if len(digits) == verb.num_digits:
                return _keyed(digits)
            deadline = leg.deadline(verb.timeout)
        heard = await leg.hear(deadline)
        if heard is None:
            return _keyed(digits) if digits else _Taken(Why.SILENCE, empty=True)


def _keyed(digits: str) -> _Taken:
    return _Taken(Why.DIGITS, digits, (("Digits", digits), ("msg", "Gather End")))


def _finished(digits: str, key: str) -> _Taken:
    """The finish key is not part of Digits; alone it counts as empty (twilio-voice §5)."""
    extra = (("Digits", digits), ("FinishedOnKey", key), ("msg", "Gather End"))
    return _Taken(Why.DIGITS, digits, extra, empty=not digits)


def _keys_alone(extra: Params) -> Params:
    """Without the key that ended it, and without an empty input."""
    kept = {"Digits", "SpeechResult", "Confidence"}
    return tuple((name, value) for name, value in extra if name in kept and value)


def _spoken(text: str) -> _Taken:
    """Typed words are certain: Confidence is 1.0."""
    return _Taken(Why.WORDS, extra=(("SpeechResult", text), ("Confidence", "1.0")))
