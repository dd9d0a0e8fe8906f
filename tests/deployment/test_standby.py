"""A server that ran before speaks the plan while its database cannot be opened; one that did not is
refused with a sentence."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from deployment import standby
from deployment.clock import SystemClock
from deployment.fallback import fallback_of
from deployment.outgoing import Kept, Outgoings
from deployment.settings import Secrets, Settings, StartError
from ivr.carrier.profiles import TWILIO
from ivr.carrier.receipts import ReceiptRoutes
from ivr.carrier.routes import VoiceRoutes
from ivr.conversation.stores import Plans
from ivr.flow.world import Plan
from storage.errors import DiskFull, InUse, ReadOnly, StorageError, TooNew
from storage.keymark import WrongKey
from storage.sealing import Sealing
from storage.spool import FileSpool
from tests.ivr.carrier.signed import CALLER, LINE, Carrier
from tests.ivr.desk import KEY, StoppedClock
from tests.ports import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, demo=False)


async def leave_a_mark(settings: Settings) -> None:
    clock = StoppedClock()
    spool = FileSpool(settings.data_dir / "spool", Sealing(KEY), clock.now)
    await spool.know_until(clock.now())
    spool.close()


def of_disk(code: int) -> StartError:
    wrong = StartError("it cannot be used")
    wrong.__cause__ = OSError(code, os.strerror(code))
    return wrong


GONE = (StorageError("gone"), DiskFull("full"), ReadOnly("ours no more"), of_disk(errno.ENOSPC))
CHOSEN = (InUse("x"), TooNew("x"), WrongKey("x"), StartError("x"), of_disk(errno.EADDRINUSE))


@pytest.mark.parametrize("wrong", GONE, ids=repr)
async def test_what_passes_is_waited_for_where_a_server_ran_before(
    settings: Settings, wrong: Exception
) -> None:
    assert not standby._may_pass(settings, wrong)
    await leave_a_mark(settings)
    assert standby._may_pass(settings, wrong)


async def test_that_the_plan_speaks_alone_is_a_line_of_the_log_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the log reads JSON."""
    monkeypatch.setattr(standby, "_is_back", lambda *_: True)
    settings = Settings(data_dir=tmp_path, port=free_port(), demo=False)
    with capture_logs() as lines:
        assert await standby.stand_by(settings, "PostgreSQL is gone", every=0.01)
    assert [line["event"] for line in lines] == ["standby.begun", "standby.over"]
    assert lines[0]["why"] == "PostgreSQL is gone; until then callers hear the plan, leave messages"


@pytest.mark.parametrize("wrong", CHOSEN, ids=repr)
async def test_what_a_person_must_mend_is_a_refusal(settings: Settings, wrong: Exception) -> None:
    await leave_a_mark(settings)

    assert not standby._may_pass(settings, wrong)


async def test_alone_it_speaks_the_plan_and_refuses_strangers(
    settings: Settings, demo_plan: Plan
) -> None:
    keys = Secrets.of(settings)
    fallback = fallback_of(settings, keys, StoppedClock(), Plans(demo_plan))
    async with TestClient(TestServer(standby._alone(fallback, "the disk is full"))) as client:
        carrier = Carrier(client, settings.base, keys.account, keys.token)
        turn = "/voice/abcdefgh/turn/3"
        for path in ("/voice/answer", turn, "/voice/fallback", turn + "/leg/0/0"):
            async with client.post(path, data={"AccountSid": keys.account}) as refused:
                assert refused.status == 403, path
        for path in ("/voice/answer", turn):
            spoken = await carrier.post(path, From=CALLER, To=LINE)
            assert "系统有故障" in spoken.text
        assert "<Hangup/>" in (await carrier.post(turn + "/leg/0/0")).text
        assert "<Hangup/>" in (await carrier.post("/voice/abcdefgh/announce/0")).text
        assert (await carrier.post("/voice/abcdefgh/status")).status == 503
        assert (await carrier.recorded(turn)).text.count("已收到") == 1
        assert (await carrier.post("/voice/status")).status == 503
        async with client.get("/readyz") as ready:
            assert ready.status == 503
            assert "the disk is full" in await ready.text()
        (batch,) = await fallback.spool.batches()
    assert [line.matter for line in batch.lines] == [("abcdefgh", 3)]


def test_each_address_that_a_carrier_asks_is_there_too(settings: Settings, demo_plan: Plan) -> None:
    plans = Plans(demo_plan)
    fallback = fallback_of(settings, Secrets.of(settings), SystemClock(), plans)
    alone = fallback.routes(lambda _: None)
    nobody: Any = None
    whole = VoiceRoutes(
        nobody, fallback.entrance, alone, carrier=TWILIO, directory=lambda: demo_plan.directory
    )

    placed = Outgoings(fallback.settings, plans, Kept(nobody, nobody), nobody)
    called = placed.routes(whole, nobody, nobody)
    told = ReceiptRoutes(whole, nobody, nobody).routes()
    everything = {route.path for route in [*whole.routes(), *called, *told]}
    assert everything == {route.path for route in alone.alone()}
    fallback.spool.close()
