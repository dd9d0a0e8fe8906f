"""Renders instructions as TwiML: the answer to every webhook of a call or a whisper.
The counterpart of `inbound`; equal to what twilio's VoiceResponse builds, at a fraction
of its time (twilio-voice §4, §5)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, assert_never

from ivr.carrier.local.bank import MOST_EDITIONS, Bank
from ivr.carrier.playing import PACE, Sounds
from ivr.carrier.profiles import Profile, Voice
from ivr.carrier.text import clean, escape
from ivr.flow.fallback import Place
from ivr.flow.instruction import (
    Ask,
    Dial,
    Hangup,
    Hold,
    Instruction,
    Join,
    Language,
    Leave,
    Record,
    Reject,
    Say,
    Tone,
)
from ivr.flow.world import Plan

CONTENT_TYPE: Final = "text/xml; charset=utf-8"  # text/plain would be read aloud
MAX_BODY: Final = 64 * 1024  # bytes; more is error 11750
MAX_SPOKEN: Final = 3_000  # characters of one <Say> with a Polly voice; more is error 13521
_MAX_HINTS, _MAX_HINT = 500, 100  # entries, characters of each
_MAX_HINTS_BYTES: Final = 16_000  # 500 whole Chinese hints alone would be over MAX_BODY
FINISHED: Final = "#"
"""The key that says "that was all" in every prompt (prompts §1)."""
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?><Response>'
# Seconds of silence that end a spoken choice. Unset it would be the prompt's own wait, and
# "auto" is error 13335 with the only model that knows Mandarin (twilio-voice §5, §6).
_SPEECH_ENDS: Final = 2


_TO_JOIN: Final = 5  # seconds; the least that a <Dial> takes (twilio-voice §5)
TONE_PATH: Final = "/voice/ringing.wav"
LEAVE: Final = f"{_HEAD}<Leave/></Response>".encode()
"""Brings back a caller who waits, where nothing is known of the call."""
EMBEDDED: Final = "local"
TAGS: Final[Mapping[Language, str]] = {"zh-CN": "zh", "en": "en"}
"""The languages as the fallback's addresses write them."""


class UnrenderableReply(Exception):
    """A reply is longer than carriers read; shorten its phrases or the answer it quotes."""


@dataclass(frozen=True, slots=True)
class Urls:
    """The addresses that a document hands out (design §3): `stem` is the next turn's.

    In a whisper `leg` is set: only Say, Gather and Hangup may be used there."""

    stem: str
    leg: bool = False

    @classmethod
    def of_turn(cls, base: str, call: str, turn: int) -> "Urls":
        """For the caller's leg; `turn` is the one that the next webhook will carry."""
        return cls(f"{base}/voice/{call}/turn/{turn}")

    @classmethod
    def of_leg(cls, base: str, call: str, turn: int, step: tuple[int, int]) -> "Urls":
        """For a callee's leg; `step` is the target's number and the whisper's next turn."""
        return cls(f"{base}/voice/{call}/turn/{turn}/leg/{step[0]}/{step[1]}", leg=True)

    @classmethod
    def of_rung(cls, base: str, leg: str, step: int) -> "Urls":
        """For a callee whom we rang by a call of its own."""
        return cls(f"{base}/voice/{leg}/ring/{step}")

    @classmethod
    def of_fallback(cls, base: str, then: Place | None) -> "Urls":
        """For the plan when all fails: a language and a step, and nothing of the call."""
        if then is None:
            return cls(f"{base}/voice/fallback")
        return cls(f"{base}/voice/fallback/{TAGS[then.language]}/{then.step}")

    @property
    def action(self) -> str:
        """Where a Gather, Record or Dial goes on."""
        return self.stem

    @property
    def recording(self) -> str:
        """Where the carrier tells that a recording is ready or absent."""
        return f"{self.stem}/recording"

    @property
    def transcript(self) -> str:
        """Where the carrier tells the words of a recording."""
        return f"{self.stem}/transcript"

    @property
    def transcription(self) -> str:
        """Where the carrier tells them piece by piece, while it records."""
        return f"{self.stem}/transcription"

    @property
    def turn(self) -> int:
        """The turn that the next webhook carries; of the caller's leg alone."""
        return int(self.stem.rpartition("/")[2])

    @property
    def waiting(self) -> str:
        """What the caller hears who waits for this turn."""
        return f"{self.stem}/wait"

    @property
    def tone(self) -> str:
        """The sound of a phone that rings."""
        return f"{self.stem.partition('/voice/')[0]}{TONE_PATH}"

    def whisper(self, leg: int) -> str:
        """The first document of target `leg`'s whisper; its answer is step 1."""
        return f"{self.stem}/leg/{leg}/0"


class Twiml:
    """One profile's renderer; what never changes is compiled when it is made."""

    __slots__ = ("_fragment", "_listen", "_profile", "_say", "_sounds")

    def __init__(self, profile: Profile, sounds: Sounds | None = None) -> None:
        self._profile = profile
        self._sounds = sounds
        self._fragment = escape(profile.overrides)
        self._say = _compiled_say(profile)
        self._listen = {
            (language, speech): _compiled_listen(profile, language, speech=speech)
            for language in profile.voices
            for speech in (False, True)
        }

    def render(
        self, instructions: tuple[Instruction, ...], urls: Urls, *, heard: int | None = None
    ) -> bytes:
        """The document for these instructions, as UTF-8 of content type `CONTENT_TYPE`. `heard` is
        the turn whose recording has ended: who wrote it down stops first, as a call's other words,
        and what is said once it was put through, are not for writing down.

        Raises UnrenderableReply beyond 64 kB."""
        verbs = "".join([self._verb(instruction, urls) for instruction in instructions])
        stop = ""
        if heard is not None and self._profile.live:
            stop = f'<Stop><Transcription name="{_listening(heard)}"/></Stop>'
        body = f"{_HEAD}{stop}{verbs}</Response>".encode()
        if len(body) > MAX_BODY:
            raise UnrenderableReply(
                f"a reply of {len(body)} bytes is over {MAX_BODY}; shorten what is spoken"
            )
        return body

    def _verb(  # noqa: C901, PLR0911 - one arm an instruction
        self, instruction: Instruction, urls: Urls
    ) -> str:
        match instruction:
            case Ask():
                return self._ask(instruction, urls)
            case Say():
                return self._spoken(instruction, urls)
            case Record():
                return self._record(instruction, urls)
            case Dial():
                return self._dial(instruction, urls)
            case Hold():
                return self._hold(instruction, urls)
            case Join():
                return self._join(instruction, urls)
            case Tone():
                return f"<Play>{escape(urls.tone)}</Play>"
            case Leave():
                return "<Leave/>"
            case Hangup():
                return "<Hangup/>"
            case Reject(reason):
                return f'<Reject reason="{reason}"/>'
        assert_never(instruction)

    def _spoken(self, say: Say, urls: Urls) -> str:
        """The text and the pause after it; an empty <Say> is an error and left out."""
        text = say.text[:MAX_SPOKEN]
        before, after = self._say[say.language, say.slow]
        if self._sounds is not None:
            parts = self._sounds.parts(text, say.language, slow=say.slow)
            spoken = "".join(
                f"<Play>{url}</Play>" if url else f"{before}{escape(said)}{after}"
                for said, url in parts
            )
        else:
            text = escape(text)
            spoken = f"{before}{text}{after}" if text and not text.isspace() else ""
        if say.pause > 0 and self._profile.pause and not urls.leg:
            return f'{spoken}<Pause length="{say.pause}"/>'
        return spoken

    def _ask(self, ask: Ask, urls: Urls) -> str:
        before, after = self._listen[ask.language, ask.speech]
        told = ask.hints and ask.speech and self._profile.speech and self._profile.hints
        hints = _hints(ask.hints) if told else ""
        digits = "" if ask.digits is None else f'numDigits="{ask.digits}" '
        prompts = "".join([self._spoken(prompt, urls) for prompt in ask.prompts])
        return (
            f'<Gather action="{self._url(urls.stem)}" {hints}{digits}'
            f'finishOnKey="{escape(self._finish(ask))}" {before}timeout="{ask.wait}"{after}'
            f"{prompts}</Gather>"
        )

    def _finish(self, ask: Ask) -> str:
        """Where a number of digits ends the input and the action is not told of another end, the
        finish key comes as a digit: after the wait, but told."""
        return ask.finish if ask.digits is None or self._profile.gather_key else ""

    def _record(self, record: Record, urls: Urls) -> str:
        """Where the action is not told which key ended it, only `#` does: a `0` for a person
        would be taken for the end of the message."""
        keys = record.keys if self._profile.record_key else FINISHED
        return (
            f"{self._start(record, urls)}"
            f'<Record action="{self._url(urls.stem)}" finishOnKey="{escape(keys)}" '
            f'maxLength="{record.longest}" timeout="{record.silence}" playBeep="true" '
            f'recordingStatusCallback="{self._url(urls.recording)}"'
            f"{self._record_options(record, urls)}/>"
        )

    def _start(self, record: Record, urls: Urls) -> str:
        """Words are not filtered, and none are guessed before they are sure: a caller's own are
        evidence."""
        if record.transcribe is None or record.transcribe not in self._profile.live:
            return ""
        heard = self._profile.live[record.transcribe]
        return (
            f'<Start><Transcription name="{_listening(urls.turn)}" '
            f'statusCallbackUrl="{self._url(urls.transcription)}" '
            f'languageCode="{heard.language}" track="inbound_track" '
            f'transcriptionEngine="{heard.engine}" speechModel="{heard.model}" '
            'partialResults="false" profanityFilter="false" enableAutomaticPunctuation="true"/>'
            "</Start>"
        )

    def _record_options(self, record: Record, urls: Urls) -> str:
        """`do-not-trim`: a length that only silence explains tells an empty recording from a
        short one, and a faint first syllable stays."""
        if not self._profile.record_options:
            return ""
        words = ""
        if record.transcribe is not None and self._profile.transcribes:
            words = f' transcribe="true" transcribeCallback="{self._url(urls.transcript)}"'
        events = ' recordingStatusCallbackEvent="completed absent"'
        return f' trim="do-not-trim"{events}{words}'

    def _dial(self, dial: Dial, urls: Urls) -> str:
        whisper = ""
        if dial.whisper and self._profile.whisper:
            whisper = f' url="{self._url(urls.whisper(dial.leg))}"'
        limit = f' timeLimit="{dial.longest}"' if self._profile.time_limit else ""
        return (
            f'<Dial action="{self._url(urls.stem)}" callerId="{escape(dial.caller_id)}" '
            f'timeout="{dial.seconds}"{limit}>'
            f"<Number{whisper}>{escape(dial.number)}</Number></Dial>"
        )

    def _hold(self, hold: Hold, urls: Urls) -> str:
        """The action comes when the caller leaves; after a talk, when that is over."""
        return (
            f'<Enqueue action="{self._url(urls.stem)}" waitUrl="{self._url(urls.waiting)}">'
            f"{escape(hold.room)}</Enqueue>"
        )

    def _join(self, join: Join, urls: Urls) -> str:
        """An empty queue is waited at for the time-out: its caller was the only one."""
        limit = f' timeLimit="{join.longest}"' if self._profile.time_limit else ""
        return (
            f'<Dial action="{self._url(urls.stem)}" timeout="{_TO_JOIN}"{limit}>'
            f"<Queue>{escape(join.room)}</Queue></Dial>"
        )

    def _url(self, url: str) -> str:
        return escape(url) + self._fragment


class TwimlDocuments:
    """Implements `ivr.ports.documents.Documents` for one carrier, which calls us under `base`, and
    fetches `sounds` where it shall play what is recorded; what is recorded is in `bank`."""

    __slots__ = ("_bank", "_base", "_earlier", "_profile", "_sounds", "_twiml")

    def __init__(
        self, profile: Profile, base: str, sounds: Sounds | None = None, bank: Bank | None = None
    ) -> None:
        self._twiml = Twiml(profile, sounds)
        self._base = base.rstrip("/")
        self._profile, self._sounds, self._bank = profile, sounds, bank
        self._earlier: dict[str, TwimlDocuments] = {}

    def of(self, plan: Plan) -> "TwimlDocuments":
        """These, or where an earlier plan has other recordings than the newest, those with its own:
        by `<Play>`, or in the embedded carrier by the name of a voice."""
        bank = self._bank
        if bank is None or plan.recordings is bank.meant or plan.recordings == bank.meant:
            return self
        edition = bank.edition_of(plan.number, plan.recordings)
        if edition not in self._earlier:
            if len(self._earlier) >= MOST_EDITIONS:
                self._earlier.clear()
            self._earlier[edition] = self._in(edition)
        return self._earlier[edition]

    def _in(self, edition: str) -> "TwimlDocuments":
        profile = self._profile
        if profile.name == EMBEDDED:
            named = {each: replace(voice, voice=edition) for each, voice in profile.voices.items()}
            profile = replace(profile, voices=named)
        sounds = None if self._sounds is None else self._sounds.edition(edition)
        return TwimlDocuments(profile, self._base, sounds)

    def turn(
        self, say: tuple[Instruction, ...], call_id: str, following: int, *, recorded: bool = False
    ) -> bytes:
        """The reply of a turn; its actions go to turn `following`. Raises UnrenderableReply."""
        urls = Urls.of_turn(self._base, call_id, following)
        return self._twiml.render(say, urls, heard=following - 1 if recorded else None)

    def leg(
        self, say: tuple[Instruction, ...], call_id: str, turn: int, leg: int, following: int
    ) -> bytes:
        """The whisper to target `leg` of the Dial that answers `turn`. Raises UnrenderableReply."""
        return self._twiml.render(say, Urls.of_leg(self._base, call_id, turn, (leg, following)))

    def waiting(self, say: tuple[Instruction, ...], call_id: str, turn: int) -> bytes:
        """For a caller who waits until `turn`. Raises UnrenderableReply."""
        return self._twiml.render(say, Urls.of_turn(self._base, call_id, turn))

    def rung(self, say: tuple[Instruction, ...], leg_id: str, following: int) -> bytes:
        """For a callee whom we rang for a caller who waits. Raises UnrenderableReply."""
        return self._twiml.render(say, Urls.of_rung(self._base, leg_id, following))

    def fallback(
        self, say: tuple[Instruction, ...], then: Place | None, heard: int | None = None
    ) -> bytes:
        """A document of the plan when all fails. Raises UnrenderableReply."""
        return self._twiml.render(say, Urls.of_fallback(self._base, then), heard=heard)


def _listening(turn: int) -> str:
    """The name of a listening, of which a call may have several; by it the next turn ends it."""
    return f"turn-{turn}"


def _compiled_say(profile: Profile) -> dict[tuple[Language, bool], tuple[str, str]]:
    """Opening and closing tags by language and pace."""
    tags: dict[tuple[Language, bool], tuple[str, str]] = {}
    for language, voice in profile.voices.items():
        plain = _say_tag(voice)
        tags[language, False] = plain, "</Say>"
        slow = f'{plain}<prosody rate="{PACE:.0%}">', "</prosody></Say>"
        tags[language, True] = slow if profile.ssml else tags[language, False]
    return tags


def _say_tag(voice: Voice) -> str:
    return f'<Say language="{escape(voice.language)}" voice="{escape(voice.voice)}">'


def _compiled_listen(profile: Profile, language: Language, *, speech: bool) -> tuple[str, str]:
    """The attributes of a <Gather> around its timeout.

    Words are not filtered: a caller's own are evidence, and asterisks match no topic."""
    if not profile.speech:
        return 'actionOnEmptyResult="true" ', ">"
    if not speech:
        return 'actionOnEmptyResult="true" input="dtmf" ', ">"
    model = f' speechModel="{escape(profile.model)}"' if profile.model else ""
    heard = f'language="{escape(profile.hears[language])}" profanityFilter="false"{model}'
    before = f'actionOnEmptyResult="true" input="dtmf speech" {heard} '
    return before, f' speechTimeout="{_SPEECH_ENDS}">'


@lru_cache(maxsize=256)
def _hints(words: tuple[str, ...]) -> str:
    """The hints attribute, first words first, as far as the carrier and the document bear.
    Cached: hints come from the script, never from a caller."""
    entries = [clean(word).replace(",", " ").strip()[:_MAX_HINT] for word in words]
    kept, room = [], _MAX_HINTS_BYTES
    for entry in [escape(entry) for entry in entries if entry][:_MAX_HINTS]:
        room -= len(entry.encode()) + 1
        if room < 0:
            break
        kept.append(entry)
    return f'hints="{",".join(kept)}" '
