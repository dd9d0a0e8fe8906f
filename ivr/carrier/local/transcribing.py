"""Start and Stop of a transcription: what is typed while it runs is told piece by piece, beside the
call (twilio-voice §5). It runs until it is stopped or the call ends, over any number of documents.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ivr.carrier.local.desk import Desk
from ivr.carrier.local.documents import resolve
from ivr.carrier.local.leg import Leg
from ivr.carrier.local.state import Listening
from ivr.carrier.local.verbs import Remark, Start, Stop

_NAME = 12200  # a name that is in use, or of nothing that runs


def transcribe(leg: Leg, desk: Desk, verb: Start | Stop) -> None:
    """Carry out either verb."""
    match verb:
        case Start():
            _start(leg, desk, verb)
        case Stop(name):
            _stop(leg, desk, name)


def _start(leg: Leg, desk: Desk, verb: Start) -> None:
    """Begin to listen; a name that is in use already is not listened to twice."""
    if any(verb.name and one.name == verb.name for one in leg.state.listening):
        leg.remark(Remark(_NAME, f"a transcription {verb.name} is running already"))
        return
    url = resolve(leg.state, verb.url)
    sid = desk.dialect.new_sid("GT")
    begun = Listening(sid, verb.name, url, verb.method, verb.track, verb.language)
    leg.note(listening=(*leg.state.listening, begun))
    _tell(leg, desk, begun, "started")


def _stop(leg: Leg, desk: Desk, name: str) -> None:
    """End the one of this name."""
    found = [one for one in leg.state.listening if one.name == name]
    if not found:
        leg.remark(Remark(_NAME, f"no transcription {name} is running"))
    for one in found:
        _tell(leg, desk, one, "stopped")
    names = {one.sid for one in found}
    leg.note(listening=tuple(one for one in leg.state.listening if one.sid not in names))


def overhear(leg: Leg, desk: Desk, text: str) -> None:
    """Typed words are certain, and final."""
    data = json.dumps({"transcript": text, "confidence": 1.0}, ensure_ascii=False)
    for one in leg.state.listening:
        _tell(leg, desk, one, "content", (("TranscriptionData", data), ("Final", "true")))


def stop_all(leg: Leg, desk: Desk) -> None:
    """The call is over."""
    for one in leg.state.listening:
        _tell(leg, desk, one, "stopped")
    if leg.state.listening:
        leg.note(listening=())


def _tell(
    leg: Leg, desk: Desk, one: Listening, event: str, extra: tuple[tuple[str, str], ...] = ()
) -> None:
    """The callback; its SequenceId counts the words on this one listening."""
    now = replace(one, sequence=one.sequence + 1)
    kept = tuple(now if other.sid == one.sid else other for other in leg.state.listening)
    leg.note(listening=kept)
    fields = (
        ("TranscriptionSid", one.sid),
        ("TranscriptionEvent", f"transcription-{event}"),
        ("LanguageCode", one.language),
        ("Track", one.track),
        ("SequenceId", str(now.sequence)),
        ("Timestamp", desk.instant()),
        *extra,
    )
    desk.callback(leg.state, one.url, one.method, fields)
