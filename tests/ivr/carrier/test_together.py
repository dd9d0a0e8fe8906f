"""Phones ring together, each by a call of its own, at an embedded carrier in another's place: the
first who presses 1 talks with the caller, the others are told or stop ringing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ivr.carrier.local.telephone import Telephone
from ivr.conversation.tally import Forward
from storage.tables.calls import joins, leg_answers
from storage.tables.outgoing import outgoing
from tests.deadline import DEADLINE
from tests.ivr.carrier.faulty_line import Faults, to
from tests.ivr.carrier.local.house import hear
from tests.ivr.carrier.outside import Outside, outside
from tests.ivr.ruled import ruled

CALLER, LINE = "+8613900000012", "+865580000019"
ROSTER = tuple(f"+861380000010{n}" for n in (1, 2, 3, 4))
DUTY = "roster " + json.dumps(
    {
        "duty": {
            "name": "教育局值班",
            "name_en": "Education duty",
            "office": "市教育局",
            "members": [
                {"id": f"m{at}", "name": f"{at}号", "name_en": f"No. {at}", "phone": phone}
                for at, phone in enumerate(ROSTER)
            ],
        }
    }
)
RULE = (
    'rule {"id": "written", "name": "试行", "when": {"dialled": ["+865580000019"]},'
    ' "then": {"office": "市教育局", "ring": [{"roster": "duty", "order": "together"}]}}'
)


@dataclass(frozen=True, slots=True)
class Town(Outside):
    """Both sides, with what may go wrong between them."""

    faults: Faults


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    faults = Faults()
    async with outside(tmp_path, "twilio", faults.wrap) as there:
        plans = there.house.plans
        plans.publish(ruled(RULE, ruled(DUTY, plans.current)))
        yield Town(there.app, there.line, there.session, there.far, there.clock, faults)


async def asks_for_a_person(caller: Telephone) -> None:
    await hear(caller, "attached")
    await caller.send("dial", to=LINE)
    await hear(caller, "listening")
    await caller.send("digits", digits="0")
    await hear(caller, "ringback", on=True)


async def take_up(phone: Telephone) -> None:
    assert (await hear(phone, "ringing"))["from"] == LINE, "never the caller's own number"
    await phone.send("answer")
    await hear(phone, "listening", kind="gather")


@contextlib.asynccontextmanager
async def phones(town: Town) -> AsyncIterator[tuple[Telephone, list[Telephone]]]:
    """The caller's, who asks for a person, and those of the roster."""
    async with contextlib.AsyncExitStack() as stack:
        caller, *duty = [
            await stack.enter_async_context(town.phone(number)) for number in (CALLER, *ROSTER)
        ]
        for phone in duty:
            await hear(phone, "attached")
        await asks_for_a_person(caller)
        yield caller, duty


async def settled(town: Outside, many: int) -> list[Any]:
    """The rows of the phones once all of them are over."""
    over = select(outgoing).where(outgoing.c.ended.is_not(None)).order_by(outgoing.c.leg)
    async with asyncio.timeout(DEADLINE):
        while len(rows := await town.rows(over)) < many:
            await asyncio.sleep(0.05)
    return rows


async def test_of_two_who_press_1_at_once_one_talks_and_the_others_are_told(
    town: Town,
) -> None:
    async with phones(town) as (caller, duty):
        ann, bo, cy, di = duty
        for phone in (ann, bo, cy):
            await take_up(phone)
        await hear(di, "ringing")
        await ann.send("digits", digits="1")
        await bo.send("digits", digits="1")
        with_whom = (await hear(caller, "bridged"))["with"]
        winner, other = (ann, bo) if with_whom == ROSTER[0] else (bo, ann)
        await hear(winner, "bridged", **{"with": LINE})
        for phone in (other, cy):  # who pressed too late, and who was still being asked
            await hear(phone, "say", text="已有同事接听，谢谢您。")
            await hear(phone, "hungup")
        assert (await hear(di, "hungup"))["reason"] == "canceled"
        await winner.send("hangup")
        await hear(caller, "unbridged")
        await hear(caller, "say", text="谢谢来电，再见。")
        await hear(caller, "hungup")

    rows = await settled(town, 4)
    assert [row.number for row in rows] == [None] * 4, "whom it rang is forgotten"
    told, winner_at = {row.leg for row in rows if row.dismissed}, ROSTER.index(with_whom)
    assert told >= {0, 1, 2} - {winner_at}, "they are not told again"
    assert winner_at not in told
    [joined] = await town.rows(select(joins))
    [answer] = await town.rows(select(leg_answers))
    assert (joined.leg, answer.leg) == (ROSTER.index(with_whom),) * 2
    assert town.house.conversation.tally.forwards == {Forward.ACCEPTED: 1}


async def test_no_phone_rings_while_the_caller_is_still_told_something(town: Town) -> None:
    """Whoever pressed 1 would find nobody in the queue, and be counted as having accepted."""
    async with contextlib.AsyncExitStack() as stack:
        caller, *duty = [
            await stack.enter_async_context(town.phone(number)) for number in (CALLER, *ROSTER)
        ]
        for phone in duty:
            await hear(phone, "attached")
        await hear(caller, "attached")
        await caller.send("dial", to=LINE)
        await hear(caller, "listening")
        caller.acks = False
        await caller.send("digits", digits="0")
        said = await hear(caller, "say")

        async with asyncio.timeout(DEADLINE):  # what was said may be of the step before
            while len(rows := await town.rows(select(outgoing))) < 4:
                await asyncio.sleep(0.05)
        assert [row.asked for row in rows] == [None] * 4
        assert all(row.ordered > town.clock.now() for row in rows), "put off until the caller waits"

        caller.acks = True
        await caller.send("played", id=said["id"])
        await take_up(duty[0])
        await duty[0].send("digits", digits="1")
        assert (await hear(caller, "bridged"))["with"] == ROSTER[0]
        await caller.send("hangup")
    await settled(town, 4)


async def test_when_all_say_no_the_caller_comes_back_at_once(town: Town) -> None:
    """Nobody has to wait for a time-out; and every webhook comes twice."""
    town.faults.doubled = to("/ring/")
    town.faults.repeated = to("/status")
    async with phones(town) as (caller, duty):
        for phone in duty[:3]:
            await take_up(phone)
            await phone.send("digits", digits="2")
            await hear(phone, "say", text="好的，转给其他人接听。")
        await hear(duty[3], "ringing")
        await duty[3].send("decline")
        await hear(caller, "ringback", on=False)
        said = await hear(caller, "say")
        assert "现在无人接听" in said["text"]
        await caller.send("hangup")
    assert len(await settled(town, 4)) == 4
    assert len(town.line.history.calls()) == 5, "nobody was rung twice"
    [joined] = await town.rows(select(joins))
    assert joined.leg is None
    answers = await town.rows(select(leg_answers).order_by(leg_answers.c.leg))
    assert [(row.leg, row.accepted) for row in answers] == [(leg, False) for leg in range(3)]


async def test_a_caller_who_hangs_up_stops_all_phones(town: Town) -> None:
    async with phones(town) as (caller, duty):
        await take_up(duty[0])
        for phone in duty[1:]:
            await hear(phone, "ringing")
        await caller.send("hangup")
        for phone in duty[1:]:
            assert (await hear(phone, "hungup"))["reason"] == "canceled"
        await hear(duty[0], "say", text="来电人已挂机，工单会送到您的单位。")
    assert len(await settled(town, 4)) == 4


async def test_nobody_answers_and_a_late_1_joins_nobody(town: Town) -> None:
    """The time is ours: what the carrier's own clock says changes nothing."""
    async with phones(town) as (caller, duty):
        await take_up(duty[0])
        for phone in duty[1:]:
            await hear(phone, "ringing")
        town.clock.pass_(20 + 10 + 30)
        await hear(caller, "ringback", on=False)
        await duty[0].send("digits", digits="1")
        await hear(duty[0], "say", text="这个来电已转往别处，谢谢您。")
        for phone in duty[1:]:
            assert (await hear(phone, "hungup"))["reason"] == "canceled"
        assert "现在无人接听" in (await hear(caller, "say"))["text"]
        await caller.send("hangup")
    assert [row.accepted for row in await town.rows(select(leg_answers))] == []
