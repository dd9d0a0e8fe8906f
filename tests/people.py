"""People who sign in, for tests of pages: a served application with the front door, a real
database and the roles that a test wants; argon2 at its least cost."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from deployment.people import TROUBLES, mount_people
from routing.accounts.account import Account
from routing.accounts.passkeys import Place
from routing.accounts.roles import OF_AN_OFFICE, Actor, Role
from routing.audit import SYSTEM, Action
from routing.second_factors import SecondFactors
from routing.signing_in import Signed, SigningIn, Visitor
from routing.web.account.kept import keep
from routing.web.account.sign_in import ACCOUNT_PAGES
from routing.web.entry import Cookies, FrontDoor
from routing.web.layout import Chapter, add_layout
from storage.accounts import StoredAccounts
from storage.audit import StoredAudit
from storage.engine import Database
from storage.factors import StoredFactors
from storage.passwords import ArgonPasswords
from storage.sealing import Sealing
from storage.sessions import StoredSessions, StoredTries
from tests.databases import database_at
from tests.routing.web.city import city

PASSWORD = "seven lanterns on the pier"
OFFICE = "市水利局"
SEALING = Sealing(b"a test's own key, never a server's")
NOBODY = Actor(SYSTEM, "", Role.ADMIN)
NOWHERE = Place("localhost", "http://localhost")
Client = TestClient[web.Request, web.Application]


@dataclass
class PeoplesClock:
    """Stands at `at` until a test sets that anew."""

    at: datetime = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def cheap() -> ArgonPasswords:
    """The same code at its least cost."""
    return ArgonPasswords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass(frozen=True, slots=True)
class People:
    """Who may sign in where, and the clock that their sessions end by."""

    signing_in: SigningIn
    factors: SecondFactors
    clock: PeoplesClock
    known: dict[Role, Account] = field(default_factory=dict)

    async def add(self, role: Role, *, name: str = "", office: str | None = None) -> Account:
        """Somebody with PASSWORD, which is theirs already."""
        if role in OF_AN_OFFICE:
            office = office or OFFICE
        account = Account("", name or f"{role}-person", role, office)
        told = await self.signing_in.create(account, frozenset({office or OFFICE}), NOBODY)
        assert isinstance(told, str), told
        made = next(
            one for one in await self.signing_in.people.listed() if one.name == account.name
        )
        hashed = await self.signing_in.passwords.hashed(PASSWORD)
        entry = self.signing_in.entry(made, Action.ACCOUNT_PASSWORD)
        await self.signing_in.people.set_password(made.id, hashed, entry)
        self.known[role] = made
        return made

    async def token(self, account: Account) -> str:
        """Of a new session of theirs."""
        signed = await self.signing_in.signed(account, Visitor("127.0.0.1"))
        assert isinstance(signed, Signed)
        return signed.token

    async def cookie(self, role: Role) -> dict[str, str]:
        """What a browser of somebody in this role sends; they are made where there is none."""
        account = self.known.get(role) or await self.add(role)
        return {Cookies(secure=False).session: await self.token(account)}


def people_of(
    database: Database, clock: PeoplesClock | None = None, place: Place = NOWHERE
) -> People:
    """Nobody yet."""
    clock = clock or PeoplesClock()
    signing_in = SigningIn(
        people=StoredAccounts(database, clock),
        sessions=StoredSessions(database, SEALING),
        tries=StoredTries(database, SEALING),
        passwords=cheap(),
        log=StoredAudit(database),
        clock=clock,
        draw=secrets.token_bytes,
    )
    factors = SecondFactors(
        signing_in,
        StoredFactors(database, SEALING),
        secrets.token_bytes,
        SEALING.digest,
        place,
        asyncio.to_thread,
    )
    return People(signing_in, factors, clock)


def app_of(
    people: People, routes: Iterable[web.RouteDef] = (), chapters: tuple[Chapter, ...] = ()
) -> web.Application:
    """The front door with further pages behind it."""
    app = web.Application()
    add_layout(app, (ACCOUNT_PAGES, *chapters), (), demo=False)
    zone = ZoneInfo("Asia/Shanghai")
    cookies = Cookies(secure=False)
    door = FrontDoor(people.signing_in, people.factors, cookies, zone, keep, TROUBLES)
    mount_people(app, door, city)
    app.add_routes(routes)
    return app


@contextlib.asynccontextmanager
async def served(
    folder: Path,
    routes: Iterable[web.RouteDef] = (),
    chapters: tuple[Chapter, ...] = (),
    furnish: Callable[[web.Application], None] = lambda _: None,
) -> AsyncIterator[tuple[Client, People]]:
    """A client without cookies, and the people."""
    database = await database_at(folder / "people.db")
    people = people_of(database)
    app = app_of(people, routes, chapters)
    furnish(app)
    try:
        async with TestClient(TestServer(app)) as client:
            yield client, people
    finally:
        await database.close()
