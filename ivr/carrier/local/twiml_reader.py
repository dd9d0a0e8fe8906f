"""Reads TwiML strictly: an allow-list of verbs, nouns and attributes.

What Twilio would merely note (an unknown element or attribute) becomes a
``Remark``; what makes it go to the fallback URL raises ``UnreadableTwiml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from ivr.carrier.local.dialects import EMBEDDED, Dialect
from ivr.carrier.local.errors import LineError
from ivr.carrier.local.verbs import (
    ANY_KEY,
    Dial,
    Document,
    Enqueue,
    Gather,
    Hangup,
    Input,
    Leave,
    Pause,
    Play,
    Prompt,
    Record,
    Redirect,
    Reject,
    RejectReason,
    Remark,
    Say,
    Start,
    Stop,
    Target,
    Verb,
)

MALFORMED, WRONG_ROOT, SCHEMA = 12100, 12102, 12200
NESTED_DIAL, BAD_NESTING, BAD_NUMBER = 13201, 13320, 13223
KEYS = frozenset(ANY_KEY)
_SSML = frozenset(
    {"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}
)
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "fast": 1.2, "x-fast": 1.4}
_SPACE = re.compile(r"\s+")
_METHOD = frozenset({"action", "method"})
_ALLOWED: Mapping[str, frozenset[str]] = {
    "Say": frozenset({"voice", "language", "loop"}),
    "Play": frozenset({"loop", "digits"}),
    "Pause": frozenset({"length"}),
    "Gather": _METHOD
    | {"input", "timeout", "numDigits", "finishOnKey", "speechTimeout", "hints", "language"}
    | {"actionOnEmptyResult", "speechModel", "profanityFilter", "bargeIn", "enhanced"},
    "Record": _METHOD
    | {"timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingStatusCallback"}
    | {"recordingStatusCallbackMethod", "recordingStatusCallbackEvent"}
    | {"transcribe", "transcribeCallback"},
    "Dial": _METHOD
    | {"timeout", "timeLimit", "callerId", "answerOnBridge", "hangupOnStar", "sequential"},
    "Queue": frozenset({"url", "method"}),
    "Enqueue": _METHOD | {"waitUrl", "waitUrlMethod"},
    "Leave": frozenset(),
    "Number": frozenset({"url", "method", "statusCallback"})
    | {"statusCallbackMethod", "statusCallbackEvent"},
    "Start": frozenset(),
    "Stop": frozenset(),
    "Transcription": frozenset({"name", "statusCallbackUrl", "statusCallbackMethod", "track"})
    | {"languageCode", "transcriptionEngine", "speechModel", "partialResults", "hints"}
    | {"profanityFilter", "enableAutomaticPunctuation"},
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset(),
    "Reject": frozenset({"reason"}),
}


class UnreadableTwiml(LineError):
    """The document cannot be used as TwiML; ``code`` is Twilio's (twilio-voice §9)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def read_twiml(body: str, dialect: Dialect = EMBEDDED) -> Document:
    """Parse one document.

    Raises ``UnreadableTwiml`` with 12100 for malformed XML (also for any DOCTYPE,
    which TwiML never has), 12102 when the root is not ``<Response>``, and 12200 for
    what a dialect with a schema does not know.
    """
    if "<!DOCTYPE" in body:
        raise UnreadableTwiml(MALFORMED, "a DOCTYPE has no place in TwiML; remove it")
    try:
        root = ET.fromstring(body)
    except (ET.ParseError, ValueError) as error:
        raise UnreadableTwiml(MALFORMED, f"the document is not well-formed XML: {error}") from error
    if root.tag != "Response":
        raise UnreadableTwiml(WRONG_ROOT, f"the root is <{root.tag}>, it must be <Response>")
    if strangers := dialect.strangers(root):
        raise UnreadableTwiml(SCHEMA, f"{dialect.name} does not know {', '.join(strangers)}")
    reader = _Reader()
    reader.check_attributes(root, frozenset())
    found = (reader.verb(element) for element in root)
    verbs = tuple(verb for verb in found if verb is not None)
    return Document(verbs, tuple(reader.remarks))


@dataclass(slots=True)
class _Reader:
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, text: str, code: int = SCHEMA) -> None:
        self.remarks.append(Remark(code, text))

    def check_attributes(self, element: ET.Element, allowed: frozenset[str]) -> None:
        for name in element.attrib.keys() - allowed:
            self.remark(f"<{element.tag}> has an unknown attribute {name}; it is ignored")

    def verb(self, element: ET.Element) -> Verb | None:
        arm = _ARMS.get(element.tag)
        if arm is None:
            self.remark(f"<{element.tag}> is not a verb of this carrier; it is ignored")
            return None
        self.check_attributes(element, _ALLOWED[element.tag])
        return arm(self, element)

    def say(self, element: ET.Element) -> Verb:
        pace = 1.0
        for child in element.iter():
            if child is not element and child.tag not in _SSML:
                self.remark(f"<{child.tag}> is not SSML that <Say> may hold")
            if child.tag == "prosody":
                pace = self.rate(child.get("rate", "medium"))
        text = _SPACE.sub(" ", "".join(element.itertext())).strip()
        language, voice = element.get("language", "en-US"), element.get("voice", "")
        return Say(text, language, voice, self.loop(element), pace)

    def play(self, element: ET.Element) -> Verb | None:
        url = (element.text or "").strip()
        if not url:
            self.remark("<Play> without a URL plays nothing here (digits are not sent)")
            return None
        return Play(url, self.loop(element))

    def pause(self, element: ET.Element) -> Verb:
        return Pause(self.number(element, "length", 1.0, at_least=1))

    def gather(self, element: ET.Element) -> Verb:
        digits = int(self.number(element, "numDigits", 0))
        return Gather(
            prompts=self.prompts(element),
            input=self.inputs(element),
            action=element.get("action"),
            method=self.method(element, "method"),
            timeout=self.number(element, "timeout", 5.0),
            num_digits=digits or None,
            finish_on_key=self.keys(element, "#", at_most=1),
            action_on_empty=self.flag(element, "actionOnEmptyResult", default=False),
            language=element.get("language", "en-US"),
            hints=element.get("hints", ""),
            speech_timeout=element.get("speechTimeout", ""),
        )

    def record(self, element: ET.Element) -> Verb:
        transcribe = self.flag(element, "transcribe", default=False)
        callback = element.get("transcribeCallback")
        longest = 120.0 if transcribe or callback else 3600.0
        return Record(
            action=element.get("action"),
            method=self.method(element, "method"),
            timeout=self.number(element, "timeout", 5.0),
            finish_on_key=self.keys(element, ANY_KEY, at_most=len(ANY_KEY)),
            max_length=self.number(element, "maxLength", longest, at_least=1),
            play_beep=self.flag(element, "playBeep", default=True),
            trim=element.get("trim", "trim-silence") == "trim-silence",
            status_callback=element.get("recordingStatusCallback"),
            status_method=self.method(element, "recordingStatusCallbackMethod"),
            status_events=self.events(element, "recordingStatusCallbackEvent"),
            transcribe=transcribe or callback is not None,
            transcribe_callback=callback,
        )

    def dial(self, element: ET.Element) -> Verb:
        queue = element.find("Queue")
        return Dial(
            targets=() if queue is not None else self.targets(element),
            queue=None if queue is None else self.queue(queue),
            action=element.get("action"),
            method=self.method(element, "method"),
            timeout=self.number(element, "timeout", 30.0, at_least=1),
            time_limit=self.number(element, "timeLimit", 14400.0, at_least=1),
            caller_id=element.get("callerId"),
            answer_on_bridge=self.flag(element, "answerOnBridge", default=False),
            hangup_on_star=self.flag(element, "hangupOnStar", default=False),
            sequential=self.flag(element, "sequential", default=False),
        )

    def queue(self, element: ET.Element) -> str:
        """A queue's name, at most 64 characters (twilio-voice §5 Enqueue)."""
        self.check_attributes(element, _ALLOWED[element.tag])
        name = (element.text or "").strip()
        if not name or len(name) > 64:
            self.remark(f"<{element.tag}> needs a name of 1 to 64 characters", 14201)
        return name[:64]

    def enqueue(self, element: ET.Element) -> Verb:
        return Enqueue(
            queue=self.queue(element),
            action=element.get("action"),
            method=self.method(element, "method"),
            wait_url=element.get("waitUrl"),
            wait_method=self.method(element, "waitUrlMethod"),
        )

    def leave(self, element: ET.Element) -> Verb:
        return Leave()

    def start(self, element: ET.Element) -> Verb | None:
        found = self.transcription(element)
        if found is None:
            return None
        url = found.get("statusCallbackUrl", "")
        if "://" not in url:
            self.remark("<Transcription> statusCallbackUrl must be absolute", 15004)
            return None
        return Start(
            name=found.get("name", ""),
            url=url,
            method=self.method(found, "statusCallbackMethod"),
            track=found.get("track", "both_tracks"),
            language=found.get("languageCode", "en-US"),
        )

    def stop(self, element: ET.Element) -> Verb | None:
        found = self.transcription(element)
        return None if found is None else Stop(found.get("name", ""))

    def transcription(self, element: ET.Element) -> ET.Element | None:
        """The one noun that is carried out here."""
        for child in element:
            if child.tag == "Transcription":
                self.check_attributes(child, _ALLOWED["Transcription"])
                return child
            self.remark(f"<{child.tag}> is not carried out in <{element.tag}> here")
        return None

    def redirect(self, element: ET.Element) -> Verb:
        return Redirect((element.text or "").strip(), self.method(element, "method"))

    def hangup(self, element: ET.Element) -> Verb:
        return Hangup()

    def reject(self, element: ET.Element) -> Verb:
        try:
            return Reject(RejectReason(element.get("reason", "rejected")))
        except ValueError:
            self.remark("<Reject> reason is rejected or busy", 13810)
            return Reject()

    def prompts(self, element: ET.Element) -> tuple[Prompt, ...]:
        """Only Say, Play and Pause may be nested in a Gather (twilio-voice §5)."""
        prompts: list[Prompt] = []
        for child in element:
            if child.tag not in {"Say", "Play", "Pause"}:
                self.remark(f"<{child.tag}> may not be nested in <Gather>", BAD_NESTING)
            elif isinstance(prompt := self.verb(child), Say | Play | Pause):
                prompts.append(prompt)
        return tuple(prompts)

    def targets(self, element: ET.Element) -> tuple[Target, ...]:
        bare = (element.text or "").strip()
        targets = [Target(bare)] if bare else []
        for child in element:
            if child.tag != "Number":
                self.remark(f"<{child.tag}> is not a noun of this carrier's <Dial>")
                continue
            self.check_attributes(child, _ALLOWED["Number"])
            targets.append(self.target(child))
        if len(targets) > 10:  # twilio-voice §5: at most ten numbers a Dial
            self.remark("<Dial> rings at most ten numbers; the rest are ignored")
        return tuple(targets[:10])

    def target(self, element: ET.Element) -> Target:
        return Target(
            number=(element.text or "").strip(),
            url=element.get("url"),
            method=self.method(element, "method"),
            status_callback=element.get("statusCallback"),
            status_method=self.method(element, "statusCallbackMethod"),
            status_events=self.events(element, "statusCallbackEvent"),
        )

    def inputs(self, element: ET.Element) -> frozenset[Input]:
        words = element.get("input", "dtmf").split()
        known = frozenset(Input(word) for word in words if word in set(Input))
        if len(known) != len(set(words)) or not known:
            self.remark("<Gather> input is dtmf, speech or both", 13310)
        return known or frozenset({Input.DTMF})

    def number(
        self, element: ET.Element, name: str, default: float, *, at_least: float = 0
    ) -> float:
        text = element.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or int(text) < at_least:
            self.remark(f"<{element.tag}> {name} is a whole number of at least {at_least:g}")
            return default
        return float(text)

    def loop(self, element: ET.Element) -> int:
        times = int(self.number(element, "loop", 1))
        return times or 1000  # 0 = up to a thousand times (twilio-voice §5)

    def rate(self, text: str) -> float:
        if text in _RATES:
            return _RATES[text]
        if text.endswith("%") and text[:-1].isdigit() and 20 <= int(text[:-1]) <= 200:
            return int(text[:-1]) / 100
        self.remark("prosody rate is a percentage from 20% to 200% or a word such as slow")
        return 1.0

    def keys(self, element: ET.Element, default: str, *, at_most: int) -> str:
        text = element.get("finishOnKey", default)
        if len(text) > at_most or not KEYS.issuperset(text):
            self.remark(f"<{element.tag}> finishOnKey holds keys 0-9, * and # only")
            return default
        return text

    def flag(self, element: ET.Element, name: str, *, default: bool) -> bool:
        text = element.get(name)
        if text not in {None, "true", "false"}:
            self.remark(f"<{element.tag}> {name} is true or false")
        return default if text is None else text == "true"

    def method(self, element: ET.Element, name: str) -> str:
        text = element.get(name, "POST").upper()
        if text not in {"GET", "POST"}:
            self.remark(f"<{element.tag}> {name} is GET or POST")
            return "POST"
        return text

    def events(self, element: ET.Element, name: str) -> frozenset[str]:
        return frozenset(element.get(name, "completed").split())


_ARMS: Mapping[str, Callable[[_Reader, ET.Element], Verb | None]] = {
    "Say": _Reader.say,
    "Play": _Reader.play,
    "Pause": _Reader.pause,
    "Gather": _Reader.gather,
    "Record": _Reader.record,
    "Dial": _Reader.dial,
    "Enqueue": _Reader.enqueue,
    "Leave": _Reader.leave,
    "Start": _Reader.start,
    "Stop": _Reader.stop,
    "Redirect": _Reader.redirect,
    "Hangup": _Reader.hangup,
    "Reject": _Reader.reject,
}
