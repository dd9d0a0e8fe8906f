"""Which webhook is being answered, for the lines that are logged meanwhile. Set by the carrier's
routes once a signature is found genuine, read by the log."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Webhook:
    """One genuine webhook: our call's id and turn, where they are known, and the carrier's id of
    the leg. A new call's id is set once it is drawn."""

    call: str | None
    turn: str | None
    sid: str | None


WEBHOOK: Final[ContextVar[Webhook | None]] = ContextVar("webhook", default=None)
"""None outside of webhooks."""
