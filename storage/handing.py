"""Work that a step's own commit claims for whoever waits here with empty hands: no look for it, no
claim of its own (ADR 31). The row is written as a claimed one, so that a kill is what it always is:
its lease ends, or the next start takes it back."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final, Protocol

from routing.handoff import LONGEST_JOB
from storage.writes import ADD_JOB, Write

LEASE: Final = LONGEST_JOB + timedelta(seconds=30)
"""A job that nobody finished within this time is claimed again. Longer than any handler may take
and its end may wait for the writer, so that no job is at work twice."""


class Hands(Protocol):
    """Who takes work of some kinds as soon as it is committed."""

    def room(self) -> int:
        """How many jobs more it could begin now."""
        ...

    def take(self, keys: Collection[str]) -> None:
        """Work that may be committed under these keys, and is nobody else's then."""
        ...


class Handing:
    """One batch of steps at a time: `begin`, its writes, then `end` once they are durable.
    `replica` is which one we are, where there are several."""

    def __init__(self, replica: int | None) -> None:
        self._replica = replica
        self._hands: Mapping[str, Hands] = {}
        self._room: dict[int, int] = {}
        self._taken: dict[str, Hands] = {}

    def to(self, kinds: Collection[str], hands: Hands) -> None:
        """From now on work of these kinds goes into these hands."""
        self._hands = {**self._hands, **dict.fromkeys(kinds, hands)}

    def begin(self) -> None:
        """A batch of steps: as much as there is room for now is handed over."""
        self._room = {id(hands): hands.room() for hands in self._hands.values()}
        self._taken = {}

    def write(self, write: Write) -> Write:
        """A job's row says that it is claimed where it is due and there is room for it; what else
        there is to write stays as it is. The same key again is the same job: a batch that failed is
        written in another way."""
        row = write.values
        if write.statement is not ADD_JOB or not isinstance(row, Mapping):
            return write
        put_off = row["run_at"] > row["enqueued"]
        hands = None if put_off else self._hands.get(row["kind"])
        if hands is None or not self._has_room(row["key"], hands):
            return write
        self._taken[row["key"]] = hands
        claim = {"attempts": 1, "run_at": row["run_at"] + LEASE, "holder": self._replica}
        return Write(ADD_JOB, {**row, **claim})

    def end(self) -> None:
        """The batch is kept, as far as it could be."""
        for hands in set(self._taken.values()):
            hands.take([key for key, whose in self._taken.items() if whose is hands])
        self._taken = {}

    def _has_room(self, key: str, hands: Hands) -> bool:
        if key in self._taken:
            return True
        left = self._room.get(id(hands), 0)
        self._room[id(hands)] = left - 1
        return left > 0
