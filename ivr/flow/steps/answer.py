"""Answer: where a call begins, by what is known of the number dialled and of the caller."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, assert_never

from ivr.flow.call import Call, changed
from ivr.flow.event import Admission, Answered, LineEvent
from ivr.flow.instruction import Language, Refusal
from ivr.flow.node import Answer
from ivr.flow.turn import Go, Step, hang_up, refuse
from ivr.flow.verdict import verdict_on
from ivr.flow.world import World
from routing.directory import Genuine, NotListed, PublicService, Suspended, Withdrawn

REFUSALS: Final[Mapping[Admission, Refusal]] = {
    Admission.BUSY: Refusal.BUSY,
    Admission.BLOCKED: Refusal.REJECTED,
}


def hear(world: World, call: Call, node: Answer, event: LineEvent) -> Step:
    """Greet on a listed line, or take a message where the lines are full; elsewhere say what the
    line is; a call from one of our own published numbers is a forward that came back (a loop)
    and ends here. Who is not admitted is refused unanswered."""
    if not isinstance(event, Answered):
        return hang_up(call)
    if event.admission in REFUSALS:
        return refuse(call, REFUSALS[event.admission])
    return _greet(world, call, node, event.admission)


def _greet(world: World, call: Call, node: Answer, admission: Admission) -> Step:
    if call.caller is not None and call.caller in world.plan.directory.numbers:
        return Go(call, node.loop)
    call = changed(call, language=first_language(world, call))
    verdict = verdict_on(world, call.dialled)
    match verdict:
        case Genuine():
            return Go(call, node.full if admission is Admission.MESSAGE else node.listed)
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
