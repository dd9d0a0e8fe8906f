"""What signing in needs from above this package, as narrow Protocols: beside `ports`, which is of
cases and calls. `storage.{accounts,sessions,factors,passwords}` implement them. An `entry` is
written into the audit with the same commit as what it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from routing.accounts.account import Account, Flaw, Session
from routing.accounts.passkeys import Passkey
from routing.audit import Entry


@dataclass(frozen=True, slots=True)
class Secret:
    """What an account is known by: the password's hash, and whether a second factor is asked."""

    account: Account
    hashed: str
    until: datetime | None
    """a password that was given out is worth nothing after this"""
    second: bool
    """whether something else is asked after it"""


@dataclass(frozen=True, slots=True)
class New:
    """What a session begins with: the digest of its token, when, and by which browser."""

    key: str
    at: datetime
    whole: bool
    agent: str = ""
    hashed: str | None = None
    """the password that was typed, as it is kept; None where none was"""


class Passwords(Protocol):
    """Hashes that are slow on purpose, never on the loop. `verify` of None takes as long as of a
    hash, and is False. Who is `known` waits for none but those who are known, too."""

    async def hashed(self, password: str) -> str: ...

    async def verify(self, hashed: str | None, password: str, *, known: bool) -> bool: ...

    def crowded(self, *, known: bool) -> bool:
        """Whether so many wait that one more is better told to come again."""
        ...

    def outdated(self, hashed: str) -> bool:
        """Whether it would be hashed at another cost today."""
        ...


class Sessions(Protocol):
    """Who is signed in, looked up by each request."""

    async def begin(
        self, account: str, new: New, entry: Entry | None, *, instead_of: str | None = None
    ) -> bool:
        """`instead_of` ends with the same commit: a token from before is worth nothing after.
        False, and nothing begins, where it ended meanwhile, the account was closed, or its
        password is another one by now."""
        ...

    async def of(self, key: str) -> Session | None:
        """One look, whether it still lives or not; None where nothing is left of it."""
        ...

    async def seen(self, key: str, at: datetime) -> None: ...

    async def end(self, key: str, entry: Entry | None = None) -> None:
        """By whoever is at work in it: nothing is left."""
        ...

    async def revoke(self, key: str, at: datetime, entry: Entry | None = None) -> None:
        """At once, from elsewhere: a form that is open there can still be kept."""
        ...

    async def revoke_all(
        self, account: str, at: datetime, entry: Entry | None = None, *, but: str | None = None
    ) -> None: ...

    async def of_account(self, account: str) -> Sequence[Session]:
        """The newest first, whole ones that nobody ended alone."""
        ...

    async def keep(self, key: str, form: str) -> None:
        """A form that was posted to a session that is over."""
        ...

    async def carry(self, before: str, now: str) -> bool:
        """What the session before kept goes to the same account's new one; whether it did."""
        ...

    async def kept(self, key: str) -> str | None: ...


class Tries(Protocol):
    """The count of tries, by name and by address."""

    async def admit(self, name: str, address: str, now: datetime) -> datetime | None:
        """Count one more try, before it is looked at, so that many at once are all counted. When
        the next is looked at, where this one has to wait; None where it is looked at."""
        ...

    async def knows(self, name: str, address: str) -> bool:
        """Whether this name has signed in from there before."""
        ...

    async def succeeded(self, name: str, address: str, now: datetime) -> None: ...


class People(Protocol):
    """The accounts."""

    async def secret(self, name: str) -> Secret | None: ...

    async def of(self, id: str) -> Account | None: ...

    async def create(
        self, account: Account, hashed: str, until: datetime, entry: Entry
    ) -> Flaw | None: ...

    async def change(self, before: Account, after: Account, by: str, entry: Entry) -> Flaw | None:
        """Role, office, names, disabled, where it is still as it was `before`; a disabled account's
        sessions end with the same commit."""
        ...

    async def set_password(
        self,
        account: str,
        hashed: str,
        entry: Entry,
        until: datetime | None = None,
        *,
        but: str | None = None,
    ) -> None:
        """`until` where it was given out, and has to be changed: then its sessions end with the
        same commit, and all `but` one where one is named."""
        ...

    async def rehash(self, account: str, before: str, hashed: str) -> None:
        """The same password, hashed as is thought right today; nothing where it has changed."""
        ...

    async def listed(self) -> Sequence[Account]: ...

    async def first(self, account: Account, hashed: str, until: datetime, entry: Entry) -> bool:
        """Make this one where there is none at all; whether it was made."""
        ...


@dataclass(frozen=True, slots=True)
class Clocked:
    """A phone that shows six digits: its key, and the last step that was used."""

    key: str
    step: int | None


class Factors(Protocol):
    """What is asked after a password, or in its place."""

    async def totp(self, account: str) -> Clocked | None: ...

    async def use_step(self, account: str, step: int) -> bool:
        """Once: False where it was used meanwhile."""
        ...

    async def offer(self, account: str, key: str) -> None:
        """A key that a phone is shown, until `confirm`."""
        ...

    async def offered(self, account: str) -> str | None: ...

    async def confirm(self, account: str, key: str, step: int, entry: Entry) -> bool:
        """From now on this key is asked; False where another was offered meanwhile."""
        ...

    async def take_away(self, account: str, entry: Entry) -> None:
        """No phone any more; the codes on paper go with the last other factor."""
        ...

    async def take_all(self, account: str, entry: Entry) -> None:
        """Phone, passkeys and codes: for who has lost them."""
        ...

    async def set_codes(self, account: str, codes: Sequence[str], entry: Entry) -> None: ...

    async def use_code(self, account: str, code: str) -> bool: ...

    async def codes_left(self, account: str) -> int: ...

    async def passkeys(self, account: str) -> Sequence[Passkey]: ...

    async def passkey(self, id: str) -> tuple[Passkey, Account] | None: ...

    async def add_passkey(self, key: Passkey, entry: Entry) -> bool:
        """False where there is one of this id, or too many."""
        ...

    async def remove_passkey(self, account: str, id: str, entry: Entry) -> None: ...

    async def spend(self, challenge: str, key: Passkey, uses: int, at: datetime) -> bool:
        """An answer is used once: False where it was used already, or the key is not what it was
        when the answer was looked at."""
        ...
