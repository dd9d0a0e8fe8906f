"""Threads for what would block the loop: looking names up, writing and reading sound. Python has
four more than there are cores, and one name that no server answers holds each for half a minute."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

MOST: Final = 32
"""Above all that may look a name up at once: four mails, four recordings, some for the carrier."""


def many_threads() -> None:
    """For the running loop; each is begun when it is wanted."""
    executor = ThreadPoolExecutor(MOST, thread_name_prefix="zhitong")
    asyncio.get_running_loop().set_default_executor(executor)
