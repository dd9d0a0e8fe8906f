"""What blocks holds nothing else up."""

import asyncio
import threading

from deployment.threads import MOST, many_threads
from tests.deadline import DEADLINE


async def test_names_that_nobody_answers_leave_threads_for_the_rest() -> None:
    many_threads()
    answered, held = threading.Event(), 20
    begun = threading.Barrier(held + 1, timeout=DEADLINE)

    def looked_up() -> None:
        begun.wait()
        answered.wait(2 * DEADLINE)

    async with asyncio.TaskGroup() as names:
        for _ in range(held):
            names.create_task(asyncio.to_thread(looked_up))
        try:
            await asyncio.to_thread(begun.wait)
            written = await asyncio.wait_for(asyncio.to_thread(lambda: "sound"), DEADLINE)
        finally:
            answered.set()

    assert written == "sound"
    assert held < MOST
