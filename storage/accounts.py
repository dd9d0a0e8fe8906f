"""The accounts of those who sign in. Implements `routing.people.People`; who is signed in
is `storage.sessions`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from routing.accounts.account import Account, Flaw
from routing.accounts.roles import Role
from routing.audit import Entry
from routing.people import Secret
from routing.ports import Clock
from storage.audit import append
from storage.engine import Database
from storage.errors import StorageError
from storage.tables.accounts import accounts, credentials, passkeys, sessions

OF_ACCOUNT: Final = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.display_zh,
    accounts.c.display_en,
    accounts.c.role,
    accounts.c.office,
    accounts.c.disabled,
    accounts.c.line,
    credentials.c.must_change,
)
"""The columns that `account_of` reads."""
TURNS: Final = "accounts"
"""What counts accounts before it writes one waits for others of its kind."""


def account_of(row: Any) -> Account:
    """A row of `OF_ACCOUNT` as a value."""
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        office=row.office,
        display_zh=row.display_zh,
        display_en=row.display_en,
        disabled=row.disabled,
        must_change=row.must_change,
        line=row.line,
    )


class StoredAccounts:
    """One row each; a name is one person's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def check(self) -> None:
        """Raises StorageError where this database has no accounts yet."""
        try:
            await self._database.read(select(accounts.c.id).limit(1))
        except DBAPIError as wrong:
            raise StorageError(
                "the database is of an earlier version: start this version's server first"
            ) from wrong

    async def secret(self, name: str) -> Secret | None:
        """What the one of this name is known by."""
        has_passkey = exists().where(passkeys.c.account == accounts.c.id)
        second = or_(credentials.c.totp.is_not(None), has_passkey).label("second")
        query = (
            select(*OF_ACCOUNT, credentials.c.password, credentials.c.until, second)
            .join(credentials, credentials.c.account == accounts.c.id)
            .where(accounts.c.name == name)
        )
        for row in await self._database.read(query):
            return Secret(account_of(row), row.password, row.until, row.second)
        return None

    async def listed(self) -> Sequence[Account]:
        """All of them by name."""
        rows = await self._database.read(_all().order_by(accounts.c.name))
        return [account_of(row) for row in rows]

    async def of(self, id: str) -> Account | None:
        """The one of this id."""
        rows = await self._database.read(_all().where(accounts.c.id == id))
        return account_of(rows[0]) if rows else None

    async def create(
        self, account: Account, hashed: str, until: datetime, entry: Entry
    ) -> Flaw | None:
        """A new one, whose password must be changed at its first use."""

        def make(unit: Connection) -> Flaw | None:
            self._database.take_turns(unit, TURNS)
            if unit.execute(select(accounts.c.id).where(accounts.c.name == account.name)).first():
                return Flaw.NAME_TAKEN
            self._insert(unit, account, hashed, until)
            append(unit, entry)
            return None

        return await self._database.brief(make)

    async def first(self, account: Account, hashed: str, until: datetime, entry: Entry) -> bool:
        """Make this one where there is none at all; whether it was made."""

        def make(unit: Connection) -> bool:
            self._database.take_turns(unit, TURNS)
            if unit.execute(select(accounts.c.id).limit(1)).first():
                return False
            self._insert(unit, account, hashed, until)
            append(unit, entry)
            return True

        return await self._database.brief(make)

    def _insert(self, unit: Connection, account: Account, hashed: str, until: datetime) -> None:
        values = _written(account)
        unit.execute(insert(accounts).values(id=account.id, **values, created=self._clock.now()))
        unit.execute(
            insert(credentials).values(
                account=account.id, password=hashed, must_change=True, until=until
            )
        )

    async def change(self, before: Account, after: Account, by: str, entry: Entry) -> Flaw | None:
        """What an admin writes of it. A disabled account's sessions end in the same transaction."""

        def write(unit: Connection) -> Flaw | None:
            self._database.take_turns(unit, TURNS)
            row = unit.execute(_all().where(accounts.c.id == after.id)).one_or_none()
            if row is None:
                return Flaw.UNKNOWN
            if _written(account_of(row)) != _written(before):
                return Flaw.CHANGED
            if flaw := _last_or_oneself(unit, before, after, by):
                return flaw
            same = (accounts.c.name == after.name) & (accounts.c.id != after.id)
            if unit.execute(select(accounts.c.id).where(same)).first():
                return Flaw.NAME_TAKEN
            its = accounts.c.id == after.id
            unit.execute(update(accounts).where(its).values(_written(after)))
            if after.disabled:
                unit.execute(revoking(sessions.c.account == after.id, self._clock.now()))
            append(unit, entry)
            return None

        return await self._database.brief(write)

    async def set_password(
        self,
        account: str,
        hashed: str,
        entry: Entry,
        until: datetime | None = None,
        *,
        but: str | None = None,
    ) -> None:
        """`until` where it was given out, and has to be changed: its sessions end; all `but` one
        where one is named."""
        values = {"password": hashed, "must_change": until is not None, "until": until}

        def write(unit: Connection) -> None:
            unit.execute(update(credentials).where(credentials.c.account == account).values(values))
            if until is not None or but is not None:
                others = (sessions.c.account == account) & (sessions.c.key != (but or ""))
                unit.execute(revoking(others, self._clock.now()))
            append(unit, entry)

        await self._database.brief(write)

    async def rehash(self, account: str, before: str, hashed: str) -> None:
        """The same password at today's cost, unless it was changed meanwhile."""
        its = (credentials.c.account == account) & (credentials.c.password == before)
        again = update(credentials).where(its).values(password=hashed)
        await self._database.brief(lambda unit: unit.execute(again))


def revoking(which: ColumnElement[bool], at: datetime) -> Update:
    """Ends these sessions by a mark, whatever a server's clock says; their rows go a day later."""
    standing = which & sessions.c.ended.is_(False)
    return update(sessions).where(standing).values(ended=True, ends=at)


def _all() -> Select[Any]:
    return select(*OF_ACCOUNT).join(credentials, credentials.c.account == accounts.c.id)


def _written(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "display_zh": account.display_zh,
        "display_en": account.display_en,
        "role": account.role.value,
        "office": account.office,
        "disabled": account.disabled,
        "line": account.line,
    }


def _last_or_oneself(unit: Connection, before: Account, after: Account, by: str) -> Flaw | None:
    """Whoever runs the accounts must stay able to."""
    loses = after.disabled or after.role is not Role.ADMIN
    if before.id == by and (after.disabled or after.role is not before.role):
        return Flaw.YOURSELF
    if before.role is Role.ADMIN and not before.disabled and loses:
        admins = select(func.count()).where(
            accounts.c.role == Role.ADMIN.value,
            accounts.c.disabled.is_(False),
            accounts.c.id != before.id,
        )
        if not unit.execute(admins).scalar_one():
            return Flaw.LAST_ADMIN
    return None
