"""The server as a process of its own, killed with -9 while it mails: the office's mail is never
lost, and comes twice only where the mail server had taken it and that was not kept yet, under the
same Message-ID."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.cluster import PATIENT
from tests.deadline import DEADLINE
from tests.ivr.carrier.signed import Carrier
from tests.ivr.desk import RECORDING_TURN, call_of
from tests.ports import free_port
from tests.routing.delivery.mailbox import SENDER, Mailbox, serving
from tests.test_server_killed import here, press, running

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]
MAILING = f"""{PATIENT}
import asyncio, os, signal, sys
from aiohttp import web
import server
from deployment.folder import in_folder
from deployment.settings import Settings
from routing.delivery.smtp import SmtpPost

point, relay = sys.argv[1:]
settings = Settings(demo=False, smtp_url=relay, mail_from="{SENDER}")
send = SmtpPost.__call__

def reach(reached):
    if reached == point:
        os.kill(os.getpid(), signal.SIGKILL)

async def killed(self, letter):
    reach("before the mail")
    await send(self, letter)
    reach("after the word")

SmtpPost.__call__ = killed

async def main():
    runner = web.AppRunner(await server.build_app(settings))
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    print("up", flush=True)
    await asyncio.Event().wait()

with in_folder(settings):
    asyncio.run(main())
"""


async def leave_a_message(carrier: Carrier) -> None:
    """Up to the end of what is said: its mail goes out at once."""
    call = call_of((await carrier.ring()).body)
    for turn, key in ((1, "2"), (2, "1")):
        await press(carrier, call, turn, key)
    with contextlib.suppress(aiohttp.ClientError):  # it may be killed before it has answered
        await carrier.recorded(f"/voice/{call}/turn/{RECORDING_TURN}")


async def settled(folder: Path) -> None:
    """Until the office was told, and that is kept."""
    while not rows(folder, "SELECT 1 FROM outbox WHERE kind = 'tell_office' AND state = 'done'"):
        await asyncio.sleep(0.02)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    opened = sqlite3.connect(folder / "zhitong.db")
    found = opened.execute(query).fetchall()
    opened.close()
    return found


@pytest.mark.parametrize(("point", "times"), [("before the mail", 1), ("after the word", 2)])
async def test_a_mail_is_never_lost_and_repeated_under_its_message_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, times: int
) -> None:
    monkeypatch.chdir(tmp_path)
    folder, port, box = tmp_path / "var", free_port(), Mailbox()
    async with serving(box) as mail:
        relay = f"smtp://127.0.0.1:{mail}"
        async with running(folder, port, "-c", MAILING, point, relay) as (program, carrier):
            await leave_a_message(carrier)
            assert await program.wait() == -signal.SIGKILL
        assert len(box.taken) == times - 1
        again = here(folder, port, smtp_url=relay, mail_from=SENDER)
        async with again, asyncio.timeout(DEADLINE):
            await settled(folder)

    assert len(box.taken) == times
    assert len({one["Message-ID"] for one in box.taken}) == 1
    assert rows(folder, "SELECT count(*) FROM cases") == [(1,)]
