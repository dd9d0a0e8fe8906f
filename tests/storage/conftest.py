"""Every store and the journal, on SQLite and on a real PostgreSQL: the same suite (design §8)."""

from collections.abc import Iterator

import pytest

from tests.databases import ASYNCPG, SQLITE, chosen


@pytest.fixture(autouse=True, params=[SQLITE, ASYNCPG])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database `opened` opens. What speaks of SQLite's own files is marked `sqlite`."""
    name: str = request.param
    with chosen(name, None if name == SQLITE else request.getfixturevalue("postgres")):
        yield name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test of one database's own ways runs on the other: it is left out, not skipped."""
    items[:] = [item for item in items if not _foreign(item)]


def _foreign(item: pytest.Item) -> bool:
    on_postgres = f"[{ASYNCPG}" in item.name
    return item.get_closest_marker("sqlite" if on_postgres else "postgres") is not None
