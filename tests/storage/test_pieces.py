"""Words that come in pieces are one transcript, whatever order and doubling they come in, and are
read for danger when they are whole (users-complaints no. 19, 26)."""

import asyncio
import itertools
import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.conversation.pieces import Piece
from ivr.flow.effect import AttachRecording
from ivr.ports.recordings import RecordingRef
from routing.ports import JobKind
from storage.cases import StoredCases
from storage.pieces import SOURCE, StoredPieces
from storage.retention import CALL_DETAILS, WAITING_WORDS, Retention
from storage.tables.cases import transcripts
from storage.tables.outbox import outbox
from storage.tables.pieces import pieces
from tests.storage.stepping import AT, House, first_step, later_step, open_case, opened

SAID = ("解放路的路灯坏了，", "坏了三天。", "晚上看不见路，", "楼下着火了。")


def piece(number: int, text: str, session: str = "GT1") -> Piece:
    return Piece(session, "inbound_track", number, text)


async def recorded(house: House, sid: str = "RE1", name: str = "a") -> StoredPieces:
    """A call whose recording of turn 1 is known."""
    await house.journal.append(first_step(name))
    await house.calls.hold_recording(name, 1, RecordingRef(sid, f"http://127.0.0.1/{sid}", 9), AT)
    attach = AttachRecording("46270395", 1, sid, 12, "zh-CN")
    await house.journal.append(later_step(name, 1, open_case(), attach))
    return StoredPieces(house.database)


async def texts(house: House) -> list[str]:
    async with house.database.reading() as unit:
        return [row.text for row in await unit.execute(select(transcripts.c.text))]


async def heeds(house: House) -> int:
    async with house.database.reading() as unit:
        rows = await unit.execute(select(outbox.c.id).where(outbox.c.kind == JobKind.HEED))
        return len(rows.all())


async def transcribe(house: House, store: StoredPieces, sid: str = "RE1") -> None:
    """What the outbox does once the recording is kept."""
    words = await store.words(sid)
    if words is not None:
        await house.calls.hold_transcript(sid, words, SOURCE, AT)


@pytest.mark.parametrize("seed", range(4))
async def test_any_order_and_doubling_is_one_transcript(tmp_path: Path, seed: int) -> None:
    """Before it is written, in the middle of it, and after."""
    draw = random.Random(seed)  # noqa: S311 - orders to try, no secret
    came = [piece(number, text) for number, text in enumerate(SAID, start=2)] * 2
    draw.shuffle(came)
    written_after = draw.randrange(len(came) + 1)
    async with opened(tmp_path) as house:
        store = await recorded(house)
        for number, one in enumerate(came):
            if number == written_after:
                await transcribe(house, store)
            await store.keep("a", 1, one, AT)
        await transcribe(house, store)
        assert await texts(house) == ["".join(SAID)]
        statement = await StoredCases(house.database, house.recordings).statement("RE1")

    assert statement is not None
    assert statement.texts == ("".join(SAID),)


async def test_a_piece_that_comes_late_is_read_for_danger_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await recorded(house)
        await store.keep("a", 1, piece(2, SAID[0]), AT)
        await transcribe(house, store)
        assert await heeds(house) == 1
        await store.keep("a", 1, piece(3, SAID[3]), AT)
        await store.keep("a", 1, piece(3, SAID[3]), AT)
        assert await texts(house) == [SAID[0] + SAID[3]]
        assert await heeds(house) == 2


async def test_pieces_that_come_at_once_lose_nothing(tmp_path: Path) -> None:
    """As from several replicas, while the transcript is being written."""
    async with opened(tmp_path) as house:
        store = await recorded(house)
        await store.keep("a", 1, piece(1, "一"), AT)
        late = [store.keep("a", 1, piece(number, str(number)), AT) for number in range(2, 9)]
        await asyncio.gather(*late[:3], transcribe(house, store), *late[3:])
        await transcribe(house, store)
        assert await texts(house) == ["一2345678"]


async def test_pieces_before_the_recording_is_known_wait_for_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        store = StoredPieces(house.database)
        await store.keep("a", 1, piece(1, "street light"), AT)
        await store.keep("a", 1, piece(2, "out of order"), AT)
        assert await store.words("RE1") is None
        await house.calls.hold_recording("a", 1, RecordingRef("RE1", "http://127.0.0.1/RE1", 9), AT)
        assert await store.words("RE1") == "street light out of order"
        assert await store.words("RE2") is None


async def test_another_turns_words_are_another_recordings(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await recorded(house)
        for turn, session in itertools.product((1, 2), ("GT1",)):
            await store.keep("a", turn, piece(1, f"第{turn}段", session), AT)
        assert await store.words("RE1") == "第1段"


async def retain(house: House, later: timedelta) -> int:
    """What is left of the pieces after a round of retention."""
    await Retention(house.database, house.recordings, 90).run(AT + later)
    return await house.rows(pieces)


async def test_pieces_go_once_they_are_a_transcript(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await recorded(house)
        await store.keep("a", 1, piece(1, "停水"), AT)  # of the recording
        await store.keep("a", 2, piece(1, "停电"), AT)  # of nothing that was kept
        assert await retain(house, CALL_DETAILS - timedelta(seconds=1)) == 2
        assert await retain(house, CALL_DETAILS) == 1  # its sound may still be fetched
        await transcribe(house, store)
        assert await retain(house, CALL_DETAILS) == 0
        assert await texts(house) == ["停水"]


async def test_pieces_do_not_wait_for_ever(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await recorded(house)
        await store.keep("a", 1, piece(1, "停水"), AT)
        assert await retain(house, WAITING_WORDS) == 0
