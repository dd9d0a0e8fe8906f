"""Who may come in, decided from memory before anything is written: the block list, and how many
calls may go on at once (ADR 18). What is decided is put into words by `ivr.flow.steps.answer`."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ivr.conversation.lines import SPOKEN, Line, Lines, patience
from ivr.flow.call import Call
from ivr.flow.event import Admission
from ivr.flow.instruction import Instruction
from ivr.ports.journal import Origin
from routing.ports import Clock

Digest = Callable[[str], str]
"""The keyed digest that a caller is matched by."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How many calls may go on at once: in all, of one caller, to one number."""

    calls: int = 500
    of_caller: int = 3
    of_number: int = 100


UNBOUNDED: Final = Caps(1_000_000_000, 1_000_000_000, 1_000_000_000)
SPARE: Final = 4
"""Beyond all lines a fourth as many are there for messages."""
ROOMS: Final = (Admission.OPEN, Admission.MESSAGE, Admission.BUSY)
LOOK: Final = timedelta(seconds=1)
"""Before a call is refused, lines that are free again are looked for, at most so often."""
GRACE: Final = timedelta(seconds=10)
"""How long a call that was just heard of here may be missing from what all processes have kept."""


class Door:
    """Keeps the lines of this process, and knows those of the others."""

    def __init__(self, clock: Clock, digest: Digest, caps: Caps = UNBOUNDED) -> None:
        self._clock = clock
        self._digest = digest
        self._caps = caps
        self._mine = Lines()
        self._others = Lines()
        self._blocked: Mapping[str, datetime] = {}
        self._hits: Counter[str] = Counter()
        self._looked = clock.now()

    def live(self) -> int:
        """How many calls of this process go on."""
        self.forget(self._clock.now())
        return len(self._mine)

    def forget(self, now: datetime) -> None:
        """Free the lines of which nothing was heard for too long; looks at all of them."""
        self._looked = now
        for lines in (self._mine, self._others):
            lines.forget(now)

    def admit(self, origin: Origin, caller: str | None, dialled: str) -> Admission:
        """Whether a new call may come in; if so, its line is taken in the same breath, so that no
        two can pass on the same one. A repeat is told what the first was."""
        known = self._mine.of(origin) or self._others.of(origin)
        if known is not None:
            return known.admitted
        now = self._clock.now()
        whose = None if caller is None else self._digest(caller)
        if whose is not None and self._is_blocked(whose, now):
            return Admission.BLOCKED
        found = self._room(whose, dialled)
        if found is not Admission.OPEN and not self._looked <= now < self._looked + LOOK:
            self.forget(now)
            found = self._room(whose, dialled)
        if found is not Admission.BUSY:
            self._mine.take(origin, Line(whose, dialled, now, now + SPOKEN, found))
        return found

    def heard(
        self, origin: Origin, call: Call, say: tuple[Instruction, ...], now: datetime
    ) -> None:
        """A step of the call was kept; `call` is the state after it."""
        if call.over:
            self.leave(origin)
            return
        line = self._mine.of(origin)
        if line is None:  # it began before a restart, or in another process
            self._others.leave(origin)
            whose = None if call.caller is None else self._digest(call.caller)
            line = Line(whose, call.dialled, now, now)
            self._mine.take(origin, line)
        line.settled = call.facts.reference is not None
        line.heard, line.until = now, now + patience(say)

    def leave(self, origin: Origin) -> None:
        """The call is over, or was not kept."""
        self._mine.leave(origin)
        self._others.leave(origin)

    def ahead(self, origin: Origin) -> int:
        """How many calls of the same caller may open a case before this one does: those that began
        earlier, or elsewhere, and have opened none yet."""
        line = self._mine.of(origin)
        if line is None or line.caller is None:
            return 0
        many = sum(not other.settled for _, other in self._others.of_caller(line.caller))
        for earlier, other in self._mine.of_caller(line.caller):
            if earlier == origin:
                break
            many += not other.settled
        return many

    def learn(self, live: Mapping[Origin, Line], asked: datetime) -> None:
        """Which calls go on in all processes, as they were kept when they were `asked` for. What
        ended elsewhere ends here."""
        for origin in [*self._mine]:
            line = self._mine.of(origin)
            if line is not None and origin not in live and line.heard < asked - GRACE:
                self._mine.leave(origin)
        others = Lines()
        for origin, line in live.items():
            if self._mine.of(origin) is None:
                others.take(origin, line)
        self._others = others

    def block(self, until: Mapping[str, datetime]) -> None:
        """The callers that are blocked now, by digest, each until when."""
        self._blocked = until

    def hits(self) -> Counter[str]:
        """How often each was turned away since this was asked last."""
        found, self._hits = self._hits, Counter()
        return found

    def missed(self, hits: Counter[str]) -> None:
        """They could not be kept: they count again next time."""
        self._hits += hits

    def line_of(self, call: Call, heard: datetime, wait: timedelta) -> Line:
        """The line of a call that was kept by any process."""
        whose = None if call.caller is None else self._digest(call.caller)
        settled = call.facts.reference is not None
        return Line(whose, call.dialled, heard, heard + wait, settled=settled)

    def _is_blocked(self, whose: str, now: datetime) -> bool:
        until = self._blocked.get(whose)
        if until is None or until <= now:
            return False
        self._hits[whose] += 1
        return True

    def _room(self, whose: str | None, dialled: str) -> Admission:
        """One caller's own calls are told busy. Withheld callers cannot be told apart: together
        they may take half of all lines, and of each number's, so that whoever shows a number
        always finds some."""
        caps, mine, others = self._caps, self._mine, self._others
        if whose is not None and mine.many_of(whose) + others.many_of(whose) >= caps.of_caller:
            return Admission.BUSY
        worst = max(
            _full(len(mine) + len(others), caps.calls),
            _full(mine.of_number(dialled) + others.of_number(dialled), caps.of_number),
        )
        if whose is None:
            here = mine.withheld_of(dialled) + others.withheld_of(dialled)
            worst = max(
                worst,
                _full(mine.withheld + others.withheld, _half(caps.calls)),
                _full(here, _half(caps.of_number)),
            )
        return ROOMS[worst]


def _half(cap: int) -> int:
    return (cap + 1) // 2


def _full(taken: int, most: int) -> int:
    """Where in ROOMS so many lines leave the next call."""
    if taken < most:
        return 0
    return 1 if taken < most + max(1, most // SPARE) else 2
