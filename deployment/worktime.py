"""The pages of working time, put together. Used by `server.py`."""

import secrets
from typing import Final
from zoneinfo import ZoneInfo

from deployment.house import House
from ivr.library.worktime import kept_open
from routing.web.worktime.desk import WorktimeDesk

ID_BYTES: Final = 6


def worktime_desk(house: House) -> WorktimeDesk:
    """What they need."""
    return WorktimeDesk(
        house.publishing(),
        house.directory,
        kept_open,
        house.clock,
        ZoneInfo(house.settings.time_zone),
        lambda: secrets.token_hex(ID_BYTES),
    )
