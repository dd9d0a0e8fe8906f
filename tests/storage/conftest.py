"""Every store and the journal, on SQLite and on a real PostgreSQL: the same suite (design §8)."""

from collections.abc import Iterator

import pytest

from tests.databases import ASYNCPG, SQLITE, chosen
from tests.deadline import DEADLINE


@pytest.fixture(autouse=True, params=[SQLITE, ASYNCPG])
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database `opened` opens. What speaks of SQLite's own files is marked `sqlite`."""
    name: str = request.param
    with chosen(name, None if name == SQLITE else request.getfixturevalue("postgres")):
        yield name


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """That a busy machine's PostgreSQL answers late is no fault, but in the tests of just that."""
    if request.node.get_closest_marker("postgres") is None:
        monkeypatch.setattr("storage.postgres.database.PATIENCE", DEADLINE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test of one database's own ways runs on the other: it is left out, not skipped."""
    items[:] = [item for item in items if not _foreign(item)]


def _foreign(item: pytest.Item) -> bool:
    on_postgres = f"[{ASYNCPG}" in item.name
    return item.get_closest_marker("sqlite" if on_postgres else "postgres") is not None
