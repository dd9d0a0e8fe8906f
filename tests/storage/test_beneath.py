"""Statements in the driver's own words do what Core's execution of them does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    func,
    insert,
    select,
)

from storage.beneath import Read, Written
from storage.tables.base import Instant

pytestmark = pytest.mark.sqlite
THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(9)),
    Column("good", Boolean),
    Column("at", Instant),
)
AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ADD = Written(insert(THINGS).inline())
ADD_GOOD = Written(insert(THINGS).inline().values(good=True))
SINCE = Read(
    select(THINGS.c.name, THINGS.c.good, THINGS.c.at)
    .where(THINGS.c.at >= bindparam("since", type_=THINGS.c.at.type), THINGS.c.name != "nobody")
    .order_by(THINGS.c.id)
    .limit(2)
)
HOW_MANY = Read(select(func.count()).select_from(THINGS))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path}/things.db")
    THINGS.metadata.create_all(engine)
    with engine.begin() as begun:
        yield begun
    engine.dispose()


def test_what_is_written_beneath_is_what_core_reads(connection: Connection) -> None:
    ADD.on(connection, {"name": "a", "good": False, "at": AT})
    ADD.on(connection, [{"name": "b"}, {"name": "c"}])
    ADD.on(connection, {"at": AT, "name": "d"})
    ADD_GOOD.on(connection, {"name": "e"})

    rows = connection.execute(select(THINGS).order_by(THINGS.c.id)).all()

    assert [tuple(row)[1:] for row in rows] == [
        ("a", False, AT),
        ("b", None, None),
        ("c", None, None),
        ("d", None, AT),
        ("e", True, None),
    ]


def test_a_time_is_written_as_core_writes_it_and_never_without_a_zone(
    connection: Connection,
) -> None:
    china = timezone(timedelta(hours=8))
    times = (AT, AT.replace(microsecond=7), AT.astimezone(china))
    ADD.on(connection, [{"name": "beneath", "at": at} for at in times])
    connection.execute(insert(THINGS), [{"name": "core", "at": at} for at in times])

    found = connection.exec_driver_sql("SELECT at FROM things ORDER BY id").scalars().all()

    assert found[:3] == found[3:]
    with pytest.raises(ValueError, match="without a zone"):
        ADD.on(connection, {"name": "naive", "at": AT.replace(tzinfo=None)})


def test_what_core_writes_is_what_is_read_beneath(connection: Connection) -> None:
    core = [
        {"name": name, "good": good, "at": AT.replace(hour=hour)}
        for name, good, hour in (
            ("early", True, 1),
            ("a", True, 3),
            ("b", False, 4),
            ("c", None, 5),
        )
    ]
    connection.execute(insert(THINGS), core)

    rows = SINCE.on(connection, {"since": AT})

    assert [(row.name, row.good, row.at) for row in rows] == [
        ("a", True, AT),
        ("b", False, AT.replace(hour=4)),
    ]
    assert rows[0].good is True
    assert HOW_MANY.on(connection, {})[0][0] == 4


def test_a_missing_value_is_an_error_and_no_null(connection: Connection) -> None:
    with pytest.raises(KeyError, match="since"):
        SINCE.on(connection, {})
