"""Why no connection to PostgreSQL comes about: each reason is a sentence of its own, by either
driver, and none repeats the password."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from storage.postgres.database import PostgresDatabase
from tests.deadline import DEADLINE
from tools.postgres import Postgres

HBA = """
local all citizen scram-sha-256
local all stranger reject
local all all trust
"""
DRIVERS = ("postgresql", "postgresql+psycopg")

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("driver", DRIVERS)]


@pytest.fixture(scope="module")
def guarded(postgres: Postgres) -> Postgres:
    """One that asks some of its users for a password."""
    for user in ("citizen", "stranger"):
        postgres.run(f"DROP ROLE IF EXISTS {user}")  # stolen work comes back to this module
        postgres.run(f"CREATE ROLE {user} LOGIN PASSWORD 'right'")
    (postgres.folder / "data" / "pg_hba.conf").write_text(HBA)
    postgres.run("SELECT pg_reload_conf()")
    return postgres


async def trouble(url: str) -> str:
    database = PostgresDatabase(url)
    try:
        return await database.trouble()
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("citizen:right@/postgres?host={folder}", ""),
        ("citizen:hush@/postgres?host={folder}", "user or password: check both; signs such as @"),
        ("citizen@/postgres?host={folder}", "user or password: check both"),
        ("nobody:hush@/postgres?host={folder}", "user: check it, and pg_hba.conf"),
        ("stranger:hush@/postgres?host={folder}", "user: check it, and pg_hba.conf"),
        ("zhitong:hush@/nothing?host={folder}", "a database that does not exist: create it"),
        ("zhitong:hush@/zhitong?host=/nowhere", "no socket of PostgreSQL"),
        ("zhitong:hush@127.0.0.1:1/zhitong", "takes no connection where DATABASE_URL leads"),
        ("zhitong:hush@127.0.0.1:1/zhitong?sslmode=requird", "holds what the driver cannot use"),
        ("zhitong:hush@nobody.invalid/zhitong", "no address is known for the host"),
    ],
)
async def test_a_sentence_each(guarded: Postgres, driver: str, address: str, says: str) -> None:
    told = await trouble(f"{driver}://{address.format(folder=guarded.folder)}")
    assert says in told
    assert bool(says) is bool(told)
    assert "hush" not in told


@dataclass
class Answering(asyncio.Protocol):
    """Says this to whoever begins to speak, and then no more."""

    answer: bytes
    open: list[asyncio.BaseTransport] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.open.append(transport)

    def data_received(self, _: bytes) -> None:
        transport = self.open[-1]
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self.answer)


@contextlib.asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """Something that is no PostgreSQL, and its port."""
    protocol = Answering(answer)
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: protocol, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for transport in protocol.open:
            transport.close()


async def test_one_without_tls(driver: str) -> None:
    async with answering(b"N") as port:
        told = await trouble(f"{driver}://zhitong:hush@127.0.0.1:{port}/zhitong?sslmode=require")
    assert "speaks no TLS, which sslmode asks for: have it switched on there" in told


@pytest.mark.usefixtures("hasty")
async def test_one_that_never_answers(driver: str) -> None:
    async with answering(b"") as port, asyncio.timeout(DEADLINE):
        told = await trouble(f"{driver}://zhitong:hush@127.0.0.1:{port}/zhitong")
    assert "PostgreSQL does not answer" in told


async def test_no_list_of_authorities(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", "/nowhere/ca.crt")
    async with answering(b"S") as port:
        told = await trouble(f"{driver}://zhitong:hush@127.0.0.1:{port}/z?sslmode=verify-full")
    assert "name the file of the authorities in PGSSLROOTCERT" in told
