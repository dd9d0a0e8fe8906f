"""A phone attached to the exchange: which number it answers for, which leg it is in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ivr.carrier.local.errors import LineError
from ivr.carrier.local.leg import Leg
from ivr.carrier.local.messages import Message

Outlet = Callable[[Message | bytes], None]


class PhoneRefusal(LineError):
    """A phone asked for something that cannot be done; ``code`` is for the program."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(slots=True)
class Handset:
    """``outlet`` is None while the phone is not connected; ``incoming`` tells the two
    directions of a call apart as the phone sees them."""

    id: str
    number: str
    acks: bool = True
    outlet: Outlet | None = None
    leg: Leg | None = None
    incoming: bool = False

    def tell(self, message: Message | bytes) -> None:
        """Send, if connected."""
        if self.outlet is not None:
            self.outlet(message)
