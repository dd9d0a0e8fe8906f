"""What the line says of words that it took for a choice: what it understood, or, where they only
sounded like a known word, whether that was meant. Yes and no are keys alone, so that a television
chooses nothing (prompts §1). The counterpart of `listening`, for what was not understood."""

from dataclasses import replace
from typing import assert_never

from ivr.flow.call import Call, with_facts
from ivr.flow.instruction import Ask, Say
from ivr.flow.node import Menu
from ivr.flow.speech import say
from ivr.flow.turn import Turn
from ivr.flow.words import (
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
from ivr.flow.world import World


def said_back(world: World, call: Call, node: Menu, meaning: Meaning) -> tuple[Say, ...]:
    """What was understood, where the prompts that follow do not tell it by themselves."""
    parts = _parts(world, call, node, meaning)
    if not parts:
        return ()
    comma = "，" if call.language == "zh-CN" else ", "
    return (say(world, call, "heard.said", said=comma.join(parts)),)


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
            about = node.options[key].about if key in node.options else None
            return () if about is None else (_phrase(world, call, f"about.{about}"),)
        case Person() | Again() | EndWord() | Emergency():
            return ()
        case _:
            assert_never(meaning)


def _phrase(world: World, call: Call, name: str) -> str:
    return say(world, call, name).text


def ask_whether(world: World, call: Call, word: str, *, slow: bool = False) -> Turn:
    """Was this word meant? `1` right, `2` wrong."""
    call = with_facts(call, guess=word)
    asked = say(world, call, "heard.guess", slow=slow, said=word)
    return Turn(call, (Ask((asked,), call.language),))


def ask_once_more(world: World, call: Call) -> Turn | None:
    """The same, slower, at the first silence; None at the second."""
    if call.tries.silence > 0:
        return None
    call = replace(call, tries=replace(call.tries, silence=1))
    return ask_whether(world, call, call.facts.guess, slow=True)
