"""What the database would know in a golden call, and its answers as a story writes them. The
counterpart of `playbook`, which plays the call."""

from dataclasses import dataclass, field

from ivr.flow.effect import (
    CountCases,
    CountLiveCalls,
    CountTexts,
    Duty,
    FindCase,
    FindMatter,
    FindNext,
    Lookup,
    SendPin,
)
from ivr.flow.event import (
    Answer,
    CaseFound,
    CaseMissed,
    LiveCallsToday,
    MatterFound,
    NextOnDuty,
    PinSent,
    RecentCases,
    TextsToday,
)
from routing.rules.quota import Bucket


@dataclass
class Town:
    """What the database would know: cases by reference, live calls and cases of the last hour."""

    cases: dict[str, tuple[str, CaseFound]] = field(default_factory=dict)
    live_calls: int = 0
    recent: int = 0
    locked: bool = False
    texted: bool = False
    in_vain: dict[int, int] = field(default_factory=dict)  # by target
    turns: int = 0  # how often a roster was asked for who is next

    def token(self, bucket: Bucket | None) -> int | None:
        """One that is left after as many live calls."""
        if bucket is None or self.live_calls >= bucket.tokens:
            return None
        return self.live_calls

    def turned(self, duty: Duty) -> tuple[str, ...]:
        """Each comes first in turn."""
        first = self.turns % len(duty.members)
        return (*duty.members[first:], *duty.members[:first])

    def answer(self, lookup: Lookup) -> Answer:  # noqa: PLR0911 - one return a lookup
        """One lookup."""
        match lookup:
            case FindCase(reference, pin):
                known = self.cases.get(reference)
                if known is None or known[0] != pin or self.locked:
                    return CaseMissed(self.locked)
                return known[1]
            case SendPin():
                return PinSent()
            case CountCases():
                return RecentCases(self.recent, None)
            case CountLiveCalls(buckets, phones):
                in_vain = (self.in_vain.get(at, 0) for at in range(len(phones)))
                return LiveCallsToday(tuple(map(self.token, buckets)), tuple(in_vain))
            case FindNext(duties):
                self.turns += 1
                return NextOnDuty({duty.roster: self.turned(duty) for duty in duties})
            case FindMatter():
                return MatterFound(None, None)
            case CountTexts():
                return TextsToday(self.texted)


def short(found: Answer) -> str:  # noqa: PLR0911 - one return an answer
    """An answer as a story writes it."""
    match found:
        case CaseFound(reference, state):
            return f"{reference} {state.value}"
        case CaseMissed(locked):
            return "locked" if locked else "missed"
        case PinSent():
            return "taken"
        case RecentCases(count):
            return str(count)
        case LiveCallsToday(tokens, in_vain):
            free = ", ".join("-" if token is None else str(token) for token in tokens)
            rung = ", ".join(map(str, in_vain))
            return f"token {free}; in vain {rung}" if any(in_vain) else f"token {free}"
        case NextOnDuty(orders):
            return "; ".join(f"{name}: {', '.join(order)}" for name, order in orders.items())
        case MatterFound(reference):
            return reference or "none"
        case TextsToday(full):
            return "full" if full else "some"
