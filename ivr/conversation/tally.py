"""What is counted of calls, as whole numbers since the process began; and the answer rate of those
that are put through. Read by `deployment.metrics`, grown by `turns`. A plan is judged by all of its
calls instead (`routing.publishing.answering`), since a wrong rule may ring nobody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ivr.flow.event import Admission, DialEnded, LineEvent, RoundEnded
from ivr.flow.instruction import Dial, Hold, Instruction
from ivr.ports.calls import CallEnd


class Forward(StrEnum):
    """What became of one attempt to put a caller through, however many phones it rang."""

    ACCEPTED = "accepted"
    NOBODY = "nobody"
    CALLER_GONE = "caller_gone"  # while it rang


def forward(event: LineEvent, say: tuple[Instruction, ...]) -> Forward | None:
    """The outcome that a turn has brought: None unless a leg ended and no further phone rings."""
    if not isinstance(event, DialEnded | RoundEnded):
        return None
    if event.accepted:
        return Forward.ACCEPTED
    if event.caller_gone:
        return Forward.CALLER_GONE
    return None if isinstance(say[-1], Dial | Hold) else Forward.NOBODY


def answer_rate(forwards: Mapping[Forward, float]) -> float | None:
    """The share of forwarded calls that somebody accepted, 0 to 1; those whose caller did not
    wait count as not accepted. None before the first."""
    many = sum(forwards.values())
    return forwards.get(Forward.ACCEPTED, 0) / many if many else None


@dataclass(slots=True)
class Tally:
    """`begun` calls and their `steps`, each counted where it was kept first; `refused` new calls
    by why; `ends` by the carrier's final status; `forwards` by outcome."""

    begun: int = 0
    steps: int = 0
    refused: Counter[Admission] = field(default_factory=Counter)
    ends: Counter[CallEnd] = field(default_factory=Counter)
    forwards: Counter[Forward] = field(default_factory=Counter)
