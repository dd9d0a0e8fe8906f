"""A whole call by the second driver, and through PgBouncer by either."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.bouncer import bouncer
from tests.cluster import NAME, Cluster, cluster
from tests.ivr.carrier.signed import LINE
from tests.whole_call import hang_up, one_whole_case, recorded, until_recorded
from tools.postgres import Postgres

CALLS = 40

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform == "win32", reason="it wants the embedded PostgreSQL"),
]


async def test_the_second_driver_carries_a_whole_call(tmp_path: Path, postgres: Postgres) -> None:
    async with cluster(tmp_path, postgres, None, driver="postgresql+psycopg") as alone:
        await whole_call(alone)


async def whole_call(one: Cluster) -> None:
    call, _ = await until_recorded(one)
    assert "<Dial" in (await recorded(one, call)).text
    await hang_up(one, call)
    await one_whole_case(one)
    for replica in one.replicas:
        log = replica.log.read_text()
        assert "failed" not in log, log


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
async def test_calls_go_through_pgbouncer(tmp_path: Path, postgres: Postgres, driver: str) -> None:
    """With asyncpg LISTEN leads past it; with psycopg there is no such way, and none is wanted."""
    with bouncer(postgres) as port:
        settings = {
            "DATABASE_URL": f"{driver}://zhitong@127.0.0.1:{port}/{NAME}",
            "DATABASE_POOLED": "1",
        }
        if driver == "postgresql":
            settings["DATABASE_LISTEN_URL"] = postgres.url(NAME)
        async with cluster(tmp_path, postgres, None, None, settings=settings) as both:
            await whole_call(both)
            answers = await asyncio.gather(*(ring(both, f"CA9{n:031}") for n in range(CALLS)))
            assert all(answers)
            await both.until("SELECT count(*) FROM calls", str(CALLS + 1))


async def ring(both: Cluster, sid: str) -> str | None:
    """Two steps of many calls at once, each at another server; where the call goes on."""
    who = {"From": f"+86139{sid[-8:]}", "To": LINE}
    first = await both.line.spoken("/voice/answer", sid, **who)
    second = await both.line.spoken(both.line.next_of(first) or "", sid, **who, Digits="2")
    return both.line.next_of(second)
