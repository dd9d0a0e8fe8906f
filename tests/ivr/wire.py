"""A golden call over a carrier's wire: what happens comes as the fields of its webhooks, what is
heard is read from our documents as it reads them. The counterpart of `playbook.Direct`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar, assert_never

from ivr.carrier.inbound import read_answer, read_recording, read_turn
from ivr.carrier.local.dialects import Dialect, dialect_of
from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import (
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Input,
    Pause,
    Play,
    Prompt,
    Record,
    Reject,
    Say,
    Start,
    Stop,
    Verb,
)
from ivr.carrier.playing import SLOWER, Sounds
from ivr.carrier.profiles import Profile
from ivr.carrier.twiml import TwimlDocuments
from ivr.flow.call import Call
from ivr.flow.event import (
    Answered,
    DialEnded,
    HungUp,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    RoundEnded,
    Silence,
    Spoke,
)
from ivr.flow.instruction import Instruction
from ivr.flow.steps import whisper
from ivr.flow.turn import Turn
from ivr.flow.world import World
from tests.ivr.playbook import SHORT, StoryError

BASE: Final = "https://ivr.example.cn"
SID: Final = "7d1c1a4e-5b1f-4a7e-9d7e-1f0c55a1c0de"
KEYS: Final = {
    RecordingEnd.FINISHED: "#",
    RecordingEnd.PERSON: "0",
    RecordingEnd.HANGUP: "hangup",
    RecordingEnd.SILENCE: "",
}
TALK: Final = "42"

Fields = dict[str, str]
V = TypeVar("V", bound=Verb)


@dataclass
class Wire:
    """`profile` is what we believe of the carrier, `dialect` its own ways. `documents` are all
    that were sent, `waiting` is the verb that the last one ended with, `listening` are those who
    write down what is said."""

    profile: Profile
    documents: list[bytes] = field(default_factory=list)
    waiting: Verb | None = None
    listening: list[str] = field(default_factory=list)
    read_verbs: tuple[Verb, ...] = ()
    sounds: Sounds | None = None

    @property
    def dialect(self) -> Dialect:
        return dialect_of(self.profile.name)

    def hand_on(self, turn: Turn) -> Iterator[str]:
        """The lines for what is heard in the document of a turn."""
        recorded = isinstance(self.waiting, Record)
        documents = TwimlDocuments(self.profile, BASE, self.sounds)
        made = documents.turn(turn.say, turn.call.id, turn.call.turn, recorded=recorded)
        lines = self.read(made)
        self._listens(self.read_verbs)
        return lines

    def read(self, document: bytes) -> Iterator[str]:
        """The lines for what is heard in any document."""
        verbs = self.read_verbs = self._read(document)
        self.waiting = verbs[-1]
        return iter(_lines(verbs, self.profile, self._played()))

    def _played(self) -> Mapping[str, str]:
        """What is heard at each address, in the words of the story."""
        known = self.sounds.addresses.items() if self.sounds is not None else ()
        usual = {f"{url}.wav": f"{SHORT[of]}, played: {text}" for (of, text), url in known}
        slow = {
            f"{url}{SLOWER}.wav": f"{SHORT[of]} slowly, played: {text}" for (of, text), url in known
        }
        return usual | slow

    def _listens(self, verbs: tuple[Verb, ...]) -> None:
        """Words are written down while the line records, and at no other time."""
        started = [verb.name for verb in verbs if isinstance(verb, Start)]
        stopped = [verb.name for verb in verbs if isinstance(verb, Stop)]
        if self.listening != stopped:
            raise StoryError(f"{self.listening} run on, {stopped} end")
        records = any(isinstance(verb, Record) for verb in verbs)
        if bool(started) is not (records and bool(self.profile.live)):
            raise StoryError(f"{started} begin where the line records: {records}")
        self.listening = started

    def _read(self, document: bytes) -> tuple[Verb, ...]:
        """As the carrier reads it. Raises UnreadableTwiml for what it does not know."""
        self.documents.append(document)
        read = read_twiml(document.decode(), self.dialect)
        if read.warnings:
            raise StoryError(f"{self.profile.name} remarks on a document: {read.warnings}")
        return read.verbs

    def receive(self, event: LineEvent, world: World, call: Call) -> LineEvent:  # noqa: PLR0911 - one return an event
        """The event as the carrier's fields tell it."""
        match event:
            case Answered():
                self._answered(call)
                return event
            case Pressed():
                return self._turn(self._pressed(event))
            case Spoke(text):
                return self._turn(self._spoken(text))
            case Silence():
                self._expect(Gather)
                return self._turn({})
            case Recorded():
                return self._recorded(event)
            case DialEnded():
                return self._dialled(event, world, call)
            case RoundEnded():
                return self._left(event)
            case HungUp():
                return self._turn({"CallStatus": "completed"})
        assert_never(event)

    def _turn(self, fields: Fields) -> LineEvent:
        own = {"AccountSid": SID, "CallSid": SID, "CallStatus": "in-progress"}
        return read_turn(own | fields, carrier=self.profile)

    def _expect(self, kind: type[V]) -> V:
        if not isinstance(self.waiting, kind):
            raise StoryError(
                f"with {self.profile.name} the call waits in {type(self.waiting).__name__}, not "
                f"in {kind.__name__}; give this profile a story of its own"
            )
        return self.waiting

    def _answered(self, call: Call) -> None:
        shown = call.caller or "anonymous"
        arrival = read_answer(
            {"AccountSid": SID, "CallSid": SID, "From": shown, "To": call.dialled}
        )
        if (arrival.caller, arrival.dialled) != (call.caller, call.dialled):
            raise StoryError(f"the call arrives as {arrival}")

    def _pressed(self, event: Pressed) -> Fields:
        """What a Gather tells of these keys; those after its end belong to nobody."""
        verb = self._expect(Gather)
        digits, key = "", ""
        for pressed in event.digits + ("#" if event.finished else ""):
            if key or len(digits) == verb.num_digits:
                raise StoryError("keys are pressed after the input had ended")
            if pressed == verb.finish_on_key:
                key = pressed
            else:
                digits += pressed
        fields = {"Digits": digits, "FinishedOnKey": key, "msg": "Gather End"}
        if not self.dialect.gather_key:
            fields = {"Digits": digits} if digits else {}
        return fields

    def _spoken(self, text: str) -> Fields:
        if Input.SPEECH not in self._expect(Gather).input:
            raise StoryError(f"{self.profile.name} hears keys only here")
        return {"SpeechResult": text, "Confidence": "0.9"}

    def _recorded(self, event: Recorded) -> LineEvent:
        """The action; where a hang-up has none, the callback, which is a case all the same."""
        verb, key = self._expect(Record), KEYS[event.end]
        if len(key) == 1 and key not in verb.finish_on_key:
            raise StoryError(f"with {self.profile.name} {key} ends no recording")
        url = f"{BASE}/2010-04-01/Accounts/{SID}/Recordings/{event.recording}"
        told = {"RecordingUrl": url, "RecordingDuration": str(event.seconds)}
        if event.end is RecordingEnd.HANGUP:
            told["CallStatus"] = "completed"
            if not self.dialect.hangup_action:
                ref = read_recording({**told, "RecordingSid": event.recording})
                if ref is None:
                    raise StoryError("the callback tells of no recording")
                return Recorded(ref.sid, ref.seconds, event.end)
        if self.dialect.record_sid:
            told["RecordingSid"] = event.recording
        if self.dialect.record_key and key:
            told["Digits"] = key
        return self._turn(told)

    def _dialled(self, event: DialEnded, world: World, call: Call) -> LineEvent:
        """The whisper, where there is one, then the action."""
        verb = self._expect(Dial)
        asked = verb.targets[0].url is not None
        if asked:
            self._whisper(event, world, call)
        told = self._outcome(event, asked=asked)
        heard = self._turn(told)
        if not isinstance(heard, DialEnded) or not asked:
            return heard
        accepted = heard.accepted or event.accepted  # the whisper's row
        return DialEnded(accepted, event.declined, heard.caller_gone)

    def _left(self, event: RoundEnded) -> LineEvent:
        """The queue's action; who said no is the conversation's to know."""
        self._expect(Enqueue)
        result = "bridged" if event.accepted else "hangup" if event.caller_gone else "leave"
        told = {"QueueResult": result, "QueueSid": event.room or "", "QueueTime": "20"}
        if event.caller_gone:
            told["CallStatus"] = "completed"
        heard = self._turn(told)
        if not isinstance(heard, RoundEnded):
            return heard
        return replace(heard, declined=event.declined)

    def _outcome(self, event: DialEnded, *, asked: bool) -> Fields:
        status = "completed" if event.accepted or (event.declined and asked) else "no-answer"
        if event.declined and not asked:
            status = "busy"
        told = {"DialCallStatus": "canceled" if event.caller_gone else status}
        if event.accepted or not self.dialect.joined_only:
            told |= {"DialCallSid": SID, "DialCallDuration": TALK if event.accepted else "0"}
        if self.dialect.bridged:
            told["DialBridged"] = "true" if event.accepted else "false"
        if event.caller_gone:
            told["CallStatus"] = "completed"
        return told

    def _whisper(self, event: DialEnded, world: World, call: Call) -> None:
        """Both documents of the callee's leg, read where only few verbs may stand."""
        leg = call.facts.rung - 1
        answer = whisper.accepted if event.accepted else whisper.declined
        for step, say in enumerate((whisper.offer(world, call), answer(world, call))):
            self._leg(say, call, leg, step + 1)

    def _leg(self, say: tuple[Instruction, ...], call: Call, leg: int, following: int) -> None:
        documents = TwimlDocuments(self.profile, BASE, self.sounds)
        made = documents.leg(say, call.id, call.turn, leg, following)
        for verb in self._read(made):
            if not isinstance(verb, Say | Play | Gather | Hangup):
                raise StoryError(f"a whisper may not hold {verb}")


def _lines(  # noqa: C901 - one arm a verb
    verbs: tuple[Verb, ...], profile: Profile, played: Mapping[str, str]
) -> list[str]:
    """What is heard, in the words of `playbook.spoken`."""
    lines: list[str] = []
    for verb in verbs:
        match verb:
            case Say() | Play() | Pause():
                _prompt(lines, verb, profile, played)
            case Gather():
                for prompt in verb.prompts:
                    _prompt(lines, prompt, profile, played)
                lines.append(_listening(verb))
            case Record():
                lines.append(f"(beep; records {verb.max_length:g} s at most)")
            case Dial():
                lines.append(f"(rings {verb.targets[0].number} for {verb.timeout:g} s)")
            case Enqueue():
                lines.append("(waits while they ring)")
            case Hangup():
                lines.append("(hangs up)")
            case Start() | Stop():
                pass  # nobody hears it
            case Reject(reason):
                lines.append(f"(never answered: {reason})")
            case _:
                raise StoryError(f"no instruction of ours is a {verb}")
    return lines


def _prompt(lines: list[str], prompt: Prompt, profile: Profile, played: Mapping[str, str]) -> None:
    match prompt:
        case Say():
            language = _language(prompt, profile)
            slow = " slowly" if prompt.pace < 1 else ""
            lines.append(f"{language}{slow}: {prompt.text}")
        case Pause(seconds):
            lines[-1] += f" (pause {seconds:g} s)"
        case Play(url):
            lines.append(played[url])
        case _:
            assert_never(prompt)


def _language(say: Say, profile: Profile) -> str:
    for language, voice in profile.voices.items():
        if (voice.language, voice.voice) == (say.language, say.voice):
            return SHORT[language]
    raise StoryError(f"{profile.name} has no voice {say.voice}")


def _listening(verb: Gather) -> str:
    keys = "any keys" if verb.num_digits is None else f"{verb.num_digits} key(s)"
    until = f" until {verb.finish_on_key}" if verb.finish_on_key else ""
    words = ", or words" if Input.SPEECH in verb.input else ""
    return f"(listens {verb.timeout:g} s for {keys}{until}{words})"
