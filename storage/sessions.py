"""Who is signed in, and the tries of those who are not. A session is found by the digest of its
cookie's token, so that a copy of the table opens nothing; it ends with its row or by a mark on it,
for every server at once. Implements `routing.people.Sessions` and `Tries`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Delete,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from routing.accounts.account import LONGEST, PENDING, Session
from routing.accounts.limit import FORGOTTEN, FREE, FREE_OF_ADDRESS, wait_until
from routing.accounts.limit import LONGEST as MOST_WAIT
from routing.audit import Entry
from routing.people import New
from storage.accounts import OF_ACCOUNT, account_of, revoking
from storage.audit import append
from storage.beneath import Read
from storage.engine import Database
from storage.sealing import Sealing
from storage.tables.accounts import accounts, credentials, sessions, tries

KEPT: Final = timedelta(days=1)
"""A session that is over, by time or by somebody, keeps its row so long: a form that is posted to
it is not lost."""
MOST_KEPT: Final = 4 * 1024 * 1024
"""Bytes of all forms that are kept for an account, two of the largest."""
MOST_SWEPT: Final = 500
"""Rows of one round."""
MOST_REMEMBERED: Final = 10_000
"""Addresses in memory; beyond that the table is asked again."""
KNOWN: Final = timedelta(days=90)
"""An address from which somebody has signed in is theirs for so long: a stranger's tries do not
make them wait there."""


class StoredSessions:
    """One row each."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def begin(
        self, account: str, new: New, entry: Entry | None, *, instead_of: str | None = None
    ) -> bool:
        """`instead_of` ends with the same commit, and so does what ended long ago. Whoever closes
        the account or sets its password waits meanwhile, and ends this one, too."""
        row = {
            "key": new.key,
            "account": account,
            "whole": new.whole,
            "begun": new.at,
            "seen": new.at,
            "ends": new.at + (LONGEST if new.whole else PENDING),
            "agent": new.agent[:200],
        }

        def make(unit: Connection) -> bool:
            if unit.execute(_opens(account, new.hashed)).first() is None:
                return False
            if instead_of is not None:
                its = (sessions.c.key == instead_of) & sessions.c.ended.is_(False)
                before = delete(sessions).where(its)
                if not unit.execute(before).rowcount:
                    return False
            unit.execute(delete(sessions).where(sessions.c.ends < new.at - KEPT))
            unit.execute(insert(sessions).values(row))
            _tell(unit, entry)
            return True

        return await self._database.brief(make)

    async def of(self, key: str) -> Session | None:
        """One look by its key, whether it still lives or not."""
        rows = await self._database.look(BY_KEY, of=key)
        return _session(rows[0]) if rows else None

    async def seen(self, key: str, at: datetime) -> None:
        """It was used; never backwards."""
        its = (sessions.c.key == key) & (sessions.c.seen < at)
        used = update(sessions).where(its).values(seen=at)
        await self._database.brief(lambda unit: unit.execute(used))

    async def end(self, key: str, entry: Entry | None = None) -> None:
        """Its token opens nothing from now on, and nothing is left."""
        await self._over(delete(sessions).where(sessions.c.key == key), entry)

    async def revoke(self, key: str, at: datetime, entry: Entry | None = None) -> None:
        """The same of one that is at work elsewhere: what is typed there is kept."""
        await self._over(revoking(sessions.c.key == key, at), entry)

    async def revoke_all(
        self, account: str, at: datetime, entry: Entry | None = None, *, but: str | None = None
    ) -> None:
        """All of an account, or all others than this one."""
        which = (sessions.c.account == account) & (sessions.c.key != (but or ""))
        await self._over(revoking(which, at), entry)

    async def _over(self, ending: Delete | Update, entry: Entry | None) -> None:
        def end(unit: Connection) -> None:
            if unit.execute(ending).rowcount:
                _tell(unit, entry)

        await self._database.brief(end)

    async def sweep(self, now: datetime) -> None:
        """Delete what has been over for a day, also where nobody signs in meanwhile."""
        old = select(sessions.c.key).where(sessions.c.ends < now - KEPT).limit(MOST_SWEPT)
        gone = delete(sessions).where(sessions.c.key.in_(old))
        await self._database.brief(lambda unit: unit.execute(gone))

    async def of_account(self, account: str) -> Sequence[Session]:
        """The newest first, whole ones that nobody ended alone."""
        standing = sessions.c.whole.is_(True) & sessions.c.ended.is_(False)
        whole = (sessions.c.account == account) & standing
        query = _joined().where(whole).order_by(sessions.c.begun.desc())
        return [_session(row) for row in await self._database.read(query)]

    async def keep(self, key: str, form: str) -> None:
        """Sealed, in the session's own row: it goes with it. Of all that an account has the newest
        stay, up to MOST_KEPT."""
        sealed = await asyncio.to_thread(self._sealing.seal, form)
        whose = select(sessions.c.account).where(sessions.c.key == key).scalar_subquery()
        others = (sessions.c.account == whose) & sessions.c.kept.is_not(None)
        held = select(sessions.c.key, func.length(sessions.c.kept).label("size"))
        newest_first = held.where(others, sessions.c.key != key).order_by(sessions.c.seen.desc())

        def put(unit: Connection) -> None:
            left, gone = MOST_KEPT - len(sealed), []
            for row in unit.execute(newest_first):
                left -= row.size
                gone += [row.key] if left < 0 else []
            unit.execute(update(sessions).where(sessions.c.key.in_(gone)).values(kept=None))
            unit.execute(update(sessions).where(sessions.c.key == key).values(kept=sealed))

        await self._database.brief(put)

    async def carry(self, before: str, now: str) -> bool:
        """What the session before kept goes to the same account's new one."""
        whose = select(sessions.c.account).where(sessions.c.key == now).scalar_subquery()
        held = (sessions.c.key == before) & (sessions.c.account == whose)

        def move(unit: Connection) -> bool:
            kept = select(sessions.c.kept).where(held, sessions.c.kept.is_not(None))
            if not unit.execute(select(kept.exists())).scalar():
                return False
            to = update(sessions).where(sessions.c.key == now)
            unit.execute(to.values(kept=kept.scalar_subquery()))
            unit.execute(delete(sessions).where(sessions.c.key == before))
            return True

        return before != now and await self._database.brief(move)

    async def kept(self, key: str) -> str | None:
        """What was kept for whoever is signed in now."""
        query = select(sessions.c.kept).where(sessions.c.key == key)
        for row in await self._database.read(query):
            if row.kept is not None:
                return await asyncio.to_thread(self._sealing.open, row.kept)
        return None


def _opens(account: str, hashed: str | None) -> Select[Any]:
    """Whether an account may sign in, and with this password, where one was typed."""
    query = (
        select(accounts.c.id)
        .join(credentials, credentials.c.account == accounts.c.id)
        .where(accounts.c.id == account, accounts.c.disabled.is_(False))
        .with_for_update(read=True)
    )
    return query if hashed is None else query.where(credentials.c.password == hashed)


def _tell(unit: Connection, entry: Entry | None) -> None:
    if entry is not None:
        append(unit, entry)


def _joined() -> Select[Any]:
    s = sessions.c
    columns = s.key, s.begun, s.seen, s.ends, s.whole, s.agent, s.ended
    return (
        select(*OF_ACCOUNT, *columns)
        .join(accounts, accounts.c.id == s.account)
        .join(credentials, credentials.c.account == accounts.c.id)
    )


BY_KEY: Final = Read(_joined().where(sessions.c.key == bindparam("of")))


def _session(row: Any) -> Session:
    return Session(
        key=row.key,
        account=account_of(row),
        begun=row.begun,
        seen=row.seen,
        ends=row.ends,
        whole=row.whole,
        agent=row.agent,
        ended=row.ended,
    )


class StoredTries:
    """A row a name and a row an address, by keyed digest; whether the name exists makes no
    difference to them."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing
        self._waits: dict[str, datetime] = {}
        """Addresses that have to wait, until when: a flood from one of them asks no database."""

    def _keys(self, name: str, address: str) -> tuple[str, str, str]:
        """Of the name from where it is known, of the name from elsewhere, of the address."""
        digest = self._sealing.digest
        return (
            f"own:{digest('sign-in own', f'{address} {name}')}",
            f"name:{digest('sign-in name', name)}",
            f"address:{digest('sign-in address', address)}",
        )

    async def admit(self, name: str, address: str, now: datetime) -> datetime | None:
        """Count one more try before it is looked at; when to come again, where it is not."""
        own, named, placed = self._keys(name, address)
        if (until := self._waits.get(placed, now)) > now:
            return until

        def count(unit: Connection) -> datetime | None:
            rows = {row.key: row for row in unit.execute(_of_keys(own, named, placed))}
            mine = own if own in rows else named
            self._database.take_turns(unit, *sorted((mine, placed)))
            rows = {row.key: row for row in unit.execute(_of_keys(mine, placed))}
            later = [
                _until(rows.get(mine), FREE, now),
                _until(rows.get(placed), FREE_OF_ADDRESS, now),
            ]
            if max(later) > now:
                return max(later)
            for key in (mine, placed):
                _counted(unit, key, rows.get(key), now)
            return None

        later = await self._database.brief(count)
        if later is not None:
            await self._remember(placed, now)
        return later

    async def _remember(self, placed: str, now: datetime) -> None:
        """How long the address itself has to wait, if it has to."""
        rows = await self._database.read(_of_keys(placed))
        until = _until(rows[0] if rows else None, FREE_OF_ADDRESS, now)
        if len(self._waits) >= MOST_REMEMBERED:
            self._waits.clear()
        if now < until <= now + MOST_WAIT:
            self._waits[placed] = until

    async def knows(self, name: str, address: str) -> bool:
        """Whether there is a row of both."""
        own, _, _ = self._keys(name, address)
        return bool(await self._database.read(_of_keys(own)))

    async def succeeded(self, name: str, address: str, now: datetime) -> None:
        """The count of the name begins anew, the address's is one less, and is the name's own."""
        own, named, placed = self._keys(name, address)
        self._waits.pop(placed, None)

        def forget(unit: Connection) -> None:
            self._database.take_turns(unit, *sorted((own, named, placed)))
            rows = {row.key: row for row in unit.execute(_of_keys(own, named, placed))}
            if own not in rows:  # a stranger's tries at the name go on counting
                _put(unit, named, 0, now)
            _put(unit, own, 0, now)
            if placed in rows:
                _put(unit, placed, max(rows[placed].failures - 1, 0), now)
            old = tries.c.at < now - FORGOTTEN
            unit.execute(delete(tries).where(old, tries.c.key.not_like("own:%")))
            unit.execute(delete(tries).where(tries.c.at < now - KNOWN))

        await self._database.brief(forget)


def _of_keys(*keys: str) -> Select[Any]:
    return select(tries).where(tries.c.key.in_(keys))


def _until(row: Any, free: int, now: datetime) -> datetime:
    if row is None or row.at < now - FORGOTTEN:
        return now
    return wait_until(row.failures, row.at, free)


def _counted(unit: Connection, key: str, row: Any, now: datetime) -> None:
    fresh = row is None or row.at < now - FORGOTTEN
    _put(unit, key, 1 if fresh else row.failures + 1, now)


def _put(unit: Connection, key: str, failures: int, now: datetime) -> None:
    row = insert_or(tries).values(key=key, failures=failures, at=now)
    told = {"failures": row.excluded.failures, "at": row.excluded.at}
    unit.execute(row.on_conflict_do_update(index_elements=["key"], set_=told))
