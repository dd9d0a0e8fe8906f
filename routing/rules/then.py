"""What a rule leads to besides its office, as values: whom to ring and how, what is announced,
where else a caller is put through. Counterpart of `condition` and `targets`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Whom(StrEnum):
    """Who is rung."""

    USUAL = "usual"  # by the answer mode of the number dialled
    OFFICIAL = "official"  # the holder of a published number
    OFFICE = "office"  # an office's pool, then its stand-in
    ROSTER = "roster"  # whoever is on shift


class Order(StrEnum):
    """In which order several are rung."""

    IN_TURN = "in_turn"  # as they are written
    TOGETHER = "together"  # all at once, the first to accept takes the call
    ROUND_ROBIN = "round_robin"  # whose turn was longest ago; whoever is rung first has theirs
    LONGEST_IDLE = "longest_idle"  # whoever has not talked for longest comes first


class Next(StrEnum):
    """What follows an announcement."""

    MESSAGE = "message"
    END = "end"


SHORTEST_RING: Final = 5
LONGEST_RING: Final = 60
"""Seconds: a phone needs some to ring at all, and a caller hears nothing else meanwhile."""
MOST_STEPS: Final = 5
"""Of one rule. Who has not been reached by then leaves a message."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One step: `key` is a published number, an office's or a roster's id, "" with USUAL.
    `seconds` for each phone, None as the plan's policy has it. Without `press` an attended office's
    phone is bridged as soon as it is answered; a person must always press `1`."""

    whom: Whom
    key: str = ""
    order: Order = Order.IN_TURN
    seconds: int | None = None
    press: bool = True


@dataclass(frozen=True, slots=True)
class Then:
    """`rings` one after another (none: as usual). `phrase` is what an announcement says and `next`
    what follows it; `service` the public service to which a transfer goes. What is an `escalation`
    is counted apart from the public's calls, so that these cannot use it up."""

    rings: tuple[Ring, ...] = ()
    phrase: str = ""
    service: str = ""
    next: Next = Next.MESSAGE
    escalation: bool = False


USUAL: Final = Then()
