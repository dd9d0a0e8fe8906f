"""Which phones of a decision may be rung now, in which order and for how long: by hours, by what
the carrier bears and by who has said no. Used by `put`, which rings them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from ivr.flow.call import Call
from ivr.flow.effect import Duty
from ivr.flow.matter import then_of
from ivr.flow.round import behind
from ivr.flow.world import World
from routing.rules.complaints import HOTLINE
from routing.rules.ruleset import How
from routing.rules.targets import Role, Scene, Target, ring_order
from routing.rules.then import Order

ROUND: Final = Order.ROUND_ROBIN
IDLE: Final = Order.LONGEST_IDLE
LONGEST_HUNT: Final = 180
"""Seconds that the phones of a rule's own steps may ring in all."""


def duties_of(targets: tuple[Target, ...]) -> Iterator[Duty]:
    """The rosters of which somebody is next whom only the store knows."""
    members: dict[tuple[str, Order], dict[str, None]] = {}
    for target in targets:
        if target.roster and target.member and target.order in {ROUND, IDLE}:
            members.setdefault((target.roster, target.order), {})[target.member] = None
    for (roster, order), on_duty in members.items():
        if len(on_duty) > 1:
            yield Duty(roster, order, tuple(on_duty))


def as_borne(world: World, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """One after another where this carrier cannot let a caller wait meanwhile."""
    if world.plan.policy.together:
        return targets
    return tuple(replace(target, round=None) for target in targets)


def in_time(world: World, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """As many as may ring in all: a caller hears nothing else meanwhile. What a rule writes down
    may take longer than what is usual."""
    policy = world.plan.policy
    left = policy.targets * policy.ring_seconds
    if any(target.seconds is not None or target.roster for target in targets):
        left = max(left, LONGEST_HUNT)
    at = 0
    while at < len(targets):
        following = behind(targets, at)
        left -= longest(world, targets[at:following])
        if left < 0 and at > 0:
            break
        at = following
    return targets[:at]


def longest(world: World, targets: Iterable[Target]) -> int:
    """Seconds that those take which ring together."""
    return max(target.seconds or world.plan.policy.ring_seconds for target in targets)


def at_work(world: World, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those whose office is open now. Who is on shift is at work, and another body's line is not
    ours to close."""
    return tuple(target for target in targets if _at_work(world, target))


def _at_work(world: World, target: Target) -> bool:
    if target.role is Role.SERVICE:
        return True
    if target.roster is not None and world.plan.rosters[target.roster].shifts:
        return True
    return world.plan.open[target.office].is_open(world.now)


def shut(world: World, call: Call) -> bool:
    """Whether the decision's phones may be rung, but not now: it is after hours."""
    phones = phones_of(world, call, person=True)
    return bool(phones) and not at_work(world, phones)


def unattended(world: World, call: Call) -> bool:
    """Whether the decision's phones are at work, but this carrier may ring none of them."""
    phones = at_work(world, phones_of(world, call, person=False))
    return bool(phones) and not may_ring(world, phones)


def phones_of(world: World, call: Call, *, person: bool) -> tuple[Target, ...]:
    """The phones of the decision, without those that declined in this call."""
    plan = world.plan
    if call.decision is None:
        return ()
    entry = plan.directory.numbers.get(call.dialled)
    then = then_of(world, call.decision)
    return _others(call, ring_order(scene(world), entry, call.decision, then, person=person))


def scene(world: World) -> Scene:
    """What the plan knows of who is there now."""
    plan = world.plan
    return Scene(plan.directory, world.now, plan.zone, plan.rosters, plan.quotas)


def duty_desk(world: World, call: Call) -> tuple[Target, ...]:
    """Who takes what cannot wait after hours: the hotline's office, while it is staffed; no order
    closes it for these. A sealed matter is put through to its own office alone (hotline §1.6)."""
    plan = world.plan
    if call.decision is None or call.decision.confidential or HOTLINE not in plan.directory.topics:
        return ()
    lead = plan.directory.topics[HOTLINE].lead
    staffed = plan.duty or plan.open[lead]
    if not staffed.is_open(world.now):
        return ()
    decision = replace(call.decision, office=lead, how=How.PUT_THROUGH)
    wanted = ring_order(scene(world), None, decision, person=True)
    return may_ring(world, _others(call, wanted))


def _others(call: Call, wanted: tuple[Target, ...]) -> tuple[Target, ...]:
    out = {*call.facts.declined, call.caller}
    return tuple(t for t in wanted if t.number not in out and not has_declined(call, t))


def may_ring(world: World, phones: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those that this carrier may ring: without a whisper only an attended office's pool and
    another body's line, never a personal phone."""
    if world.plan.policy.whispers:
        return phones
    return tuple(t for t in phones if t.role is Role.SERVICE or _attended(world, t))


def _attended(world: World, target: Target) -> bool:
    return target.role is Role.POOL and world.plan.directory.offices[target.office].attended


def asked_first(world: World, target: Target) -> bool:
    """Whether `1` must be pressed: by everybody but a service and a desk that takes all calls."""
    return target.press or not (target.role is Role.SERVICE or _attended(world, target))


def has_declined(call: Call, target: Target) -> bool:
    return target.answerer is not None and target.answerer in call.facts.declined
