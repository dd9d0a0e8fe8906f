"""How long somebody has to wait who has typed wrong passwords: longer each time, for the account
and for the address alike, and never for ever. Rows of it are in `storage.accounts`."""

from datetime import datetime, timedelta
from typing import Final

FREE: Final = 4
"""Tries of one account in a row that cost nothing: people mistype."""
FREE_OF_ADDRESS: Final = 20
"""The same of one address, behind which a whole office may sit."""
FIRST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(minutes=5)
"""A stranger can keep an account waiting, so the wait stays short enough to sit through; at one
guess in five minutes nobody finds twelve characters."""
FORGOTTEN: Final = timedelta(hours=1)
"""After so long without a try the count begins anew."""


def wait_until(failures: int, last: datetime, free: int) -> datetime:
    """When the next try is looked at, after so many that failed, the last one then."""
    over = failures - free
    if over < 0:
        return last
    return last + min(FIRST * (1 << min(over, 10)), LONGEST)
