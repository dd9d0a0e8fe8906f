"""What replicas tell each other: NOTIFY after a commit, LISTEN on a connection of its own. A hint
only: whoever misses one looks again by himself (design §6)."""

import asyncio
import contextlib
from typing import Any, Final

import asyncpg

from storage.engine import Signals, Topic
from storage.postgres.driver import Options
from storage.postgres.errors import told

CHANNEL: Final = "zhitong"
STILL_THERE: Final = 20.0
"""Seconds between two words on an idle connection, which a firewall would cut unheard."""
UNSEEN: Final = 1.0
"""Seconds until the lock is tried again, well before anybody would take us for dead."""


class PostgresSignals(Signals):
    """`listen` runs as long as the server; until it does, and where it fails, nothing is heard.
    While it runs the others see that `replica` lives."""

    def __init__(self, options: Options, replica: int) -> None:
        super().__init__()
        self._options = options
        self._replica = replica
        self._to_tell: set[Topic] = set()
        self._something = asyncio.Event()

    def tell(self, topic: Topic) -> None:
        """To the others; many words of one topic in a moment are one."""
        self._to_tell.add(topic)
        self._something.set()

    async def listen(self) -> None:
        """Raises StorageError when the connection is lost: call it again a little later."""
        with told():
            connection = await asyncpg.connect(**self._options.direct)
            try:
                await self._converse(connection)
            finally:
                with contextlib.suppress(Exception):
                    await connection.close(timeout=1)

    async def _converse(self, connection: "asyncpg.Connection[Any]") -> None:
        mine = connection.get_server_pid()

        def hear(_: Any, sender: int, __: str, payload: Any) -> None:
            with contextlib.suppress(ValueError):  # another version's topic
                if sender != mine:
                    self.heard(Topic(payload))

        await connection.add_listener(CHANNEL, hear)
        connection.add_termination_listener(lambda _: self._something.set())
        for topic in Topic:  # what was told while nobody listened
            self.heard(topic)
        held = False
        while not connection.is_closed():
            held = held or await self._is_seen(connection)
            await self._tell_all(connection)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STILL_THERE if held else UNSEEN):
                    await self._something.wait()
        raise ConnectionResetError

    async def _is_seen(self, connection: "asyncpg.Connection[Any]") -> bool:
        """Whether the lock that says that we live is this connection's. Tried, not awaited: an
        earlier connection of ours may hold it until the server has missed it, and another replica
        for the moment in which it looks."""
        held: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", self._replica)
        return held

    async def _tell_all(self, connection: "asyncpg.Connection[Any]") -> None:
        self._something.clear()
        if not self._to_tell:
            await connection.execute("SELECT 1")
        while self._to_tell:
            topic = self._to_tell.pop()
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, topic.value)
