"""Queues: who waits in which, and who connects with whom there (twilio-voice §5 Enqueue, Queue).

Counterpart of ``queueing.py``, which carries out the verbs on both sides.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ivr.carrier.local.leg import Leg, new_sid


@dataclass(slots=True)
class Bridge:
    """Two legs that are connected; ``over`` once either of them is not any more."""

    callee: Leg
    at: str
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Place:
    """A leg that waits; ``bridge`` once somebody has come for it, ``promised`` to whom a restart
    had it go back."""

    leg: Leg
    queue: str
    promised: str | None = None
    bridge: Bridge | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self, bridge: Bridge) -> None:
        """Somebody has come for it."""
        self.bridge = bridge
        self.came.set()


class Queues:
    """Those of the account: made on demand, kept when they are empty, until REST deletes them."""

    def __init__(self) -> None:
        self._sids: dict[str, str] = {}
        self._places: list[Place] = []
        self._moved = asyncio.Event()

    def enter(self, leg: Leg, queue: str, sid: str | None, promised: str | None) -> Place:
        """Wait at the end of a queue; ``sid`` is its id from before a restart."""
        self._sids.setdefault(queue, sid or new_sid("QU"))
        place = Place(leg, queue, promised)
        self._places.append(place)
        self._stir()
        return place

    def leave(self, place: Place) -> None:
        """Wait no longer."""
        self._places.remove(place)
        self._stir()

    def sid(self, queue: str) -> str | None:
        """The id of a queue; None where there is none of this name."""
        return self._sids.get(queue)

    def waiting(self, queue: str) -> list[Place]:
        """Those nobody has come for, the longest waiting first."""
        return [one for one in self._places if one.queue == queue and one.bridge is None]

    def head(self, queue: str, callee: str) -> Place | None:
        """Whom this callee is connected with: who was promised to it, else the first who waits."""
        waiting = self.waiting(queue)
        mine = [one for one in waiting if one.promised == callee]
        free = [one for one in waiting if one.promised is None]
        return next(iter([*mine, *free]), None)

    @property
    def moved(self) -> asyncio.Event:
        """Set when somebody enters or leaves from now on: to be had before one looks who waits."""
        return self._moved

    def delete(self, sid: str) -> bool | None:
        """Forget an empty queue. False where somebody waits in it, None where there is none."""
        name = next((name for name, its in self._sids.items() if its == sid), None)
        if name is None:
            return None
        if any(place.queue == name for place in self._places):
            return False
        del self._sids[name]
        return True

    def _stir(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
