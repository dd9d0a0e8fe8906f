"""Carries out TwiML on a leg, document after document, verb after verb.

Counterpart of ``twiml_reader.py``. The position (document, verb, what is due)
is kept on the leg before it is acted on, so that ``run`` resumes where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from ivr.carrier.local.desk import Desk, next_request
from ivr.carrier.local.dialling import dial
from ivr.carrier.local.documents import Fetched, fetch
from ivr.carrier.local.gathering import gather
from ivr.carrier.local.leg import Leg, TurnedAway
from ivr.carrier.local.messages import Ahead
from ivr.carrier.local.queueing import HungUp, dial_queue, enqueue
from ivr.carrier.local.ringing import answer
from ivr.carrier.local.speaking import foresee, speak
from ivr.carrier.local.state import Direction, Request, Status
from ivr.carrier.local.taping import record
from ivr.carrier.local.transcribing import transcribe
from ivr.carrier.local.twiml_reader import NESTED_DIAL, SCHEMA, read_twiml
from ivr.carrier.local.verbs import (
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    RejectReason,
    Remark,
    Say,
    Start,
    Stop,
    Verb,
)
from ivr.carrier.local.webhooks import Failure

_STOCK_ERROR = Say("We are sorry, an application error has occurred. Goodbye.", "en-US")
_MOST_DOCUMENTS = 1000  # a document that redirects to itself must end some day


class Ended(Exception):
    """The document ended the call; ``status`` is what the call is then."""

    def __init__(self, status: Status) -> None:
        super().__init__(str(status))
        self.status = status


async def run(leg: Leg, desk: Desk, *, whisper: bool = False) -> None:
    """Go on from the leg's position until the verbs run out.

    Raises ``Ended`` on Hangup, Reject and failed documents, ``Gone`` and ``CutOff``
    as heard; then a request may still be pending (``say_goodbye`` sends it).
    """
    for _ in range(_MOST_DOCUMENTS):
        try:
            if leg.state.pending is not None:
                await _turn_page(leg, desk)
            step = await _carry_out(leg, desk, whisper=whisper)
        except TurnedAway as away:
            leg.lift("say", "ahead", "listening", "recording", "ringback", "bridged")
            leg.note(pending=away.turned.request, body=away.turned.body)
            leg.note(url="", index=0, taping=None, dialling=None, queued=None)
            continue
        if step is None:
            return
        leg.note(pending=step)
    raise Ended(Status.FAILED)


async def say_goodbye(leg: Leg, desk: Desk) -> None:
    """Send what is still pending on a finished call; its TwiML is ignored
    (twilio-voice §1: Record's and Dial's action after a hang-up)."""
    if leg.state.pending is not None:
        await fetch(desk.post, leg.state, desk.account, leg.state.pending, desk.dialect)
        leg.note(pending=None)


async def _turn_page(leg: Leg, desk: Desk) -> None:
    """Fetch the pending document and make it current."""
    assert leg.state.pending is not None
    fetched = await fetch(desk.post, leg.state, desk.account, leg.state.pending, desk.dialect)
    failures = fetched.failures if isinstance(fetched, Fetched) else (fetched,)
    for failure in failures:
        leg.remark(Remark(failure.code, failure.text))
    if isinstance(fetched, Failure):
        leg.note(pending=None)
        await _apologise(leg, desk)
    else:
        leg.note(
            pending=None,
            url=fetched.url,
            body=fetched.body,
            index=0,
            taping=None,
            dialling=None,
        )
    leg.raise_if_over()


async def _apologise(leg: Leg, desk: Desk) -> None:
    """Without a usable document a stock message is played and the call ends (§3)."""
    if leg.state.parent is None:
        _pick_up(leg, desk, _STOCK_ERROR)
        await speak(leg, desk, _STOCK_ERROR)
    raise Ended(Status.COMPLETED if leg.state.answered else Status.FAILED)


async def _carry_out(leg: Leg, desk: Desk, *, whisper: bool) -> Request | None:
    """The current document from the current verb on; the next request, if any."""
    document = read_twiml(leg.state.body, desk.dialect)
    begin = leg.state.index
    if begin == 0:
        for remark in document.warnings:
            leg.remark(remark)
    foresee(desk, document.verbs[begin:])
    if not whisper and _ends_with_a_tone(document.verbs[begin:]):
        leg.stand("ahead", Ahead())
    for index, verb in enumerate(document.verbs[begin:], begin):
        if index != begin:
            leg.note(index=index, taping=None, dialling=None)
        if whisper and not _whisperable(leg, verb):
            continue
        step = await _perform(leg, desk, verb)
        if step is not None:
            return step
    return None


def _ends_with_a_tone(verbs: Sequence[Verb]) -> bool:
    """Whether all that comes before a recording is only heard."""
    then = next(
        (verb for verb in verbs if not isinstance(verb, Say | Play | Pause | Start | Stop)), None
    )
    return isinstance(then, Record) and then.play_beep


def _whisperable(leg: Leg, verb: Verb) -> bool:
    """On a callee's leg only Play, Say, Gather and Hangup are carried out (§5 Number)."""
    if isinstance(verb, Say | Play | Gather | Hangup):
        return True
    code = NESTED_DIAL if isinstance(verb, Dial) else SCHEMA
    leg.remark(Remark(code, f"<{type(verb).__name__}> has no place in a whisper"))
    return False


async def _perform(  # noqa: C901, PLR0911 - one arm a verb
    leg: Leg, desk: Desk, verb: Verb
) -> Request | None:
    _pick_up(leg, desk, verb)
    match verb:
        case Say() | Play() | Pause():
            await speak(leg, desk, verb)
            return None
        case Gather():
            return await gather(leg, desk, verb)
        case Record():
            return await record(leg, desk, verb)
        case Dial():
            if verb.queue is not None:
                return await dial_queue(leg, desk, verb)
            return await dial(leg, desk, verb, lambda child: _whisper(child, desk))
        case Enqueue():
            return await _enqueue(leg, desk, verb)
        case Leave():
            return None  # nobody waits (§5)
        case Start() | Stop():
            transcribe(leg, desk, verb)
            return None
        case Redirect():
            return next_request(leg, verb.url, verb.method)
        case Hangup():
            raise Ended(Status.COMPLETED)
        case Reject():
            raise Ended(_refusal(leg, verb))
        case _:
            assert_never(verb)


async def _enqueue(leg: Leg, desk: Desk, verb: Enqueue) -> Request | None:
    try:
        return await enqueue(leg, desk, verb)
    except HungUp:
        raise Ended(Status.COMPLETED) from None


async def _whisper(child: Leg, desk: Desk) -> bool:
    """Whether the callee may be bridged: the document ran out without a Hangup."""
    try:
        await run(child, desk, whisper=True)
    except Ended:
        return False
    return True


def _pick_up(leg: Leg, desk: Desk, verb: Verb) -> None:
    """Answer an inbound call with its first verb. Reject and Redirect never answer, Pause
    delays it, Dial with answerOnBridge waits for the callee (§5)."""
    state = leg.state
    if state.direction is not Direction.INBOUND or state.status is not Status.RINGING:
        return
    if isinstance(verb, Reject | Redirect | Pause) or (
        isinstance(verb, Dial) and verb.answer_on_bridge
    ):
        return
    answer(leg, desk)


def _refusal(leg: Leg, verb: Reject) -> Status:
    """Only an unanswered call can be refused; later it is a hang-up."""
    if leg.state.answered is not None:
        return Status.COMPLETED
    return Status.BUSY if verb.reason is RejectReason.BUSY else Status.NO_ANSWER
