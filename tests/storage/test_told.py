"""The words of a recording over a real outbox: told with their case or after it, by mail and by
channel; once where nothing is cut off, and never not at all."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.flow.effect import AttachRecording, TellOffice
from ivr.flow.world import Plan
from routing.delivery.channels import Channels
from routing.delivery.further import Further
from routing.delivery.letter import Letter
from routing.delivery.notice import Notice, as_json
from routing.delivery.telling import Telling
from routing.directory import Contact, Directory
from routing.handoff import Handler, Handoff, TryAgain
from routing.ports import FirstTold, JobKind
from storage.cases import StoredCases
from storage.outbox import StoredOutbox
from tests.storage.stepping import (
    AT,
    House,
    MovedClock,
    first_step,
    killed_after,
    later_step,
    open_case,
    opened,
)

OFFICE, CASE, SAID = "市公安局", "46270395", "路灯坏了三天"
NAMES = {"zh-CN": "值班室", "en": "Desk"}
DESK = Contact(1, NAMES, "desk@yunling.example", None, "desk", 0)


@dataclass
class Told:
    """What an office has: of each id the first alone, as whoever heeds ids keeps it. `faults` are
    what becomes of the next messages: not taken, or taken and not answered."""

    house: House
    plan: Plan
    clock: MovedClock = field(default_factory=lambda: MovedClock(AT + timedelta(minutes=1)))
    mails: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def handoff(self) -> Handoff:
        cases = StoredCases(self.house.database, self.house.recordings)
        further = Further(lambda *_: "text", self.clock)
        telling = Telling(cases, self.directory, self.post, lambda _: None, further, lambda _: ())
        handlers: dict[str, Handler] = {
            JobKind.TELL_OFFICE: telling.of_case,
            JobKind.TELL_WORDS: telling.of_words,
            JobKind.TELL_CHANNEL: Channels(
                {"desk": self.door}, cases, self.directory, lambda _: None
            ),
        }
        outbox = StoredOutbox(self.house.database)
        return Handoff(outbox, handlers, self.clock, lambda what, job, why: None)

    def directory(self) -> Directory:
        return replace(self.plan.directory, contacts={OFFICE: (DESK,)})

    async def post(self, letter: Letter) -> None:
        await self._taken(self.mails, letter.id, letter.text)

    async def door(self, notice: Notice) -> None:
        await self._taken(self.notices, notice.id, as_json(notice).decode())

    async def _taken(self, kept: dict[str, str], id: str, text: str) -> None:
        await asyncio.sleep(0)
        fault = self.faults.pop() if self.faults else ""
        if fault != "not taken":
            kept.setdefault(id, text)
        await asyncio.sleep(0)
        if fault:
            raise TryAgain("the far side is busy")

    async def drain(self) -> None:
        """What is due in the next quarter of an hour: nothing waits longer for its next try."""
        for _ in range(15):
            while await self.handoff().drain():
                pass
            self.clock.at += timedelta(minutes=1)

    async def killed(self, turns: int) -> None:
        """A drain that is cut off after so many turns of the loop, and a server after it."""
        await killed_after(turns, self.handoff(), self.house, self.clock)

    async def words(self, said: str = SAID) -> None:
        await self.house.calls.hold_transcript("RE1", said, "carrier", AT)

    def with_words(self) -> tuple[Sequence[str], Sequence[str]]:
        """The news in which they came: by mail, by channel."""
        return _news_with_words(self.mails), _news_with_words(self.notices)


def _news_with_words(kept: Mapping[str, str]) -> Sequence[str]:
    return [key.partition("-")[0] for key, text in kept.items() if SAID in text]


async def a_case(house: House) -> None:
    opening = replace(open_case(CASE), office=OFFICE)
    attach = AttachRecording(CASE, 1, "RE1", 12, "zh-CN")
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, opening, TellOffice(CASE, OFFICE), attach))


async def test_words_that_are_there_first_are_told_once_by_each_way(
    tmp_path: Path, demo_plan: Plan
) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan)
        await told.words()
        await told.drain()

    assert told.with_words() == (["case"], ["case"])
    assert (len(told.mails), len(told.notices)) == (1, 1)


async def test_words_that_come_later_follow_by_each_way(tmp_path: Path, demo_plan: Plan) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan)
        await told.drain()
        await told.words()
        await told.drain()

    assert told.with_words() == (["words"], ["words"])


@pytest.mark.parametrize("fault", ["not taken", "not answered"])
async def test_a_first_message_that_lacked_them_and_is_repeated_may_be_dropped(
    tmp_path: Path, demo_plan: Plan, fault: str
) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan, faults=[fault])
        await told.handoff().drain()
        await told.words()
        await told.drain()

    assert "words" in told.with_words()[0]
    assert told.with_words()[1] == ["case"]


async def test_one_that_held_them_each_time_brought_them(tmp_path: Path, demo_plan: Plan) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan, faults=["not taken", "not answered", "not taken"])
        await told.words()
        await told.drain()

    assert told.with_words() == (["case"], ["case"])
    assert (len(told.mails), len(told.notices)) == (1, 1)


async def test_one_that_was_cut_off_leaves_it_open(tmp_path: Path, demo_plan: Plan) -> None:
    """Nobody can say what the first attempt held."""
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan)
        await StoredOutbox(house.database).claim(told.clock.now(), 9)
        await StoredOutbox(house.database).take_back(told.clock.now())
        await told.words()
        await told.drain()

    assert told.with_words() == (["case", "words"], ["case"])


async def test_a_recording_that_was_heard_on_is_told_again(tmp_path: Path, demo_plan: Plan) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan)
        await told.words()
        await told.drain()
        await house.calls.hold_transcript("RE1", f"{SAID}，没人修", "local", AT)
        await told.drain()

    assert told.with_words() == (["case", "words"], ["case", "words"])


@pytest.mark.parametrize("seed", range(4))
async def test_killed_anywhere_no_words_are_lost(
    tmp_path: Path, demo_plan: Plan, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - a test's own dice
    async with opened(tmp_path) as house:
        await a_case(house)
        told = Told(house, demo_plan)
        told.faults = draw.choices(["", "not taken", "not answered"], k=draw.randrange(4))
        comes = draw.randrange(6)
        for step in range(6):
            if step == comes:
                await told.words()
            await told.killed(draw.randrange(60))
            told.clock.at += timedelta(seconds=draw.choice([0, 1, 11]))
        await told.drain()
        by_mail, by_channel = told.with_words()

    assert by_mail
    assert by_channel


async def test_how_a_case_was_first_told_is_asked_by_way(tmp_path: Path, demo_plan: Plan) -> None:
    async with opened(tmp_path) as house:
        cases = StoredCases(house.database, house.recordings)
        assert await cases.first_told(CASE) is None
        await a_case(house)
        assert await cases.first_told(CASE) == FirstTold(waits=True)
        assert await cases.first_told(CASE, "desk") is None
        await Told(house, demo_plan).handoff().drain()
        assert await cases.first_told(CASE) == FirstTold(waits=False)
        assert await cases.first_told(CASE, "desk") == FirstTold(waits=True)
        assert await cases.first_told(CASE, "des") is None
