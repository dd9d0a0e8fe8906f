"""Phones that ring together for a caller who waits (ADR 42). Implemented by `storage.rounds`; that
each is a call which we place is `outgoing`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ivr.flow.round import Round
from ivr.ports.calls import LegAnswer


@dataclass(frozen=True, slots=True)
class RungLeg:
    """One phone that is rung: call `id` of ours, for target `leg` of the call `call_id`, which
    waits for `turn`. `line` is the number shown; `to` is forgotten once it is over; `ordered` is
    when it is to ring, ahead of now until the caller waits; `sid` is the carrier's id, None as long
    as that is not known; `asked` is when the carrier was asked for it; `accepted` what was pressed,
    None so far; `dismissed` whether it was told that it came too late."""

    id: str
    call_id: str
    turn: int
    leg: int
    line: str
    to: str | None
    seconds: int
    ordered: datetime
    sid: str | None
    asked: datetime | None
    accepted: bool | None
    over: bool
    dismissed: bool


class Rounds(Protocol):
    """What is kept of rounds."""

    async def leg(self, leg_id: str) -> RungLeg | None:
        """One phone of a round, by our id of its call."""
        ...

    async def legs(self, call_id: str, turn: int) -> Sequence[RungLeg]:
        """All of a round."""
        ...

    async def round(self, call_id: str, turn: int) -> Round | None:
        """How a round stands; None where this turn waits for none."""
        ...

    async def begin(self, call_id: str, turn: int, now: datetime) -> None:
        """The caller waits: its phones ring from `now` on. The first word of it counts."""
        ...

    async def accept(self, answer: LegAnswer, official: str | None) -> bool:
        """Whether this leg may join: the first that asks while the caller waits, and the same
        again. `official` is whose token stays used. The others' are free, and what rings is to
        stop, in the same transaction."""
        ...

    async def dismiss(self, leg_id: str, at: datetime) -> None:
        """Note that its phone is told that it came too late, so that it is not told again."""
        ...

    async def close(self, call_id: str, turn: int, at: datetime) -> bool:
        """Nobody may join any more. False where somebody already may."""
        ...
