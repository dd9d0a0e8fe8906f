"""Gates: nodes that say nothing and only choose the way on: too many cases, topic, missed call,
the duty desk."""

from dataclasses import replace

from ivr.flow.call import Call
from ivr.flow.effect import CountCases
from ivr.flow.event import Answer, RecentCases
from ivr.flow.matter import decide
from ivr.flow.node import Duty, Limit, Missed, Topic
from ivr.flow.steps import reach
from ivr.flow.turn import Go, Step, Turn, answer_of
from ivr.flow.world import World
from routing.cases.kinds import About, Kind
from routing.directory import OutboundPolicy


def limit(world: World, call: Call, node: Limit, answers: tuple[Answer, ...]) -> Step:
    """Repeat callers are grouped and capped per hour, never silenced (hotline §3.7)."""
    if call.caller is None:
        return Go(call, node.goto)
    recent = answer_of(answers, RecentCases)
    if recent is None:
        return Turn(call, look=CountCases())
    over = recent.last_hour >= world.plan.policy.cases_per_hour
    return Go(call, node.over if over else node.goto)


def topic(world: World, call: Call, node: Topic) -> Step:
    """Ask only what neither the number nor the caller has said. A complaint about a business
    or a person asks the group alone; other complaints and reports ask nothing."""
    facts = call.facts
    entry = world.plan.directory.numbers.get(call.dialled)
    if facts.about is About.BUSINESS:
        return Go(call, node.goto if facts.group else node.root)
    if facts.topic or facts.about is not None or facts.kind is Kind.REPORT:
        return Go(call, node.goto)
    if facts.group:
        return Go(call, node.groups[str(facts.group)])
    if entry is not None and entry.topic:
        return Go(call, node.goto)
    if entry is not None and entry.topic_group:
        return Go(call, node.groups[str(entry.topic_group)])
    return Go(call, node.root)


def missed(world: World, call: Call, node: Missed) -> Step:
    """Whether the number dialled ever calls out."""
    entry = world.plan.directory.numbers.get(call.dialled)
    may = entry is not None and entry.outbound_policy is not OutboundPolicy.NEVER
    return Go(call, node.may if may else node.never)


def duty(world: World, call: Call, node: Duty) -> Step:
    """After hours and where a desk is on duty, whoever is in need is offered it (prompts §4)."""
    needed = not node.pressing or call.facts.danger or call.facts.kind is Kind.HELP
    known = call if call.decision is not None else replace(call, decision=decide(world, call))
    offered = needed and reach.shut(world, known) and reach.duty_desk(world, known)
    return Go(call, node.desk if offered else node.otherwise)
