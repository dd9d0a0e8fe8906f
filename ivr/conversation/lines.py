"""Which calls go on, counted in all, by caller and by number dialled: in memory, so that asking
costs a new call a few microseconds. A line is free again when its call ends, or, where nobody
tells, when whatever it waited for must be over."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ivr.flow.event import Admission
from ivr.flow.instruction import Dial, Hold, Instruction, Record
from ivr.flow.node import Node, Put
from ivr.flow.node import Record as RecordNode
from ivr.flow.world import Policy
from ivr.ports.journal import Origin

SPOKEN: Final = timedelta(minutes=3)
"""The longest that a caller is spoken to and waited for, slowly and with the carrier's own tries;
what is recorded or talked comes on top."""


@dataclass(slots=True)
class Line:
    """One call that goes on: the caller's keyed digest (None where withheld), the number dialled,
    when it was last heard of and until when that counts; how it was let in, and whether it has
    opened its case."""

    caller: str | None
    dialled: str
    heard: datetime
    until: datetime
    admitted: Admission = Admission.OPEN
    settled: bool = False


class Lines:
    """The lines that are taken, by the carrier's id of their call."""

    def __init__(self) -> None:
        self._taken: dict[Origin, Line] = {}
        self._of_caller: dict[str, tuple[Origin, ...]] = {}
        self._of_number: Counter[str] = Counter()
        self._withheld: Counter[str] = Counter()
        self.withheld = 0
        """How many of them hide their number."""

    def __len__(self) -> int:
        return len(self._taken)

    def __iter__(self) -> Iterator[Origin]:
        return iter(self._taken)

    def of(self, origin: Origin) -> Line | None:
        """The line of a call."""
        return self._taken.get(origin)

    def of_number(self, dialled: str) -> int:
        """How many rang this number."""
        return self._of_number[dialled]

    def withheld_of(self, dialled: str) -> int:
        """How many of those that rang this number hide their own."""
        return self._withheld[dialled]

    def many_of(self, caller: str) -> int:
        """How many are this caller's."""
        return len(self._of_caller.get(caller, ()))

    def of_caller(self, caller: str) -> Iterator[tuple[Origin, Line]]:
        """The caller's own, in the order in which they began."""
        for origin in self._of_caller.get(caller, ()):
            yield origin, self._taken[origin]

    def take(self, origin: Origin, line: Line) -> None:
        """A call begins, or is heard of for the first time here."""
        self.leave(origin)
        self._taken[origin] = line
        self._of_number[line.dialled] += 1
        if line.caller is None:
            self.withheld += 1
            self._withheld[line.dialled] += 1
        else:
            self._of_caller[line.caller] = (*self._of_caller.get(line.caller, ()), origin)

    def leave(self, origin: Origin) -> None:
        """It is over; twice changes nothing."""
        line = self._taken.pop(origin, None)
        if line is None:
            return
        self._of_number[line.dialled] -= 1
        if not self._of_number[line.dialled]:
            del self._of_number[line.dialled]
        if line.caller is None:
            self.withheld -= 1
            self._withheld[line.dialled] -= 1
            if not self._withheld[line.dialled]:
                del self._withheld[line.dialled]
            return
        left = tuple(own for own in self._of_caller[line.caller] if own != origin)
        if left:
            self._of_caller[line.caller] = left
        else:
            del self._of_caller[line.caller]

    def forget(self, now: datetime) -> None:
        """Whatever was not heard of for too long. Looks at all of them."""
        for origin in [origin for origin, line in self._taken.items() if line.until <= now]:
            self.leave(origin)


def patience(say: tuple[Instruction, ...]) -> timedelta:
    """How long nothing may be heard of a call after such a reply."""
    last = say[-1]
    if isinstance(last, Dial | Hold):
        return SPOKEN + timedelta(seconds=last.seconds + last.longest)
    if isinstance(last, Record):
        return SPOKEN + timedelta(seconds=last.longest)
    return SPOKEN


def patience_at(node: Node | None, policy: Policy) -> timedelta:
    """The same, of a call that another process has brought to this node."""
    if isinstance(node, Put):
        return SPOKEN + timedelta(seconds=policy.ring_seconds + policy.longest_talk)
    if isinstance(node, RecordNode):
        return SPOKEN + timedelta(seconds=node.longest)
    return SPOKEN
