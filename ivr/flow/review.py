"""Script and phrasebook to findings: dead ends, loops without a wait, missing words, languages
not at parity. Proved at every start and in CI; a script with errors is refused."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ivr.flow.graph import WAITS, edges, on_silence, reachable, settles, spread
from ivr.flow.node import (
    Check,
    Duty,
    End,
    Limit,
    Menu,
    Missed,
    Node,
    Progress,
    Record,
    Script,
)
from ivr.flow.phrasebook import Phrase, Phrasebook
from ivr.flow.sayings import LATER, STEP_PHRASES, TOLD, prompts_of
from ivr.flow.slots import GIVEN, KNOWN
from ivr.flow.standing import STANDING
from ivr.flow.words import MENUS

MOST_OPTIONS: Final = 5
FROZEN: Final[Mapping[str, type[Node]]] = {"1": Check, "2": Limit, "3": Progress, "5": Missed}
"""What the keys of the main menu mean for ever, because newspapers print them (prompts §1)."""
RESERVED: Final = frozenset("0*#")
SPOKEN_PARTS: Final = frozenset({"check.verdict", "progress.state"})
"""Prompts that stand for words which the call leads to."""
STEPS: Final = "the steps"


class Level(StrEnum):
    """How bad a finding is; an error keeps a script from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where (a node, a phrase or STEPS), in a sentence of each language; and of
    which phrase in which language, where it is of one alone."""

    level: Level
    where: str
    sentence: str
    chinese: str
    phrase: str = ""
    language: str = ""

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.level.value} at {self.where}: {self.sentence}"


def review(script: Script, phrases: Phrasebook) -> tuple[Finding, ...]:
    """Every finding; none means that each path ends in a person, a message, a case or words."""
    dangling = tuple(_dangling(script))
    if dangling:
        return dangling
    return (
        *_unreachable(script),
        *_dead_ends(script),
        *_busy_loops(script),
        *_silent_loops(script),
        *_menus(script, phrases),
        *_words(script, phrases),
        *_unsaid(script, phrases),
        *_parity(phrases),
    )


def unknown_topics(script: Script, topics: Collection[str]) -> Iterator[Finding]:
    """Keys that state a topic which the register lacks: its case would have no name."""
    for name, node in script.nodes.items():
        if isinstance(node, Menu):
            for key, option in node.options.items():
                if option.topic is not None and option.topic not in topics:
                    yield _error(
                        name,
                        f"key {key} states {option.topic!r}, which is no topic",
                        f"按键{key}的事项“{option.topic}”不在名录里",
                    )


def _error(
    where: str, sentence: str, chinese: str, phrase: str = "", language: str = ""
) -> Finding:
    return Finding(Level.ERROR, where, sentence, chinese, phrase, language)


def _warning(where: str, sentence: str, chinese: str, phrase: str) -> Finding:
    return Finding(Level.WARNING, where, sentence, chinese, phrase)


NAMES: Final[Mapping[str, str]] = {"zh-CN": "中文", "en": "英文"}
"""The languages, as a Chinese sentence has them."""


def _dangling(script: Script) -> Iterator[Finding]:
    for name in ("start", "person", "lost", "bye", "time", "urgent", "message"):
        to = getattr(script, name)
        if to not in script.nodes:
            yield _error(name, f"leads to {to!r}, which is no node", f"指向“{to}”，没有这个节点")
    for name, node in script.nodes.items():
        for edge in edges(node):
            if edge.to not in script.nodes:
                zh = f"“{edge.label}”指向“{edge.to}”，没有这个节点"
                yield _error(name, f"{edge.label} leads to {edge.to!r}, which is no node", zh)
    for name in ("lost", "bye", "time"):
        if not isinstance(script.nodes.get(getattr(script, name)), End):
            yield _error(
                name,
                "must be an end, which says last words and hangs up",
                "必须是结束节点，说完就挂机",
            )
    for name in ("urgent", "message"):
        if not _records(script, script.nodes.get(getattr(script, name))):
            yield _error(
                name,
                "must be a recording, or a duty gate with one behind it",
                "必须是录音，或后面有录音的值班节点",
            )


def _records(script: Script, node: Node | None) -> bool:
    """Whether this is a recording, or a duty gate with one behind it."""
    if isinstance(node, Duty):
        node = script.nodes.get(node.otherwise)
    return isinstance(node, Record)


def _unreachable(script: Script) -> Iterator[Finding]:
    for name in sorted(script.nodes.keys() - reachable(script)):
        yield _error(
            name,
            "no call can come here; lead a key to it or take it out",
            "没有来电走得到这里，请接上或删除",
        )


def _dead_ends(script: Script) -> Iterator[Finding]:
    ways = {name: frozenset(e.to for e in edges(node)) for name, node in script.nodes.items()}
    for name in script.nodes:
        if not any(settles(script.nodes[to]) for to in spread((name,), ways)):
            yield _error(
                name,
                "nothing behind it is a person, a recording or an end",
                "后面既没有人工、录音，也没有结束",
            )


def _busy_loops(script: Script) -> Iterator[Finding]:
    """A cycle of nodes none of which waits would never answer the carrier."""
    ways = {
        name: frozenset(edge.to for edge in edges(node))
        for name, node in script.nodes.items()
        if not isinstance(node, WAITS)
    }
    for name, onward in ways.items():
        if name in spread(tuple(onward), ways):
            yield _error(
                name,
                "leads back to itself without ever waiting for the caller",
                "不等来电人就绕回自己",
            )


def _silent_loops(script: Script) -> Iterator[Finding]:
    """A caller who does nothing must come to an end: on silence no node may come again."""
    ways = {name: frozenset(on_silence(node, script)) for name, node in script.nodes.items()}
    for name, onward in ways.items():
        if name in spread(tuple(onward), ways):
            yield _error(
                name,
                "a silent caller comes here again and again",
                "来电人一直不出声，会反复回到这里",
            )


def _menus(script: Script, phrases: Phrasebook) -> Iterator[Finding]:
    for name, node in script.nodes.items():
        if not isinstance(node, Menu):
            continue
        if len(node.options) > MOST_OPTIONS:
            yield _error(
                name,
                f"offers {len(node.options)} keys; {MOST_OPTIONS} are the most",
                f"有{len(node.options)}个按键，最多{MOST_OPTIONS}个",
            )
        if taken := RESERVED & node.options.keys():
            keys = " ".join(sorted(taken))
            yield _error(
                name, f"{keys} has one meaning everywhere", f"{keys}处处含义相同，不能另用"
            )
        if node.speech is not None and node.speech not in MENUS:
            yield _error(
                name, f"no vocabulary is called {node.speech!r}", f"没有词表“{node.speech}”"
            )
        yield from _frozen(script, node)
        yield from _unnamed_keys(node, phrases)
        yield from _promised_keys(node, phrases)


def _frozen(script: Script, node: Menu) -> Iterator[Finding]:
    if all(prompt.phrase != "menu.main" for prompt in node.prompts):
        return
    for key, kind in FROZEN.items():
        option = node.options.get(key)
        if option is None or not isinstance(script.nodes[option.goto], kind):
            yield _error(
                node.id,
                f"key {key} of the main menu is printed as {kind.__name__}",
                f"主菜单按键{key}已印在报上（{kind.__name__}），不能改",
            )


def _unnamed_keys(node: Menu, phrases: Phrasebook) -> Iterator[Finding]:
    for language, book in phrases.texts.items():
        said = "".join(
            part
            for prompt in (*node.first, *node.prompts)
            if (phrase := book.get(prompt.phrase)) is not None
            for part in phrase.parts
        )
        for key, option in node.options.items():
            if option.when is None and key not in said:
                zh = f"{NAMES[language]}话术没有提到按键{key}"
                yield _error(node.id, f"key {key} is not named in {language}", zh)


_NAMED: Final = re.compile(
    r"按([1-9]|井号)(?![0-9])|(?:press |, )([1-9])(?=[;.,]|$)|(hash)", re.MULTILINE
)


def _promised_keys(node: Menu, phrases: Phrasebook) -> Iterator[Finding]:
    """A key that the words offer must lead somewhere; `0` and `*` always do."""
    for language, book in phrases.texts.items():
        said = "\n".join(
            "_".join(phrase.parts[::2])
            for prompt in (*node.first, *node.prompts)
            if not prompt.other and (phrase := book.get(prompt.phrase)) is not None
        )
        named = {
            key if key.isdigit() else "#" for found in _NAMED.findall(said) for key in found if key
        }
        led = {*node.options, *("#" for _ in (node.none,) if node.none is not None)}
        for key in sorted(named - led):
            yield _error(
                node.id,
                f"the words in {language} offer key {key}, which leads nowhere",
                f"{NAMES[language]}话术说了按{key}，这个键却没有去处",
            )


def _wanted(script: Script) -> Iterator[tuple[str, str]]:
    """Each phrase that is said, with the node that says it, or STEPS."""
    for name, node in script.nodes.items():
        yield from ((prompt.phrase, name) for prompt in prompts_of(node))
    yield from ((phrase, STEPS) for phrase in STEP_PHRASES)


def _words(script: Script, phrases: Phrasebook) -> Iterator[Finding]:
    for phrase, where in sorted(set(_wanted(script))):
        if phrase in SPOKEN_PARTS:
            continue
        for language, book in phrases.texts.items():
            if phrase not in book:
                en, zh = f"{phrase!r} has no words in {language}", _no_words(phrase, language)
                yield _error(where, en, zh, phrase, language)
                continue
            slots = frozenset(book[phrase].slots)
            if where == STEPS:
                yield from _unfilled(phrase, slots)
            elif given := GIVEN & slots:
                needs = ", ".join(sorted(given))
                yield _error(
                    where,
                    f"{phrase!r} needs {needs}; only a step can",
                    f"“{phrase}”里的{needs}只有办理步骤才能填",
                    phrase,
                )


def _no_words(phrase: str, language: str) -> str:
    return f"“{phrase}”缺少{NAMES[language]}话术"


def _unfilled(phrase: str, slots: frozenset[str]) -> Iterator[Finding]:
    """What no step gives would be heard as an apology instead of the words."""
    known = TOLD if phrase in STANDING.values() else KNOWN | STEP_PHRASES[phrase]
    if lacking := slots - known:
        needs = ", ".join(sorted(lacking))
        yield _error(
            phrase, f"needs {needs}, which is not known there", f"说这句时不知道{needs}", phrase
        )


def _unsaid(script: Script, phrases: Phrasebook) -> Iterator[Finding]:
    """Words that nobody hears are no fault of a script, but somebody must know why."""
    said = {phrase for phrase, _ in _wanted(script)}
    for phrase in sorted({phrase for book in phrases.texts.values() for phrase in book}):
        if phrase not in said and phrase not in LATER:
            yield _warning(
                phrase,
                "nothing says it: take it out, or lead a node to it",
                "没有节点说这句，请删除或接上",
                phrase,
            )
        elif phrase in said and phrase in LATER:
            yield _warning(
                phrase,
                "is said now: take it off the list of what is kept for later",
                "已经用上了，应从留待以后的名单里拿掉",
                phrase,
            )


def _literal(book: Mapping[str, Phrase], phrase: str) -> str:
    return "".join(book[phrase].parts[::2]) if phrase in book else ""


def _parity(phrases: Phrasebook) -> Iterator[Finding]:
    every = {phrase for book in phrases.texts.values() for phrase in book}
    for phrase in sorted(every):
        slots = {
            language: frozenset(book[phrase].slots)
            for language, book in phrases.texts.items()
            if phrase in book
        }
        for language in phrases.texts.keys() - slots.keys():
            zh = _no_words(phrase, language)
            yield _error(phrase, f"has no words in {language}", zh, phrase, language)
        if any({"{", "}"} & set(_literal(book, phrase)) for book in phrases.texts.values()):
            yield _error(
                phrase,
                "holds a brace that is no slot: a slot is {lower_case_letters}",
                "花括号只用来写变量，里面是小写英文",
                phrase,
            )
        if len(set(slots.values())) > 1:
            yield _error(
                phrase,
                "fills different slots in different languages",
                "中文和英文用的变量不一样",
                phrase,
            )
        for unknown in sorted(frozenset().union(*slots.values()) - KNOWN - GIVEN):
            yield _error(
                phrase, f"nothing fills {{{unknown}}}", f"{{{unknown}}}没有内容可填", phrase
            )
