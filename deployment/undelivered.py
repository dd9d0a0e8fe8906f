"""Says aloud in the log how much did not arrive, whenever that changes: who reads no page is to
hear of it too. The page is `routing.web.undelivered`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from routing.undelivered import Undelivered

LOG: Final = structlog.get_logger()
EVERY: Final = 60.0
"""Seconds between two looks."""


@dataclass(slots=True)
class Aloud:
    """One process's; at its start it says what there is."""

    kept: Undelivered
    _last: Mapping[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """One look."""
        found = await self.kept.counts()
        if found == self._last:
            return
        self._last = found
        say = LOG.error if found else LOG.info
        say("undelivered", many=sum(found.values()), **dict(sorted(found.items())))
