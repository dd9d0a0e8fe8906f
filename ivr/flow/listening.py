"""What happens when a caller is silent, presses a wrong key or is not understood: separate
counters, separate words, one end (prompts §7). Shared by every node that asks."""

from dataclasses import replace

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import NoteStray
from ivr.flow.event import LineEvent
from ivr.flow.instruction import Ask, Say
from ivr.flow.labels import read_out
from ivr.flow.node import Menu
from ivr.flow.speech import holds, say, say_all
from ivr.flow.turn import Go, Step, Turn
from ivr.flow.world import World


def ask(
    world: World, call: Call, node: Menu, before: tuple[Say, ...] = (), *, slow: bool = False
) -> Turn:
    """Speak the menu, after `before`, and listen for one key (and words, where offered)."""
    if call.tries.silence > 1:  # `2` is the menu's own key again, no longer that of `silence.2`
        call = replace(call, tries=replace(call.tries, silence=1))
    return listen(world, call, node, (*before, *say_all(world, call, node.prompts, slow=slow)))


def listen(world: World, call: Call, node: Menu, prompts: tuple[Say, ...]) -> Turn:
    """Speak `prompts` and listen as the menu does."""
    speech = hears(world, call, node)
    hints = expected(world, call, node) if speech else ()
    return Turn(call, (Ask(prompts, call.language, node.wait, speech=speech, hints=hints),))


def hears(world: World, call: Call, node: Menu) -> bool:
    """Whether the menu listens for words in this call."""
    return node.speech is not None and world.plan.policy.hears and not call.facts.keys_only


def expected(world: World, call: Call, node: Menu) -> tuple[str, ...]:
    """What a recogniser is told to expect: the options as they are read out, then all words."""
    options = (label for label, _ in read_out(world, call, node))
    return (*options, *world.plan.vocabulary.hints(call.language, node.speech or ""))


def on_silence(world: World, call: Call, node: Menu) -> Step:
    """First: the menu again, slower. Second: the way to a person. Third: there."""
    if not node.patient:
        return Go(call, node.silent)
    count = call.tries.silence + 1
    call = replace(call, tries=replace(call.tries, silence=count))
    if count == 1:
        missed = (say(world, call, "silence.1"), *language_offer(world, call, node))
        return ask(world, call, node, missed, slow=True)
    if count == 2:
        return listen(world, call, node, (say(world, call, "silence.2"),))
    return Go(call, node.silent)


def on_wrong(world: World, call: Call, node: Menu) -> Step:
    """First: say so and the menu again, slower. Second: which keys there are. Third: a person."""
    count = call.tries.wrong + 1
    call = replace(call, tries=replace(call.tries, wrong=count))
    if count == 1:
        return ask(world, call, node, (say(world, call, "wrong.1"),), slow=True)
    if count == 2:
        keys = world.plan.phrases.keys(keys_offered(world, call, node), call.language)
        return listen(world, call, node, (say(world, call, "wrong.2", keys=keys),))
    return Go(call, node.silent)


def on_unheard(world: World, call: Call, node: Menu) -> Step:
    """Words that lead nowhere: say so; from then on keys only."""
    call = with_facts(
        replace(call, tries=replace(call.tries, unheard=call.tries.unheard + 1)), keys_only=True
    )
    missed = (say(world, call, "unheard"), *language_offer(world, call, node))
    return ask(world, call, node, missed)


def language_offer(world: World, call: Call, node: Menu) -> tuple[Say, ...]:
    """The way to the other language, once more where the menu began with it: who understands
    nothing of this one neither presses nor says what it knows."""
    if call.tries.silence + call.tries.unheard > 1:
        return ()
    return say_all(world, call, tuple(prompt for prompt in node.first if prompt.other))


def on_stray(world: World, call: Call, node: Menu, event: LineEvent) -> Turn:
    """An event that a menu does not list: noted, answered by repeating."""
    turn = ask(world, call, node)
    return replace(turn, do=(NoteStray(type(event).__name__),))


def keys_offered(world: World, call: Call, node: Menu) -> tuple[str, ...]:
    """The keys that lead somewhere from here now, `0` and `*` apart."""
    return tuple(
        key
        for key, option in node.options.items()
        if key != "0" and (option.when is None or holds(world, call, option.when))
    )
