"""Confirm: a spoken number is read back; `1` right, `2` wrong."""

from dataclasses import replace

from ivr.flow.call import Call, with_facts
from ivr.flow.event import LineEvent, Pressed, Silence
from ivr.flow.instruction import Ask
from ivr.flow.node import Check, Confirm
from ivr.flow.speech import say
from ivr.flow.steps import check
from ivr.flow.turn import Go, Step, Turn
from ivr.flow.world import World
from routing.numbers.forms import spoken_digits


def enter(world: World, call: Call, node: Confirm) -> Step:
    """Read back what was heard."""
    return _ask(world, call, slow=False)


def _ask(world: World, call: Call, *, slow: bool) -> Turn:
    number = spoken_digits(call.facts.keyed, call.language)
    words = say(world, call, "check.confirm", slow=slow, number=number)
    return Turn(call, (Ask((words,), call.language),))


def hear(world: World, call: Call, node: Confirm, event: LineEvent) -> Step:
    """`1` takes the number, `2` asks again; anything else counts as wrong."""
    match event:
        case Pressed("1", _):
            return check.settle(world, call, _check(world, node), call.facts.keyed)
        case Pressed("0", _):
            return Go(call, world.plan.script.person)
        case Pressed("*", _):
            return _ask(world, call, slow=True)
        case Silence() if call.tries.silence == 0:
            return _again(world, call)
        case _:
            return Go(with_facts(call, keyed="", keys_only=True), node.check)


def _again(world: World, call: Call) -> Turn:
    return _ask(world, replace(call, tries=replace(call.tries, silence=1)), slow=True)


def _check(world: World, node: Confirm) -> Check:
    found = world.plan.script.nodes[node.check]
    if not isinstance(found, Check):
        raise TypeError(f"{node.id}.check must name a node of kind check, not {node.check}")
    return found
