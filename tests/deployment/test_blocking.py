"""A caller is turned away from the terminal, beside a running server."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select

import server
from deployment.house import HOUSE
from deployment.settings import Settings
from storage.tables.blocks import block_events, blocks
from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import CALLER, LINE, Carrier, house_of

REFUSED = '<Reject reason="rejected"/>'


pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
async def carrier(empty_database: Path, tmp_path: Path) -> AsyncIterator[Carrier]:
    """A server at work on the folder that the commands find."""
    folder = tmp_path / "var"
    folder.mkdir()
    empty_database.rename(folder / "zhitong.db")
    app = await server.build_app(Settings(demo=False))
    keys = app[HOUSE].secrets
    async with TestClient(TestServer(app)) as client:
        yield Carrier(client, app[HOUSE].settings.base, keys.account, keys.token)


async def say(*words: str) -> int:
    return await asyncio.to_thread(server.main, words)


async def test_a_running_server_heeds_what_the_terminal_says(
    carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    keeper = house_of(carrier).keeper
    assert await say("block", "139 0000 7788", "--reason", "rings all night", "--by", "wang") == 0
    await keeper.look()

    assert REFUSED in (await carrier.ring("CA1")).text
    assert REFUSED in (await carrier.ring("CA2")).text
    assert "<Gather" in (await carrier.ring("CA3", caller="+8613900007789")).text
    await keeper.look()
    assert await say("blocks") == 0
    listed = capsys.readouterr().out
    assert "…88" in listed
    assert "2 calls turned away" in listed
    assert "rings all night (wang)" in listed
    assert "0000" not in listed.replace("00:00", "")

    assert await say("unblock", CALLER) == 0
    await keeper.look()
    assert "<Gather" in (await carrier.ring("CA4")).text
    assert "…88 is no longer blocked" in capsys.readouterr().out
    await say("unblock", CALLER)
    assert "…88 is not blocked" in capsys.readouterr().out


async def test_no_number_is_kept_of_a_reason_that_names_it(
    carrier: Carrier, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list's own is encrypted, and the audit outlives it."""
    database = house_of(carrier).database
    assert await say("block", CALLER, "--reason", f"{CALLER} rings", "--by", CALLER) == 0
    assert await say("unblock", CALLER, "--reason", f"{CALLER} said sorry") == 0

    kept = [row for table in (blocks, block_events) for row in await database.read(select(table))]
    assert len(kept) == 2
    assert CALLER[3:] not in repr(kept)
    assert "…88 said sorry" in repr(kept)
    assert CALLER[3:] not in capsys.readouterr().out


async def test_the_server_looks_by_itself(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by another replica, or by the clock: here the hint comes first."""
    await say("block", CALLER, "--reason", "nuisance")
    house_of(carrier).keeper.tell()
    calls = itertools.count()  # one that was let in meanwhile is never refused
    async with asyncio.timeout(DEADLINE):
        while REFUSED not in (await carrier.ring(f"CA9{next(calls)}")).text:
            await asyncio.sleep(0)


async def test_a_time_says_whose_it_is(
    carrier: Carrier, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in UTC is looked at from anywhere."""
    await say("block", CALLER, "--reason", "nuisance")
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d \(Asia/Shanghai\);", capsys.readouterr().out)
    monkeypatch.setenv("ZHITONG_TIME_ZONE", "Asia/Urumqi")
    await say("blocks")
    assert re.search(r"until [\d -]+:\d\d \(Asia/Urumqi\)  0 calls", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("block", LINE, "--reason", "x"), "our own published numbers"),
        (("block", "110", "--reason", "x"), "a public service"),
        (("block", "12", "--reason", "x"), "no complete telephone number"),
        (("block", CALLER, "--reason", "x", "--days", "31"), "30 days at most"),
        (("block", CALLER, "--reason", "x", "--days", "0"), "30 days at most"),
        (("block", CALLER, "--reason", " "), "give a reason"),
    ],
)
async def test_who_may_not_be_blocked_and_for_how_long(
    carrier: Carrier, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    assert await say(*words) == 1
    heard = capsys.readouterr()
    assert says in heard.err
    assert "Traceback" not in heard.err


@pytest.mark.parametrize("words", [("block", CALLER, "--reason", "x"), ("blocks",)])
def test_no_data_yet_and_none_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert server.main(words) == 1
    assert "start the server once" in capsys.readouterr().err
    assert not (tmp_path / "var").exists()


def test_without_the_key_no_other_is_made(
    tmp_path: Path, empty_database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "var").mkdir()
    empty_database.rename(tmp_path / "var" / "zhitong.db")

    assert server.main(["blocks"]) == 1
    assert "SECRET_KEY is missing" in capsys.readouterr().err
    assert not (tmp_path / "var" / "secret.key").exists()
