"""Put: ring the targets of the decision one after another, by hours, quota and bounds
(design §3, Put through). The caller always hears what happens next."""

from dataclasses import replace

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import CountLiveCalls, NoteRing, NoteStray
from ivr.flow.event import Answer, DialEnded, LineEvent, LiveCallsToday
from ivr.flow.instruction import Dial, Say
from ivr.flow.matter import decide
from ivr.flow.node import Put
from ivr.flow.slots import office_text
from ivr.flow.speech import say
from ivr.flow.turn import Go, Step, Turn, answer_of, hang_up
from ivr.flow.world import World
from routing.rules.complaints import HOTLINE
from routing.rules.targets import Role, Target, ring_order


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
    call = with_facts(call, order=opened[: world.plan.policy.targets], rung=0)
    return ring(world, call, node, (), answers)


def at_work(world: World, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those whose office is open now."""
    return tuple(t for t in targets if world.plan.open[t.office].is_open(world.now))


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
    return _others(call, ring_order(plan.directory, entry, call.decision, person=person))


def duty_desk(world: World, call: Call) -> tuple[Target, ...]:
    """Who takes what cannot wait after hours: the hotline's office, while it is staffed; no order
    closes it for these. A sealed matter is put through to its own office alone (hotline §1.6)."""
    plan = world.plan
    if call.decision is None or call.decision.confidential or HOTLINE not in plan.directory.topics:
        return ()
    decision = replace(call.decision, office=plan.directory.topics[HOTLINE].lead)
    staffed = plan.duty or plan.open[decision.office]
    if not staffed.is_open(world.now):
        return ()
    wanted = ring_order(plan.directory, None, decision, person=True)
    return may_ring(world, _others(call, wanted))


def _others(call: Call, wanted: tuple[Target, ...]) -> tuple[Target, ...]:
    out = {*call.facts.declined, call.caller}
    return tuple(target for target in wanted if target.number not in out)


def may_ring(world: World, phones: tuple[Target, ...]) -> tuple[Target, ...]:
    """Those that this carrier may ring: without a whisper only an attended office's pool, never a
    personal phone."""
    if world.plan.policy.whispers:
        return phones
    return tuple(target for target in phones if _attended(world, target))


def _attended(world: World, target: Target) -> bool:
    return target.role is Role.POOL and world.plan.directory.offices[target.office].attended


def ring(
    world: World, call: Call, node: Put, said: tuple[Say, ...], answers: tuple[Answer, ...]
) -> Step:
    """Ring the target at `rung`. An official whose quota is used up is passed over, aloud; a phone
    that rang in vain too often within the hour is left in peace, as if nobody took it. An office's
    own phone is there to be rung."""
    index = call.facts.rung
    if index >= len(call.facts.order):
        return nobody(call, node, closed=False, said=said)
    target = call.facts.order[index]
    if target.role is not Role.POOL:
        use = answer_of(answers, LiveCallsToday)
        if use is None:
            return Turn(call, look=_use(call))
        if target.official is not None and use.accepted >= world.plan.policy.live_calls:
            return pass_over(world, call, node, said, answers)
        if use.in_vain[index : index + 1] >= (world.plan.policy.rings_in_vain,):
            return ring(world, with_facts(call, rung=index + 1), node, said, answers)
    told = said and target.role is not Role.STAND_IN  # `put.full` has named who comes next
    words = () if told else introduce(world, call, node, target)
    dial = Dial(
        target.number,
        call.dialled,
        leg=index,
        seconds=world.plan.policy.ring_seconds,
        whisper=world.plan.policy.whispers,
        longest=world.plan.policy.longest_talk,
    )
    rings = () if target.role is Role.POOL else (NoteRing(target.number, call.turn + 1),)
    return Turn(with_facts(call, rung=index + 1), (*said, *words, dial), rings)


def _use(call: Call) -> CountLiveCalls:
    """How much those have been rung that may ring in this turn; at most one is an official."""
    order = call.facts.order
    official = next((t.official for t in order if t.official is not None), None)
    people = (
        target.number if at >= call.facts.rung and target.role is not Role.POOL else None
        for at, target in enumerate(order)
    )
    return CountLiveCalls(official, tuple(people))


def pass_over(
    world: World, call: Call, node: Put, said: tuple[Say, ...], answers: tuple[Answer, ...]
) -> Step:
    """The official has taken today's calls: say so, with who comes next."""
    following = call.facts.order[call.facts.rung + 1 : call.facts.rung + 2]
    call_next = with_facts(call, rung=call.facts.rung + 1)
    if not following:
        return nobody(call_next, node, closed=False, said=said)
    name = office_text(world, following[0].office, call.language)
    full = say(world, call, "put.full", next=name)
    return ring(world, call_next, node, (*said, full), answers)


def introduce(world: World, call: Call, node: Put, target: Target) -> tuple[Say, ...]:
    """What the caller hears before this target rings."""
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
    """The post for an official, the office's short name for its pool."""
    if target.official is not None:
        return world.plan.directory.numbers[target.official].spoken[call.language]
    return office_text(world, target.office, call.language)


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
    if not isinstance(event, DialEnded):
        same = with_facts(call, rung=max(call.facts.rung - 1, 0))
        again = ring(world, same, node, (), answers)
        return replace(again, do=(*again.do, NoteStray(type(event).__name__)))
    if event.caller_gone:
        return hang_up(with_facts(call, accepted=event.accepted))
    if event.accepted:
        return Go(with_facts(call, accepted=True), node.after)
    if event.declined and call.facts.rung > 0:
        number = call.facts.order[call.facts.rung - 1].number
        call = with_facts(call, declined=(*call.facts.declined, number))
    return ring(world, call, node, (), answers)
