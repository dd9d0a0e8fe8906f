"""A carrier in simulated time: what it knows of calls, recordings and texts, and its REST side,
which fails at random. Stands where `deployment.carrier.Rest` asks."""

import io
import random
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from benchmarks.simulation.timeline import Timeline
from ivr.carrier.account import CarrierRefused, CarrierUnreachable, CarrierUnsure
from ivr.carrier.recordings import MediaNotYet
from ivr.flow.progress import CallStatus
from ivr.flow.receipt import Receipt, TextStatus
from ivr.ports.listed import CarrierCall, CarrierRecording
from ivr.ports.recordings import RecordingRef

QUARTER: Final = 6 * 3600


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances, from 0 to 1, of what a real line does to us; seconds are at most so many. What the
    carrier loses (`lost_…`) it never finds again; all else is only late or lost on its way."""

    dropped: float = 0.15  # a callback that never comes
    doubled: float = 0.15  # one that comes twice, the second time late
    delayed: float = 0.3  # one that comes late, so that others overtake it
    late: int = 1_200  # seconds of such a delay
    repeated: float = 0.1  # a turn that is asked for again, at once or after the next one
    cut_off: float = 0.03  # a turn whose answer is lost: the caller hears the fallback
    unreached: float = 0.03  # a turn that does not reach us at all
    silent: float = 0.1  # a REST request that has no effect
    unsure: float = 0.1  # one that has its effect, and no answer
    outage: float = 0.7  # a quarter of a day in which the REST side is down once
    outage_lasts: int = 1_800
    media_late: int = 90  # seconds until a recording's sound is there
    lost_media: float = 0.0
    lost_calls: float = 0.0  # calls of which it soon knows nothing, not even their end
    strangers: int = 0  # recordings of calls that never reached us and that it knows no more


@dataclass(frozen=True, slots=True)
class Text:
    """A text that was taken."""

    sid: str
    to: str
    from_: str
    body: str
    at: datetime


@dataclass
class Carrier:
    """The truth; what is told of it is another thing."""

    timeline: Timeline
    chance: random.Random
    faults: Faults
    calls: dict[str, CarrierCall] = field(default_factory=dict)
    made: dict[str, CarrierRecording] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    texts: list[Text] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    asked: int = 0
    _down_from: int = -QUARTER
    _quarter: int = -1

    def begins(self, sid: str, to: str, caller: str) -> None:
        """A call that was answered."""
        now = self.timeline.now
        self.calls[sid] = CarrierCall(sid, CallStatus.IN_PROGRESS, to, now, caller=caller)

    def ends(self, sid: str) -> None:
        """Its end; nothing comes after it."""
        call = self.calls[sid]
        if call.status.over:
            return
        lasted = self.timeline.now - (call.started or self.timeline.now)
        seconds = round(lasted.total_seconds())
        self.calls[sid] = replace(call, status=CallStatus.COMPLETED, seconds=seconds)
        if self._happens(self.faults.lost_calls):
            self.forgotten.add(sid)

    def records(self, sid: str, call: str, seconds: int) -> RecordingRef:
        """A recording that ended now."""
        ref = RecordingRef(sid, f"https://api.carrier.example/{sid}", seconds)
        self.made[sid] = CarrierRecording(ref, call, self.timeline.now)
        if self._happens(self.faults.lost_media):
            self.gone.add(sid)
        return ref

    def meets_strangers(self, line: str) -> None:
        """Recordings of calls that nobody knows anything of any more."""
        for number in range(self.faults.strangers):
            sid = f"CAstranger{number}"
            self.begins(sid, line, "anonymous")
            self.ends(sid)
            ref = RecordingRef(f"REstranger{number}", "https://api.carrier.example/x", 9)
            self.made[ref.sid] = CarrierRecording(ref, sid, self.timeline.now)
            self.forgotten.add(sid)

    def _happens(self, likely: float) -> bool:
        return self.chance.random() < likely

    def _answer(self) -> None:
        """Raises where the REST side does not take a request."""
        self.asked += 1
        quarter = self.timeline.second // QUARTER
        if quarter != self._quarter:
            self._quarter = quarter
            if self._happens(self.faults.outage):
                self._down_from = self.timeline.second + self.chance.randint(0, QUARTER // 3)
        down = self.timeline.second - self._down_from
        if 0 <= down < self.faults.outage_lasts or self._happens(self.faults.silent):
            raise CarrierUnreachable("the simulated carrier is not to be reached")

    async def fetch(self, sid: str) -> CarrierCall | None:
        """A call."""
        self._answer()
        return None if sid in self.forgotten else self.calls.get(sid)

    async def end(self, sid: str) -> None:
        """Hang up a call."""
        self._answer()
        self.ends(sid)

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        """The recordings of a call, the newest first."""
        self._answer()
        return [row.ref for row in self._listed() if row.call == call]

    async def since(self, at: datetime) -> Sequence[CarrierRecording]:
        """Recordings made since then."""
        self._answer()
        return [row for row in self._listed() if row.at >= at]

    def _listed(self) -> Sequence[CarrierRecording]:
        return [row for row in reversed(self.made.values()) if row.ref.sid not in self.deleted]

    async def words(self, sid: str) -> str | None:
        """What was heard; nothing is known any more of what was deleted."""
        self._answer()
        return None if sid in self.deleted else "路灯坏了"

    async def send(self, to: str, from_: str, body: str, key: str) -> str:
        """Take a text."""
        self._answer()
        sid = f"SM{len(self.texts)}"
        self.texts.append(Text(sid, to, from_, body, self.timeline.now))
        if self._happens(self.faults.unsure):
            raise CarrierUnsure("the simulated carrier took it and did not say so")
        return sid

    async def find(self, to: str, from_: str, body: str, since: datetime) -> str | None:
        """A text that was taken."""
        self._answer()
        for text in reversed(self.texts):
            alike = (text.to, text.from_, text.body) == (to, from_, body)
            if alike and text.sid not in self.deleted:
                return text.sid
        return None

    async def receipt(self, sid: str) -> Receipt:
        """Every text arrives."""
        self._answer()
        return Receipt(sid, TextStatus.DELIVERED)

    async def delete(self, sid: str) -> None:
        """Delete a text or a recording."""
        self._answer()
        self.deleted.add(sid)
        if self._happens(self.faults.unsure):
            raise CarrierUnreachable("the simulated carrier did it and did not say so")

    async def stream(self, ref: RecordingRef) -> AsyncIterator[bytes]:
        """A recording's sound."""
        self._answer()
        if ref.sid in self.gone:
            raise MediaNotYet("the simulated carrier does not have the sound")
        row = self.made.get(ref.sid)
        if row is None or ref.sid in self.deleted:
            raise CarrierRefused("there is no such recording", status=404)
        late = timedelta(seconds=self.chance.randint(0, self.faults.media_late))
        if self.timeline.now < row.at + late:
            raise MediaNotYet("the simulated carrier does not have the sound yet")
        yield SOUND


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(b"\0\1" * 800)
    return file.getvalue()


SOUND = _wav()
