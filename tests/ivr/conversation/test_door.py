"""Who may come in: caps that hold under many at once, lines that are freed when a call ends or when
nobody tells, and the block list."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ivr.conversation.door import Caps, Door
from ivr.conversation.keeper import Keeper
from ivr.conversation.lines import SPOKEN, Line, patience
from ivr.flow.event import Admission, HungUp, Pressed
from ivr.flow.instruction import Dial, Record
from ivr.flow.world import Plan
from ivr.ports.journal import Origin
from storage.tables.calls import calls
from tests.ivr.desk import ACCOUNT, CALLER, LINE, Desk, Rung, StoppedClock, opened

OTHER_LINE = "+865580000019"
OPEN, MESSAGE, BUSY = Admission.OPEN, Admission.MESSAGE, Admission.BUSY
REJECTED, ENGAGED = b'<Reject reason="rejected"/>', b'<Reject reason="busy"/>'


def origin(number: int) -> Origin:
    return Origin(ACCOUNT, f"CA{number}")


def caller(number: int) -> str:
    return f"+86139{number:08}"


def door_of(clock: StoppedClock | None = None, **caps: int) -> Door:
    usual = {"calls": 100, "of_caller": 100, "of_number": 100}
    return Door(clock or StoppedClock(), lambda number: number, Caps(**(usual | caps)))


def admitted(door: Door, many: int, *, dialled: str = LINE, hidden: bool = False) -> Counter[str]:
    """So many new calls, each of another caller."""
    start = next(SERIAL) * 1000
    return Counter(
        door.admit(origin(start + n), None if hidden else caller(start + n), dialled)
        for n in range(many)
    )


SERIAL = itertools.count(1)


def test_in_all_then_a_fourth_as_many_for_messages_then_busy() -> None:
    assert admitted(door_of(calls=8), 32) == {OPEN: 8, MESSAGE: 2, BUSY: 22}


def test_to_one_number_and_the_others_are_free_still() -> None:
    door = door_of(of_number=4)

    assert admitted(door, 10) == {OPEN: 4, MESSAGE: 1, BUSY: 5}
    assert admitted(door, 2, dialled=OTHER_LINE) == {OPEN: 2}


def test_one_line_still_has_room_for_one_message() -> None:
    assert admitted(door_of(calls=1), 3) == {OPEN: 1, MESSAGE: 1, BUSY: 1}


def test_a_callers_own_calls_are_told_busy_and_nobody_elses() -> None:
    door = door_of(of_caller=2)
    mine = [door.admit(origin(n), CALLER, LINE) for n in range(4)]

    assert mine == [OPEN, OPEN, BUSY, BUSY]
    assert admitted(door, 5) == {OPEN: 5}


def test_withheld_callers_lock_out_neither_one_another_alone_nor_anybody_else() -> None:
    """However many hide their number, whoever shows it finds lines."""
    door = door_of(calls=16, of_caller=2)

    assert admitted(door, 40, hidden=True) == {OPEN: 8, MESSAGE: 2, BUSY: 30}
    assert admitted(door, 6) == {OPEN: 6}


def test_withheld_callers_take_half_of_one_numbers_lines_at_most() -> None:
    """Or an office could be silenced for all by one who rings it with a hidden number."""
    door = door_of(of_number=16)

    assert admitted(door, 40, hidden=True) == {OPEN: 8, MESSAGE: 2, BUSY: 30}
    assert admitted(door, 6) == {OPEN: 6}
    assert admitted(door, 2, hidden=True, dialled=OTHER_LINE) == {OPEN: 2}


def test_a_withheld_callers_line_is_free_again_too() -> None:
    door = door_of(of_number=2)
    for number in range(3):
        assert door.admit(origin(number), None, LINE) is OPEN
        assert door.admit(origin(number + 10), None, LINE) is MESSAGE
        assert door.admit(origin(number + 20), None, LINE) is BUSY
        door.leave(origin(number))
        door.leave(origin(number + 10))


def test_a_line_is_free_again_when_its_call_ends() -> None:
    door = door_of(of_caller=1)
    assert door.admit(origin(1), CALLER, LINE) is OPEN
    assert door.admit(origin(2), CALLER, LINE) is BUSY
    door.leave(origin(1))
    door.leave(origin(1))

    assert door.admit(origin(2), CALLER, LINE) is OPEN
    assert door.live() == 1


def test_a_line_is_free_again_when_nothing_is_heard_of_its_call() -> None:
    clock = StoppedClock()
    door = door_of(clock, of_caller=1)
    door.admit(origin(1), CALLER, LINE)
    clock.pass_(SPOKEN.total_seconds() - 1)
    assert door.admit(origin(2), CALLER, LINE) is BUSY
    clock.pass_(1)

    assert door.admit(origin(2), CALLER, LINE) is OPEN
    assert door.live() == 1


def test_a_repeat_is_told_what_the_first_was() -> None:
    door = door_of(calls=1)
    first = [door.admit(origin(n), caller(n), LINE) for n in range(3)]

    assert [door.admit(origin(n), caller(n), LINE) for n in range(3)] == first


def blocking(clock: StoppedClock, whose: str = CALLER) -> Door:
    door = door_of(clock)
    door.block({whose: clock.now() + timedelta(days=1)})
    return door


def test_a_blocked_caller_is_turned_away_until_the_clock_says_otherwise() -> None:
    clock = StoppedClock()
    door = blocking(clock)

    assert door.admit(origin(1), CALLER, LINE) is Admission.BLOCKED
    assert door.admit(origin(2), caller(2), LINE) is OPEN
    assert door.admit(origin(3), None, LINE) is OPEN
    clock.pass_(86_400)
    assert door.admit(origin(4), CALLER, LINE) is OPEN


def test_hits_are_counted_and_none_is_lost_that_could_not_be_kept() -> None:
    door = blocking(StoppedClock())
    for number in range(3):
        door.admit(origin(number), CALLER, LINE)
    hits = door.hits()
    assert hits == {CALLER: 3}
    door.admit(origin(4), CALLER, LINE)
    door.missed(hits)

    assert door.hits() == {CALLER: 4}
    assert door.hits() == {}


def line(clock: StoppedClock, whose: str | None = CALLER, ago: float = 0.0) -> Line:
    heard = clock.now() - timedelta(seconds=ago)
    return Line(whose, LINE, heard, heard + SPOKEN)


def test_calls_of_other_processes_count() -> None:
    clock = StoppedClock()
    door = door_of(clock, of_caller=2)
    door.learn({origin(1): line(clock), origin(2): line(clock)}, clock.now())

    assert door.admit(origin(3), CALLER, LINE) is BUSY
    assert door.admit(origin(1), CALLER, LINE) is OPEN, "it is one of them"
    assert door.live() == 0
    door.learn({}, clock.now())
    assert door.admit(origin(3), CALLER, LINE) is OPEN


def test_what_ended_in_another_process_ends_here_and_what_just_began_does_not() -> None:
    clock = StoppedClock()
    door = door_of(clock)
    door.admit(origin(1), CALLER, LINE)
    door.learn({}, clock.now())
    assert door.live() == 1, "its row may not have been kept when they were read"
    clock.pass_(11)
    door.learn({}, clock.now())

    assert door.live() == 0


# With the conversation and a real journal


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    caps = Caps(calls=6, of_caller=2, of_number=100)
    async with opened(empty_database, demo_plan, caps=caps) as made:
        yield made


async def test_thirty_two_at_once_do_not_pass_the_callers_cap(desk: Desk) -> None:
    replies = await asyncio.gather(*(desk.answer(f"CA{n}") for n in range(32)))

    assert sum(ENGAGED in reply for reply in replies) == 30
    assert await desk.count(calls) == 2
    assert desk.conversation.tally.refused == {BUSY: 30}


async def test_thirty_two_callers_at_once_do_not_pass_the_cap_of_all(desk: Desk) -> None:
    replies = await asyncio.gather(*(desk.answer(f"CA{n}", caller(n)) for n in range(32)))

    assert sum(b"<Gather" in reply for reply in replies) == 6
    assert sum(b"<Record" in reply for reply in replies) == 1
    assert sum(ENGAGED in reply for reply in replies) == 25
    assert await desk.count(calls) == 7


async def test_a_repeat_of_one_that_was_let_in_is_never_refused(desk: Desk) -> None:
    first = await desk.answer("CA1")
    await desk.answer("CA2")
    repeats = await asyncio.gather(*(desk.answer("CA1") for _ in range(8)))

    assert set(repeats) == {first}
    assert await desk.count(calls) == 2


async def test_a_repeat_after_a_restart_is_not_refused_either(
    empty_database: Path, demo_plan: Plan
) -> None:
    """Memory is gone, others have taken the lines, and the carrier asks again for its document."""
    caps = Caps(calls=100, of_caller=1, of_number=100)
    async with opened(empty_database, demo_plan, caps=caps) as before:
        first = await before.answer("CA1")
    async with opened(empty_database, demo_plan, caps=caps) as after:
        await after.answer("CA2")
        assert ENGAGED in await after.answer("CA3")
        assert await after.answer("CA1") == first


async def test_the_end_frees_the_line_and_so_does_the_last_word(desk: Desk) -> None:
    one, two = await desk.ring("CA1"), await desk.ring("CA2")
    assert ENGAGED in await desk.answer("CA3")
    await desk.end(one)
    three = await desk.ring("CA3")
    assert ENGAGED in await desk.answer("CA4")
    assert b"<Hangup" in await desk.turn(two, 1, HungUp())
    await desk.end(three)
    assert desk.door.live() == 0


async def test_a_recording_holds_its_line_for_as_long_as_it_may_take(desk: Desk) -> None:
    await desk.record("CA1")
    desk.clock.pass_(300 + SPOKEN.total_seconds() - 1)
    assert desk.door.live() == 1
    desk.clock.pass_(1)
    assert desk.door.live() == 0


async def test_a_step_after_a_restart_takes_its_line_again(
    empty_database: Path, demo_plan: Plan
) -> None:
    caps = Caps(calls=100, of_caller=1, of_number=100)
    async with opened(empty_database, demo_plan, caps=caps) as before:
        call = await before.ring("CA1")
    async with opened(empty_database, demo_plan, caps=caps) as after:
        await after.turn(call, 1, Pressed("2"))
        assert ENGAGED in await after.answer("CA2")


async def test_a_call_that_could_not_be_kept_holds_no_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(desk.conversation._stores.journal, "append", full)
        for number in range(5):
            with pytest.raises(OSError, match="No space"):
                await desk.answer(f"CA{number}")
    assert desk.door.live() == 0


async def test_a_blocked_call_leaves_nothing_behind(desk: Desk) -> None:
    desk.door.block({desk.effects.caller_digest(CALLER): desk.clock.now() + timedelta(days=1)})
    replies = {await desk.answer(f"CA{n}") for n in range(3)}

    assert replies == {
        b'<?xml version="1.0" encoding="UTF-8"?><Response>' + REJECTED + b"</Response>"
    }
    assert await desk.count(calls) == 0
    assert desk.door.hits().total() == 3
    await desk.end(Rung("CA1", ""))  # the carrier's last word passes


# Several processes on one database


async def test_a_caller_with_calls_in_another_process_is_told_busy_here(
    empty_database: Path, demo_plan: Plan
) -> None:
    """A call of the other that is over, or that nothing was heard of for too long, is no call."""
    caps = Caps(calls=100, of_caller=2, of_number=100)
    async with (
        opened(empty_database, demo_plan, caps=caps) as here,
        opened(empty_database, demo_plan, caps=caps) as there,
    ):
        keeper = Keeper(here.door, NoBlocks(), here.calls, here.plans, here.clock, alone=False)
        calls = [await there.ring("CA1"), await there.ring("CA2")]
        assert b"<Gather" in await here.answer("CB1")
        await keeper.look()
        assert ENGAGED in await here.answer("CB2")
        for call in calls:
            await there.end(call)
        await keeper.look()
        assert b"<Gather" in await here.answer("CB2")


class NoBlocks:
    """Nobody is blocked."""

    async def current(self, now: datetime) -> Mapping[str, datetime]:
        return {}

    async def hit(self, times: Mapping[str, int], at: datetime) -> None:
        raise AssertionError(times)


async def test_who_is_turned_away_does_not_come_in_through_an_outage(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise OSError(5, "Input/output error")

    desk.door.block({desk.effects.caller_digest(CALLER): desk.clock.now() + timedelta(days=1)})
    monkeypatch.setattr(desk.calls, "of", gone)

    assert REJECTED in await desk.answer("CA1")


# The hourly cap on matters


async def test_parallel_calls_of_one_caller_do_not_pass_the_hourly_cap(
    empty_database: Path, demo_plan: Plan
) -> None:
    """Four cases stand already; of the calls that go on at once the first alone may open another,
    whatever the order in which they ask."""
    async with opened(empty_database, demo_plan) as desk:
        for number in range(4):
            call = await desk.record(f"CA{number}")
            await desk.action(call)
            await desk.end(call)
        together = [await desk.ring(f"CB{n}") for n in range(6)]
        asked = [*together[3:], *together[:3]]
        replies = await asyncio.gather(*(desk.turn(call, 1, Pressed("2")) for call in asked))

    listened = [
        call.sid for call, reply in zip(asked, replies, strict=True) if "咨询按1" in reply.decode()
    ]
    assert listened == ["CB0"]


async def test_a_call_whose_case_stands_is_not_counted_twice(
    empty_database: Path, demo_plan: Plan
) -> None:
    async with opened(empty_database, demo_plan) as desk:
        for number in range(4):
            await desk.action(await desk.record(f"CA{number}"))  # they go on
        fifth = await desk.ring("CA5")
        assert "咨询按1" in (await desk.turn(fifth, 1, Pressed("2"))).decode()


def test_how_long_a_line_is_held() -> None:
    rung = Dial("+1", "+2", 0, seconds=20, longest=7200)
    assert patience((Record(longest=300),)) == SPOKEN + timedelta(seconds=300)
    assert patience((rung,)) == SPOKEN + timedelta(seconds=7220)


async def test_hits_wait_for_a_database_that_takes_them(desk: Desk) -> None:
    class Broken(NoBlocks):
        async def hit(self, times: Mapping[str, int], at: datetime) -> None:
            raise OSError(28, "No space left on device")

    whose = desk.effects.caller_digest(CALLER)
    desk.door.block({whose: desk.clock.now() + timedelta(days=1)})
    await desk.answer("CA1")
    keeper = Keeper(desk.door, Broken(), desk.calls, desk.plans, desk.clock, alone=True)

    with pytest.raises(OSError, match="No space"):
        await keeper.look()
    assert desk.door.hits() == {whose: 1}
