"""Turn: what a step answers with. A step either waits (`Turn`) or goes on to another node
within the same turn (`Go`); `advance` follows it until something waits."""

from dataclasses import replace
from typing import TypeVar

from ivr.flow.call import Call
from ivr.flow.effect import Effect, Lookup
from ivr.flow.event import Answer
from ivr.flow.instruction import Hangup, Instruction, Refusal, Reject, Say
from ivr.flow.value import value

A = TypeVar("A", bound=Answer)


@value
class Turn:
    """The next call, what to say, what to do; or what must be found out first (`look`)."""

    call: Call
    say: tuple[Instruction, ...] = ()
    do: tuple[Effect, ...] = ()
    look: Lookup | None = None


@value
class Go:
    """Enter the node `to`, having said and done this much already."""

    call: Call
    to: str
    say: tuple[Say, ...] = ()
    do: tuple[Effect, ...] = ()


Step = Turn | Go


def hang_up(call: Call, say: tuple[Say, ...] = (), do: tuple[Effect, ...] = ()) -> Turn:
    """The last turn of a call."""
    return Turn(replace(call, over=True), (*say, Hangup()), do)


def refuse(call: Call, reason: Refusal) -> Turn:
    """A call that is never answered."""
    return Turn(replace(call, over=True), (Reject(reason),))


def answer_of(answers: tuple[Answer, ...], kind: type[A]) -> A | None:
    """The looked-up answer of this kind, or None while it has not been looked up."""
    for answer in answers:
        if isinstance(answer, kind):
            return answer
    return None
