"""The calls that we place: ordered once, tied to one at the carrier, moved forward, forgotten."""

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.flow.announcing import Announcement
from ivr.flow.progress import CallStatus, Progress
from ivr.ports.journal import Origin
from ivr.ports.outgoing import ENDS_WITHIN, Outgoing
from routing.ports import JobKind
from storage.outbox import StoredOutbox
from storage.outgoing import KEPT, KNOWN, StoredOutgoing
from storage.tables.outgoing import outgoing
from tests.storage.stepping import AT, SEALING, House, opened

CALLEE, LINE = "+8613900000012", "+865580000001"
SAID = Announcement(LINE, "zh-CN", "sms.pin", (("case", "4627 0395"), ("pin", "1825")))
SECOND = timedelta(seconds=1)


def kept(house: House) -> StoredOutgoing:
    return StoredOutgoing(house.database, SEALING)


async def found(house: House, call_id: str = "call-a") -> Outgoing:
    call = await kept(house).find(call_id)
    assert call is not None
    return call


async def test_a_call_is_ordered_once_with_its_work(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for _ in range(2):
            await kept(house).order("call-a", CALLEE, SAID, AT)
        (job,) = await StoredOutbox(house.database).claim(AT, 9)
        assert (job.kind, job.payload) == (JobKind.CALL, {"call": "call-a"})
        call = await found(house)
        assert call == Outgoing("call-a", LINE, CALLEE, SAID, None, None, told=False, over=False)
        assert await kept(house).find("call-b") is None


@pytest.mark.sqlite
async def test_the_number_stands_sealed_in_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await kept(house).order("call-a", CALLEE, SAID, AT)
        assert CALLEE not in await house.scalar(select(outgoing.c.slots))
    assert b"3900000012" not in (tmp_path / "house.db").read_bytes()


async def test_doubt_begins_with_the_request_and_somebody_looks_after_its_end(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        await kept(house).order("call-a", CALLEE, SAID, AT)
        await kept(house).asking("call-a", AT)
        assert (await found(house)).asked == AT
        await kept(house).not_asked("call-a")
        await kept(house).asking("call-a", AT + SECOND)
        jobs = await StoredOutbox(house.database).claim(AT + ENDS_WITHIN, 9)
        assert {job.kind for job in jobs} == {JobKind.CALL, JobKind.CALL_END}


def origin(sid: str) -> Origin:
    return Origin("AC1", sid)


async def test_a_call_is_one_call_at_the_carrier(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for name in ("call-a", "call-b"):
            await kept(house).order(name, CALLEE, SAID, AT)
        assert await kept(house).taken("call-a", origin("CA1"), sure=True)
        assert await kept(house).taken("call-a", origin("CA1"), sure=True), "a repeat"
        assert not await kept(house).taken("call-a", origin("CA2"), sure=True), "it has one"
        assert not await kept(house).taken("call-b", origin("CA1"), sure=True), "it is call-a's"
        assert not await kept(house).taken("call-b", origin("CA1"), sure=False)
        assert not await kept(house).taken("call-c", origin("CA3"), sure=True), "no such call"
        assert (await found(house)).sid == "CA1"


async def test_a_guess_gives_way_to_a_word(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for name in ("call-a", "call-b"):
            await kept(house).order(name, CALLEE, SAID, AT)
        assert await kept(house).taken("call-a", origin("CA1"), sure=False)
        assert not await kept(house).taken("call-b", origin("CA1"), sure=False)
        assert await kept(house).taken("call-b", origin("CA2"), sure=False)
        assert await kept(house).taken("call-a", origin("CA2"), sure=True), "the webhook says so"
        assert (await found(house, "call-b")).sid is None
        assert await kept(house).taken("call-b", origin("CA1"), sure=True)
        assert [(await found(house, name)).sid for name in ("call-a", "call-b")] == ["CA2", "CA1"]


STATES = (
    Progress(CallStatus.INITIATED, 0),
    Progress(CallStatus.RINGING, 1),
    Progress(CallStatus.IN_PROGRESS, 2),
    Progress(CallStatus.COMPLETED, 3),
)


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))], ids=str)
async def test_in_whichever_order_it_is_told_it_ends_completed(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    async with opened(tmp_path) as house:
        await kept(house).order("call-a", CALLEE, SAID, AT)
        for place in order:
            await kept(house).moved("call-a", STATES[place], AT + place * SECOND, place)
        assert await house.scalar(select(outgoing.c.status)) == "completed"
        assert await house.scalar(select(outgoing.c.seconds)) == 3
        call = await found(house)
        assert (call.over, call.to, call.said) == (True, None, None), "nobody is known any more"


async def test_an_end_stands(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await kept(house).order("call-a", CALLEE, SAID, AT)
        await kept(house).moved("call-a", Progress(CallStatus.BUSY), AT, None)
        await kept(house).moved("call-a", Progress(CallStatus.COMPLETED, 9), AT, 5)
        await kept(house).moved("call-b", Progress(CallStatus.COMPLETED, 9), AT, 5)
        assert await house.scalar(select(outgoing.c.status)) == "busy"


async def test_what_was_never_rung_is_forgotten_within_a_day(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await kept(house).order("call-a", CALLEE, SAID, AT)
        await kept(house).forget(AT + KNOWN - SECOND)
        assert (await found(house)).to == CALLEE
        await kept(house).forget(AT + KNOWN)
        call = await found(house)
        assert (call.to, call.said, call.line) == (None, None, LINE)
        await kept(house).forget(AT + KEPT)
        assert await house.rows(outgoing) == 0


async def test_the_first_hearing_counts(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await kept(house).order("call-a", CALLEE, SAID, AT)
        await kept(house).heard("call-a", AT)
        await kept(house).heard("call-a", AT + SECOND)
        assert (await found(house)).told
        assert await house.scalar(select(outgoing.c.told)) == AT
