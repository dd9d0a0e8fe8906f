"""Put: ring the targets of the decision, by hours, quota and bounds, one after another or several
together (design §3, Put through). The caller always hears what happens next."""

from dataclasses import replace

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import (
    CountLiveCalls,
    Effect,
    EndRound,
    FindNext,
    NoteRing,
    NoteStray,
    NoteTaken,
    ReturnToken,
    RingLeg,
    TakeToken,
)
from ivr.flow.event import (
    Answer,
    DialEnded,
    LineEvent,
    LiveCallsToday,
    NextOnDuty,
    RoundEnded,
)
from ivr.flow.instruction import Dial, Hold, Language, Say
from ivr.flow.matter import decide, then_of
from ivr.flow.node import Put
from ivr.flow.round import behind, room_of
from ivr.flow.slots import office_text
from ivr.flow.speech import say
from ivr.flow.steps.reach import (
    as_borne,
    asked_first,
    at_work,
    duties_of,
    duty_desk,
    has_declined,
    in_time,
    longest,
    may_ring,
    phones_of,
)
from ivr.flow.turn import Go, Step, Turn, answer_of, hang_up
from ivr.flow.world import World
from routing.directory import post_name
from routing.rules.quota import Bucket, Quota, bucket
from routing.rules.roster import Roster
from routing.rules.targets import PERSONAL, Role, Target, arranged


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
    order = in_time(world, as_borne(world, arranged(opened, found.orders)))
    return ring(world, with_facts(call, order=order, rung=0), node, (), answers)


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
    if target.round is not None:
        return ring_round(world, call, node, said, answers)
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
    words = () if told else introduce(world, call, node, target, target_name(world, call, target))
    after = with_facts(call, rung=index + 1, legs=())
    dial = _dial(world, call, index)
    return Turn(after, (*said, *words, dial), (*_noted(call, target), *taken))


def _noted(call: Call, target: Target) -> tuple[Effect, ...]:
    """Only a person's phone can ring too often."""
    return (NoteRing(target.number, call.turn + 1),) if target.role in PERSONAL else ()


def _dial(world: World, call: Call, index: int) -> Dial:
    policy, target = world.plan.policy, call.facts.order[index]
    return Dial(
        target.number,
        call.dialled,
        leg=index,
        seconds=target.seconds or policy.ring_seconds,
        whisper=policy.whispers and asked_first(world, target),
        longest=policy.longest_talk,
    )


def ring_round(
    world: World, call: Call, node: Put, said: tuple[Say, ...], answers: tuple[Answer, ...]
) -> Step:
    """Ring all of a round at once. Whose calls of today are taken, and who rang in vain too often,
    is left in peace; the caller is not told, since others are rung. One who is left alone is put
    through to as anybody is."""
    order, first = call.facts.order, call.facts.rung
    following = behind(order, first)
    wanted = [at for at in range(first, following) if not has_declined(call, order[at])]
    use = answer_of(answers, LiveCallsToday)
    if use is None and any(order[at].role in PERSONAL for at in wanted):
        return Turn(call, look=_use(world, call))
    taken = {at: _token(world, call, at, use) for at in wanted if not _spared(world, at, use)}
    legs = tuple(at for at, token in taken.items() if token is not None)
    if not legs:
        return ring(world, with_facts(call, rung=following), node, said, answers)
    name = round_name(world, call, [order[at] for at in legs])
    words = () if said else introduce(world, call, node, order[legs[0]], name)
    done = tuple(effect for at in legs for effect in (*_noted(call, order[at]), *(taken[at] or ())))
    after = with_facts(call, rung=following, legs=legs)
    if len(legs) == 1:
        return Turn(after, (*said, *words, _dial(world, call, legs[0])), done)
    rings = tuple(_leg(world, call, at) for at in legs)
    seconds = longest(world, [order[at] for at in legs])
    hold = Hold(room_of(call.id, call.turn + 1), seconds, world.plan.policy.longest_talk)
    return Turn(after, (*said, *words, hold), (*done, *rings))


def _leg(world: World, call: Call, at: int) -> RingLeg:
    target = call.facts.order[at]
    seconds = target.seconds or world.plan.policy.ring_seconds
    return RingLeg(call.turn + 1, at, target.number, call.dialled, seconds)


def _spared(world: World, at: int, use: LiveCallsToday | None) -> bool:
    most = world.plan.policy.rings_in_vain
    return use is not None and use.in_vain[at : at + 1] >= (most,)


def _token(
    world: World, call: Call, at: int, use: LiveCallsToday | None
) -> tuple[Effect, ...] | None:
    """What is taken where this one of a round rings: nothing, or a token; None where there is
    none left."""
    bucket = _bucket(world, call, call.facts.order[at])
    if bucket is None:
        return ()
    token = use.tokens[at] if use is not None and at < len(use.tokens) else None
    if token is None:
        return None
    return (TakeToken(bucket.official, bucket.key, token, call.turn + 1),)


def round_name(world: World, call: Call, targets: list[Target]) -> str:
    """Whom a caller hears is rung: the roster where all are of one, else the office."""
    rosters = {target.roster for target in targets}
    roster = rosters.pop() if len(rosters) == 1 else None
    if roster is not None and len(targets) > 1:
        return world.plan.rosters[roster].names[call.language]
    if len(targets) == 1:
        return target_name(world, call, targets[0])
    return office_text(world, targets[0].office, call.language)


def _past_declined(call: Call) -> Call:
    """Who has said no in this call is not rung again, by any of their phones."""
    facts = call.facts
    at = facts.rung
    while at < len(facts.order) and has_declined(call, facts.order[at]):
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


def introduce(world: World, call: Call, node: Put, target: Target, name: str) -> tuple[Say, ...]:
    """What the caller hears before this target rings, or those called `name` with it."""
    if target.role is Role.SERVICE:
        return (say(world, call, "put.transfer", next=name),)
    if target.role is Role.STAND_IN and call.facts.rung > 0:
        return (say(world, call, "put.stand_in"),)
    if call.facts.rung > 0 and node.person:
        return (say(world, call, "person.wait"),)
    if node.person:
        return (say(world, call, "person.connect"),)
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
    if len(call.facts.legs) > 1:
        return hear_round(world, call, node, event, answers)
    rung = _rung_last(call)
    back: tuple[Effect, ...] = ()
    if rung is not None and rung.official is not None:
        back = (ReturnToken(call.turn),)
    if not isinstance(event, DialEnded):
        alone = call.facts.legs[:1] or (max(call.facts.rung - 1, 0),)
        same = with_facts(call, rung=alone[0])
        again = ring(world, same, node, (), answers)
        return replace(again, do=(*back, *again.do, NoteStray(type(event).__name__)))
    if event.accepted:
        back = _taken(world, call, rung)
    if event.caller_gone:
        return hang_up(with_facts(call, accepted=event.accepted), do=back)
    if event.accepted:
        return Go(with_facts(call, accepted=True), node.after, do=back)
    if event.declined and rung is not None:
        no = (rung.number, *((rung.answerer,) if rung.answerer else ()))
        call = with_facts(call, declined=(*call.facts.declined, *no))
    following = ring(world, call, node, (), answers)
    return replace(following, do=(*back, *following.do))


def _taken(world: World, call: Call, rung: Target | None) -> tuple[Effect, ...]:
    """Of whoever was asked first their own answer is kept already."""
    if rung is None or (world.plan.policy.whispers and asked_first(world, rung)):
        return ()
    return (NoteTaken(call.turn, call.facts.order.index(rung)),)


def _rung_last(call: Call) -> Target | None:
    facts = call.facts
    if facts.legs:
        return facts.order[facts.legs[0]]
    return facts.order[facts.rung - 1] if facts.rung > 0 else None


def hear_round(
    world: World, call: Call, node: Put, event: LineEvent, answers: tuple[Answer, ...]
) -> Step:
    """A round is over: after a talk the call is done, otherwise the next ring. Whatever else comes
    ends it, too: those who were rung are not rung again at once."""
    order, legs = call.facts.order, call.facts.legs
    ended = event if isinstance(event, RoundEnded) else RoundEnded(accepted=False)
    stop = EndRound(call.turn, ended.room)
    if ended.accepted:
        done = with_facts(call, accepted=True, legs=())
        return hang_up(done, do=(stop,)) if ended.caller_gone else Go(done, node.after, do=(stop,))
    back = (ReturnToken(call.turn),) if any(order[at].official for at in legs) else ()
    stray = () if ended is event else (NoteStray(type(event).__name__),)
    do: tuple[Effect, ...] = (stop, *back, *stray)
    if ended.caller_gone:
        return hang_up(call, do=do)
    said_no = [order[at] for at in ended.declined if at in legs]
    no = [name for one in said_no for name in (one.number, one.answerer) if name is not None]
    call = with_facts(call, declined=(*call.facts.declined, *no), legs=())
    following = ring(world, call, node, (), answers)
    return replace(following, do=(*do, *following.do))
