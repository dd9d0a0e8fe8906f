"""One simulated call: does what our documents say, as people do, over a line that doubles, drops,
delays and cuts off (twilio-voice §1, §3)."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from benchmarks.simulation.carrier import Carrier
from benchmarks.simulation.house import ACCOUNT, BASE, House
from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import Dial, Gather, Record, Redirect, Reject, Verb

LINES: Final = ("+865580000021", "+865580000009", "+865580000075")
MATTERS: Final = ("2", "1")
"""What a caller with a matter presses first."""
MOST_STEPS: Final = 40
FALLBACK: Final = "/voice/fallback"
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A recording into which somebody spoke, or (`words` is False) only breathed."""

    sid: str
    seconds: int
    words: bool


@dataclass
class SimulatedCall:
    """Its own memory of what happened; compared with what the house keeps at the end."""

    number: int
    carrier: Carrier
    house: House
    chance: random.Random
    token: Callable[[], str]
    said: list[Said] = field(default_factory=list)
    replies: dict[str, bytes] = field(default_factory=dict)
    changed: int = 0
    refused: list[int] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        self.sid = f"CA{self.number:032x}"
        self.caller = f"+86139{self.number % 1_000 + 20_000_000:08d}"
        self.line = self.chance.choice(LINES)
        self.keys = list(MATTERS) if self.chance.random() < 0.8 else []

    async def ring(self) -> None:
        """The first webhook. Where it does not reach us, there is no call."""
        self.carrier.begins(self.sid, self.line, self.caller)
        await self._turn(f"{BASE}/voice/answer", {"CallStatus": "ringing"})

    async def _turn(self, url: str, fields: Fields) -> None:
        """A webhook that waits for its document; the call goes on with it a little later."""
        faults = self.carrier.faults
        self.steps += 1
        if self._over or self.steps > MOST_STEPS:
            self._hang_up()
            return
        if self._happens(faults.unreached):
            await self._fallback(url)
            return
        body = await self._post(url, fields)
        if self._happens(faults.repeated):
            self._later(self.chance.randint(1, 60), lambda: self._post(url, fields))
        if body is None or self._happens(faults.cut_off):
            await self._fallback(url)
            return
        self._do(body)

    def _do(self, body: bytes) -> None:
        verbs = [*read_twiml(body.decode()).verbs]
        listening = next((verb for verb in verbs if isinstance(verb, Gather | Record | Dial)), None)
        self._go_on(listening, verbs)

    async def _post(self, url: str, fields: Fields) -> bytes | None:
        """The document, None where it was refused; the same question has the same answer."""
        status, body = await self._send(url, fields)
        if status != 200:
            self.refused.append(status)
            return None
        if FALLBACK not in url:  # a step of the plan may be taken again
            self.changed += self.replies.setdefault(url, body) != body
        return body

    async def _send(self, url: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        form = {
            "AccountSid": ACCOUNT,
            "CallSid": self.sid,
            "From": self.caller,
            "To": self.line,
            "CallStatus": "in-progress",
            **fields,
        }
        return await self.house.wire.post(url, form, self.token())

    async def _fallback(self, failed: str) -> None:
        """The static plan goes on with the call; where it is not reached either, it is over."""
        if FALLBACK in failed or self._happens(self.carrier.faults.unreached):
            self._hang_up()
            return
        told = {"ErrorCode": "11200", "ErrorUrl": failed.partition("#")[0]}
        status, body = await self._send(f"{BASE}{FALLBACK}", told)
        if status == 200:
            self._do(body)
        else:
            self._hang_up()

    def _go_on(self, verb: Verb | None, verbs: list[Verb]) -> None:
        match verb:
            case Gather():
                self._answer_menu(verb)
            case Record():
                self._speak(verb)
            case Dial():
                self._wait_for(verb)
            case _:
                redirect = next((one for one in verbs if isinstance(one, Redirect)), None)
                if redirect is None or any(isinstance(one, Reject) for one in verbs):
                    self._hang_up()
                else:
                    self._next(2, redirect.url, {})

    def _answer_menu(self, gather: Gather) -> None:
        if self._happens(0.04):
            self._later(3, self._leave)
            return
        key = self.keys.pop(0) if self.keys else self.chance.choice("123590*#13")
        url = gather.action or ""
        if self._happens(0.05):
            self._next(12, url, {})  # silence
        elif key == "#":
            self._next(4, url, {"FinishedOnKey": "#"})
        else:
            self._next(4, url, {"Digits": key})

    def _speak(self, record: Record) -> None:
        """Into a recording, to its end: by a key, by silence, or by hanging up."""
        spoke = self._happens(0.85)
        seconds = self.chance.randint(3, 90) if spoke else round(record.timeout)
        ends = self.chance.choice(("#", "#", "0", "", "hangup")) if spoke else ""
        if spoke and not ends:  # the silence that ends it comes after what was said
            seconds += round(record.timeout)
        if self._happens(0.05):  # before the tone
            self._later(2, self._leave)
            return
        sid = f"RE{self.number:024x}{len(self.said):08x}"
        said = Said(sid, seconds, spoke)
        self.said.append(said)
        self._later(seconds, lambda: self._recorded(record, said, ends))

    async def _recorded(self, record: Record, said: Said, ends: str) -> None:
        ref = self.carrier.records(said.sid, self.sid, said.seconds)
        fields = {
            "RecordingSid": said.sid,
            "RecordingUrl": ref.url,
            "RecordingDuration": str(said.seconds),
        }
        if record.status_callback:
            told = {**fields, "RecordingStatus": "completed"}
            self._call_back(record.status_callback, told)
        if record.transcribe_callback and self._happens(0.5):  # else the list alone has them
            words = {"TranscriptionText": "路灯坏了", "TranscriptionStatus": "completed"}
            self._call_back(record.transcribe_callback, {**fields, **words})
        over = ends == "hangup"
        if over:
            self._hang_up()
        elif self._happens(0.02):
            over = True
            self._hang_up()
        action = {**fields, "Digits": ends, "CallStatus": "completed" if over else "in-progress"}
        if over and self._happens(0.3):
            action = {"CallStatus": "completed"}  # that a recording is there is told later, if ever
        await self._action(record.action or "", action, over=over)

    async def _action(self, url: str, fields: Fields, *, over: bool) -> None:
        if not over:
            await self._turn(url, fields)
        elif not self._happens(self.carrier.faults.unreached + self.carrier.faults.dropped):
            await self._post(url, fields)

    def _wait_for(self, dial: Dial) -> None:
        """A target that nobody answers, or one who accepts and talks."""
        whisper = dial.targets[0].url if dial.targets else None
        if whisper is not None and self._happens(0.3):
            self._later(8, lambda: self._accept(dial, whisper))
            return
        self._next(20, dial.action or "", {"DialCallStatus": "no-answer"})

    async def _accept(self, dial: Dial, whisper: str) -> None:
        leg = {"CallSid": f"{self.sid}-leg", "ParentCallSid": self.sid}
        _, offer = await self._send(whisper, leg)
        found = [verb for verb in read_twiml(offer.decode()).verbs if isinstance(verb, Gather)]
        if found and found[0].action:
            await self._send(found[0].action, {**leg, "Digits": "1"})
        talk = self.chance.randint(20, 2_400)
        ended = {"DialCallStatus": "completed", "DialBridged": "true"}
        self._next(talk, dial.action or "", ended)

    def _next(self, seconds: float, url: str, fields: Fields) -> None:
        self._later(seconds, lambda: self._turn(url, fields))

    async def _leave(self) -> None:
        self._hang_up()

    def _hang_up(self) -> None:
        if not self._over:
            self.carrier.ends(self.sid)
            self._call_back(
                f"{BASE}/voice/status", {"CallStatus": "completed", "CallDuration": "9"}
            )

    @property
    def _over(self) -> bool:
        return self.carrier.calls[self.sid].status.over

    def _call_back(self, url: str, fields: Fields) -> None:
        """Callbacks come beside the call, in any order, once, twice or never."""
        faults = self.carrier.faults
        wait = self.chance.randint(1, faults.late) if self._happens(faults.delayed) else 1
        if not self._happens(faults.dropped):
            self._later(wait, lambda: self._send(url, fields))
        if self._happens(faults.doubled):
            again = wait + self.chance.choice((0, self.chance.randint(1, faults.late)))
            self._later(again, lambda: self._send(url, fields))

    def _happens(self, likely: float) -> bool:
        return self.chance.random() < likely

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        self.carrier.timeline.later(seconds, action)  # type: ignore[arg-type]  # all are awaited
