"""The plan as files, for a web server that knows nothing of calls: where the carrier turns while no
process of ours answers. Built with twilio's own builder; recordings are found in the carrier's list
afterwards (design §3, Fallback)."""

from datetime import datetime
from typing import Any, Final, assert_never

from twilio.twiml.voice_response import Gather, VoiceResponse

from ivr.carrier.profiles import Profile
from ivr.carrier.twiml import FINISHED, TAGS
from ivr.flow.event import Pressed, RecordingEnd, Silence
from ivr.flow.fallback import BOTH, Fallback, Line, Place, Spoken, Step
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

ANY_LINE: Final = Line("", None)
"""A file does not know which number was rung."""
NO_LINE: Final = Line("+", None)
"""A number that is on no list."""


def fallback_files(plan: Fallback, profile: Profile, url: str, now: datetime) -> dict[str, str]:
    """The documents by file name; `url` is where the folder will be reached, "" for addresses
    beside the document. All are asked for by GET, which a file server answers."""
    write = _Writer(profile, url.rstrip("/") + "/" if url else "")
    files = {"unlisted.xml": write.document(plan.opening(NO_LINE, None, now).say)}
    for language, other in (BOTH, BOTH[::-1]):
        tag = TAGS[language]
        opened, told = Place(language, Step.OPENED), Place(language, Step.TOLD)
        greeting = _both(plan, language, other, now)
        message = plan.hear(opened, ANY_LINE, Silence(), now).say
        again = plan.hear(opened, ANY_LINE, Pressed("9"), now).say
        kept = plan.kept(told, ANY_LINE, RecordingEnd.FINISHED, now).say
        files[f"{tag}.xml"] = write.document((greeting, *message), tag, TAGS[other])
        files[f"{tag}-{TAGS[other]}.xml"] = write.document(again, TAGS[other])
        files[f"{tag}-told.xml"] = write.document(kept)
    return files


def _both(plan: Fallback, first: Language, second: Language, now: datetime) -> Ask:
    """The greeting of a line that speaks both languages."""
    said = [_ask(plan.opening(ANY_LINE, each, now)).prompts for each in (first, second)]
    return Ask((*said[0][:-1], *said[1][:-1], said[0][-1]), first, wait=2)


def _ask(spoken: Spoken) -> Ask:
    asked = spoken.say[0]
    if not isinstance(asked, Ask):
        raise TypeError("the plan of a listed line begins by asking")
    return asked


class _Writer:
    """Puts instructions down as one carrier reads them."""

    def __init__(self, profile: Profile, base: str) -> None:
        self._profile = profile
        self._base = base

    def document(self, say: tuple[Instruction, ...], tag: str = "", other: str = "") -> str:
        """`tag` is the language that is recorded in, `other` the one that a key leads to."""
        made = VoiceResponse()
        for each in say:
            self._put(made, each, tag, other)
        return str(made)

    def _put(self, made: Any, each: Instruction, tag: str, other: str) -> None:
        match each:
            case Say():
                self._speak(made, each)
            case Ask():
                asked = Gather(
                    action=f"{self._base}{tag}-{other}.xml",
                    method="GET",
                    num_digits=each.digits,
                    timeout=each.wait,
                )
                for prompt in each.prompts:
                    self._speak(asked, prompt)
                made.append(asked)
            case Record():
                self._record(made, each, tag)
            case Hangup():
                made.hangup()
            case Dial() | Hold() | Join() | Tone() | Leave() | Reject():
                raise TypeError("a file rings nobody and refuses nobody")
            case never:
                assert_never(never)

    def _record(self, made: Any, each: Record, tag: str) -> None:
        """A file puts nobody through, so that only `#` ends it."""
        untrimmed = {"trim": "do-not-trim"} if self._profile.record_options else {}
        made.record(
            action=f"{self._base}{tag}-told.xml",
            method="GET",
            max_length=each.longest,
            timeout=each.silence,
            finish_on_key=FINISHED,
            play_beep=True,
            **untrimmed,
        )

    def _speak(self, made: Any, say: Say) -> None:
        voice = self._profile.voices[say.language]
        made.say(say.text, language=voice.language, voice=voice.voice)
