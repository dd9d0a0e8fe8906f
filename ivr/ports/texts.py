"""What is kept of the texts that the carrier took. Implemented by `storage.texts`."""

from datetime import datetime
from typing import Protocol

from ivr.flow.receipt import Receipt


class Receipts(Protocol):
    """How the texts of the last hours went."""

    async def told(self, receipt: Receipt, at: datetime) -> None:
        """Keep how far a text has come; forward only, also where it comes before the answer that
        named it. One that reached nobody is work for people from now on."""
        ...

    async def awaited(self, sid: str) -> bool:
        """Whether nobody has told yet how this text ended."""
        ...

    async def closed(self, sid: str) -> None:
        """Nobody will tell any more: what it would have been sent again with is dropped."""
        ...
