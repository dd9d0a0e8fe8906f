"""What is asked after a password: phones' keys sealed, codes on paper digested, passkeys by their
public halves. Implements `routing.people.Factors`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from routing.accounts.account import Account
from routing.accounts.passkeys import Passkey
from routing.accounts.second import as_kept
from routing.audit import Entry
from routing.people import Clocked
from storage.accounts import OF_ACCOUNT, account_of
from storage.audit import append
from storage.engine import Database
from storage.sealing import Sealing
from storage.tables.accounts import accounts, credentials, passkeys, recovery_codes, tries

MOST_PASSKEYS: Final = 10


class StoredFactors:
    """Of all accounts."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def totp(self, account: str) -> Clocked | None:
        """The phone whose digits are asked."""
        query = select(credentials.c.totp, credentials.c.totp_step).where(_its(account))
        for row in await self._database.read(query):
            if row.totp is not None:
                return Clocked(self._sealing.open(row.totp), row.totp_step)
        return None

    async def use_step(self, account: str, step: int) -> bool:
        """One statement decides, so that of two at once one is right."""
        unused = or_(credentials.c.totp_step.is_(None), credentials.c.totp_step < step)
        used = update(credentials).where(_its(account), unused).values(totp_step=step)
        return await self._database.brief(lambda unit: unit.execute(used).rowcount == 1)

    async def offer(self, account: str, key: str) -> None:
        """What is asked until now goes on being asked."""
        shown = update(credentials).where(_its(account))
        shown = shown.values(totp_offered=self._sealing.seal(key))
        await self._database.brief(lambda unit: unit.execute(shown))

    async def offered(self, account: str) -> str | None:
        """The key that is shown."""
        query = select(credentials.c.totp_offered).where(_its(account))
        for row in await self._database.read(query):
            if row.totp_offered is not None:
                return self._sealing.open(row.totp_offered)
        return None

    async def confirm(self, account: str, key: str, step: int, entry: Entry) -> bool:
        """The offer becomes what is asked."""

        def take(unit: Connection) -> bool:
            query = select(credentials.c.totp_offered).where(_its(account)).with_for_update()
            row = unit.execute(query).one_or_none()
            if row is None or row.totp_offered is None:
                return False
            if self._sealing.open(row.totp_offered) != key:
                return False
            values = {"totp": row.totp_offered, "totp_offered": None, "totp_step": step}
            unit.execute(update(credentials).where(_its(account)).values(values))
            append(unit, entry)
            return True

        return await self._database.brief(take)

    async def take_away(self, account: str, entry: Entry) -> None:
        """The codes on paper go with the last other factor."""

        def take(unit: Connection) -> None:
            unit.execute(update(credentials).where(_its(account)).values(NO_PHONE))
            _without_others(unit, account)
            append(unit, entry)

        await self._database.brief(take)

    async def take_all(self, account: str, entry: Entry) -> None:
        """For who has lost them."""

        def take(unit: Connection) -> None:
            unit.execute(update(credentials).where(_its(account)).values(NO_PHONE))
            unit.execute(delete(passkeys).where(passkeys.c.account == account))
            unit.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
            append(unit, entry)

        await self._database.brief(take)

    def _digest(self, account: str, code: str) -> str:
        return self._sealing.digest("recovery code", f"{account} {as_kept(code)}")

    async def set_codes(self, account: str, codes: Sequence[str], entry: Entry) -> None:
        """In place of all there were."""
        rows = [{"account": account, "digest": self._digest(account, code)} for code in codes]

        def write(unit: Connection) -> None:
            unit.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
            unit.execute(insert(recovery_codes), rows)
            append(unit, entry)

        await self._database.brief(write)

    async def use_code(self, account: str, code: str) -> bool:
        """Once: its row goes."""
        its = recovery_codes.c.account == account
        this = recovery_codes.c.digest == self._digest(account, code)
        gone = delete(recovery_codes).where(its, this)
        return await self._database.brief(lambda unit: unit.execute(gone).rowcount == 1)

    async def codes_left(self, account: str) -> int:
        """How many were not used yet."""
        many = select(func.count().label("many")).where(recovery_codes.c.account == account)
        return int((await self._database.read(many))[0].many)

    async def passkeys(self, account: str) -> Sequence[Passkey]:
        """The oldest first."""
        query = select(passkeys).where(passkeys.c.account == account).order_by(passkeys.c.created)
        return [_passkey(row) for row in await self._database.read(query)]

    async def passkey(self, id: str) -> tuple[Passkey, Account] | None:
        """One by the id that a browser names, with whose it is."""
        columns = [column.label(f"key_{column.name}") for column in passkeys.c]
        query = (
            select(*OF_ACCOUNT, *columns)
            .join(passkeys, passkeys.c.account == accounts.c.id)
            .join(credentials, credentials.c.account == accounts.c.id)
            .where(passkeys.c.id == id)
        )
        for row in await self._database.read(query):
            return _passkey(row, "key_"), account_of(row)
        return None

    async def add_passkey(self, key: Passkey, entry: Entry) -> bool:
        """Unless somebody has it, or this one has too many."""
        row = {
            "id": key.id, "account": key.account, "public_key": key.public_key,
            "sign_count": key.uses, "name": key.name, "created": key.created,
        }  # fmt: skip

        def add(unit: Connection) -> bool:
            self._database.take_turns(unit, f"passkeys {key.account}")
            many = select(func.count()).where(passkeys.c.account == key.account)
            known = select(passkeys.c.id).where(passkeys.c.id == key.id)
            if unit.execute(many).scalar_one() >= MOST_PASSKEYS or unit.execute(known).first():
                return False
            unit.execute(insert(passkeys).values(row))
            append(unit, entry)
            return True

        return await self._database.brief(add)

    async def remove_passkey(self, account: str, id: str, entry: Entry) -> None:
        """One of this account's own."""

        def remove(unit: Connection) -> None:
            its = (passkeys.c.account == account) & (passkeys.c.id == id)
            if unit.execute(delete(passkeys).where(its)).rowcount:
                _without_others(unit, account)
                append(unit, entry)

        await self._database.brief(remove)

    async def spend(self, challenge: str, key: Passkey, uses: int, at: datetime) -> bool:
        """The challenge's digest is kept for a while, among the tries. False also where the key was
        taken away, or used from a count that is no longer its own."""
        row = f"spent:{self._sealing.digest('passkey spent', challenge)}"

        def use(unit: Connection) -> bool:
            self._database.take_turns(unit, row)
            if unit.execute(select(tries.c.key).where(tries.c.key == row)).first():
                return False
            unit.execute(insert(tries).values(key=row, failures=0, at=at))
            its = (passkeys.c.id == key.id) & (passkeys.c.sign_count == key.uses)
            used = update(passkeys).where(its).values(sign_count=uses, used=at)
            return unit.execute(used).rowcount == 1

        return await self._database.brief(use)


NO_PHONE: Final[dict[str, Any]] = {"totp": None, "totp_offered": None, "totp_step": None}


def _its(account: str) -> ColumnElement[bool]:
    return credentials.c.account == account


def _without_others(unit: Connection, account: str) -> None:
    """Codes alone would be no second factor, and nobody would ask for them."""
    phone = select(credentials.c.account).where(_its(account), credentials.c.totp.is_not(None))
    key = select(passkeys.c.id).where(passkeys.c.account == account)
    if unit.execute(phone).first() is None and unit.execute(key).first() is None:
        unit.execute(delete(recovery_codes).where(recovery_codes.c.account == account))


def _passkey(row: Any, prefix: str = "") -> Passkey:
    def of(name: str) -> Any:
        return getattr(row, f"{prefix}{name}")

    return Passkey(
        id=of("id"),
        account=of("account"),
        public_key=of("public_key"),
        uses=of("sign_count"),
        name=of("name"),
        created=of("created"),
        used=of("used"),
    )
