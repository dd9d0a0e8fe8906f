"""Phones ring together, each by a call of its own, at an embedded carrier in another's place: the
first who presses 1 talks with the caller, the others are told or stop ringing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.carrier.local.leg import Timing
from ivr.carrier.local.telephone import Telephone
from storage.tables.calls import joins, leg_answers
from storage.tables.outgoing import outgoing
from tests.ivr.carrier.local.house import hear
from tests.ivr.carrier.outside import Outside, outside
from tests.ivr.ruled import ruled

CALLER, LINE = "+8613900000012", "+865580000019"
ANN, BO, CY = (f"+861380000010{n}" for n in (1, 2, 3))
ROSTER = (
    'roster {"duty": {"name": "教育局值班", "name_en": "Education duty", "office": "市教育局",'
    ' "members": ['
    + ", ".join(
        f'{{"id": "{name}", "name": "{name}", "name_en": "{name}", "phone": "{phone}"}}'
        for name, phone in (("ann", ANN), ("bo", BO), ("cy", CY))
    )
    + "]}}"
)
RULE = (
    'rule {"id": "written", "name": "试行", "when": {"dialled": ["+865580000019"]},'
    ' "then": {"office": "市教育局", "ring": [{"roster": "duty", "order": "together"}]}}'
)

UNHURRIED = Timing(second=1.0, back=8.0)
"""A phone rings for as long as it does, so that no test depends on the machine's speed."""


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outside]:
    monkeypatch.chdir(tmp_path)  # no .env of a developer
    async with outside(tmp_path, "twilio", timing=UNHURRIED) as there:
        plans = there.house.plans
        plans.publish(ruled(RULE, ruled(ROSTER, plans.current)))
        yield there


async def asks_for_a_person(caller: Telephone) -> None:
    await hear(caller, "attached")
    await caller.send("dial", to=LINE)
    await hear(caller, "listening")
    await caller.send("digits", digits="0")
    await hear(caller, "ringback", on=True)


async def take_up(phone: Telephone) -> None:
    assert (await hear(phone, "ringing"))["from"] == LINE
    await phone.send("answer")
    await hear(phone, "listening", kind="gather")


async def test_the_first_who_presses_1_talks_with_the_caller(town: Outside) -> None:
    async with (
        town.phone(CALLER) as caller,
        town.phone(ANN) as ann,
        town.phone(BO) as bo,
        town.phone(CY) as cy,
    ):
        for phone in (ann, bo, cy):
            await hear(phone, "attached")
        await asks_for_a_person(caller)
        await take_up(ann)
        await take_up(bo)
        await hear(cy, "ringing")
        await bo.send("digits", digits="1")
        await hear(bo, "bridged", **{"with": LINE})
        await hear(caller, "bridged")
        await hear(ann, "say", text="已有同事接听，谢谢您。")
        await hear(ann, "hungup")
        assert (await hear(cy, "hungup"))["reason"] == "canceled"
        await caller.send_audio(b"\1\0" * 80)
        await bo.send("hangup")
        await hear(caller, "unbridged")
        await hear(caller, "say", text="谢谢来电，再见。")
        await hear(caller, "hungup")
    [joined] = await town.rows(select(joins))
    [answer] = await town.rows(select(leg_answers))
    assert (joined.leg, answer.leg, answer.accepted) == (1, 1, True)
    assert len(await town.rows(select(outgoing))) == 3
