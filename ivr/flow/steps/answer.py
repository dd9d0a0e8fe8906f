"""Answer: where a call begins, by what is known of the number dialled and of the caller."""

from dataclasses import replace
from typing import assert_never

from ivr.flow.call import Call, changed
from ivr.flow.event import Answered, LineEvent
from ivr.flow.instruction import Language
from ivr.flow.node import Answer
from ivr.flow.turn import Go, Step, hang_up
from ivr.flow.verdict import verdict_on
from ivr.flow.world import World
from routing.directory import Genuine, NotListed, PublicService, Suspended, Withdrawn


def hear(world: World, call: Call, node: Answer, event: LineEvent) -> Step:
    """Greet on a listed line; elsewhere say what the line is; a call from one of our own
    published numbers is a forward that came back (a loop) and ends here."""
    if not isinstance(event, Answered):
        return hang_up(call)
    if call.caller is not None and call.caller in world.plan.directory.numbers:
        return Go(call, node.loop)
    call = changed(call, language=first_language(world, call))
    verdict = verdict_on(world, call.dialled)
    match verdict:
        case Genuine():
            return Go(call, node.listed)
        case Suspended():
            return Go(_checked(call), node.suspended)
        case Withdrawn():
            return Go(_checked(call), node.withdrawn)
        case NotListed() | PublicService():
            return Go(call, node.unlisted)
        case _:
            assert_never(verdict)


def _checked(call: Call) -> Call:
    return replace(call, facts=replace(call.facts, checked=call.dialled))


def first_language(world: World, call: Call) -> Language:
    """The line's first language; the deployment's own where the line is not listed."""
    entry = world.plan.directory.numbers.get(call.dialled)
    return "en" if entry is not None and entry.languages[:1] == ("en",) else "zh-CN"
