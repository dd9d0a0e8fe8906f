"""Area: a landline keyed without its area code; the area of the number dialled is offered."""

from dataclasses import replace
from typing import Final

from ivr.flow.call import Call, with_facts
from ivr.flow.event import LineEvent, Pressed, Silence, Spoke
from ivr.flow.instruction import Ask
from ivr.flow.node import Area, Check
from ivr.flow.speech import say
from ivr.flow.steps import check
from ivr.flow.turn import Go, Step, Turn
from ivr.flow.world import World
from routing.directory import city_names

LONGER: Final = 1
"""Keys beyond one: the caller began to key the whole number again."""


def enter(world: World, call: Call, node: Area) -> Step:
    """`1` for our own area; otherwise the number again, with its code."""
    return _ask(world, call, node)


def _ask(world: World, call: Call, node: Area) -> Turn:
    place = city_names(world.plan.directory)[call.language]
    words = say(world, call, "check.area", area=place)
    return Turn(call, (Ask((words,), call.language, 5, digits=None, finish="#"),))


def hear(world: World, call: Call, node: Area, event: LineEvent) -> Step:
    """`1` joins our area code; a longer input is a number with its code."""
    collect = check_node(world, node)
    match event:
        case Pressed("1", _):
            own = f"0{world.plan.directory.area}{call.facts.keyed}"
            return check.take(world, with_facts(call, keyed=""), collect, own, finished=True)
        case Pressed(digits, finished) if len(digits) > LONGER or digits in {"0", "*"}:
            fresh = replace(with_facts(call, keyed=""), at=node.check)
            return check.keyed(world, fresh, collect, digits, finished=finished)
        case Spoke(text):
            return check.spoken(world, replace(call, at=node.check), collect, text)
        case Silence() if call.tries.silence == 0:
            return _ask(world, replace(call, tries=replace(call.tries, silence=1)), node)
        case _:
            return Go(with_facts(call, keyed=""), node.check)


def check_node(world: World, node: Area) -> Check:
    """The node that collects numbers, which this one serves."""
    found = world.plan.script.nodes[node.check]
    if not isinstance(found, Check):
        raise TypeError(f"{node.id}.check must name a node of kind check, not {node.check}")
    return found
