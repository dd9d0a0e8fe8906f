"""Record: keeps what the caller says until a key, silence, the limit or a hang-up.

Resumable: a restarted server appends to the same recording without a second
tone. Typed words count as sound and become the transcript (twilio-voice §5).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from ivr.carrier.local.desk import Desk, next_request
from ivr.carrier.local.leg import CutOff, Gone, Leg, Pressed, Sound, TurnedAway, Worded, new_sid
from ivr.carrier.local.messages import HeardEnough, ListeningRecord, Mode, Why
from ivr.carrier.local.messages import Recording as RecordingLight
from ivr.carrier.local.recordings import LOUD, RATE, WIDTH, Recording, from_wav, loudness, silence
from ivr.carrier.local.speaking import beep
from ivr.carrier.local.state import Request, Taping
from ivr.carrier.local.transcribing import overhear
from ivr.carrier.local.verbs import Record
from ivr.carrier.local.voice import estimate
from ivr.carrier.local.webhooks import Params

PATIENCE = 15.0
"""Seconds that typed words wait for the voice of the extra `speech`: nobody listens meanwhile, and
without it a transcriber that hears the recording finds no word in it."""
_log = logging.getLogger(__name__)


async def record(leg: Leg, desk: Desk, verb: Record) -> Request:
    """Record; the action's request. A hang-up raises ``Gone`` with the action's request
    already pending on the leg: it is still to be sent (twilio-voice §1)."""
    try:
        tape = await _begin(leg, desk, verb)
        why, key = (Why.LIMIT, None) if tape is None else await tape.run()
    except (Gone, CutOff):
        extra = _end(leg, desk, verb, "hangup")
        if extra and desk.dialect.hangup_action:
            leg.note(pending=next_request(leg, verb.action, verb.method, extra))
        raise
    except TurnedAway:
        _end(leg, desk, verb, None)
        raise
    extra = _end(leg, desk, verb, key)
    seconds = float(dict(extra).get("RecordingDuration", "0"))
    leg.tell(RecordingLight(False, seconds))
    leg.tell(HeardEnough(Mode.RECORD, why, key or "", seconds))
    return next_request(leg, verb.action, verb.method, extra)


async def _begin(leg: Leg, desk: Desk, verb: Record) -> _Tape | None:
    """The running tape; None if a killed server had finished it already, or nothing fits."""
    if leg.state.taping is None:
        room = desk.recordings.has_room()
        leg.flush()
        if verb.play_beep and room:
            await beep(leg)
        leg.lift("ahead")
        leg.flush()
        sid = desk.dialect.new_sid("RE")
        desk.recordings.begin(Recording(sid, leg.state.sid, desk.instant()))
        leg.note(taping=Taping(sid))
        if not room:
            _log.error("no room for a recording: free some in DATA_DIR's file system")
            return None
        _announce(leg, desk, verb, "in-progress", sid)
    assert leg.state.taping is not None
    row = desk.recordings.find(leg.state.taping.sid)
    if row is None or row.completed:
        return None
    kept = desk.recordings.kept(leg.state.taping.sid)
    leg.stand("recording", RecordingLight(True, kept))
    leg.stand("listening", ListeningRecord(verb.max_length, verb.timeout, verb.finish_on_key))
    return _Tape(leg, desk, verb, leg.state.taping.sid, kept)


@dataclass(slots=True)
class _Tape:
    """The running recording; ``kept`` seconds were there when it began or resumed."""

    leg: Leg
    desk: Desk
    verb: Record
    sid: str
    kept: float
    microphone: bool = False
    full: bool = False

    async def run(self) -> tuple[Why, str | None]:
        """Why it ended, and the key that ended it."""
        began = asyncio.get_running_loop().time() - self.leg.away
        try:
            ended = await self._until_ended()
        except (Gone, CutOff, TurnedAway):
            self._fill(began)
            raise
        self._fill(began)
        return ended

    async def _until_ended(self) -> tuple[Why, str | None]:
        limit = self.leg.deadline(max(self.verb.max_length - self.kept, 0))
        quiet = self.leg.deadline(self.verb.timeout or None)
        while True:
            first = min((quiet, limit), key=lambda d: float("inf") if d.end is None else d.end)
            heard = await self.leg.hear(first)
            if heard is None:
                return (Why.LIMIT if first is limit else Why.SILENCE), None
            if isinstance(heard, Pressed) and heard.key in self.verb.finish_on_key:
                return Why.KEY, heard.key
            loud = await self._sounded(heard)
            if self.full:
                return Why.LIMIT, None
            if loud:
                quiet = self.leg.deadline(self.verb.timeout or None)

    async def _sounded(self, heard: object) -> bool:
        """Keep what is heard; whether it breaks the silence."""
        if isinstance(heard, Sound):
            self.microphone = True
            self._append(heard.frames)
            return loudness(heard.frames) > LOUD
        if isinstance(heard, Worded):
            await self._typed(heard.text)
            return True
        return False

    async def _typed(self, text: str) -> None:
        """Typed words are noted first, then voiced into the recording, or as long a
        silence where there is no voice."""
        taping = self.leg.state.taping
        assert taping is not None
        self.leg.note(taping=Taping(taping.sid, (*taping.words, text)))
        overhear(self.leg, self.desk, text)
        language = "en" if text.isascii() else "zh-CN"
        wav = await self.desk.voice.say(text, language, patience=PATIENCE)
        frames = silence(estimate(text, language)) if wav is None else from_wav(wav)
        self._append(frames)

    def _append(self, frames: bytes) -> None:
        """A phone that kept sound while away sends it at once; the limit holds for it too. A
        full disk ends the recording; what was said is kept."""
        if not self.desk.recordings.has_room():
            self.full = True
            return
        room = round((self.verb.max_length - self.desk.recordings.kept(self.sid)) * RATE) * WIDTH
        self.desk.recordings.append(self.sid, frames[: max(room, 0)])
        self.full = len(frames) >= room

    def _fill(self, began: float) -> None:
        """A phone without a microphone was silent for as long as it was listened to."""
        if not self.microphone and not self.kept:
            passed = asyncio.get_running_loop().time() - began - self.leg.away
            have = self.desk.recordings.kept(self.sid)
            silent = passed / self.leg.timing.second - have
            self.desk.recordings.append(self.sid, silence(max(0.0, silent)))


def _end(leg: Leg, desk: Desk, verb: Record, key: str | None) -> Params:
    """Finish the recording and call back; the action's fields, none if never begun."""
    leg.lift("recording", "listening")
    taping = leg.state.taping
    if taping is None:
        return ()
    words = "".join(taping.words) if _chinese(taping.words) else " ".join(taping.words)
    transcription = new_sid("TR") if verb.transcribe or words else ""
    if desk.recordings.find(taping.sid) is None:  # deleted through REST meanwhile
        return ()
    done = desk.recordings.finish(
        taping.sid, trim=verb.trim, words=words, transcription=transcription
    )
    status = "absent" if done.absent else "completed"
    _announce(leg, desk, verb, status, done.sid, seconds=str(done.seconds))
    if verb.transcribe_callback is not None:
        _transcribed(leg, desk, verb.transcribe_callback, done)
    named = (("RecordingSid", done.sid),) if desk.dialect.record_sid else ()
    pressed = (("Digits", key),) if key is not None and desk.dialect.record_key else ()
    return (
        ("RecordingUrl", desk.recording_url(done.sid)),
        *named,
        ("RecordingDuration", str(done.seconds)),
        *pressed,
    )


def _chinese(words: tuple[str, ...]) -> bool:
    return any(not word.isascii() for word in words)


def _announce(
    leg: Leg, desk: Desk, verb: Record, status: str, sid: str, *, seconds: str | None = None
) -> None:
    """recordingStatusCallback, for the events asked for (twilio-voice §1)."""
    if verb.status_callback is None or status not in verb.status_events:
        return
    extra = [
        ("RecordingSid", sid),
        ("RecordingUrl", desk.recording_url(sid)),
        ("RecordingStatus", status),
        ("RecordingChannels", "1"),
        ("RecordingSource", "RecordVerb"),
        ("RecordingTrack", "inbound"),
        ("RecordingStartTime", desk.stamp()),
    ]
    if seconds is not None:
        extra.append(("RecordingDuration", seconds))
    desk.callback(leg.state, verb.status_callback, verb.status_method, tuple(extra))


def _transcribed(leg: Leg, desk: Desk, url: str, done: Recording) -> None:
    """transcribeCallback: completed with the typed words, failed without any."""
    account = f"{desk.rest_url}/2010-04-01/Accounts/{desk.account}"
    extra = (
        ("TranscriptionSid", done.transcription),
        ("TranscriptionText", done.words),
        ("TranscriptionStatus", "completed" if done.words else "failed"),
        ("TranscriptionUrl", f"{account}/Transcriptions/{done.transcription}"),
        ("RecordingSid", done.sid),
        ("RecordingUrl", desk.recording_url(done.sid)),
    )
    desk.callback(leg.state, url, "POST", extra)
