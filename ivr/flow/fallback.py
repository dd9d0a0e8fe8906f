"""The plan when all fails: what a caller hears where nothing can be kept in the database, and the
message that is taken then. A part of the published plan; it knows a line, and nothing of the call
before (design §3, Fallback)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final, TypeGuard, assert_never

from ivr.flow.event import DialEnded, LineEvent, Pressed, Recorded, RecordingEnd
from ivr.flow.instruction import Ask, Dial, Hangup, Instruction, Language, Record, Say
from ivr.flow.phrasebook import Phrasebook
from ivr.flow.value import value
from routing.directory import (
    Directory,
    Genuine,
    NotListed,
    Office,
    PublicService,
    PublishedNumber,
    Suspended,
    Withdrawn,
    check,
    line_name,
)
from routing.hours import OpenIntervals
from routing.numbers.forms import spoken_digits
from routing.numbers.reading import Number

BOTH: Final[tuple[Language, Language]] = ("zh-CN", "en")
LISTENS: Final = 2
"""Seconds after the greeting in which a key may still come: nobody has to press one."""
PHRASES: Final = (
    "matter.danger", "greet.name", "greet.language", "record.empty", "none.message", "end.lost",
    "end.loop", "end.bye", "person.connect", "check.replaced", "trouble.greet", "trouble.person",
    "trouble.fallback", "trouble.saved", "trouble.unsure", "trouble.unlisted",
    "trouble.withdrawn", "trouble.suspended", "trouble.call",
)  # fmt: skip
"""All that the plan may say; each is spoken once, in each language, before a plan is published."""


class Step(StrEnum):
    """What the plan's next webhook follows. Each leads to a later one only: every way ends."""

    OPENED = "opened"
    """the greeting"""
    TOLD = "told"
    """a recording"""
    RUNG = "rung"
    """an office that was rung before anything was kept"""
    AGAIN = "again"
    """the last recording"""
    KEPT = "kept"
    """an office that was rung after the message was kept"""


@value
class Place:
    """Where the plan's next webhook goes on: all that its address says."""

    language: Language
    step: Step


@value
class Line:
    """Who rang which number: E.164 or a short number, "" where the carrier does not say it;
    `caller` is None where withheld."""

    dialled: str
    caller: str | None


@value
class Spoken:
    """What the line shall do, and where its next webhook goes; nowhere once it hangs up."""

    say: tuple[Instruction, ...]
    then: Place | None = None


def keeps(event: LineEvent) -> TypeGuard[Recorded]:
    """Whether something was said that must be kept. Nothing was, where the recording is as long as
    the silence that ended it."""
    if not isinstance(event, Recorded) or event.seconds == 0:
        return False
    return event.end is not RecordingEnd.SILENCE or event.seconds > Record().silence


@dataclass(frozen=True, slots=True)
class Fallback:
    """The compiled plan. `open` are the open intervals by office, `days` those of keeping audio."""

    directory: Directory
    phrases: Phrasebook
    open: Mapping[str, OpenIntervals]
    days: int
    zone: tzinfo

    def opening(self, line: Line, language: Language | None, now: datetime) -> Spoken:
        """The first document of a call, or what takes the place of one that failed. `language` is
        the caller's, where it is known: then the other one has been offered before."""
        if line.caller is not None and line.caller in self.directory.numbers:
            return self._over("end.loop", languages=self.languages(line, language))
        entry, refusal = self._standing(line, now)
        languages = self.languages(line, language)
        if refusal:
            danger = [self._say("matter.danger", each) for each in languages]
            said = [say for each in languages for say in self._refused(refusal, each)]
            return Spoken((*danger, *said, Hangup()))
        own = self._greeting(languages[0], entry, now, named=True)
        second = languages[1:] if language is None else ()
        others = [self._greeting(each, entry, now, named=False) for each in second]
        prompts = [*own, *(say for said in others for say in said)]
        if len(languages) == 2:
            first, other = languages
            prompts.append(Say(self._text("greet.language", first), other))
        ask = Ask(tuple(prompts), languages[0], wait=LISTENS)
        return Spoken((ask,), Place(languages[0], Step.OPENED))

    def hear(self, place: Place, line: Line, event: LineEvent, now: datetime) -> Spoken:
        """What follows an event of which nothing is to be kept (see `keeps`)."""
        if isinstance(event, DialEnded) and event.accepted:
            return self._over("end.bye", languages=(place.language,))
        match place.step:
            case Step.OPENED:
                return self._chosen(place.language, line, event, now)
            case Step.TOLD:
                return self._unheard(place.language, line, event, now)
            case Step.RUNG:
                return self._record(place.language, "none.message", Step.AGAIN)
            case Step.AGAIN:
                return self._over("end.lost", languages=(place.language,))
            case Step.KEPT:
                return self._over("trouble.saved", languages=(place.language,))
            case never:
                assert_never(never)

    def kept(self, place: Place, line: Line, end: RecordingEnd, now: datetime) -> Spoken:
        """The message is kept: who asked for a person while speaking is put through, once."""
        if end is RecordingEnd.PERSON and place.step is Step.TOLD:
            ringing = self._ring(place.language, line, Step.KEPT, now)
            if ringing is not None:
                return ringing
        return self._over("trouble.saved", languages=(place.language,))

    def unsure(self, place: Place) -> Spoken:
        """The carrier has the message, we could not note it: nothing is promised."""
        return self._over("trouble.unsure", languages=(place.language,))

    def prove(self) -> None:
        """Speak every phrase once in each language. Raises PhraseError, LookupError for what would
        fail when all else has."""
        entries = list(self.directory.numbers.values())[:1]
        for language in BOTH:
            for phrase in PHRASES:
                self._text(phrase, language, entries[0] if entries else None, new="110")

    def languages(self, line: Line, language: Language | None) -> tuple[Language, ...]:
        """The caller's or the line's first, then the other, where the line speaks both."""
        entry = self.directory.numbers.get(line.dialled)
        spoken = BOTH if entry is None else _spoken(entry)
        if language is None or language not in spoken:
            return spoken
        return (language, *(each for each in spoken if each != language))

    def _standing(self, line: Line, now: datetime) -> tuple[PublishedNumber | None, "_Refusal"]:
        """The number's entry, and the words that refuse a line which takes no matters."""
        if not line.dialled:  # the carrier did not say: better a message too many
            return None, ()
        number = Number(line.dialled, short=not line.dialled.startswith("+"))
        verdict = check(self.directory, number, now.astimezone(self.zone).date())
        match verdict:
            case Genuine(entry):
                return entry, ()
            case Suspended(entry, _):
                return entry, (("trouble.suspended", ""),)
            case Withdrawn(_, _, new):
                renewed = (("check.replaced", new),) if new else ()
                return None, (("trouble.withdrawn", ""), *renewed, ("trouble.call", ""))
            case NotListed() | PublicService():
                return None, (("trouble.unlisted", ""),)
            case never:
                assert_never(never)

    def _refused(self, refusal: "_Refusal", language: Language) -> list[Say]:
        return [self._say(phrase, language, new=new) for phrase, new in refusal]

    def _greeting(
        self, language: Language, entry: PublishedNumber | None, now: datetime, *, named: bool
    ) -> list[Say]:
        """Danger first; then whose line it is, and that what is said will be heard."""
        said = [self._say("matter.danger", language)]
        if entry is not None and named:
            said.append(Say(self._text("greet.name", language, entry), language))
        said.append(self._say("trouble.greet", language))
        if self._attended(entry, now) is not None:
            said.append(self._say("trouble.person", language))
        return said

    def _chosen(self, language: Language, line: Line, event: LineEvent, now: datetime) -> Spoken:
        """`9` is the other language, `0` a person; all else, silence too, takes the message."""
        keys = event.digits if isinstance(event, Pressed) else ""
        spoken = self.languages(line, language)
        if keys == "9" and len(spoken) == 2:
            return self._record(spoken[1], "trouble.fallback", Step.TOLD)
        if keys == "0":
            ringing = self._ring(language, line, Step.RUNG, now)
            if ringing is not None:
                return ringing
        return self._record(language, "trouble.fallback", Step.TOLD)

    def _unheard(self, language: Language, line: Line, event: LineEvent, now: datetime) -> Spoken:
        """Nothing was said: asked once more, or put through who pressed `0` instead."""
        if isinstance(event, Recorded) and event.end is RecordingEnd.PERSON:
            ringing = self._ring(language, line, Step.RUNG, now)
            if ringing is not None:
                return ringing
        return self._record(language, "record.empty", Step.AGAIN)

    def _record(self, language: Language, notice: str, step: Step) -> Spoken:
        """The notice with purpose and retention comes right before the tone (prompts §1)."""
        return Spoken((self._say(notice, language), Record()), Place(language, step))

    def _ring(self, language: Language, line: Line, step: Step, now: datetime) -> Spoken | None:
        """The office's own desk, if somebody sits there now: without the database no callee can
        be asked first, so no personal phone rings (design §3, Put through)."""
        entry, refusal = self._standing(line, now)
        number = None if refusal else self._attended(entry, now)
        if number is None:
            return None
        dial = Dial(number, line.dialled, leg=0, whisper=False)
        return Spoken((self._say("person.connect", language), dial), Place(language, step))

    def _attended(self, entry: PublishedNumber | None, now: datetime) -> str | None:
        """The pool number of an attended office within its hours."""
        if entry is None:
            return None
        office: Office = self.directory.offices[entry.office]
        if not office.attended or not self.open[office.id].is_open(now):
            return None
        return office.pool_number

    def _over(self, phrase: str, *, languages: tuple[Language, ...]) -> Spoken:
        return Spoken((*(self._say(phrase, each) for each in languages), Hangup()))

    def _say(self, phrase: str, language: Language, *, new: str = "") -> Say:
        return Say(self._text(phrase, language, new=new), language)

    def _text(
        self, phrase: str, language: Language, entry: PublishedNumber | None = None, new: str = ""
    ) -> str:
        given = {"days": str(self.days), "new": spoken_digits(new, language) if new else ""}
        if entry is not None:
            given["line"] = line_name(entry, language)
        return self.phrases.say(phrase, language, given.__getitem__)


_Refusal = tuple[tuple[str, str], ...]
"""Phrases, each with the number that it names."""


def _spoken(entry: PublishedNumber) -> tuple[Language, ...]:
    """The number's languages, its first one first."""
    listed = tuple(each for each in BOTH if each in entry.languages) or BOTH
    return listed[::-1] if entry.languages[:1] == listed[-1:] else listed
