"""What carrying out a document needs beside the leg: the carrier's own services.

Counterpart of ``exchange.py``, which is the ``Switchboard``, and ``line.py``,
which lays the desk.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Protocol

from ivr.carrier.local.callbacks import Callbacks
from ivr.carrier.local.dialects import EMBEDDED, Dialect
from ivr.carrier.local.documents import base_params, resolve
from ivr.carrier.local.leg import Leg
from ivr.carrier.local.messages import By
from ivr.carrier.local.queues import Queues
from ivr.carrier.local.recordings import Recordings
from ivr.carrier.local.state import LegState, Request
from ivr.carrier.local.voice import Voice
from ivr.carrier.local.webhooks import Params, Parcel, Post


class Switchboard(Protocol):
    """Opens, rings and closes legs."""

    def open_leg(self, state: LegState) -> Leg:
        """A leg for this state; the one already live under its sid, if there is one."""
        ...

    def connect(self, leg: Leg) -> bool:
        """Ring the phones that answer for the leg's number; False if all are engaged.
        True also where nobody answers for it: it just rings."""
        ...

    def close(self, leg: Leg, by: By) -> None:
        """The leg, whose status is final, is over: tell its phone and forget it."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """One account's services."""

    account: str
    rest_url: str
    post: Post
    callbacks: Callbacks
    recordings: Recordings
    voice: Voice
    now: Callable[[], datetime]
    switchboard: Switchboard
    dialect: Dialect = EMBEDDED
    queues: Queues = field(default_factory=Queues)

    def instant(self) -> str:
        """Now, as kept in states."""
        return self.now().isoformat()

    def since(self, instant: str | None, until: str | None = None) -> int:
        """Whole seconds from an instant until another, or now; 0 for one that never was."""
        if instant is None:
            return 0
        end = self.now() if until is None else datetime.fromisoformat(until)
        return max(0, int((end - datetime.fromisoformat(instant)).total_seconds()))

    def stamp(self) -> str:
        """Now as webhooks write it: RFC 2822 in GMT (twilio-voice §1)."""
        return format_datetime(self.now(), usegmt=True)

    def recording_url(self, sid: str) -> str:
        """Where a recording's media can be fetched."""
        return f"{self.rest_url}/2010-04-01/Accounts/{self.account}/Recordings/{sid}"

    def callback(self, state: LegState, url: str, method: str, extra: Params) -> None:
        """Send a callback about a leg beside the call; ``url`` may be relative."""
        params = base_params(state, self.account) + extra
        self.callbacks.send(Parcel(resolve(state, url), method, params, new_token()))


def next_request(leg: Leg, url: str | None, method: str, extra: Params = ()) -> Request:
    """The leg's next document; ``url`` None or empty is the current one."""
    address = resolve(leg.state, url)
    return Request(address, new_token(), method, extra, leg.state.fallback)


def new_token() -> str:
    """An I-Twilio-Idempotency-Token (twilio-voice §1)."""
    return str(uuid.uuid4())
