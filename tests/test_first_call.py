"""The first test: a caller who speaks Mandarin rings a published number in a real browser, the
server is killed with -9 in the middle of the recording, and the office hears that same speech."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser import tab
from tests.first_call import (
    SPEECH,
    Server,
    as_admin,
    fresh_clone,
    office_hears_the_speech,
    speaking,
    state,
    until_hung_up,
    until_recorded,
)

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    clone = fresh_clone(tmp_path / "clone")
    server = Server(clone, tmp_path / "data")
    server.start()
    try:
        await server.ready()
        yield server
    finally:
        server.kill()


async def test_a_killed_server_loses_nothing_and_the_office_hears_the_speech(
    server: Server,
) -> None:
    async with speaking(SPEECH) as browser, tab(browser) as caller, tab(browser) as official:
        await until_recorded(caller, official, server.url)

        server.kill()
        server.start()
        await state(caller, "reconnecting")
        await state(caller, "recording")

        await until_hung_up(caller, official)
        await as_admin(official, server.url, server)
        await office_hears_the_speech(official, server.url)
