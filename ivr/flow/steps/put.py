"""Put: ring the targets of the decision one after another, by hours, quota and bounds
(design §3, Put through). The caller always hears what happens next."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import (
    CountLiveCalls,
    Duty,
    Effect,
    FindNext,
    NoteRing,
    NoteStray,
    ReturnToken,
    TakeToken,
)
from ivr.flow.event import Answer, DialEnded, LineEvent, LiveCallsToday, NextOnDuty
from ivr.flow.instruction import Dial, Language, Say
from ivr.flow.matter import decide, then_of
from ivr.flow.node import Put
from ivr.flow.slots import office_text
from ivr.flow.speech import say
from ivr.flow.turn import Go, Step, Turn, answer_of, hang_up
from ivr.flow.world import World
from routing.directory import post_name
from routing.rules.complaints import HOTLINE
from routing.rules.quota import Bucket, Quota, bucket
from routing.rules.roster import Roster
from routing.rules.ruleset import How
from routing.rules.targets import PERSONAL, Role, Scene, Target, arranged, ring_order
from routing.rules.then import Order

ROUND: Final = Order.ROUND_ROBIN
IDLE: Final = Order.LONGEST_IDLE
LONGEST_HUNT: Final = 180
"""Seconds that the phones of a rule's own steps may ring in all, one after another."""


def enter(world: World, call: Call, node: Put, answers: tuple[Answer, ...]) -> Step:
    """Say who is rung and ring the first; or say that nobody is there."""
    if node.person and (call.decision is None or call.facts.reference is None):
        call = replace(call, decision=decide(world, call))
    if node.duty:
        phones = opened = duty_desk(world, call)
    else:
        phones = phones_of(world, call, person=node.person)
        opened = may_ring(world, at_work(world, phones))
    if not opened:
        return nobody(call, node, closed=bool(phones) and not at_work(world, phones))
    duties = tuple(duties_of(opened))
    found = answer_of(answers, NextOnDuty) if duties else NextOnDuty({})
    if found is None:
        return Turn(call, look=FindNext(duties))
    order = in_time(world, arranged(opened, found.orders))
    return ring(world, with_facts(call, order=order, rung=0), node, (), answers)


def duties_of(targets: tuple[Target, ...]) -> Iterator[Duty]:
    """The rosters of which somebody is next whom only the store knows."""
    members: dict[tuple[str, Order], dict[str, None]] = {}
    for target in targets:
        if target.roster and target.member and target.order in {ROUND, IDLE}:
            members.setdefault((target.roster, target.order), {})[target.member] = None
    for (roster, order), on_duty in members.items():
        if len(on_duty) > 1:
            yield Duty(roster, order, tuple(on_duty))


def in_time(world: World, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """As many as may ring in all: a caller hears nothing else meanwhile. What a rule writes down
    may take longer than what is usual."""
    policy = world.plan.policy
    left = policy.targets * policy.ring_seconds
    if any(target.seconds is not None or target.roster for target in targets):
        left = max(left, LONGEST_HUNT)
    found: list[Target] = []
    for target in targets:
        left -= target.seconds or policy.ring_seconds
        if left < 0 and found:
            break
        found.append(target)
    return tuple(found)


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
    return tuple(t for t in wanted if t.number not in out and not _declined(call, t))


def may_ring(world: World, phones: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those that this carrier may ring: without a whisper only an attended office's pool and
    another body's line, never a personal phone."""
    if world.plan.policy.whispers:
        return phones
    return tuple(t for t in phones if t.role is Role.SERVICE or _attended(world, t))


def _attended(world: World, target: Target) -> bool:
    return target.role is Role.POOL and world.plan.directory.offices[target.office].attended


def ring(
    world: World, call: Call, node: Put, said: tuple[Say, ...], answers: tuple[Answer, ...]
) -> Step:
    """Ring the target at `rung`. An official whose quota is used up is passed over, aloud; a phone
    that rang in vain too often within the hour is left in peace, as if nobody took it. An office's
    own phone is there to be rung."""
    call = _past_declined(call)
    index = call.facts.rung
    if index >= len(call.facts.order):
        return nobody(call, node, closed=False, said=said)
    target = call.facts.order[index]
    taken: tuple[Effect, ...] = ()
    if target.role in PERSONAL:
        use = answer_of(answers, LiveCallsToday)
        if use is None:
            return Turn(call, look=_use(world, call))
        bucket = _bucket(world, call, target)
        if bucket is not None:
            token = use.tokens[index] if index < len(use.tokens) else None
            if token is None:
                return pass_over(world, call, node, said, answers)
            taken = (TakeToken(bucket.official, bucket.key, token, call.turn + 1),)
        if use.in_vain[index : index + 1] >= (world.plan.policy.rings_in_vain,):
            return ring(world, with_facts(call, rung=index + 1), node, said, answers)
    told = said and target.role is not Role.STAND_IN  # `put.full` has named who comes next
    words = () if told else introduce(world, call, node, target)
    rings = (NoteRing(target.number, call.turn + 1),) if target.role in PERSONAL else ()
    dial = _dial(world, call, target)
    return Turn(with_facts(call, rung=index + 1), (*said, *words, dial), (*rings, *taken))


def _dial(world: World, call: Call, target: Target) -> Dial:
    policy = world.plan.policy
    unasked = not target.press and (target.role is Role.SERVICE or _attended(world, target))
    return Dial(
        target.number,
        call.dialled,
        leg=call.facts.rung,
        seconds=target.seconds or policy.ring_seconds,
        whisper=policy.whispers and not unasked,
        longest=policy.longest_talk,
    )


def _declined(call: Call, target: Target) -> bool:
    return target.answerer is not None and target.answerer in call.facts.declined


def _past_declined(call: Call) -> Call:
    """Who has said no in this call is not rung again, by any of their phones."""
    facts = call.facts
    at = facts.rung
    while at < len(facts.order) and _declined(call, facts.order[at]):
        at += 1
    return call if at == facts.rung else with_facts(call, rung=at)


def _use(world: World, call: Call) -> CountLiveCalls:
    """How much those have been rung that may ring in this turn."""
    order, rung = call.facts.order, call.facts.rung
    buckets = (
        _bucket(world, call, target) if at >= rung else None for at, target in enumerate(order)
    )
    people = (
        target.number if at >= rung and target.role in PERSONAL else None
        for at, target in enumerate(order)
    )
    return CountLiveCalls(tuple(buckets), tuple(people))


def _bucket(world: World, call: Call, target: Target) -> Bucket | None:
    """From which an official's live call takes its token. Danger goes before the public's calls,
    and so does what a supervisor's rule calls an escalation."""
    if target.official is None:
        return None
    plan = world.plan
    usual = Quota(live=plan.policy.live_calls)
    escalation = call.facts.danger or (
        call.decision is not None and then_of(world, call.decision).escalation
    )
    quota = plan.quotas.get(target.official, usual)
    return bucket(quota, target.official, world.now, plan.zone, escalation=escalation)


def pass_over(
    world: World, call: Call, node: Put, said: tuple[Say, ...], answers: tuple[Answer, ...]
) -> Step:
    """The official has taken today's calls: say so, with who comes next."""
    order, at = call.facts.order, call.facts.rung
    official = order[at].official
    while at < len(order) and order[at].official == official:
        at += 1
    call_next = with_facts(call, rung=at)
    if at == len(order):
        return nobody(call_next, node, closed=False, said=said)
    post = post_name(world.plan.directory.numbers[official or ""], call.language)
    full = say(world, call, "put.full", post=post, next=target_name(world, call, order[at]))
    return ring(world, call_next, node, (*said, full), answers)


def introduce(world: World, call: Call, node: Put, target: Target) -> tuple[Say, ...]:
    """What the caller hears before this target rings."""
    if target.role is Role.SERVICE:
        return (say(world, call, "put.transfer", next=target_name(world, call, target)),)
    if target.role is Role.STAND_IN and call.facts.rung > 0:
        return (say(world, call, "put.stand_in"),)
    if call.facts.rung > 0 and node.person:
        return (say(world, call, "person.wait"),)
    if node.person:
        return (say(world, call, "person.connect"),)
    name = target_name(world, call, target)
    if call.facts.rung > 0:
        return (say(world, call, "put.next", next=name),)
    return (say(world, call, "put.now", office=name),)


def target_name(world: World, call: Call, target: Target) -> str:
    """The post for an official and for whoever is on duty, the office's short name for its pool,
    another body's own."""
    directory = world.plan.directory
    if target.service is not None:
        return directory.public_services[target.service][call.language]
    if target.roster is not None:
        return _post(world.plan.rosters[target.roster], target, call.language)
    if target.official is not None:
        return world.plan.directory.numbers[target.official].spoken[call.language]
    return office_text(world, target.office, call.language)


def _post(roster: Roster, target: Target, language: Language) -> str:
    return next(m.post[language] for m in roster.members if m.id == target.member)


def nobody(call: Call, node: Put, *, closed: bool, said: tuple[Say, ...] = ()) -> Go:
    """Nobody to ring, or nobody accepted: the case stands, or a message is taken."""
    case = call.facts.reference is not None
    if closed:
        return Go(call, node.closed_case if case else node.closed, said)
    return Go(call, node.none_case if case else node.none, said)


def hear(
    world: World, call: Call, node: Put, event: LineEvent, answers: tuple[Answer, ...]
) -> Step:
    """The leg ended: after a talk the call is done, otherwise the next target rings."""
    rung = call.facts.order[call.facts.rung - 1] if call.facts.rung > 0 else None
    back: tuple[Effect, ...] = ()
    if rung is not None and rung.official is not None:
        back = (ReturnToken(call.turn),)
    if not isinstance(event, DialEnded):
        same = with_facts(call, rung=max(call.facts.rung - 1, 0))
        again = ring(world, same, node, (), answers)
        return replace(again, do=(*back, *again.do, NoteStray(type(event).__name__)))
    if event.caller_gone:
        gone = with_facts(call, accepted=event.accepted)
        return hang_up(gone, do=() if event.accepted else back)
    if event.accepted:
        return Go(with_facts(call, accepted=True), node.after)
    if event.declined and rung is not None:
        no = (rung.number, *((rung.answerer,) if rung.answerer else ()))
        call = with_facts(call, declined=(*call.facts.declined, *no))
    following = ring(world, call, node, (), answers)
    return replace(following, do=(*back, *following.do))
