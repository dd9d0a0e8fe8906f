"""A round: phones that ring together, each by a call of its own, while the caller waits in a room.
How it stands is read from what is kept; who joins is whoever pressed `1` first. Pure (ADR 42)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ivr.flow.value import value
from routing.rules.targets import Target

MOST_LEGS: Final = 10
"""Phones of one round. More would ring after one another anyhow: a carrier places one call a second
unless it is asked for more (twilio-voice §7)."""
TO_WAIT: Final = timedelta(seconds=90)
"""How long after a round is ordered its phones ring at the latest. They ring as soon as the caller
waits: before, a case number is often read out, and whoever pressed `1` meanwhile would find nobody.
Longer than any words before a wait; it counts only where no word of the waiting comes."""
TO_RING: Final = timedelta(seconds=10)
"""How much longer than a phone rings a round lasts: until a request is with the carrier, which adds
five seconds of its own, and the phone begins to ring."""
TO_DECIDE: Final = timedelta(seconds=30)
"""How long the caller waits for somebody who has taken up the phone and not yet pressed a key: the
offer is read twice, then ten seconds pass."""
TO_JOIN: Final = timedelta(seconds=20)
"""How long a caller waits for whoever has accepted: their line may break before both are joined."""


@value
class LegState:
    """One phone of a round: whether somebody took it up, said no, or its call is over."""

    leg: int
    answered: bool = False
    declined: bool = False
    over: bool = False


@value
class Round:
    """`since` is when its phones begin to ring, ahead of now until the caller waits; `seconds` is
    how long each rings at most; `closed` where nobody joins any more, `call_over` where the caller
    is gone, `taken` by which leg, and when, None while nobody has accepted."""

    since: datetime
    seconds: int
    legs: tuple[LegState, ...]
    closed: bool = False
    call_over: bool = False
    taken: int | None = None
    taken_at: datetime | None = None

    @property
    def declined(self) -> tuple[int, ...]:
        """Who said no."""
        return tuple(leg.leg for leg in self.legs if leg.declined)

    def others_ring(self, leg: int) -> bool:
        """Whether somebody else may still accept."""
        return any(not (one.over or one.declined) for one in self.legs if one.leg != leg)

    def waited(self, now: datetime) -> timedelta:
        """How long the caller has been waiting."""
        return now - self.since


def is_over(round_: Round, now: datetime) -> bool:
    """Whether the caller shall wait no longer."""
    if round_.closed:
        return True
    if round_.taken is not None:
        winner = next((one for one in round_.legs if one.leg == round_.taken), None)
        since = round_.taken_at or round_.since
        return winner is None or winner.over or now >= since + TO_JOIN
    if all(one.over or one.declined for one in round_.legs):
        return True
    until = round_.since + timedelta(seconds=round_.seconds) + TO_RING
    deciding = any(one.answered and not (one.over or one.declined) for one in round_.legs)
    return now >= (until + TO_DECIDE if deciding else until)


def behind(targets: Sequence[Target], at: int) -> int:
    """The place after the round that begins `at`, or after the one phone that rings alone."""
    which = targets[at].round
    place = at + 1
    while (
        which is not None
        and place < len(targets)
        and targets[place].round == which
        and place - at < MOST_LEGS
    ):
        place += 1
    return place


def room_of(call_id: str, turn: int) -> str:
    """Where the caller waits: of this call and turn alone, and saying nothing of either."""
    return f"{call_id}-{turn}"
