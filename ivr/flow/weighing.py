"""What the words of an utterance mean together, and whether the line is sure enough of it to go on
unasked (prompts §8). The counterpart of `spotting`, which finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivr.flow.instruction import Language
from ivr.flow.meaning import (
    Again,
    Choice,
    Emergency,
    EndWord,
    Group,
    KindAndTopic,
    KindWord,
    Meaning,
    TopicWord,
)
from ivr.flow.spotting import Known
from routing.cases.kinds import Kind

MATTER: Final = Choice("2")
"""What every kind and topic says too, and more."""
NONE: Final = Choice("#")
OTHER_LANGUAGE: Final = Choice("9")
_ASIDES: Final = (MATTER, NONE, OTHER_LANGUAGE)
"""What a kind or a topic beside it says better: "a matter", 不知道, a teacher of 英语."""
LAST_WORDS: Final[dict[Language, int]] = {"zh-CN": 8, "en": 15}
"""Characters of an utterance that may end a call; "what can be done" must not."""
STORY: Final[dict[Language, int]] = {"zh-CN": 24, "en": 80}
"""Characters from which on an utterance is no answer to a menu: somebody tells a story, or a
television does. What it seems to mean is asked about."""
MOST_KINDS: Final = 2
"""Kinds of one utterance of which the likelier one is asked about; more are no answer."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was meant (None: nothing that is known), by which `words`, as they are written.
    Where it is not `sure`, the caller is asked."""

    meaning: Meaning | None
    words: tuple[str, ...] = ()
    sure: bool = True


NOTHING: Final = Understood(None)
DANGER: Final = Understood(Emergency())


def weigh(spotted: Sequence[Known], heard: str, language: Language) -> Understood:
    """One choice, or a kind, a topic or both. Where several topics are named it is their group, or
    nothing: a menu asks, it never chooses."""
    found = _without_asides(spotted, heard, language)
    if not found:
        return NOTHING
    best = max(found, key=lambda one: len(one.plain))
    if isinstance(best.meaning, KindWord | TopicWord | Group):
        understood = _matter(found)
    else:
        rivals = {one.meaning for one in found if isinstance(one.meaning, Choice)}
        understood = Understood(best.meaning, (best.written,), sure=len(rivals) <= 1)
    if understood.meaning is None:
        understood = _said_to_have_one(spotted)
    if len(heard) > STORY[language] and not isinstance(understood.meaning, Again):
        return Understood(understood.meaning, understood.words, sure=False)
    return understood


def _without_asides(spotted: Sequence[Known], heard: str, language: Language) -> Sequence[Known]:
    """Leaves out what says less than the rest: "a matter" beside its topic, 结束 in a sentence."""
    found = list(spotted)
    if any(isinstance(one.meaning, KindWord | TopicWord | Group) for one in found):
        found = [one for one in found if one.meaning not in _ASIDES]
    alone = all(isinstance(one.meaning, EndWord) for one in found)
    if not alone or len(heard) > LAST_WORDS[language]:
        found = [one for one in found if not isinstance(one.meaning, EndWord)]
    return found


def _said_to_have_one(spotted: Sequence[Known]) -> Understood:
    """Who says that there is a matter is asked what it is, where the rest decides nothing."""
    matter = (one.written for one in spotted if one.meaning == MATTER)
    word = next(matter, None)
    return NOTHING if word is None else Understood(MATTER, (word,))


def _matter(found: Sequence[Known]) -> Understood:
    """The kind, the topic, or both in one breath."""
    kind, topic = _kind(found), _topic(found)
    if isinstance(kind.meaning, KindWord) and isinstance(topic.meaning, TopicWord | Group):
        both = KindAndTopic(kind.meaning.kind, topic.meaning)
        return Understood(both, (*kind.words, *topic.words), kind.sure)
    return topic if kind.meaning is None else kind


def _kind(found: Sequence[Known]) -> Understood:
    """Of two kinds the longer word, to be asked about, and not the 请问 before it; 投诉举报 is one
    kind, as the menu has it."""
    words = [one for one in found if isinstance(one.meaning, KindWord)]
    kinds = {one.meaning for one in words}
    if not words or len(kinds) > MOST_KINDS:
        return NOTHING
    best = max(words, key=lambda one: (one.meaning != _ENQUIRY, len(one.plain)))
    if kinds == _ACCUSING:
        return Understood(KindWord(Kind.COMPLAINT), tuple(one.written for one in words))
    return Understood(best.meaning, (best.written,), sure=len(kinds) == 1)


_ENQUIRY: Final = KindWord(Kind.ENQUIRY)
_ACCUSING: Final = {KindWord(Kind.COMPLAINT), KindWord(Kind.REPORT)}


def _topic(found: Sequence[Known]) -> Understood:
    """One topic; several of one group are their group; of several groups none."""
    named: dict[TopicWord, str] = {}
    groups: dict[int, str] = {}
    for one in found:
        if isinstance(one.meaning, TopicWord):
            named.setdefault(one.meaning, one.written)
        if isinstance(one.meaning, TopicWord | Group):
            groups.setdefault(one.meaning.group, one.written)
    if len(groups) != 1:
        return NOTHING
    if len(named) == 1:
        topic, word = next(iter(named.items()))
        return Understood(topic, (word,))
    words = tuple(named.values()) or tuple(groups.values())
    return Understood(Group(next(iter(groups))), words)
