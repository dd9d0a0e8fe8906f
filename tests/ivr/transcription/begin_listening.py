"""A server in small, for the test that kills it: it begins a program that listens as the real one
does, with work that never ends, tells its number and waits."""

import asyncio
import sys

from ivr.engine.process import EngineFailed, EngineProcess, Program

BUSY = """
import sys
from ivr.engine.program import listened, own_output, step_back, tell
from ivr.transcription.whisper import question
out = own_output()
step_back()
questions = listened(sys.stdin.buffer, question)
tell(out, {"ready": True})
next(questions)
while True:
    sum(range(1000))
"""


async def main() -> None:
    engine = EngineProcess(Program((sys.executable, "-c", BUSY)))
    asking = asyncio.get_running_loop().create_task(engine.ask((b"{}", b"sound"), 3600))
    while engine.pid is None:
        await asyncio.sleep(0.01)
    sys.stdout.write(f"{engine.pid}\n")
    sys.stdout.flush()
    try:
        await asking
    except EngineFailed:
        sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main())
