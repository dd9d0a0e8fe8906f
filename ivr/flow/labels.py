"""A menu's options as they are read out, taken from the prompts themselves: whoever says one means
its key. The counterpart of `words`, which knows what callers say by themselves."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from ivr.flow.call import Call
from ivr.flow.instruction import Language
from ivr.flow.meaning import Choice, Group, KindWord, Meaning, TopicWord
from ivr.flow.node import Menu, Option
from ivr.flow.speech import holds
from ivr.flow.spotting import Label, plain
from ivr.flow.world import World

_CLAUSES: Final = {"zh-CN": re.compile(r"[，。；！？]"), "en": re.compile(r"[;.!?]")}
_OPTION: Final = {
    "zh-CN": re.compile(r"(.+?)按([0-9]|井号|星号)"),
    "en": re.compile(r"(?:to |for )?(.+), (?:press )?([0-9]|hash|star)", re.IGNORECASE),
}
_KEYS: Final = {"井号": "#", "hash": "#", "星号": "*", "star": "*"}


def labels(world: World, call: Call, node: Menu) -> tuple[Label, ...]:
    """The options that the menu reads out to this caller."""
    language = call.language
    return tuple(
        Label(label, _plain(label, language), _meaning(world, node, key), key)
        for label, key in read_out(world, call, node)
    )


def read_out(world: World, call: Call, node: Menu) -> Iterator[tuple[str, str]]:
    """The same as they are written, each with its key."""
    language, phrases = call.language, world.plan.phrases
    for prompt in node.prompts:
        if not prompt.other and (prompt.when is None or holds(world, call, prompt.when)):
            yield from options(phrases.plain(prompt.phrase, language) or "", language)


def label_of(world: World, call: Call, node: Menu, key: str) -> str | None:
    """How the menu calls what the key states of a matter; None where it states nothing."""
    option = node.options.get(key)
    if option is None or isinstance(_stated(world, option), Choice | None):
        return None
    return next((one.written for one in labels(world, call, node) if one.key == key), None)


@lru_cache(maxsize=256)
def options(text: str, language: Language) -> tuple[tuple[str, str], ...]:
    """Each option of a prompt and its key. Cached: prompts come from the phrasebook alone."""
    found: list[tuple[str, str]] = []
    for clause in _CLAUSES[language].split(text):
        option = _OPTION[language].fullmatch(clause.strip())
        if option is not None:
            label, key = option.groups()
            written = label if language == "zh-CN" else label[0].lower() + label[1:]
            found.append((written, _KEYS.get(key.lower(), key)))
    return tuple(found)


_plain: Final = lru_cache(maxsize=1024)(plain)
"""Labels come from the phrasebook alone."""


def _meaning(world: World, node: Menu, key: str) -> Meaning:
    option = node.options.get(key)
    stated = None if option is None else _stated(world, option)
    return Choice(key) if stated is None else stated


def _stated(world: World, option: Option) -> Meaning | None:
    """What the option says of the matter, as a word of it would."""
    if option.about is not None:
        return None
    if option.topic is not None:
        topic = world.plan.directory.topics.get(option.topic)
        return None if topic is None else TopicWord(option.topic, topic.group)
    if option.group is not None:
        return Group(option.group)
    return None if option.kind is None else KindWord(option.kind)
