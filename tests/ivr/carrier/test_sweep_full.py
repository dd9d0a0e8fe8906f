"""The sweep where more was given up than it can look at."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr.flow.world import Plan
from routing.ledger import GapKind
from tests.ivr.carrier.floor import MINUTE, Floor, Lists, floor_of, stated, work
from tests.ivr.desk import opened


@pytest.fixture
async def floor(kind: None, empty_database: Path, demo_plan: Plan) -> AsyncIterator[Floor]:
    async with opened(empty_database, demo_plan) as desk:
        yield floor_of(desk, Lists())


async def test_what_was_noted_is_not_mended_by_newer_failures(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep looks at so much work only; the rest stays missing until it is done."""
    for name in ("CA1", "CA2"):
        await stated(floor, name)
        await work(floor, fails=True)
        await floor.swept()
        floor.pass_(MINUTE)
    before = await floor.swept()
    assert len(before) == sum((await floor.ledger.counts()).values()) == 6
    monkeypatch.setattr("storage.ledger.MOST", 1)

    with capture_logs() as logs:
        assert await floor.swept() == before
    assert "ledger.mended" not in {line["event"] for line in logs}

    floor.pass_(timedelta(hours=1))
    await floor.swept()
    await work(floor, fails=False)
    assert {kind for kind, _, _ in await floor.swept()} == {GapKind.TEXT}, "each had its try"
