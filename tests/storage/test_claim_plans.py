"""However PostgreSQL's planner joins a claim, it takes as many jobs as were asked for: a LIMIT in
an IN that is evaluated once for each row is no limit."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, text

from routing.ports import JobKind
from storage.effects import enqueue
from storage.handing import LEASE
from storage.outbox import ALL, Claims, claims_of
from storage.tables.outbox import outbox
from tests.storage.stepping import AT, opened

OTHERS: Final = ("nestloop", "hashjoin", "mergejoin", "material", "hashagg", "sort", "memoize")
TOLD: Final = claims_of(outbox.c.kind == JobKind.TELL_OFFICE.value)


@pytest.mark.postgres
@pytest.mark.parametrize("claims", [ALL, TOLD], ids=["all", "of one kind"])
@pytest.mark.parametrize("only", ["nestloop", "hashjoin", "mergejoin"])
async def test_a_claim_takes_as_many_as_were_asked_for(
    tmp_path: Path, only: str, claims: Claims
) -> None:
    async with opened(tmp_path) as house:
        async with house.database.unit_of_work() as unit:
            for n in range(20):
                at = AT - timedelta(seconds=20 - n)
                await unit.execute(enqueue(JobKind.TELL_OFFICE, {"n": n}, f"job{n}", at, None))

        def claim(unit: Connection) -> list[str]:
            for way in OTHERS:
                unit.execute(text(f"SET LOCAL enable_{way} = {'on' if way == only else 'off'}"))
            values = {"now": AT, "nobodys": AT, "leased": AT + LEASE, "holder": 1, "most": 3}
            return sorted(row.key for row in unit.execute(claims.take, values))

        assert await house.database.brief(claim) == ["job0", "job1", "job2"]
