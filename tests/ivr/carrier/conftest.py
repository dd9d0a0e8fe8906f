"""The real application on a database of its own, and the carrier that calls it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.house import HOUSE
from deployment.settings import Settings
from tests.ivr.carrier.signed import Carrier, Heard


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    monkeypatch.setattr("ivr.carrier.routes.LOG", heard)
    return heard


@pytest.fixture
async def carrier(empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Carrier]:
    """The real application, and the carrier whose secret it knows."""
    folder = empty_database.parent
    monkeypatch.chdir(folder)  # no .env of a developer
    empty_database.rename(folder / "zhitong.db")
    settings = Settings(data_dir=folder, demo=False, max_calls_per_caller=10_000)  # one plays many
    app = await server.build_app(settings)
    keys = app[HOUSE].secrets
    async with TestClient(TestServer(app)) as client:
        yield Carrier(client, app[HOUSE].settings.base, keys.account, keys.token)
