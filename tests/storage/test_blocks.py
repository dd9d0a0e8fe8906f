"""The block list: matched by digest, shown masked, ended by the clock, each change told."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from routing.trail import Search
from storage.audit import StoredAudit
from storage.blocks import LONGEST, BlockError, Decision, StoredBlocks
from storage.engine import Topic
from storage.tables.blocks import block_events, blocks
from tests.storage.stepping import AT, CALLER, SEALING, House, opened

DAY = timedelta(days=1)
OTHER = "+8613900005678"


def store_of(house: House) -> StoredBlocks:
    return StoredBlocks(house.database, SEALING, house.effects)


def because(reason: str = "rings every minute at night", at: datetime = AT) -> Decision:
    return Decision(reason, "admin", at)


async def told(house: House) -> list[tuple[Any, ...]]:
    async with house.database.reading() as connection:
        rows = await connection.execute(select(block_events).order_by(block_events.c.id))
        return [(r.action, r.tail, r.reason, r.by, r.at, r.expires, r.hits) for r in rows]


async def test_a_caller_is_turned_away_and_let_in_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = store_of(house)
        await store.block(CALLER, because(), 7 * DAY)
        digest = house.effects.caller_digest(CALLER)
        assert await store.current(AT) == {digest: AT + 7 * DAY}
        (shown,) = await store.listed(AT)
        assert (shown.tail, shown.reason, shown.by) == (
            "34",
            "rings every minute at night",
            "admin",
        )
        assert await store.lift(CALLER, because("a person spoke with them"))
        assert await store.current(AT) == {}
        assert not await store.lift(CALLER, because("again"))
        assert [row[0] for row in await told(house)] == ["blocked", "lifted"]
        found = await StoredAudit(house.database).search(Search(), most=9)
        assert [(one.link.actor, one.link.action, one.link.subject) for one in found] == [
            ("terminal", "caller.unblocked", "caller:…34"),
            ("terminal", "caller.blocked", "caller:…34"),
        ]
        assert found[-1].values == {
            "by": "admin",
            "reason": "rings every minute at night",
            "ends": (AT + 7 * DAY).isoformat(timespec="minutes"),
        }


async def test_a_second_block_changes_the_first_and_keeps_its_hits(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = store_of(house)
        await store.block(CALLER, because(), DAY)
        digest = house.effects.caller_digest(CALLER)
        await store.hit({digest: 3, house.effects.caller_digest(OTHER): 9}, AT)
        await store.hit({digest: 2}, AT + DAY / 2)
        await store.block(CALLER, because("goes on", AT + DAY / 2), 2 * DAY)
        (shown,) = await store.listed(AT + DAY / 2)
        assert (shown.hits, shown.last_hit, shown.created) == (5, AT + DAY / 2, AT)
        assert (shown.reason, shown.expires) == ("goes on", AT + 2.5 * DAY)
        assert [row[0] for row in await told(house)] == ["blocked", "changed"]


async def test_the_clock_ends_a_block_and_its_number_leaves(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = store_of(house)
        await store.block(CALLER, because(), DAY)
        await store.block(OTHER, because(), 2 * DAY)
        assert len(await store.current(AT + DAY - timedelta(seconds=1))) == 2
        assert list(await store.current(AT + DAY)) == [house.effects.caller_digest(OTHER)]
        assert await house.rows(blocks) == 1
        assert (await told(house))[-1][:4] == ("expired", "34", "its time is over", "system")


@pytest.mark.parametrize(
    ("reason", "length"),
    [
        ("", DAY),
        ("  ", DAY),
        ("x" * 501, DAY),
        ("nuisance", timedelta(0)),
        ("nuisance", LONGEST + timedelta(seconds=1)),
    ],
)
async def test_no_block_without_reason_or_without_end(
    tmp_path: Path, reason: str, length: timedelta
) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(BlockError):
            await store_of(house).block(CALLER, because(reason), length)
        assert await house.rows(blocks) == 0


@pytest.mark.sqlite
async def test_the_number_is_sealed(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await store_of(house).block(CALLER, because(), DAY)
        async with house.database.reading() as connection:
            sealed = (await connection.execute(select(blocks.c.number))).scalar_one()
        assert SEALING.open(sealed) == CALLER
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert not re.search(CALLER[3:].encode(), kept)


async def test_the_other_replicas_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as house:
        heard: list[Topic] = []
        monkeypatch.setattr(house.database.signals, "tell", heard.append)
        await store_of(house).block(CALLER, because(), DAY)
        await store_of(house).lift(CALLER, because())
        assert heard == [Topic.BLOCKS, Topic.BLOCKS]
