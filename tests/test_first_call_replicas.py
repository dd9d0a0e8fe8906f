"""The first test, with two servers on one PostgreSQL behind a proxy that hands each of them every
other webhook of the call: the one that asked for the recording is killed with -9 in its middle, and
the caller notices nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser import tab
from tests.first_call import (
    SPEECH,
    Server,
    as_admin,
    fresh_clone,
    office_hears_the_speech,
    speaking,
    until_hung_up,
    until_recorded,
)
from tests.proxy import Proxy, proxy
from tools.postgres import Postgres

TOKEN = "a token that both know"
ACCOUNT = "AC" + "7" * 32
WATCH = """() => {
    window.shown = [];
    const state = document.querySelector('[data-testid="state"]');
    new MutationObserver(() => window.shown.push(state.dataset.state))
        .observe(state, {attributes: true, attributeFilter: ["data-state"]});
}"""

pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True, slots=True)
class Replicas:
    """`line` carries the calls and shows the pages; `other` knows the carrier from its settings."""

    line: Server
    other: Server
    proxy: Proxy


@pytest.fixture
async def replicas(tmp_path: Path, postgres: Postgres) -> AsyncIterator[Replicas]:
    """Both begin at the same time, on a database that nobody has written to."""
    clone = fresh_clone(tmp_path / "clone")
    postgres.run("CREATE DATABASE first_call")
    async with proxy() as before:
        both = {
            "DATABASE_URL": postgres.url("first_call"),
            "PUBLIC_URL": before.url,
            "ACCOUNT_SID": ACCOUNT,
            "AUTH_TOKEN": TOKEN,
            "SECRET_KEY": "one key for all that seals what is kept",
        }
        carrier = {"CARRIER": "twilio", "CARRIER_URL": f"{before.url}/line"}
        line = Server(clone, tmp_path / "line", both)
        other = Server(clone, tmp_path / "other", {**both, **carrier})
        before.servers = [line.url, other.url]
        line.start()
        other.start()
        try:
            await asyncio.gather(line.ready(), other.ready())
            yield Replicas(line, other, before)
        finally:
            other.kill()
            line.kill()


async def test_a_killed_replica_is_noticed_by_nobody(replicas: Replicas) -> None:
    async with speaking(SPEECH) as browser, tab(browser) as caller, tab(browser) as official:
        base = replicas.proxy.url
        await until_recorded(caller, official, base)

        asked = len(replicas.proxy.passed)
        assert [passed.server for passed in replicas.proxy.passed[:3]] == [
            replicas.other.url,
            replicas.line.url,
            replicas.other.url,
        ]
        await caller.evaluate(WATCH)
        replicas.other.kill()

        await until_hung_up(caller, official)
        await noticed_nothing(caller)
        assert {passed.server for passed in replicas.proxy.passed[asked:]} == {replicas.line.url}
        await as_admin(official, replicas.line.url, replicas.line)
        await office_hears_the_speech(official, replicas.line.url)


async def noticed_nothing(caller: Page) -> None:
    """Neither a line that broke off nor an apology."""
    shown = await caller.evaluate("window.shown")
    assert "reconnecting" not in shown, shown
    await expect(caller.get_by_test_id("subtitles")).not_to_contain_text("系统有故障")
