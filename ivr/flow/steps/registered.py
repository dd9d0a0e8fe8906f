"""Registered: read case number and PIN, then put through or say what happens next."""

from ivr.flow.call import Call, with_facts
from ivr.flow.node import Registered
from ivr.flow.speech import gets_texts, say
from ivr.flow.steps.reach import unattended
from ivr.flow.turn import Go, Step
from ivr.flow.world import World
from routing.rules.ruleset import How

PEN_AND_PAPER = 2
"""Seconds of silence before the digits (prompts §4)."""


def enter(world: World, call: Call, node: Registered) -> Step:
    """No key interrupts the first reading, so that a second `#` does not swallow the number."""
    said = (
        say(world, call, "case.registered", pause=PEN_AND_PAPER),
        say(world, call, "case.read"),
        *((say(world, call, "case.texted"),) if gets_texts(call) else ()),
    )
    call = with_facts(call, told=call.facts.reference)
    through = call.decision is not None and call.decision.how in {How.PUT_THROUGH, How.TRANSFER}
    return Go(call, node.put if through and not unattended(world, call) else node.next, said)
