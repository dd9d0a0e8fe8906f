"""One live leg: what its phone did, what it is told, and where it stands.

Counterpart of ``executor.py``: the executor hears and tells through a leg;
the exchange pushes what happened. Every change of state goes to the ledger.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn

from ivr.carrier.local.ledger import Ledger
from ivr.carrier.local.messages import Caution, Message
from ivr.carrier.local.state import Direction, LegState, Request, Status
from ivr.carrier.local.verbs import Remark


@dataclass(frozen=True, slots=True)
class Pressed:
    """One key."""

    key: str


@dataclass(frozen=True, slots=True)
class Worded:
    """Typed words, which stand for speech."""

    text: str


@dataclass(frozen=True, slots=True)
class Sound:
    """Microphone audio: int16 little-endian, mono, 8 kHz."""

    frames: bytes


@dataclass(frozen=True, slots=True)
class Played:
    """A prompt was heard to its end."""

    id: int


@dataclass(frozen=True, slots=True)
class PickedUp:
    """The ringing phone was answered."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The ringing phone was declined."""


@dataclass(frozen=True, slots=True)
class Left:
    """The phone hung up."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The call was ended through REST."""


@dataclass(frozen=True, slots=True)
class Turned:
    """The call was sent to another document through REST: by URL, or inline."""

    request: Request | None
    body: str = ""


@dataclass(frozen=True, slots=True)
class Detached:
    """The phone's connection was lost."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The phone is connected again."""


Heard = Pressed | Worded | Sound | Played | PickedUp | Declined
Happening = Heard | Left | Cut | Turned | Detached | Returned


class Gone(Exception):
    """The phone hung up, or did not come back in time."""


class CutOff(Exception):
    """The call was ended through REST."""


class TurnedAway(Exception):
    """The call shall go on with another document."""

    def __init__(self, turned: Turned) -> None:
        super().__init__("turned to another document")
        self.turned = turned


@dataclass(frozen=True, slots=True)
class Timing:
    """Bounds in real seconds; ``second`` is how long one second of TwiML lasts.

    ``connect`` and ``total`` are Twilio's hard limits (twilio-voice §3); ``back``
    is how long a call waits for a phone that lost its connection.
    """

    second: float = 1.0
    connect: float = 5.0
    total: float = 15.0
    back: float = 60.0
    up: float = 30.0


Outlet = Callable[[Message | bytes], None]


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant of the event loop's clock, put off while the leg's phone is away."""

    leg: Leg
    instant: float | None
    away: float

    @property
    def end(self) -> float | None:
        """When it is now; None never comes."""
        return None if self.instant is None else self.instant + self.leg.away - self.away


class Leg:
    """A leg in memory; ``outlet`` is None while its phone is not connected."""

    def __init__(self, state: LegState, ledger: Ledger, timing: Timing) -> None:
        self.state = state
        self.timing = timing
        self.remarks: list[Remark] = []
        self.acks = True
        self.outlet: Outlet | None = None
        self.away = 0.0  # seconds of the loop's clock without a connected phone
        self._ledger = ledger
        self._happenings: deque[Happening] = deque()
        self._stir = asyncio.Event()
        self._standing: dict[str, Message] = {}
        self._ending: Exception | None = None
        self._ids = 0

    def note(self, **changes: Any) -> None:
        """Change the state and keep the change."""
        self.state = replace(self.state, **changes)
        plain = asdict(self.state)
        self._ledger.append(self.state.sid, {name: plain[name] for name in changes})

    def tell(self, message: Message | bytes) -> None:
        """Send to the phone, if it is there."""
        if self.outlet is not None:
            self.outlet(message)

    def stand(self, key: str, message: Message) -> None:
        """Tell something that a returning phone must hear again until ``lift``."""
        self._standing[key] = message
        self.tell(message)

    def lift(self, *keys: str) -> None:
        """What stood no longer holds."""
        for key in keys:
            self._standing.pop(key, None)

    def remark(self, remark: Remark) -> None:
        """Keep a warning on the call, and show it to the phone."""
        self.remarks.append(remark)
        self.tell(Caution(remark.code, remark.text))

    def new_id(self) -> int:
        """The next prompt's id."""
        self._ids += 1
        return self._ids

    def push(self, happening: Happening) -> None:
        """Something happened on this leg."""
        self._happenings.append(happening)
        self._stir.set()

    def flush(self) -> None:
        """Forget keys, words and sound from before a verb began to listen."""
        stale = Pressed | Worded | Sound | Played
        kept = [item for item in self._happenings if not isinstance(item, stale)]
        self._happenings = deque(kept)

    def raise_if_over(self) -> None:
        """Raise ``Gone``, ``CutOff`` or ``TurnedAway`` if that has happened already."""
        for happening in self._happenings:
            if isinstance(happening, Left | Cut | Turned):
                self._raise(happening)

    def deadline(self, seconds: float | None) -> Deadline:
        """So many TwiML seconds from now; None never comes."""
        now = asyncio.get_running_loop().time()
        instant = None if seconds is None else now + seconds * self.timing.second
        return Deadline(self, instant, self.away)

    async def hear(self, deadline: Deadline) -> Heard | None:
        """The next thing heard, None once the deadline has passed.

        Time without a connected phone does not count. Raises ``Gone``,
        ``CutOff``, ``TurnedAway``.
        """
        while True:
            if self._needs_phone and self.outlet is None:
                await self._wait_for_phone()
            happening = await self._next(deadline.end)
            if happening is None:
                return None
            if isinstance(happening, Left | Cut | Turned):
                self._raise(happening)
            elif not isinstance(happening, Detached | Returned):
                return happening

    @property
    def _needs_phone(self) -> bool:
        """A leg that only rings may ring where nobody is."""
        talking = self.state.status is Status.IN_PROGRESS
        return talking or self.state.direction is Direction.INBOUND

    async def _wait_for_phone(self) -> None:
        """Until the phone is back; ``Gone`` if not within ``Timing.back``."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            while self.outlet is None:
                happening = await self._next(began + self.timing.back)
                if happening is None:
                    self._raise(Left())
                if isinstance(happening, Left | Cut | Turned):
                    self._raise(happening)
        finally:
            self.away += loop.time() - began

    def retell(self) -> None:
        """Tell a returning phone what stands."""
        for message in self._standing.values():
            self.tell(message)

    async def _next(self, end: float | None) -> Happening | None:
        if self._ending is not None:
            raise self._ending
        try:
            async with asyncio.timeout_at(end):
                while not self._happenings:
                    self._stir.clear()
                    await self._stir.wait()
        except TimeoutError:
            return None
        return self._happenings.popleft()

    def _raise(self, happening: Left | Cut | Turned) -> NoReturn:
        if isinstance(happening, Turned):
            raise TurnedAway(happening)
        self._ending = Gone() if isinstance(happening, Left) else CutOff()
        raise self._ending


def new_sid(prefix: str) -> str:
    """A Twilio-shaped id: two letters and 32 hexadecimal digits."""
    return prefix + uuid.uuid4().hex
