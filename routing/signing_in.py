"""The use cases of people who sign in: password first, then whatever second factor they have; out
again; a new password. Over the ports of `routing.accounts`; pages and commands call it (ADR 33)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from routing.accounts.account import Account, Flaw, Session, flaws, signing_name
from routing.accounts.passwords import Weak, as_typed, weakness
from routing.accounts.roles import Actor, Role
from routing.audit import SYSTEM, Action, Entry, Log, entry_by, subject
from routing.people import New, Passwords, People, Secret, Sessions, Tries
from routing.ports import Clock

TOUCHED: Final = timedelta(minutes=1)
"""How often a session's last use is written down: not with every request."""
GIVEN_OUT: Final = timedelta(days=3)
"""A password that an admin gave out is worth nothing after so long."""
FIRST_HOLDS: Final = timedelta(days=30)
"""The same of the first admin's: a server is often set up long before its people come."""
CROWDED: Final = timedelta(seconds=5)
"""Who comes while too many passwords are looked at comes again so much later, and nothing counts
against them."""
ALONE: Final = "password"
"""As the audit names what somebody signed in by, where nothing more was asked."""
FIRST_NAME: Final = "admin"
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of passwords that are read from paper: nothing that looks like something else."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many tries: the next is looked at then. Said alike of every name."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Wrong:
    """Name, password or code: which of them, and whether the name exists, is not said."""


@dataclass(frozen=True, slots=True)
class Half:
    """The password is right; the second factor is asked next. `token` is for the cookie."""

    token: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Signed in. `token` is for the cookie."""

    token: str
    account: Account


Outcome = Wait | Wrong | Half | Signed


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from: the address that tries are counted by, and the browser."""

    address: str
    agent: str = ""


def key_of(token: str) -> str:
    """What a cookie's token is kept as; the token is random, so that one plain digest does."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Everything that signing in needs; `draw` gives so many random bytes."""

    people: People
    sessions: Sessions
    tries: Tries
    passwords: Passwords
    log: Log
    clock: Clock
    draw: Callable[[int], bytes]

    async def sign_in(self, name: str, password: str, visitor: Visitor) -> Outcome:
        """By name and password. Nothing in answer or time tells a wrong name from a wrong
        password, nor a disabled account from either."""
        now, name = self.clock.now(), signing_name(name)
        known = await self.tries.knows(name, visitor.address)
        if self.passwords.crowded(known=known):
            return Wait(now + CROWDED)
        later = await self.tries.admit(name, visitor.address, now)
        if later is not None:
            return Wait(later)
        secret = await self.people.secret(name)
        hashed = None if secret is None else secret.hashed
        right = await self.passwords.verify(hashed, as_typed(password), known=known)
        if secret is None or not right or not _opens(secret, now):
            await self.failed(None if secret is None else secret.account)
            return Wrong()
        if secret.second:
            token = await self._begin(secret.account, visitor, None, hashed=secret.hashed)
            return Wrong() if token is None else Half(token)
        outcome = await self.signed(secret.account, visitor, hashed=secret.hashed)
        if isinstance(outcome, Signed) and self.passwords.outdated(secret.hashed):
            again = await self.passwords.hashed(as_typed(password))
            await self.people.rehash(secret.account.id, secret.hashed, again)
        return outcome

    async def signed(
        self,
        account: Account,
        visitor: Visitor,
        half: str | None = None,
        *,
        factor: str = ALONE,
        hashed: str | None = None,
    ) -> Signed | Wrong:
        """All that was asked was right: a new token, whatever the browser brought. Wrong where
        that is no longer so: somebody else has just set another password, or ended it. The audit
        says by which `factor`: a code on paper that its owner did not use is seen there."""
        entry = self.entry(account, Action.SIGNED_IN, factor=factor)
        token = await self._begin(account, visitor, entry, instead_of=half, hashed=hashed)
        if token is None:
            return Wrong()
        await self.tries.succeeded(account.name, visitor.address, self.clock.now())
        return Signed(token, account)

    async def failed(self, account: Account | None) -> None:
        """A wrong password or code. What was typed is not kept: it may be a password."""
        about = subject("account", "unknown" if account is None else account.id)
        now = self.clock.now()
        await self.log.append(Entry(SYSTEM, Action.SIGN_IN_FAILED, about, now))

    def entry(self, account: Account, action: Action, **values: object) -> Entry:
        """What somebody did to their own account."""
        about = subject("account", account.id)
        return entry_by(account.actor, action, about, self.clock.now(), values)

    async def _begin(
        self,
        account: Account,
        visitor: Visitor,
        entry: Entry | None,
        *,
        instead_of: str | None = None,
        hashed: str | None = None,
    ) -> str | None:
        token = self.draw(32).hex()
        whole = entry is not None
        new = New(key_of(token), self.clock.now(), whole, visitor.agent, hashed)
        begun = await self.sessions.begin(account.id, new, entry, instead_of=instead_of)
        return token if begun else None

    async def session_of(
        self, token: str, *, whole: bool = True, used: bool = True
    ) -> Session | None:
        """The session of a cookie, where it lives; its use is noted, unless nobody `used` it: a
        page that renews itself is no person."""
        session, now = await self.sessions.of(key_of(token)), self.clock.now()
        if session is None or session.whole is not whole or not session.lives(now):
            return None
        if whole and used and now - session.seen >= TOUCHED:
            await self.sessions.seen(session.key, now)
        return session

    async def sign_out(self, session: Session) -> None:
        """Its token opens nothing from now on."""
        await self.sessions.end(session.key, self.entry(session.account, Action.SIGNED_OUT))

    async def change_password(
        self, session: Session, old: str, new: str, again: str
    ) -> Wait | Wrong | Weak | None:
        """A new one; all other sessions of the account end. The old one is asked, so that a screen
        that was left open is not enough."""
        account, now = session.account, self.clock.now()
        if new != again:
            return Weak.NOT_TWICE
        told = as_typed(new)
        if weak := weakness(told, account.name, account.display_en, account.display_zh):
            return weak
        if told == as_typed(old):
            return Weak.THE_SAME
        later = await self.tries.admit(account.name, session.key, now)
        if later is not None:
            return Wait(later)
        secret = await self.people.secret(account.name)
        typed = as_typed(old)
        if secret is None or not await self.passwords.verify(secret.hashed, typed, known=True):
            await self.failed(account)
            return Wrong()
        entry = self.entry(account, Action.ACCOUNT_PASSWORD)
        hashed = await self.passwords.hashed(told)
        await self.people.set_password(account.id, hashed, entry, but=session.key)
        await self.tries.succeeded(account.name, session.key, now)
        return None

    async def first(self) -> str | None:
        """Where there is no account at all: the first admin's one-time password. It is kept as a
        hash alone and told this once."""
        password, now = self._one_time(), self.clock.now()
        admin = Account(self._id(), FIRST_NAME, Role.ADMIN)
        about = subject("account", admin.id)
        entry = Entry(SYSTEM, Action.ACCOUNT_CREATED, about, now, {"name": admin.name})
        hashed = await self.passwords.hashed(password)
        made = await self.people.first(admin, hashed, now + FIRST_HOLDS, entry)
        return password if made else None

    async def create(
        self, account: Account, offices: frozenset[str], by: Actor
    ) -> tuple[Flaw, ...] | str:
        """A new account, whose one-time password is told this once; or what is wrong with it."""
        if found := flaws(account, offices):
            return found
        named, password, now = replace(account, id=self._id()), self._one_time(), self.clock.now()
        about = subject("account", named.id)
        entry = entry_by(by, Action.ACCOUNT_CREATED, about, now, {"after": _told(named)})
        hashed = await self.passwords.hashed(password)
        flaw = await self.people.create(named, hashed, now + GIVEN_OUT, entry)
        return password if flaw is None else (flaw,)

    async def change(
        self, before: Account, after: Account, offices: frozenset[str], by: Actor
    ) -> tuple[Flaw, ...]:
        """Names, role, office, whether it is disabled: for each request from the next one on. An
        office that is gone from the register keeps nobody from disabling its people."""
        known = offices if before.office is None else offices | {before.office}
        if found := flaws(after, known):
            return found
        action = Action.ACCOUNT_CHANGED
        if before.disabled is not after.disabled:
            action = Action.ACCOUNT_CLOSED if after.disabled else Action.ACCOUNT_OPENED
        values = {"before": _told(before), "after": _told(after)}
        entry = entry_by(by, action, subject("account", after.id), self.clock.now(), values)
        flaw = await self.people.change(before, after, by.account, entry)
        return () if flaw is None else (flaw,)

    async def reset(self, account: Account, by: Actor) -> str:
        """A one-time password in place of what there was, told this once; its sessions end."""
        password, now = self._one_time(), self.clock.now()
        about = subject("account", account.id)
        entry = entry_by(by, Action.ACCOUNT_PASSWORD, about, now, {"given_out": True})
        hashed = await self.passwords.hashed(password)
        await self.people.set_password(account.id, hashed, entry, now + GIVEN_OUT)
        return password

    def _id(self) -> str:
        return self.draw(12).hex()

    def _one_time(self) -> str:
        """Sixteen signs in fours, eighty bits: to be read aloud or from paper."""
        signs = "".join(ALPHABET[byte % len(ALPHABET)] for byte in self.draw(16))
        return "-".join(signs[at : at + 4] for at in range(0, 16, 4))


def _told(account: Account) -> dict[str, object]:
    """What the audit keeps of it."""
    return {
        "name": account.name,
        "display_zh": account.display_zh,
        "display_en": account.display_en,
        "role": account.role.value,
        "office": account.office,
        "disabled": account.disabled,
        "line": account.line,
    }


def _opens(secret: Secret, now: datetime) -> bool:
    """Neither disabled, nor given out too long ago."""
    return not secret.account.disabled and (secret.until is None or now < secret.until)
