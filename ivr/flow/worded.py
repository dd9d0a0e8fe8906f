"""What is wrong with the words of one phrase, language by language, for the form that they were
typed into. The counterpart of `review`, which looks at all phrases and the script together."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ivr.flow.phrasebook import Phrase
from ivr.flow.sayings import LATER, STEP_PHRASES, TOLD
from ivr.flow.slots import GIVEN, KNOWN
from ivr.flow.standing import STANDING
from routing.register import LANGUAGES, Names

LONGEST: Final = 1000
"""Characters of a phrase, slots not filled: a carrier takes 3,000 of one Say (twilio-voice §5)."""
_STANDING: Final = frozenset(STANDING.values())
Words = Mapping[str, str]
"""Language -> text."""


@dataclass(frozen=True, slots=True)
class WordsFault:
    """One thing that is wrong, in which language, by a stable code, said in both."""

    language: str
    code: str
    says: Names


def fillable(phrase: str) -> frozenset[str]:
    """The slots that are filled where this phrase is said."""
    if phrase in _STANDING:
        return TOLD
    if phrase in LATER:
        return KNOWN | GIVEN
    return KNOWN | STEP_PHRASES.get(phrase, frozenset())


def words_faults(phrase: str, words: Words, shipped: Words) -> Iterator[WordsFault]:
    """What is wrong with the words of a phrase, of which the version ships `shipped` (none of an
    admin's own). A phrase of one's own may still lack a language: that keeps it from being
    published, not from being kept."""
    told = {language: words.get(language, "").strip() for language in LANGUAGES}
    for language, text in told.items():
        if text:
            yield from _of_text(language, text)
            yield from _of_slots(phrase, language, told, shipped)
        elif shipped or not any(told.values()):
            yield _fault(language, "empty", "这里要写话术。", "write here what is said")


def _of_text(language: str, text: str) -> Iterator[WordsFault]:
    if len(text) > LONGEST:
        zh, en = f"最多{LONGEST}个字符。", f"at most {LONGEST} characters fit here"
        yield _fault(language, "too_long", zh, en)
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        yield _fault(
            language, "invisible", "里面有看不见的符号。", "this holds signs that nobody can see"
        )
    if {"{", "}"} & set("".join(Phrase.of(text).parts[::2])):
        zh = "花括号只用来写变量，写成{office}这样，小写英文。"
        en = "braces are for slots alone, in small letters such as {office}"
        yield _fault(language, "brace", zh, en)


def _of_slots(phrase: str, language: str, told: Words, shipped: Words) -> Iterator[WordsFault]:
    here = slots_of(told[language])
    for slot in sorted(here - fillable(phrase)):
        zh, en = f"这句话里没有{{{slot}}}可填。", f"nothing fills {{{slot}}} where this is said"
        yield _fault(language, "unknown_slot", zh, en)
    others = frozenset[str]().union(*(slots_of(text) for text in told.values()))
    wanted = slots_of(shipped.get(language, "")) | (others & fillable(phrase))
    for slot in sorted(wanted - here):
        zh, en = f"少了{{{slot}}}。", f"{{{slot}}} is missing"
        yield _fault(language, "missing_slot", zh, en)


def slots_of(text: str) -> frozenset[str]:
    """The slots of a text."""
    return frozenset(Phrase.of(text).slots)


def _fault(language: str, code: str, zh: str, en: str) -> WordsFault:
    return WordsFault(language, code, dict(zip(LANGUAGES, (zh, en), strict=True)))
