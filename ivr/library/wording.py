"""What is said, and the words that choose, from TOML.
The counterpart of `ivr/phrases`, where both are, in each language."""

import json
import tomllib
from collections.abc import Collection, Mapping

from ivr.flow import meaning as spoken
from ivr.flow.homophones import SILENT, Homophones, folded
from ivr.flow.instruction import Language
from ivr.flow.meaning import Meaning
from ivr.flow.phrasebook import Phrase, Phrasebook
from ivr.flow.words import Vocabulary, Words
from ivr.library.errors import LibraryError
from routing.cases.kinds import Kind
from routing.register import Topic


def load_phrases(texts: Mapping[Language, str], own: str = "") -> Phrasebook:
    """The phrasebook from one TOML text a language, and what is worded otherwise: JSON, phrase ->
    language -> text. One that is empty is missing in that language, as `review` says."""
    instead = _own_phrases(own, tuple(texts))
    books: dict[Language, dict[str, Phrase]] = {}
    for language, text in texts.items():
        try:
            read = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise LibraryError(f"the phrases in {language} are not TOML: {wrong}") from wrong
        wrong_ids = [name for name, value in read.items() if not isinstance(value, str)]
        if wrong_ids:
            raise LibraryError(f"these phrases in {language} are no text: {', '.join(wrong_ids)}")
        worded = read | instead[language]
        books[language] = {n: Phrase.of(value) for n, value in worded.items() if value.strip()}
    return Phrasebook(books)


def _own_phrases(text: str, languages: Collection[Language]) -> Mapping[Language, dict[str, str]]:
    found: dict[Language, dict[str, str]] = {language: {} for language in languages}
    try:
        for name, words in json.loads(text or "{}").items():
            for language, value in words.items():
                if not isinstance(value, str):
                    raise LibraryError(f"the phrase {name} is no text in {language}")
                found[language][name] = value
    except (ValueError, KeyError, AttributeError) as wrong:
        raise LibraryError(f"the changed phrases cannot be read: {wrong!r}") from wrong
    return found


def load_vocabulary(
    texts: Mapping[Language, str], topics: Mapping[str, Topic], homophones: Homophones = SILENT
) -> Vocabulary:
    """The words that choose, from one TOML text a language."""
    languages = {lang: _words(lang, text, topics) for lang, text in texts.items()}
    return Vocabulary(languages, homophones)


def load_homophones(text: str) -> Homophones:
    """How signs sound, from lines of a syllable and the signs that are read so."""
    readings: dict[str, frozenset[str]] = {}
    for line in text.splitlines():
        syllable, _, signs = line.partition(" ")
        sound = frozenset({folded(syllable)})
        for sign in signs:
            known = readings.get(sign)
            readings[sign] = sound if known is None else known | sound
    return Homophones(readings)


def _words(language: Language, text: str, topics: Mapping[str, Topic]) -> Words:
    try:
        read = tomllib.loads(text)
        everywhere: dict[str, Meaning] = {word: spoken.Person() for word in read["person"]}
        everywhere |= {word: spoken.Again() for word in read["again"]}
        everywhere |= {word: spoken.EndWord() for word in read["end"]}
        main, about = (
            {word: spoken.Choice(key) for key, words in read[menu].items() for word in words}
            for menu in ("main", "about")
        )
        kinds: dict[str, Meaning] = {
            word: spoken.KindWord(Kind(kind))
            for kind, words in read["kinds"].items()
            for word in words
        }
        groups: dict[str, Meaning] = {
            word: spoken.Group(int(group))
            for group, words in read["groups"].items()
            for word in words
        }
        named: dict[str, Meaning] = {
            word: spoken.TopicWord(topic, topics[topic].group)
            for topic, words in read["topics"].items()
            for word in words
        }
        none: dict[str, Meaning] = dict.fromkeys(read["none"], spoken.Choice("#"))
        emergency = tuple(read["emergency"])
        return Words(everywhere, none, main, about, kinds, groups, named, emergency)
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as wrong:
        raise LibraryError(f"the words in {language} cannot be used: {wrong}") from wrong
