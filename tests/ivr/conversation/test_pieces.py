"""Words that come while a recording is made belong to the turn that records, and to nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.conversation.errors import ForeignCall, UnknownCall
from ivr.conversation.pieces import Piece
from ivr.flow.world import Plan
from storage.tables.pieces import pieces
from tests.ivr.desk import RECORDING_TURN, Desk, opened

WORDS = Piece("GT1", "inbound_track", 2, "路灯坏了")


@pytest.fixture
async def desk(empty_database: Path, demo_plan: Plan) -> AsyncIterator[Desk]:
    async with opened(empty_database, demo_plan) as made:
        yield made


async def test_they_are_kept_before_and_after_the_recording_is_known(desk: Desk) -> None:
    call = await desk.record()
    await desk.conversation.piece(call.id, RECORDING_TURN, desk.ours(call), WORDS)
    await desk.action(call)
    late = Piece("GT1", "inbound_track", 3, "三天了")
    await desk.conversation.piece(call.id, RECORDING_TURN, desk.ours(call), late)
    await desk.conversation.piece(call.id, RECORDING_TURN, desk.ours(call), WORDS)

    kept = await desk.rows(pieces)
    assert sorted((row.call_id, row.turn, row.text) for row in kept) == [
        (call.id, RECORDING_TURN, "三天了"),
        (call.id, RECORDING_TURN, "路灯坏了"),
    ]


@pytest.mark.parametrize("turn", [1, RECORDING_TURN - 1, RECORDING_TURN + 1, 99])
async def test_a_turn_that_does_not_record_has_none(desk: Desk, turn: int) -> None:
    call = await desk.record()

    with pytest.raises(UnknownCall):
        await desk.conversation.piece(call.id, turn, desk.ours(call), WORDS)
    assert await desk.count(pieces) == 0


async def test_another_calls_words_are_refused(desk: Desk) -> None:
    call, other = await desk.record("CA1"), await desk.record("CA2", "+8613911112222")

    with pytest.raises(ForeignCall):
        await desk.conversation.piece(call.id, RECORDING_TURN, desk.ours(other), WORDS)
    with pytest.raises(UnknownCall):
        await desk.conversation.piece("nobody-at-all", RECORDING_TURN, desk.ours(call), WORDS)
    assert await desk.count(pieces) == 0
