"""Two processes on one port, one of which is killed: the calls go on, it is started anew, and all
end with the one that started them."""

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.cluster import KEY, Cluster, Replica, cluster
from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import LINE
from tools.postgres import Postgres

CALLS = 24
"""So many that one of two processes gets none of them once in eight million times."""

TWO = {"WORKERS": "2"}
BEGUN = "zhitong_calls_begun"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="WORKERS above 1 wants Linux"),
]


def workers_of(replica: Replica) -> list[psutil.Process]:
    found: list[psutil.Process] = psutil.Process(replica.pid).children()
    return found


async def until_two(replica: Replica, other_than: int = 0) -> None:
    """Two live, none of them the one that was killed, and both answer."""
    async with asyncio.timeout(DEADLINE):
        while True:
            pids = [process.pid for process in workers_of(replica)]
            said = replica.log.read_text()
            if len(pids) == 2 and other_than not in pids and "published numbers" in said:
                return
            await asyncio.sleep(0.05)


async def counted(replica: Replica, name: str) -> float:
    """What `/metrics` adds up."""
    async with aiohttp.ClientSession() as session, session.get(f"{replica.url}/metrics") as answer:
        page = await answer.text()
    return sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith(name) and not line.startswith("#")
    )


async def step(both: Cluster, paths: dict[str, str], **fields: str) -> dict[str, str]:
    """Each call's next webhook; where each goes on."""

    async def one(sid: str) -> str:
        who = {"From": f"+86139{sid[-8:]}", "To": LINE}
        answer = await both.line.spoken(paths[sid], sid, **who, **fields)
        return both.line.next_of(answer) or ""

    return dict(zip(paths, await asyncio.gather(*map(one, paths)), strict=True))


async def test_a_killed_worker_is_started_anew_and_calls_go_on(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with cluster(tmp_path, postgres, None, kept=False, settings=TWO) as both:
        (replica,) = both.replicas
        await until_two(replica)
        calls = await step(both, {f"CA{n:032}": "/voice/answer" for n in range(CALLS)})
        async with asyncio.timeout(DEADLINE):
            while sum(shares := begun(replica)) < CALLS:
                await asyncio.sleep(0.1)
        assert len(shares) == 2
        assert 0 not in shares
        assert await counted(replica, "zhitong_calls_begun_total") == CALLS
        assert await counted(replica, "zhitong_build") == 1

        killed = workers_of(replica)[0]
        killed.kill()
        calls = await step(both, calls, Digits="2")
        assert all(calls.values())
        await until_two(replica, other_than=killed.pid)
        calls = await step(both, calls, Digits="1")
        assert all(calls.values())
        assert await counted(replica, "zhitong_calls_begun_total") == CALLS

        lived = workers_of(replica)
        assert await replica.end(signal.SIGTERM) == 0
        assert not any(worker.is_running() for worker in lived)
        log = replica.log.read_text()
        assert log.count("81 published numbers") == 1
        (died,) = [line for line in log.splitlines() if "worker.died" in line]
        assert json.loads(died)["code"] == -signal.SIGKILL


def begun(replica: Replica) -> list[float]:
    """Calls that each worker began, as it noted them."""
    notes = [json.loads(p.read_text()) for p in (replica.folder / "var" / "metrics").glob("*.json")]
    return [sum(v for name, *_, v in note["counters"] if name == BEGUN) for note in notes]


async def test_workers_end_with_the_one_that_started_them(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which alone tells systemd, once."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        await all_end(tmp_path, postgres)
        assert systemd.recv(200).startswith(b"READY=1")
        with pytest.raises(BlockingIOError):
            systemd.recv(200)


async def all_end(tmp_path: Path, postgres: Postgres) -> None:
    async with cluster(tmp_path, postgres, None, settings=TWO) as both:
        (replica,) = both.replicas
        await until_two(replica)
        lived = workers_of(replica)
        await replica.end(signal.SIGKILL)
        gone, alive = await asyncio.to_thread(psutil.wait_procs, lived, DEADLINE)
        assert (len(gone), alive) == (2, [])


async def test_a_start_that_cannot_be_is_refused_in_one_sentence(
    tmp_path: Path, postgres: Postgres
) -> None:
    """Another key than the database's, and a port that somebody has."""
    async with cluster(tmp_path, postgres, None, settings=TWO) as both:
        (replica,) = both.replicas
        wrong = {**replica.settings, "SECRET_KEY": KEY[::-1]}
        other_key = Replica(tmp_path / "key", wrong)
        same_port = Replica(tmp_path / "port", replica.settings, port=replica.port)
        for refused, why in ((other_key, "another ZHITONG_SECRET_KEY"), (same_port, "is in use")):
            await refused.start()
            assert await refused.ended() == 1
            assert why in refused.log.read_text()
            assert "published numbers" not in refused.log.read_text()
