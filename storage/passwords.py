"""How passwords are kept: argon2id, in a thread, two at once at most, since each takes 64 MiB and a
tenth of a second that calls must not wait for: one of strangers, one of those who are known, whom a
flood of the others does not keep out. Implements `routing.people.Passwords`."""

import asyncio
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MOST_WAITING: Final = 16
"""Of a lane: a few seconds' work."""


class ArgonPasswords:
    """One for the whole server: the bound is of all who sign in."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = {known: asyncio.Semaphore(1) for known in (False, True)}
        self._here = dict.fromkeys(self._turns, 0)

    @cached_property
    def _nobodys(self) -> str:
        """A hash of the same cost, of a password that nobody has."""
        return self._hasher.hash("nobody's")

    async def hashed(self, password: str) -> str:
        """The hash, with its salt and costs."""
        async with self._turns[True]:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str, *, known: bool) -> bool:
        """Whether it is the one; of None, as long as otherwise, that it is not."""
        self._here[known] += 1
        try:
            async with self._turns[known]:
                return await asyncio.to_thread(self._verify, hashed, password)
        finally:
            self._here[known] -= 1

    def crowded(self, *, known: bool) -> bool:
        """Whether so many wait in this lane that one more is better told to come again."""
        return self._here[known] >= MOST_WAITING

    def _verify(self, hashed: str | None, password: str) -> bool:
        try:
            right = self._hasher.verify(hashed or self._nobodys, password)
        except (Argon2Error, InvalidHashError):
            return False
        return right and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """Whether it would be hashed at another cost today."""
        return self._hasher.check_needs_rehash(hashed)
