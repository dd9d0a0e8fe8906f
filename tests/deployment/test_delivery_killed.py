"""A server that is killed while it tells an office: the webhook comes again under the same key, and
the text goes out once."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from aiohttp import web

from deployment.settings import Secrets, Settings
from tests.deployment.told import PHONE, channels_file
from tests.ports import free_port
from tests.programs import AnyProgram, begin
from tests.routing.delivery.receiver import Receiver, receiving

ROOT: Final = Path(__file__).parents[2]
DEADLINE: Final = 150.0
SERVER: Final = """
import asyncio, sys
from aiohttp import web
import server
from deployment import plans
from deployment.folder import in_folder
from deployment.house import HOUSE
from deployment.settings import Settings
from tests.deployment.told import leave_a_message, with_a_duty_desk

plans.demo_sheets = with_a_duty_desk
settings = Settings(demo=False)

async def main():
    app = await server.build_app(settings)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    if sys.argv[1] == "leave":
        await leave_a_message(app[HOUSE])
    await asyncio.Event().wait()

with in_folder(settings):
    asyncio.run(main())
"""

pytestmark = [
    pytest.mark.timeout(200),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX"),
]


async def start(settings: Settings, what: str) -> AnyProgram:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}
    ours = {"DATA_DIR": settings.data_dir, "PORT": settings.port, "CHANNELS": settings.channels}
    ours["SPEECH"] = "none"
    named = {f"ZHITONG_{name}": str(value) for name, value in ours.items()}
    return await begin(
        *("-c", SERVER, what),
        cwd=settings.data_dir.parent,
        env={**kept, **named, "PYTHONPATH": str(ROOT)},
    )


class Killing(Receiver):
    """Kills whoever sends it the first request, and takes it all the same; another may be on its
    way beside it."""

    sender: AnyProgram | None = None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        answer = await super().__call__(request)
        sender, self.sender = self.sender, None
        if sender is not None:
            sender.send_signal(signal.SIGKILL)
            await sender.wait()
        return answer


def told(database: Path) -> Mapping[str, str]:
    """How the work stands that tells the office by its further ways, by key."""
    query = "SELECT key, state FROM outbox WHERE kind IN ('tell_channel', 'text_office')"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = dict(connection.execute(query).fetchall())
    connection.close()
    return found


async def texts(settings: Settings) -> list[str]:
    """What the embedded carrier was given for the phone."""
    keys = Secrets.of(settings)
    url = f"http://127.0.0.1:{settings.port}/line/2010-04-01/Accounts/{keys.account}/Messages.json"
    login = {"Authorization": aiohttp.encode_basic_auth(keys.account, keys.token)}
    async with aiohttp.ClientSession() as session, session.get(url, headers=login) as answer:
        listed = await answer.json()
    return [text["body"] for text in listed["messages"] if text["to"] == PHONE]


async def test_a_kill_repeats_the_webhook_under_its_key_and_never_the_text(tmp_path: Path) -> None:
    receiver = Killing()
    async with receiving(receiver) as port, asyncio.timeout(DEADLINE):
        settings = Settings(
            demo=False,
            data_dir=tmp_path / "var",
            port=free_port(),
            channels=channels_file(tmp_path, f"http://127.0.0.1:{port}/"),
        )
        first = receiver.sender = await start(settings, "leave")
        assert await first.wait() == -signal.SIGKILL
        second = await start(settings, "go on")
        try:
            database = settings.data_dir / "zhitong.db"
            while len(told(database)) < 3 or set(told(database).values()) != {"done"}:
                await asyncio.sleep(0.05)
            bodies = await texts(settings)
        finally:
            second.kill()
            await second.wait()

    keys = [headers["Idempotency-Key"] for headers, _ in receiver.taken]
    assert keys[0] in keys[1:], "what was cut off comes again under its key"
    assert len(set(keys)) == 2, "the case and its words"
    assert len(bodies) == 1
