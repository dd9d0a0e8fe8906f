"""One matter is one case, whichever of Record action, recording callback and end of call comes
first, however often, and whatever case number was drawn (design §3)."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from ivr.conversation.errors import Unsettled
from ivr.flow.event import HungUp, RecordingEnd
from ivr.flow.world import Draws, Plan
from storage.sealing import Sealing
from storage.tables.cases import cases, recordings
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.ivr.desk import KEY, RECORDING_TURN, SECONDS, Desk, Rung, opened

PARALLEL = 8
Webhook = Callable[[Desk, Rung], Awaitable[object]]
RECORDING_HOOKS: dict[str, Webhook] = {
    "action": lambda desk, call: desk.action(call),
    "callback": lambda desk, call: desk.callback(call),
    "end": lambda desk, call: desk.end(call),
}


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with opened(empty_database, demo_plan) as made:
        yield made


@pytest.mark.parametrize("order", list(itertools.permutations(RECORDING_HOOKS)), ids="-".join)
@pytest.mark.parametrize("doubled", ["once", "twice", "at once"])
async def test_a_matter_is_one_case_in_every_order(
    desk: Desk, order: tuple[str, ...], doubled: str
) -> None:
    """With its recording, and read out with the same number and PIN whichever came first."""
    call = await desk.record()
    heard: list[object] = []
    for name in order:
        hook = RECORDING_HOOKS[name]
        if doubled == "at once":
            heard += await asyncio.gather(*(hook(desk, call) for _ in range(PARALLEL)))
        else:
            heard += [await hook(desk, call) for _ in range(1 if doubled == "once" else 2)]
    desk.clock.pass_(61)
    await desk.settle()

    replies = {reply for reply in heard if isinstance(reply, bytes)}
    assert len(replies) == 1
    assert desk.reads(replies.pop(), await desk.case(call))
    await one_of_each(desk, call)


async def one_of_each(desk: Desk, call: Rung) -> None:
    """One case, its recording attached, the office told once, the caller texted once."""
    case = await desk.case(call)
    (recording,) = await desk.rows(recordings, recordings.c.call_id == call.id)
    assert (recording.sid, recording.reference) == (call.recording.sid, case.reference)
    assert (recording.url, recording.seconds) == (call.recording.url, SECONDS)
    kinds = sorted(
        row.kind for row in await desk.rows(outbox, outbox.c.key.contains(case.reference))
    )
    assert kinds == ["sms", "tell_office"]
    fetches = await desk.rows(outbox, outbox.c.key == f"fetch:{recording.sid}")
    assert len(fetches) == 1


@pytest.mark.parametrize("end", list(RecordingEnd))
async def test_all_three_at_once(desk: Desk, end: RecordingEnd) -> None:
    call = await desk.record()

    heard = await asyncio.gather(
        desk.callback(call), desk.action(call, end), desk.end(call), desk.callback(call),
        desk.action(call, end), desk.end(call), desk.callback(call), desk.action(call, end),
    )  # fmt: skip

    assert len({reply for reply in heard if reply is not None}) == 1
    await one_of_each(desk, call)


async def test_a_hang_up_without_any_webhook_is_settled_after_a_minute(desk: Desk) -> None:
    call = await desk.record()
    await desk.end(call)
    desk.clock.pass_(59)
    assert await desk.settle() == 0

    desk.clock.pass_(1)
    assert await desk.settle() == 1

    await one_of_each(desk, call)
    assert desk.reads(await desk.action(call), await desk.case(call))
    await one_of_each(desk, call)


async def test_a_hang_up_before_the_tone_is_no_case(desk: Desk) -> None:
    """Nothing was recorded, the carrier says: the office gets nothing, the caller no text."""
    call = await desk.record()
    await desk.end(call)
    desk.clock.pass_(60)
    desk.recorded = False

    assert await desk.settle() == 1

    assert await desk.count(cases) == 0
    assert await desk.rows(outbox, outbox.c.kind != "settle") == []


async def test_a_carrier_that_cannot_be_asked_loses_no_matter(desk: Desk) -> None:
    call = await desk.record()
    await desk.end(call)

    await desk.conversation.settle(call.id, None)
    assert (await desk.case(call)).reference

    await desk.callback(call)
    await one_of_each(desk, call)


async def test_a_late_callback_joins_the_settled_case(desk: Desk) -> None:
    call = await desk.record()
    await desk.end(call)
    desk.clock.pass_(60)
    await desk.settle()

    await desk.callback(call)
    await desk.conversation.settle(call.id, desk.listed)

    await one_of_each(desk, call)


async def test_settled_while_its_webhooks_arrive_after_all(desk: Desk) -> None:
    call = await desk.record()
    await desk.end(call)
    desk.clock.pass_(60)

    heard = await asyncio.gather(
        desk.settle(), desk.action(call), desk.callback(call), desk.action(call)
    )

    assert heard[1] == heard[3]
    await one_of_each(desk, call)


async def test_a_recording_as_long_as_silence_waits_for_its_action(desk: Desk) -> None:
    """The Record action alone says whether anybody spoke; if it never comes, it is a case."""
    call = await desk.record()
    await desk.callback(call, seconds=10)
    assert await desk.count(cases) == 0

    await desk.end(call)
    desk.clock.pass_(60)
    await desk.settle()

    case = await desk.case(call)
    (recording,) = await desk.rows(recordings)
    assert recording.reference == case.reference


async def test_who_hung_up_before_a_word_leaves_no_case(desk: Desk) -> None:
    call = await desk.record()
    await desk.callback(call, seconds=0)
    await desk.end(call)
    desk.clock.pass_(60)

    assert await desk.settle() == 1

    assert await desk.count(cases) == 0


async def test_a_hang_up_told_before_its_recording_loses_nothing(desk: Desk) -> None:
    """An action that says only that the call is over, then the callback."""
    call = await desk.record()
    gone = await desk.turn(call, RECORDING_TURN, HungUp())

    await desk.callback(call)
    await desk.end(call)

    assert await desk.action(call) == gone
    await one_of_each(desk, call)


async def test_only_a_recording_call_is_settled(desk: Desk) -> None:
    call = await desk.ring()
    await desk.end(call)
    desk.clock.pass_(3600)

    assert await desk.settle() == 0
    await desk.conversation.settle(call.id, desk.listed)
    assert await desk.count(cases) == 0


class Colliding(Sealing):
    """Every first draw is the same case number."""

    def draw(self, call_id: str, turn: int, attempt: int) -> Draws:
        drawn = super().draw(call_id, turn, attempt)
        return Draws("46270395", drawn.pin) if attempt == 0 else drawn


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["action", "callback"])), ids="-".join
)
async def test_a_case_number_that_is_taken_is_drawn_again(
    empty_database: Path, demo_plan: Plan, order: tuple[str, ...]
) -> None:
    async with opened(empty_database, demo_plan, Colliding(KEY)) as desk:
        first = await desk.record("CA1")
        assert desk.reads(await desk.action(first), await desk.case(first))
        second = await desk.record("CA2", "+8613900001111")
        heard = [await RECORDING_HOOKS[name](desk, second) for name in order]

        case = await desk.case(second)
        assert (case.attempt, case.reference != "46270395") == (1, True)
        (reply,) = [reply for reply in heard if isinstance(reply, bytes)]
        assert desk.reads(reply, case)
        assert await desk.count(cases) == 2
        await one_of_each(desk, second)


class Stuck(Sealing):
    """Whatever is drawn is the same case number."""

    def draw(self, call_id: str, turn: int, attempt: int) -> Draws:
        return Draws("46270395", "0000")


async def test_draws_that_never_differ_are_given_up(empty_database: Path, demo_plan: Plan) -> None:
    async with opened(empty_database, demo_plan, Stuck(KEY)) as desk:
        await desk.action(await desk.record("CA1"))
        second = await desk.record("CA2")

        for refused in (desk.action(second), desk.callback(second)):
            with pytest.raises(Unsettled):
                await refused
        assert await desk.count(cases) == 1


@pytest.mark.parametrize("seed", range(2))
async def test_many_calls_with_callbacks_in_any_order(desk: Desk, seed: int) -> None:
    """Calls at once; each hears its own number, whatever overtakes what."""
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    rung = [await desk.record(f"CA{n}", f"+861390000{n:04}") for n in range(25)]
    hooks = [(name, call) for call in rung for name in RECORDING_HOOKS for _ in range(2)]
    chance.shuffle(hooks)
    heard: dict[str, set[object]] = {call.id: set() for call in rung}

    async def post(name: str, call: Rung) -> None:
        heard[call.id].add(await RECORDING_HOOKS[name](desk, call))

    async with asyncio.timeout(DEADLINE):
        for start in range(0, len(hooks), 24):
            await asyncio.gather(*(post(*hook) for hook in hooks[start : start + 24]))
    desk.clock.pass_(61)
    await desk.settle()

    references = set()
    for call in rung:
        (reply,) = heard[call.id] - {None}
        assert isinstance(reply, bytes)
        case = await desk.case(call)
        assert desk.reads(reply, case)
        await one_of_each(desk, call)
        references.add(case.reference)
    assert len(references) == len(rung)


async def test_the_recording_turn_is_where_the_desk_believes(desk: Desk) -> None:
    call = await desk.record()
    await desk.action(call)

    assert (await desk.case(call)).turn == RECORDING_TURN
