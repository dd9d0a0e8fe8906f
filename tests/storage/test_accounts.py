"""Accounts, sessions and tries as they are kept, on either database: what is decided at once for
all, and what a copy of the tables gives away."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, cast

import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from routing.accounts.account import Account, Flaw
from routing.accounts.limit import FREE, FREE_OF_ADDRESS
from routing.accounts.passkeys import Passkey
from routing.accounts.roles import Role
from routing.accounts.second import used_step
from routing.audit import Action
from routing.people import New
from routing.signing_in import Half, Signed, Visitor, Wait, Wrong, key_of
from storage.engine import Database
from storage.errors import StorageError
from storage.passwords import MOST_WAITING, ArgonPasswords
from storage.sessions import MOST_KEPT, StoredSessions
from storage.tables.accounts import credentials, recovery_codes, sessions, tries
from storage.tables.audit import audit, audit_values
from tests.databases import database_at
from tests.deadline import DEADLINE
from tests.people import PASSWORD, People, people_of

HERE = Visitor("192.0.2.7", "a browser")
STANDING: Final = select(sessions.c.key).where(sessions.c.ended.is_(False))
HELD: Final = "held up until a test lets go"


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[People, Database]]:
    database = await database_at(folder / "house.db")
    try:
        yield people_of(database), database
    finally:
        await database.close()


async def test_of_many_tries_at_once_no_more_are_looked_at_than_in_a_row(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, _):
        await people.add(Role.ADMIN, name="wang")
        guesses = (people.signing_in.sign_in("wang", f"guess {n}", HERE) for n in range(20))
        outcomes = await asyncio.gather(*guesses)
        looked_at = [one for one in outcomes if isinstance(one, Wrong)]
        assert len(looked_at) == FREE
        assert all(isinstance(one, Wrong | Wait) for one in outcomes)


class Held:
    """A hasher that a test holds up: whoever types HELD waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def hash(self, password: str) -> str:
        return password

    def verify(self, hashed: str, password: str) -> bool:
        if password == HELD:
            assert self.go.wait(DEADLINE)
        return hashed == password

    def check_needs_rehash(self, hashed: str) -> bool:
        return False


async def test_a_flood_of_strangers_keeps_nobody_out_who_is_known(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, database):
        await people.add(Role.ADMIN, name="wang")
        held = Held()
        passwords = ArgonPasswords(cast("PasswordHasher", held))
        signing_in = replace(people.signing_in, passwords=passwords)
        entry = signing_in.entry(people.known[Role.ADMIN], Action.ACCOUNT_PASSWORD)
        await signing_in.people.set_password(people.known[Role.ADMIN].id, PASSWORD, entry)
        assert isinstance(await signing_in.sign_in("wang", PASSWORD, HERE), Signed)

        def stranger(n: int) -> Visitor:
            return Visitor(f"198.51.100.{n}")

        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            flood = [
                group.create_task(signing_in.sign_in(f"n{n}", HELD, stranger(n)))
                for n in range(MOST_WAITING)
            ]
            while not passwords.crowded(known=False):
                await asyncio.sleep(0)
            more = await signing_in.sign_in("one more", HELD, stranger(99))
            mine = await signing_in.sign_in("wang", PASSWORD, HERE)
            held.go.set()

        assert isinstance(more, Wait), "it is told to come again"
        assert isinstance(mine, Signed)
        assert all(isinstance(one.result(), Wrong) for one in flood)
        counted = await database.read(select(tries.c.key).where(tries.c.key.like("name:%")))
        assert len(counted) == MOST_WAITING + 1, "who was told to come again is not counted"


async def test_an_address_that_has_to_wait_asks_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as (people, database):
        counting, at = people.signing_in.tries, people.clock.at
        found = [await counting.admit(f"n{n}", "192.0.2.9", at) for n in range(FREE_OF_ADDRESS + 2)]
        until = found[-1]
        assert until is not None

        async def asked(*_: object) -> None:
            raise StorageError("it was asked")

        monkeypatch.setattr(type(database), "brief", asked)
        assert await counting.admit("another", "192.0.2.9", at) == until
        with pytest.raises(StorageError):
            await counting.admit("another", "192.0.2.10", at)
        with pytest.raises(StorageError):
            await counting.admit("another", "192.0.2.9", until)


async def test_of_two_servers_one_makes_the_first_admin(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, _):
        told = await asyncio.gather(*(people.signing_in.first() for _ in range(4)))
        assert len([one for one in told if one is not None]) == 1
        assert [one.name for one in await people.signing_in.people.listed()] == ["admin"]


async def test_of_two_admins_who_close_each_other_one_stays(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, _):
        a = await people.add(Role.ADMIN, name="a1")
        b = await people.add(Role.ADMIN, name="b1")

        async def close(by: Account, whom: Account) -> tuple[Flaw, ...]:
            closed = replace(whom, disabled=True)
            return await people.signing_in.change(whom, closed, frozenset(), by.actor)

        told = await asyncio.gather(close(a, b), close(b, a))
        assert sorted(told) == [(), (Flaw.LAST_ADMIN,)]
        known = await people.signing_in.people.listed()
        assert len([one for one in known if not one.disabled]) == 1


async def test_of_two_admins_who_change_one_account_the_second_is_told(tmp_path: Path) -> None:
    """Whoever corrects a name over a page of yesterday gives nobody a role back."""
    async with opened(tmp_path) as (people, _):
        admin, seen = await people.add(Role.ADMIN), await people.add(Role.ADMIN, name="wang")
        less, named = replace(seen, role=Role.AUDITOR), replace(seen, display_en="Wang")
        change = people.signing_in.change
        assert await change(seen, less, frozenset(), admin.actor) == ()
        assert await change(seen, named, frozenset(), admin.actor) == (Flaw.CHANGED,)
        now = await people.signing_in.people.of(seen.id)
        assert now is not None
        assert (now.role, now.display_en) == (Role.AUDITOR, "")


async def test_what_ends_sessions_ends_those_that_begin_at_that_moment(tmp_path: Path) -> None:
    """A password takes a tenth of a second to be looked at: meanwhile another may be set."""
    async with opened(tmp_path) as (people, database):
        admin, wang = await people.add(Role.ADMIN), await people.add(Role.AUDITOR, name="wang")
        signing_in, at = people.signing_in, people.clock.at
        secret = await signing_in.people.secret("wang")
        assert secret is not None
        half = New("half", at, whole=False, hashed=secret.hashed)
        assert await signing_in.sessions.begin(wang.id, half, None)

        await signing_in.reset(wang, admin.actor)
        late = New("late", at, whole=True, hashed=secret.hashed)
        assert not await signing_in.sessions.begin(wang.id, late, None)
        second = New("second", at, whole=True)
        assert not await signing_in.sessions.begin(wang.id, second, None, instead_of="half")
        closed = replace(wang, disabled=True)
        assert await signing_in.change(wang, closed, frozenset(), admin.actor) == ()
        assert not await signing_in.sessions.begin(wang.id, second, None)
        assert await database.read(STANDING) == []


async def test_a_new_password_ends_all_other_sessions_with_the_same_commit(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, database):
        wang = await people.add(Role.ADMIN, name="wang")
        mine, _ = [await people.token(wang) for _ in range(2)]
        entry = people.signing_in.entry(wang, Action.ACCOUNT_PASSWORD)
        await people.signing_in.people.set_password(wang.id, "new", entry, but=key_of(mine))
        (left,) = await database.read(STANDING)
        assert left.key == key_of(mine)


async def test_a_password_is_hashed_again_at_todays_cost_when_it_is_typed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, _):
        await people.add(Role.ADMIN, name="wang")
        today = ArgonPasswords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
        signing_in = replace(people.signing_in, passwords=today)
        for typed in ("not the one", PASSWORD, PASSWORD):
            await signing_in.sign_in("wang", typed, HERE)
            secret = await signing_in.people.secret("wang")
            assert secret is not None
            assert today.outdated(secret.hashed) is (typed != PASSWORD)
        assert isinstance(await signing_in.sign_in("wang", PASSWORD, HERE), Signed)


async def test_six_digits_and_a_code_on_paper_are_used_once_however_many_ask(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (people, _):
        account = await people.add(Role.ADMIN, name="wang")
        factors, entry = people.factors.factors, people.signing_in.entry
        await factors.set_codes(account.id, ["AAAA-BBBB"], entry(account, Action.ACCOUNT_CODES))
        used = await asyncio.gather(*(factors.use_code(account.id, "aaaabbbb") for _ in range(5)))
        assert sorted(used) == [False] * 4 + [True]
        steps = await asyncio.gather(*(factors.use_step(account.id, 7) for _ in range(5)))
        assert sorted(steps) == [False] * 4 + [True]
        assert not await factors.use_step(account.id, 6)


async def test_the_tables_hold_no_token_no_password_no_key_and_no_code(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, database):
        account = await people.add(Role.ADMIN, name="wang")
        token = await people.token(account)
        session = await people.signing_in.session_of(token)
        assert session is not None
        await people.factors.offer(session)
        offer = await people.factors.offered(session)
        assert offer is not None
        codes = await people.factors.new_codes(session)
        await people.signing_in.sessions.keep(session.key, "words of a form")
        kept = ""
        for table in (sessions, credentials, recovery_codes, tries):
            kept += str([tuple(row) for row in await database.read(select(table))])
        for secret in (token, PASSWORD, offer.key, codes[0], "words of a form", HERE.address):
            assert secret not in kept


async def test_what_was_done_stands_in_the_audit_without_what_was_typed(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, database):
        account = await people.add(Role.ADMIN, name="wang")
        assert isinstance(await people.signing_in.sign_in("wang", PASSWORD, HERE), Signed)
        await people.signing_in.sign_in("wang", "a password of elsewhere", HERE)
        await people.signing_in.sign_in("a password as a name", "x", HERE)
        rows = await database.read(select(audit).order_by(audit.c.number))
        told = [(row.action, row.subject) for row in rows][-3:]
        assert told == [
            (Action.SIGNED_IN, f"account:{account.id}"),
            (Action.SIGN_IN_FAILED, f"account:{account.id}"),
            (Action.SIGN_IN_FAILED, "account:unknown"),
        ]
        assert "elsewhere" not in str(rows)


def shown(key: str, people: People) -> str:
    """By the phone's app."""
    return pyotp.HOTP(key).at(int(people.clock.at.timestamp()) // 30)


async def test_the_audit_says_by_what_somebody_signed_in(tmp_path: Path) -> None:
    """A code on paper that its owner did not use is seen there."""
    async with opened(tmp_path) as (people, database):
        account = await people.add(Role.ADMIN, name="wang")
        await people.signing_in.sign_in("wang", PASSWORD, HERE)
        session = await people.signing_in.session_of(await people.token(account))
        assert session is not None
        await people.factors.offer(session)
        offer = await people.factors.offered(session)
        assert offer is not None
        codes = await people.factors.confirm(session, shown(offer.key, people))
        assert isinstance(codes, tuple)
        people.clock.at += timedelta(minutes=1)
        for given in (shown(offer.key, people), codes[0], codes[0]):
            half = await people.signing_in.sign_in("wang", PASSWORD, HERE)
            assert isinstance(half, Half)
            await people.factors.finish(half.token, given, HERE)
        query = (
            select(audit_values.c.kept)
            .join(audit, audit.c.number == audit_values.c.number)
            .where(audit.c.action == Action.SIGNED_IN)
            .order_by(audit.c.number)
        )
        told = [json.loads(row.kept)["factor"] for row in await database.read(query)]
        assert told == ["password", "password", "phone", "code"]


async def test_a_session_that_is_long_over_leaves_no_row(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, database):
        account = await people.add(Role.ADMIN, name="wang")
        await people.token(account)
        people.clock.at += timedelta(days=2)
        await people.token(account)
        assert len(await database.read(select(sessions.c.key))) == 1


async def test_digits_that_were_confirmed_do_not_sign_in_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, _):
        account = await people.add(Role.ADMIN, name="wang")
        entry = people.signing_in.entry(account, Action.ACCOUNT_FACTOR_ADDED)
        factors = people.factors.factors
        await factors.offer(account.id, "A" * 32)
        assert not await factors.confirm(account.id, "B" * 32, 5, entry), "another was offered"
        assert await factors.confirm(account.id, "A" * 32, 5, entry)
        phone = await factors.totp(account.id)
        assert phone is not None
        assert (phone.key, phone.step) == ("A" * 32, 5)
        assert used_step(phone.key, "000000", people.clock.at, phone.step) is None


async def test_a_passkeys_answer_is_used_once_and_codes_go_with_the_last_factor(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (people, _):
        account = await people.add(Role.ADMIN, name="wang")
        factors, entry = people.factors.factors, people.signing_in.entry
        added, removed = Action.ACCOUNT_FACTOR_ADDED, Action.ACCOUNT_FACTOR_REMOVED
        key = Passkey("AAAA", account.id, b"public", 0, "office", people.clock.at)
        assert await factors.add_passkey(key, entry(account, added))
        assert not await factors.add_passkey(key, entry(account, added)), "somebody has it"
        spent = (factors.spend("challenge", key, 3, people.clock.at) for _ in range(5))
        assert sorted(await asyncio.gather(*spent)) == [False] * 4 + [True]
        found = await factors.passkey("AAAA")
        assert found is not None
        assert (found[0].uses, found[1].name) == (3, "wang")
        assert not await factors.spend("another", key, 2, people.clock.at), "by a copy of the key"

        await factors.set_codes(account.id, ["AAAA"], entry(account, Action.ACCOUNT_CODES))
        await factors.remove_passkey("somebody else", "AAAA", entry(account, removed))
        assert len(await factors.passkeys(account.id)) == 1
        await factors.remove_passkey(account.id, "AAAA", entry(account, removed))
        assert await factors.codes_left(account.id) == 0


async def test_a_session_that_was_ended_opens_nothing_and_goes_a_day_later(tmp_path: Path) -> None:
    """By the mark alone, so that a server whose clock is behind does not let it in."""
    async with opened(tmp_path) as (people, database):
        account = await people.add(Role.ADMIN, name="wang")
        token, kept = await people.token(account), people.signing_in.sessions
        assert isinstance(kept, StoredSessions)
        await kept.revoke(key_of(token), people.clock.at + timedelta(minutes=5))
        assert await people.signing_in.session_of(token) is None
        assert await kept.of_account(account.id) == []
        await kept.sweep(people.clock.at + timedelta(hours=23))
        assert await kept.of(key_of(token)) is not None
        await kept.sweep(people.clock.at + timedelta(days=2))
        assert await database.read(select(sessions.c.key)) == []


async def test_what_is_kept_of_forms_is_bounded_for_each_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as (people, database):
        wang, zhao = await people.add(Role.ADMIN, name="wang"), await people.add(Role.ADMIN)
        store = people.signing_in.sessions
        assert isinstance(store, StoredSessions)
        theirs = key_of(await people.token(zhao))
        await store.keep(theirs, "theirs")
        keys = []
        for at in range(4):
            people.clock.at += timedelta(minutes=1)
            keys.append(key_of(await people.token(wang)))
            await store.keep(keys[-1], str(at) * (MOST_KEPT // 3))
        held = [await store.kept(key) for key in (theirs, *keys)]

        assert held[0] == "theirs"
        assert [one is None for one in held[1:]] == [True, True, False, False]
        size = select(func.sum(func.length(sessions.c.kept))).where(sessions.c.account == wang.id)
        [row] = await database.read(size)
        assert row[0] <= MOST_KEPT
        await store.sweep(people.clock.at + timedelta(days=9))
        assert not await database.read(select(sessions.c.key))
