"""The heart: (world, call, event) -> Turn. Pure dispatch; each node kind has its arm in `steps`.
Everything else parses its input or carries out its output (design §3)."""

from typing import assert_never

from ivr.flow.call import Call, entered, next_turn
from ivr.flow.effect import Effect, NoteRing, RingLeg, TakeToken
from ivr.flow.event import Answer as Looked
from ivr.flow.event import DialEnded, Event, Found, HungUp, LineEvent, Recorded, RoundEnded
from ivr.flow.instruction import Ask, Dial, Hangup, Hold, Instruction, Reject, Say
from ivr.flow.instruction import Record as RecordLine
from ivr.flow.node import (
    Answer,
    Area,
    Check,
    Confirm,
    Do,
    Duty,
    End,
    Limit,
    Menu,
    Missed,
    Node,
    Progress,
    Put,
    Record,
    Registered,
    Text,
    Topic,
)
from ivr.flow.steps import (
    acts,
    answer,
    area,
    check,
    confirm,
    gates,
    menu,
    progress,
    put,
    record,
    registered,
)
from ivr.flow.turn import Go, Step, Turn, hang_up
from ivr.flow.world import World

MOST_HOPS = 32
"""Nodes entered within one turn; `review` proves that no script needs as many."""


UNDONE = NoteRing | RingLeg | TakeToken
"""What is not done after all where a call is cut short before it rings."""


class Endless(RuntimeError):
    """A script goes on without ever waiting for the caller; `review` refuses such scripts."""


def advance(world: World, call: Call, event: Event) -> Turn:
    """One turn of one call. Asks nothing of the outside: what only the database knows comes
    back as `look`, to be answered by the same event in `Found`."""
    line, looked = (event.event, event.answers) if isinstance(event, Found) else (event, ())
    if call.over or isinstance(line, HungUp):
        return hang_up(call)
    late = beyond(world, call)
    if late and not isinstance(line, Recorded | DialEnded | RoundEnded):
        return _next(_follow(world, Go(call, world.plan.script.time), looked))
    step = _hear(world, call, world.plan.script.nodes[call.at], line, looked)
    turn = _follow(world, step, looked)
    if turn.look is not None:
        return Turn(call, look=turn.look)
    if late and not turn.call.over:
        turn = _cut_short(world, turn)
    return _next(turn)


def beyond(world: World, call: Call) -> bool:
    """Whether the call has used its time or its turns."""
    policy = world.plan.policy
    seconds = (world.now - call.started).total_seconds()
    return call.turn >= policy.most_turns or seconds >= policy.longest_call


def _cut_short(world: World, turn: Turn) -> Turn:
    """Keep what was done and said; end instead of asking or ringing."""
    rings = isinstance(turn.say[-1], Dial | Hold)
    said = tuple(part for part in (turn.say[:-2] if rings else turn.say) if isinstance(part, Say))
    done = tuple(part for part in turn.do if not isinstance(part, UNDONE))
    return _follow(world, Go(turn.call, world.plan.script.time, said, done), ())


def _next(turn: Turn) -> Turn:
    return Turn(next_turn(turn.call), turn.say, turn.do)


def _follow(world: World, step: Step, looked: tuple[Looked, ...]) -> Turn:
    said: tuple[Instruction, ...] = ()
    done: tuple[Effect, ...] = ()
    for _ in range(MOST_HOPS):
        if isinstance(step, Turn):
            if step.look is not None:
                return step
            return Turn(step.call, (*said, *step.say), (*done, *step.do))
        said = (*said, *step.say)
        done = (*done, *step.do)
        node = world.plan.script.nodes[step.to]
        step = _enter(world, entered(step.call, step.to), node, looked)
    raise Endless(f"{step.to if isinstance(step, Go) else '?'}: no node waits for the caller")


def _hear(  # noqa: PLR0911 - one arm a node kind
    world: World, call: Call, node: Node, event: LineEvent, looked: tuple[Looked, ...]
) -> Step:
    match node:
        case Menu():
            return menu.hear(world, call, node, event)
        case Answer():
            return answer.hear(world, call, node, event)
        case Check():
            return check.hear(world, call, node, event)
        case Confirm():
            return confirm.hear(world, call, node, event)
        case Area():
            return area.hear(world, call, node, event)
        case Record():
            return record.hear(world, call, node, event, looked)
        case Put():
            return put.hear(world, call, node, event, looked)
        case Progress():
            return progress.hear(world, call, node, event, looked)
        case Limit() | Topic() | Duty() | Registered() | Missed() | Do() | Text() | End():
            return _enter(world, call, node, looked)
        case _:
            assert_never(node)


def _enter(  # noqa: C901, PLR0911, PLR0912 - one arm a node kind
    world: World, call: Call, node: Node, looked: tuple[Looked, ...]
) -> Step:
    match node:
        case Menu():
            return menu.enter(world, call, node)
        case Check():
            return check.enter(world, call, node)
        case Confirm():
            return confirm.enter(world, call, node)
        case Area():
            return area.enter(world, call, node)
        case Text():
            return acts.text(world, call, node, looked)
        case Limit():
            return gates.limit(world, call, node, looked)
        case Topic():
            return gates.topic(world, call, node)
        case Missed():
            return gates.missed(world, call, node)
        case Duty():
            return gates.duty(world, call, node)
        case Record():
            return record.enter(world, call, node)
        case Registered():
            return registered.enter(world, call, node)
        case Put():
            return put.enter(world, call, node, looked)
        case Progress():
            return progress.enter(world, call, node)
        case Do():
            return acts.do(world, call, node)
        case End():
            return acts.end(world, call, node)
        case Answer():
            return hang_up(call)
        case _:
            assert_never(node)


ENDS = (Ask, RecordLine, Dial, Hold, Hangup, Reject)
"""Every turn's last instruction is one of these: the line never falls off a document."""
