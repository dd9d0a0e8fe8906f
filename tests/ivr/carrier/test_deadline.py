import asyncio

import pytest

from ivr.carrier.deadline import Deadline

SOON = 0.01
LATE = 20.0


async def for_ever(deadline: Deadline) -> None:
    with deadline.each():
        await asyncio.Event().wait()


async def test_what_takes_too_long_is_ended_and_its_task_goes_on() -> None:
    with pytest.raises(TimeoutError):
        await for_ever(Deadline(SOON))

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_is_done_in_time_is_left_alone() -> None:
    deadline = Deadline(SOON)
    with deadline.each():
        found = await asyncio.sleep(0, "found")
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(4 * SOON, passed.set)
    await passed.wait()

    assert found == "found"


async def test_each_has_its_own_end_though_all_share_a_timer() -> None:
    deadline, loop = Deadline(4 * SOON), asyncio.get_running_loop()
    ends: list[str] = []

    async def one(name: str) -> None:
        with pytest.raises(TimeoutError):
            await for_ever(deadline)
        ends.append(name)

    async def later() -> None:
        begin = asyncio.Event()
        loop.call_later(2 * SOON, begin.set)
        await begin.wait()
        await one("second")

    async with asyncio.timeout(LATE), asyncio.TaskGroup() as group:
        group.create_task(one("first"))
        group.create_task(later())

    assert ends == ["first", "second"]


async def test_whoever_is_cancelled_from_elsewhere_stays_cancelled() -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(for_ever(Deadline(LATE)))
        await asyncio.sleep(0)
        task.cancel()

    assert task.cancelled()


async def test_an_error_of_the_block_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError), Deadline(LATE).each():
        raise ZeroDivisionError


def test_it_is_kept_by_a_task() -> None:
    async def none() -> None:
        limit = Deadline(LATE).each()
        refused = asyncio.get_running_loop().create_future()

        def enter() -> None:
            try:
                limit.__enter__()
            except RuntimeError as wrong:
                refused.set_result(str(wrong))

        asyncio.get_running_loop().call_soon(enter)
        assert "task" in await refused

    asyncio.run(none())
