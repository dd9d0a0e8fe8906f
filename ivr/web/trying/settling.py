"""What the rules were asked in a call that is played, and what they answered. Used by `play`; the
page explains it by the same `check` objects that decided."""

from dataclasses import replace

from ivr.flow.call import Call
from ivr.flow.effect import OpenCase
from ivr.flow.matter import facts_of
from ivr.flow.node import Purpose, Record
from ivr.flow.turn import Turn
from ivr.flow.value import value
from ivr.flow.world import World
from routing.rules.condition import Facts
from routing.rules.router import Decision


@value
class Settled:
    """What the rules were asked last, and answered; `person` where the caller asked for one and had
    no matter."""

    facts: Facts
    decision: Decision
    person: bool = False


def settled(world: World, before: Call, turn: Turn, last: Settled | None) -> Settled | None:
    """After a turn of the call that was `before`; `last` is how it stood until then. A message is
    left under what was decided before it, whatever its case is filed as; what decided a report the
    call forgets at once."""
    opened = next((done for done in turn.do if isinstance(done, OpenCase)), None)
    facts, decided = facts_of(world, turn.call), turn.call.decision
    if decided is None:
        return last if opened is None else _reported(world, facts, opened)
    if opened is None and decided == before.decision:
        return last
    if last is not None and world.plan.rules.decide(facts) != decided:
        return last
    return Settled(facts, decided, person=not _has_matter(world, before, turn.call))


def _reported(world: World, facts: Facts, opened: OpenCase) -> Settled:
    facts = replace(facts, kind=opened.kind, about=opened.about, topic=opened.topic)
    return Settled(facts, world.plan.rules.decide(facts))


def _has_matter(world: World, *calls: Call) -> bool:
    """Whether it is being recorded, or was just now."""
    found = (world.plan.script.nodes.get(call.at) for call in calls)
    return any(isinstance(one, Record) and one.purpose is Purpose.MATTER for one in found)
