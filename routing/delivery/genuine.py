"""Whether a request came from an office's own system: signed with its channel's secret, lately. The
counterpart of `webhook.signature`, by which we sign what goes the other way."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from routing.delivery.webhook import signature

WINDOW: Final = timedelta(minutes=5)
"""How far its time may be from ours: what was overheard is of no use later."""
MOST_SIGNED: Final = 1_024
"""Characters of a header that holds signatures."""


def genuine(secrets: Sequence[str], timestamp: str, told: str, body: bytes, now: datetime) -> bool:
    """`told` are signatures as `webhook.signature` makes them, parted by commas: one that any of
    the secrets makes is enough. Never raises."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        return False
    ours = [made for secret in secrets for made in signature((secret,), timestamp, body).split(",")]
    given = told[:MOST_SIGNED].encode(errors="replace").split(b",")
    fitting = sum(hmac.compare_digest(one.encode(), other) for one in ours for other in given)
    return fitting > 0
