"""What the line says of words that it took for a choice: what it understood, or, where they only
sounded like a known word or stood in a story, whether that was meant. Yes and no are keys alone,
so that a television chooses nothing (prompts §1). The counterpart of `listening`, for what was
not understood."""

from dataclasses import replace
from typing import assert_never

from ivr.flow.call import Call, with_facts
from ivr.flow.instruction import Ask, Say
from ivr.flow.labels import label_of
from ivr.flow.meaning import (
    Again,
    Choice,
    Emergency,
    EndWord,
    Group,
    KindAndTopic,
    KindWord,
    Meaning,
    Person,
    TopicWord,
)
from ivr.flow.node import Menu
from ivr.flow.speech import say
from ivr.flow.turn import Turn
from ivr.flow.world import World


def said_back(world: World, call: Call, node: Menu, meaning: Meaning) -> tuple[Say, ...]:
    """What was understood, where the prompts that follow do not tell it by themselves."""
    parts = _parts(world, call, node, meaning)
    if not parts:
        return ()
    return (say(world, call, "heard.said", said=_joined(call, parts)),)


def _joined(call: Call, parts: tuple[str, ...]) -> str:
    return ("，" if call.language == "zh-CN" else ", ").join(parts)


def _parts(world: World, call: Call, node: Menu, meaning: Meaning) -> tuple[str, ...]:
    match meaning:
        case KindWord(kind):
            return (_phrase(world, call, f"kind.{kind}"),)
        case TopicWord(topic, _):
            return (world.plan.directory.topics[topic].names[call.language],)
        case Group(group):
            return (_phrase(world, call, f"group.{group}"),)
        case KindAndTopic(kind, topic_said):
            return (
                *_parts(world, call, node, KindWord(kind)),
                *_parts(world, call, node, topic_said),
            )
        case Choice(key):
            return _option(world, call, node, key)
        case Person() | Again() | EndWord() | Emergency():
            return ()
        case _:
            assert_never(meaning)


def _option(world: World, call: Call, node: Menu, key: str) -> tuple[str, ...]:
    """What a key states of the matter, as the menu reads it out."""
    about = node.options[key].about if key in node.options else None
    if about is not None:
        return (_phrase(world, call, f"about.{about}"),)
    label = label_of(world, call, node, key)
    return () if label is None else (label,)


def _phrase(world: World, call: Call, name: str) -> str:
    return say(world, call, name).text


def ask_whether(world: World, call: Call, *words: str, slow: bool = False) -> Turn:
    """Were these words meant? `1` right, `2` wrong."""
    guess = _joined(call, words)
    call = with_facts(call, guess=guess)
    asked = say(world, call, "heard.guess", slow=slow, said=guess)
    return Turn(call, (Ask((asked,), call.language),))


def ask_once_more(world: World, call: Call) -> Turn | None:
    """The same, slower, at the first silence; None at the second."""
    if call.tries.silence > 0:
        return None
    call = replace(call, tries=replace(call.tries, silence=1))
    return ask_whether(world, call, call.facts.guess, slow=True)
