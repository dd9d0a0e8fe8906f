"""Calls that go on while plans are published and rolled back, through the routes of two servers on
one PostgreSQL: each keeps the plan that it began with to its end, whichever server it asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

import server
from deployment.house import HOUSE, House
from deployment.plans import Newest
from deployment.settings import Settings
from routing.drafts.change import Author, Edit
from routing.drafts.document import entity_of
from storage.tables.calls import plans
from tests.databases import ASYNCPG, chosen, database_at, url_of
from tests.ivr.carrier.signed import Carrier
from tests.ivr.desk import call_of
from tools.postgres import Postgres

LIN = Author("a1", "lin")
OLD, NEW = "反映事项按2", "有事情要说按2"
KEY = "a-key-of-the-test-" + "k" * 32


@dataclass(frozen=True)
class Replica:
    """One server and the carrier that calls it."""

    house: House
    carrier: Carrier

    async def looks(self) -> None:
        """As its look-out does by itself; here when the story wants it."""
        house = self.house
        await Newest(house.plans, house.database, house.settings, house.clock).look()

    async def ring(self, sid: str) -> str:
        """A new call; what it hears."""
        return (await self.carrier.ring(sid)).text

    async def again(self, sid: str, call: str, turn: int) -> str:
        """The menu once more."""
        answer = await self.carrier.post(f"/voice/{call}/turn/{turn}", sid, Digits="*")
        assert answer.status == 200
        return answer.text


@asynccontextmanager
async def replica(folder: Path, name: str) -> AsyncIterator[Replica]:
    """The whole server, but for what goes on in the background."""
    (folder / name).mkdir(exist_ok=True)
    settings = Settings(
        data_dir=folder / name,
        database_url=await url_of(folder / "plans.db"),
        secret_key=KEY,
        account_sid="AC" + "7" * 32,
        auth_token="a-token",
        demo=False,
        speech="none",
    )
    app = await server.build_app(settings)
    app.cleanup_ctx.remove(server.background)
    house = app[HOUSE]
    async with TestClient(TestServer(app)) as client:
        keys = house.secrets
        yield Replica(house, Carrier(client, house.settings.base, keys.account, keys.token))


async def word(house: House, text: str) -> int:
    """The menu's words, by the draft; the plan's number."""
    desk = house.publishing()
    newest = await desk.releases.newest()
    base = entity_of(newest.document, "phrase", "menu.main")
    assert base is not None
    edit = Edit("phrase", "menu.main", {**base, "zh-CN": text}, base, newest.number)
    outcome = await desk.publish(await desk.drafts.save([edit], LIN, house.clock.now()), "y", LIN)
    assert outcome.number is not None
    return outcome.number


async def test_a_call_keeps_its_plan_across_publications_on_every_server_and_after_a_restart(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    with chosen(ASYNCPG, postgres):
        await (await database_at(tmp_path / "plans.db")).close()
        async with replica(tmp_path, "one") as one, replica(tmp_path, "other") as other:
            first = one.house.plans.current.number
            heard = await one.ring("CA1")
            assert OLD in heard
            old = call_of(heard.encode())

            second = await word(
                one.house, f"核验号码按1，{NEW}，查进度按3，人工按0，回拨未接来电按5。"
            )
            assert NEW not in await other.ring("CA2"), "committed, and not yet in use there"
            await one.looks()
            await other.looks()
            assert OLD in await other.again("CA1", old, 1)
            heard = await other.ring("CA3")
            assert NEW in heard
            new = call_of(heard.encode())

            back = await one.house.publishing().roll_back(first, "undone", LIN)
            await one.looks()
            assert OLD in await one.ring("CA4")
            assert NEW in await one.again("CA3", new, 1), "it began before the roll-back"
            assert (second, back) == (first + 1, first + 2)

        async with replica(tmp_path, "one") as begun_anew:
            assert begun_anew.house.plans.current.number == back
            assert OLD in await begun_anew.again("CA1", old, 2)
            assert NEW in await begun_anew.again("CA3", new, 2)
            kept = await begun_anew.house.database.read(select(func.count()).select_from(plans))
            assert kept[0][0] == back, "no plan that a call may need is thrown away"
