"""Menu: one key, or a word where offered, leads on."""

from dataclasses import replace
from typing import Any, assert_never

from ivr.flow.call import Call, with_facts
from ivr.flow.event import LineEvent, Pressed, Silence, Spoke
from ivr.flow.labels import labels
from ivr.flow.listening import ask, on_silence, on_stray, on_unheard, on_wrong
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
from ivr.flow.node import Menu, Option
from ivr.flow.speech import holds, say_all
from ivr.flow.turn import Go, Step, Turn
from ivr.flow.understood import ask_once_more, ask_whether, said_back
from ivr.flow.world import World
from routing.cases.kinds import Kind


def enter(world: World, call: Call, node: Menu) -> Step:
    """`first` is spoken once, `prompts` each time; nothing where the answer is known already."""
    if node.known and (option := _known(call, node)) is not None:
        return Go(call, option.goto)
    return ask(world, call, node, say_all(world, call, node.first))


def hear(world: World, call: Call, node: Menu, event: LineEvent) -> Step:
    """Follow the key or the word; count everything else."""
    if call.facts.guess:
        return hear_whether(world, call, node, event)
    match event:
        case Pressed(digits, finished):
            return press(world, call, node, digits[:1] if digits else "#" if finished else "")
        case Spoke(text):
            return hear_words(world, call, node, text)
        case Silence():
            return on_silence(world, call, node)
        case _:
            return on_stray(world, call, node, event)


def press(world: World, call: Call, node: Menu, key: str) -> Step:
    """One key. `*` repeats slower, `0` is a person, `#` is "none" where the menu has it; `2` is a
    message where `silence.2` has just said so, but for the main menu's own `2`."""
    option = node.none if key == "#" else node.options.get(key)
    if key == "2" and call.tries.silence > 1 and (option is None or states(option)):
        return Go(call, world.plan.script.message)
    if option is not None and (option.when is None or holds(world, call, option.when)):
        return choose(call, option)
    if key == "0":
        return Go(call, world.plan.script.person)
    if key == "*":
        return ask(world, call, node, say_all(world, call, node.again, slow=True), slow=True)
    if key == "":
        return on_silence(world, call, node)
    return Go(call, node.other) if node.other else on_wrong(world, call, node)


def states(option: Option) -> dict[str, Any]:
    """What the key says of the matter; most keys say nothing."""
    if (option.kind, option.about, option.group, option.topic) == (None, None, None, None):
        return {}
    return {
        name: value
        for name in ("kind", "about", "group", "topic")
        if (value := getattr(option, name)) is not None
    }


def choose(call: Call, option: Option) -> Go:
    """What the key states becomes a fact; what it leaves open stays as it was."""
    stated = states(option)
    return Go(with_facts(call, **stated) if stated else call, option.goto)


def hear_words(world: World, call: Call, node: Menu, text: str) -> Step:
    """What the words mean here; emergency words lead straight to the recording."""
    vocabulary, menu = world.plan.vocabulary, node.speech or ""
    read_out = labels(world, call, node) if node.speech else ()
    understood = vocabulary.understood(text, call.language, menu, read_out)
    if understood.meaning is not None:
        if understood.sure:
            return _understood(world, call, node, understood.meaning)
        return ask_whether(world, call, *understood.words)
    word = vocabulary.resembled(text, call.language, menu, read_out) if node.speech else None
    return on_unheard(world, call, node) if word is None else ask_whether(world, call, word)


def hear_whether(world: World, call: Call, node: Menu, event: LineEvent) -> Step:
    """`1`: the word was meant. Silence is asked once more. All else means no, and keys from now
    on; the menu's own keys beyond `2` are followed at once."""
    no = with_facts(call, guess="", keys_only=True)
    match event:
        case Pressed("1", _):
            return _meant(world, with_facts(call, guess=""), node, call.facts.guess)
        case Pressed("*", _):
            return ask_whether(world, call, call.facts.guess, slow=True)
        case Pressed(digits, _) if digits and digits != "2":
            return press(world, no, node, digits[:1])
        case Silence():
            return ask_once_more(world, call) or ask(world, no, node)
        case Pressed():
            return ask(world, no, node)
        case _:
            return on_stray(world, no, node, event)


def _meant(world: World, call: Call, node: Menu, word: str) -> Step:
    read_out = labels(world, call, node)
    meaning = world.plan.vocabulary.understand(word, call.language, node.speech or "", read_out)
    return on_unheard(world, call, node) if meaning is None else follow(world, call, node, meaning)


def _understood(world: World, call: Call, node: Menu, meaning: Meaning) -> Step:
    """On to where it leads, having said what was understood."""
    step = follow(world, call, node, meaning)
    if isinstance(step, Turn):
        return step
    return replace(step, say=(*said_back(world, call, node, meaning), *step.say))


def follow(world: World, call: Call, node: Menu, meaning: Meaning) -> Step:  # noqa: PLR0911 - one return a meaning
    """Where a meaning leads from this menu."""
    script = world.plan.script
    match meaning:
        case Emergency():
            danger = with_facts(call, danger=True, kind=Kind.HELP)
            return Go(danger, script.urgent)
        case Choice(key):
            return press(world, call, node, key)
        case Person():
            return Go(call, script.person)
        case Again():
            return press(world, call, node, "*")
        case EndWord():
            return Go(call, script.bye)
        case KindWord(kind):
            return _say_matter(world, with_facts(call, kind=kind), node)
        case KindAndTopic(kind, topic_said):
            return follow(world, with_facts(call, kind=kind), node, topic_said)
        case TopicWord(topic, group):
            return _say_matter(world, with_facts(call, topic=topic, group=group), node)
        case Group(group):
            return _say_group(world, call, node, group)
        case _:
            assert_never(meaning)


def _say_matter(world: World, call: Call, node: Menu) -> Step:
    return Go(call, node.words) if node.words else on_unheard(world, call, node)


def _say_group(world: World, call: Call, node: Menu, group: int) -> Step:
    if _asks_within(world, node, group):
        return on_unheard(world, call, node)
    return _say_matter(world, with_facts(call, group=group), node)


def _asks_within(world: World, node: Menu, group: int) -> bool:
    """Whether the menu is the group's own: its name, or two of its topics, is no answer there."""
    topics = world.plan.directory.topics
    named = (option.topic for option in node.options.values())
    return any(topic in topics and topics[topic].group == group for topic in named if topic)


def _known(call: Call, node: Menu) -> Option | None:
    """The option for the kind that the caller has said; a report is among the complaints."""
    kind = Kind.COMPLAINT if call.facts.kind is Kind.REPORT else call.facts.kind
    return next((o for o in node.options.values() if kind is not None and o.kind is kind), None)
