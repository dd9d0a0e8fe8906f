"""The journal: one winner a turn, many steps a commit, one bad step alone, kill points."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text

from ivr.flow.call import from_plain
from ivr.flow.effect import NoteVerdict, Notify
from ivr.ports.journal import MatterTaken, ReferenceTaken, Reply, Step
from storage.errors import DiskFull, StorageError
from storage.steps import KillPoint
from storage.tables.calls import calls, steps, verdicts
from storage.tables.cases import cases
from storage.tables.outbox import outbox
from tests.databases import in_child
from tests.deadline import DEADLINE
from tests.programs import PIPE, begin
from tests.storage.stepping import AT, driver_of, first_step, later_step, open_case, opened


async def test_a_kept_step_is_found_again_byte_for_byte(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        step = first_step("a", reply="<Say>您好</Say>".encode())
        kept = await house.journal.append(step)
        loaded = await house.calls.load("a")
        reply = await house.calls.reply("a", 0)
    assert kept == Reply("a", step.reply, mine=True)
    assert loaded is not None
    assert loaded == (step.call, step.origin)
    assert reply == step.reply


async def test_the_same_turn_twice_in_parallel_has_one_winner(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        both = [later_step("a", 1, NoteVerdict("genuine"), reply=b"<%d/>" % n) for n in range(8)]
        replies = await asyncio.gather(*map(house.journal.append, both))
        kept = await house.rows(steps)
        told = await house.scalar(select(verdicts.c["count"]))
    assert {reply.body for reply in replies} == {next(r.body for r in replies if r.mine)}
    assert sum(reply.mine for reply in replies) == 1
    assert kept == 2
    assert told == 1, "a loser's effects must leave no trace"


async def test_an_answer_doubled_by_the_carrier_finds_the_winners_call(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        doubled = [first_step(name, sid="CA7", reply=name.encode()) for name in "abcd"]
        replies = await asyncio.gather(*map(house.journal.append, doubled))
        again = await house.journal.append(first_step("e", sid="CA7", reply=b"e"))
        begun = await house.rows(calls)
    winner = next(reply for reply in replies if reply.mine)
    assert {(r.call_id, r.body) for r in replies} == {(winner.call_id, winner.body)}
    assert again == Reply(winner.call_id, winner.body, mine=False)
    assert begun == 1


@pytest.mark.sqlite
async def test_a_repeat_writes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        before = (tmp_path / "house.db-wal").stat().st_size
        again = await house.journal.append(first_step("a"))
        after = (tmp_path / "house.db-wal").stat().st_size
    assert not again.mine
    assert after == before


async def test_no_update_is_lost_among_many_calls(tmp_path: Path) -> None:
    names = [f"call{n}" for n in range(40)]

    async def play(name: str) -> None:
        await house.journal.append(first_step(name))
        for turn in range(1, 6):
            await house.journal.append(later_step(name, turn, NoteVerdict("genuine")))

    async with opened(tmp_path) as house:
        await asyncio.gather(*map(play, names))
        assert await house.rows(steps) == 40 * 6
        assert await house.scalar(select(verdicts.c["count"])) == 40 * 5
        loaded = await house.calls.load("call7")
    assert loaded is not None
    assert loaded[0].turn == 6


async def test_one_bad_step_fails_alone(tmp_path: Path) -> None:
    """A row the database refuses, and one that cannot even be written as a row."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        unknown = later_step("nobody", 3)
        no_zone = replace(open_case(), due=datetime(2026, 12, 1, 9, 0))  # noqa: DTZ001 - the fault
        broken = later_step("a", 1, no_zone)
        good = [first_step(name) for name in "bcdef"]
        outcomes = await asyncio.gather(
            *map(house.journal.append, [*good[:2], unknown, broken, *good[2:]]),
            return_exceptions=True,
        )
        after = await house.journal.append(later_step("a", 1))
        kept = await house.rows(calls)
    assert [isinstance(outcome, Reply) for outcome in outcomes] == [
        True, True, False, False, True, True, True,
    ]  # fmt: skip
    assert after.mine, "the failed step must have left its turn free"
    assert kept == 6


async def test_two_webhooks_open_one_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        callback = later_step("a", 1).call
        await house.calls.apply(callback, (open_case("46270395"),), AT, 0)
        with pytest.raises(MatterTaken):
            await house.journal.append(later_step("a", 1, open_case("11111116")))
        # PostgreSQL names the number first: the next one drawn is refused as the matter's.
        with pytest.raises((MatterTaken, ReferenceTaken)):
            await house.journal.append(later_step("a", 1, open_case("46270395")))
        kept = await house.journal.append(later_step("a", 1))
        assert await house.rows(cases) == 1
    assert kept.mine


async def test_a_taken_case_number_is_drawn_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(first_step("b"))
        await house.journal.append(later_step("a", 1, open_case("46270395")))
        with pytest.raises(ReferenceTaken):
            await house.journal.append(later_step("b", 1, open_case("46270395")))
        await house.journal.append(later_step("b", 1, open_case("11111116"), attempt=1))
        attempt = await house.scalar(select(cases.c.attempt).where(cases.c.reference == "11111116"))
        assert await house.rows(steps) == 4
    assert attempt == 1


@pytest.mark.sqlite
async def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    """A real limit on the file's size; room again, and the journal goes on."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        driver = driver_of(house.journal)
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count={pages + 4}")
        large = [first_step(f"x{n}", reply=bytes(200_000)) for n in range(3)]
        outcomes = await asyncio.gather(*map(house.journal.append, large), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DiskFull] * 3
        assert "free some" in str(outcomes[0])
        small = await house.journal.append(later_step("a", 1))
        driver.execute("PRAGMA max_page_count=1073741823")
        assert (await house.journal.append(large[0])).mine
        assert await house.rows(calls) == 2
    assert small.mine


@pytest.mark.sqlite
async def test_a_full_disk_spares_the_steps_that_still_fit(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        driver = driver_of(house.journal)
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count={pages + 2}")
        mixed = [later_step("a", 1), first_step("x", reply=bytes(200_000))]
        outcomes = await asyncio.gather(*map(house.journal.append, mixed), return_exceptions=True)
    assert isinstance(outcomes[0], Reply)
    assert isinstance(outcomes[1], DiskFull)


async def test_after_stop_a_step_is_refused_and_does_not_wait_for_ever(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.stop()
        async with asyncio.timeout(DEADLINE):
            with pytest.raises(StorageError):
                await house.journal.append(later_step("a", 1))


async def test_stop_writes_what_waits(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            waiting = [group.create_task(house.journal.append(first_step(n))) for n in "abc"]
            await asyncio.wait(waiting, timeout=0)
            await house.journal.stop()
        assert await house.rows(calls) == 3
    assert all(task.result().mine for task in waiting)


async def test_a_caller_who_gives_up_waiting_harms_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(house.journal.append(first_step("a")))
            await asyncio.wait([gone], timeout=0)
            gone.cancel()
        assert gone.cancelled()
        assert (await house.journal.append(first_step("b"))).mine
        again = await house.journal.append(first_step("a", reply=b"<again/>"))
        first = await house.calls.reply("a", 0)
    assert again.body == first


async def test_what_nobody_waits_for_any_more_is_not_written(tmp_path: Path) -> None:
    """While a database hangs the plan answers: its steps must not come to life one by one later."""
    async with opened(tmp_path) as house:
        async with house.database.writer, asyncio.TaskGroup() as group:
            gone = group.create_task(house.journal.append(first_step("a")))
            await asyncio.wait([gone], timeout=0)
            gone.cancel()
        await house.journal.append(first_step("b"))
        assert await house.rows(calls) == 1


async def test_only_a_step_with_work_wakes_the_outbox(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as group:
            woken = group.create_task(house.database.woken.wait(2 * DEADLINE))
            await asyncio.wait([woken], timeout=0)
            await house.journal.append(later_step("a", 1, NoteVerdict("genuine")))
            assert not woken.done()
            text = Notify("sms.check", "+8613900000012", {}, "zh-CN", "check:a:1")
            await house.journal.append(later_step("a", 2, text))


_CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from storage.steps import KillPoint
from tests.databases import in_child
from tests.storage.stepping import first_step, later_step, open_case, opened
folder, point = Path(sys.argv[1]), KillPoint(sys.argv[2])
armed = False
def hook(reached: KillPoint) -> None:
    if armed and reached is point:
        os.kill(os.getpid(), signal.SIGKILL)
async def main() -> None:
    global armed
    async with opened(folder, hook) as house:
        await house.journal.append(first_step("a"))
        print("first", flush=True)
        armed = True
        await house.journal.append(later_step("a", 1, open_case(), reply=b"<case/>"))
        print("second", flush=True)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("point", list(KillPoint))
async def test_a_killed_server_forgets_no_answered_step(tmp_path: Path, point: KillPoint) -> None:
    root, given = Path(__file__).parents[2], await in_child(tmp_path / "house.db")
    words, environment = ("-c", _CHILD, str(tmp_path), point.value), {**os.environ, **given}
    child = await begin(*words, cwd=root, env=environment, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(DEADLINE):
        said, complained = await child.communicate()
    assert child.returncode == -signal.SIGKILL, complained
    assert said == b"first\n"
    async with opened(tmp_path) as house:
        step = later_step("a", 1, open_case(), reply=b"<repeated/>")
        reply = await house.journal.append(step)
        assert await house.rows(cases) == 1
        assert await house.rows(steps) == 2
    committed = point is not KillPoint.BEFORE_COMMIT
    assert reply.mine is not committed
    assert reply.body == (b"<case/>" if committed else b"<repeated/>")


async def test_all_rows_of_a_step_share_its_transaction(tmp_path: Path) -> None:
    """The step, its case and its outbox rows: none without the others."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        with pytest.raises(AssertionError):
            await house.journal.append(_sabotaged())
        assert await house.rows(cases) == 0
        assert await house.rows(outbox) == 0
        assert await house.calls.reply("a", 1) is None


def _sabotaged() -> Step:
    unknown: Any = "no effect at all"
    return later_step("a", 1, open_case(), unknown)


async def test_the_state_is_the_call_after_the_turn(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        step = later_step("a", 1)
        await house.journal.append(step)
        async with house.database.reading() as connection:
            state = (
                await connection.execute(text("SELECT state FROM steps WHERE turn = 1"))
            ).scalar_one()
        waiting = await house.calls.state_at("a", 2)
        assert await house.calls.state_at("a", 0) is None
    assert from_plain(orjson.loads(state)) == step.call == waiting
