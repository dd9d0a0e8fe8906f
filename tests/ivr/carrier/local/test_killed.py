"""A server that is really killed with -9 in the middle of a recording."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from ivr.carrier.local.telephone import Telephone
from tests.deadline import DEADLINE
from tests.ivr.carrier.local.house import LINE, hear
from tests.ivr.carrier.local.sounds import tone
from tests.ports import free_port
from tests.programs import PIPE, AnyProgram, begin

ROOT = Path(__file__).parents[4]
SERVER = """
import asyncio, sys
from pathlib import Path
from tests.ivr.carrier.local.house import House, twiml

async def main() -> None:
    house = House(Path(sys.argv[1]), port=int(sys.argv[2]))
    house.replies["/voice/answer"] = twiml(
        '<Record action="/voice/done" trim="do-not-trim" timeout="0" finishOnKey="#"/>'
    )
    def done(form: dict[str, str]) -> str:
        return twiml(f"<Say>{form['RecordingDuration']} seconds</Say>")
    house.replies["/voice/done"] = done
    async with house:
        print("up", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def serve(folder: Path, port: int) -> AnyProgram:
    program = await begin(
        *("-c", SERVER, str(folder), str(port)), cwd=ROOT, env=os.environ, stdout=PIPE
    )
    assert program.stdout is not None
    async with asyncio.timeout(DEADLINE):
        assert await program.stdout.readline() == b"up\n"
    return program


async def kept(folder: Path, size: int) -> None:
    """Until so many bytes of audio are in the file."""
    async with asyncio.timeout(DEADLINE):
        while sum(p.stat().st_size for p in folder.glob("line/recordings/*.pcm")) < size:
            await asyncio.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 on Windows")
async def test_kill_9_during_a_recording(tmp_path: Path) -> None:
    port = free_port()
    first = await serve(tmp_path, port)
    async with aiohttp.ClientSession() as session:
        phone = Telephone(session, phone_url(port), "+8613900000012")
        await phone.connect()
        await phone.send("dial", to=LINE)
        call = (await hear(phone, "calling"))["call"]
        await hear(phone, "listening", kind="record")
        for _ in range(4):
            await phone.send_audio(tone(0.5))
        await kept(tmp_path, 32000)
        os.kill(first.pid, signal.SIGKILL)
        await first.wait()
        await phone.close()

        second = await serve(tmp_path, port)
        again = Telephone(session, phone_url(port), phone.number, handset=phone.handset)
        await again.connect(call)
        assert (await hear(again, "recording", on=True))["seconds"] == 2.0
        for _ in range(2):
            await again.send_audio(tone(0.5))
        await again.send("digits", digits="#")
        assert (await hear(again, "say"))["text"] == "3 seconds"
        await hear(again, "hungup", call=call)
        await again.close()
        second.kill()
        await second.wait()


def phone_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
