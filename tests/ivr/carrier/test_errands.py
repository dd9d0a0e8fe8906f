"""The outbox's errands at the carrier, against the embedded one's REST side."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from ivr.carrier.account import Account
from ivr.carrier.client import Messages, RecordingRows
from ivr.carrier.errands import Deleting, Fetching, Settling, Texts
from ivr.carrier.recordings import Media
from ivr.conversation.matters import Listed
from ivr.conversation.turns import Conversation
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrasebook
from ivr.flow.world import Plan
from ivr.library.plans import Inputs, compile_plan
from ivr.ports.recordings import RecordingRef
from routing.handoff import MOST_TRIES, NotYet, Refused, TryAgain
from routing.ledger import LOOK
from routing.ports import Job
from tests.ivr.carrier.local.house import ACCOUNT, CALLER, LINE, TOKEN, House
from tests.ivr.carrier.test_recordings import Shelf

SLOTS = {"case": "4627 0395", "pin": "1825", "due": "11月30日星期一下午五点半"}
PAYLOAD = {"phrase": "sms.case", "to": CALLER, "from": LINE, "language": "zh-CN", "slots": SLOTS}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as made:
        yield made


@pytest.fixture
def phrases(demo_plan: Plan) -> Phrasebook:
    return demo_plan.phrases


def account(house: House) -> Account:
    return Account(ACCOUNT, TOKEN, f"{house.base}/line")


async def nothing_more(_: Job, __: str) -> None:
    """Nobody waits for these texts."""


def texts(
    house: House, phrases: Phrasebook, taken: Callable[[Job, str], Awaitable[None]] = nothing_more
) -> Texts:
    return Texts(Messages(account(house), house.session), saying(phrases), taken)


def saying(
    today: Phrasebook, earlier: Mapping[int, Phrasebook] | None = None
) -> Callable[[int | None], Awaitable[Phrasebook]]:
    """The words of plans."""

    async def phrases(plan: int | None) -> Phrasebook:
        return today if plan is None else (earlier or {}).get(plan, today)

    return phrases


def text_job(attempts: int = 1) -> Job:
    return Job(1, "sms", PAYLOAD, attempts, "case:46270395")


async def test_a_text_goes_out_in_the_callers_language(house: House, phrases: Phrasebook) -> None:
    await texts(house, phrases)(text_job())

    (sent,) = house.line.texts()
    assert sent.to == CALLER
    assert sent.text.startswith("【云岭直通】事项已登记。工单编号4627 0395，查询码1825")


async def test_a_text_in_doubt_is_looked_up_and_not_sent_twice(
    house: House, phrases: Phrasebook
) -> None:
    await texts(house, phrases)(text_job())
    await texts(house, phrases)(text_job(attempts=2))

    assert len(house.line.texts()) == 1


async def test_a_text_in_doubt_is_looked_up_in_the_words_that_it_was_sent_in(
    house: House, demo_inputs: Inputs, phrases: Phrasebook
) -> None:
    """A plan with other words was published in between."""
    reworded = {
        language: text.replace("事项已登记", "您的事项登记好了")
        for language, text in demo_inputs.shipped.phrases.items()
    }
    shipped = replace(demo_inputs.shipped, phrases=reworded)
    plan = compile_plan(replace(demo_inputs, shipped=shipped), 2, date(2026, 11, 24))
    messages = Messages(account(house), house.session)
    begun = {**PAYLOAD, "plan": 1}

    await texts(house, phrases)(Job(1, "sms", begun, 1, "case:46270395"))
    later = Texts(messages, saying(plan.phrases, {1: phrases}), nothing_more)
    await later(Job(1, "sms", begun, 2, "case:46270395"))
    assert len(house.line.texts()) == 1

    await later(Job(2, "sms", {**PAYLOAD, "plan": 2}, 1, "case:another"))
    assert ["您的事项登记好了" in text.text for text in house.line.texts()].count(True) == 1


async def test_a_text_in_doubt_that_never_went_out_is_sent(
    house: House, phrases: Phrasebook
) -> None:
    await texts(house, phrases)(text_job(attempts=2))

    assert len(house.line.texts()) == 1


async def test_a_text_that_was_given_up_is_looked_up_and_not_sent(
    house: House, phrases: Phrasebook
) -> None:
    """The carrier may have taken it after all; if not, a person says whether it goes out now."""
    look = Job(1, "sms", {**PAYLOAD, LOOK: True}, 17, "case:46270395")
    told = list[Job]()

    async def taken(job: Job, _: str) -> None:
        told.append(job)

    with pytest.raises(Refused, match="no such text"):
        await texts(house, phrases, taken)(look)
    assert (len(house.line.texts()), told) == (0, [])

    await texts(house, phrases)(text_job())
    await texts(house, phrases, taken)(look)
    assert len(house.line.texts()) == 1
    assert told == [look]


async def test_a_text_that_the_carrier_refuses_is_given_up(
    house: House, phrases: Phrasebook
) -> None:
    wrong = Account(ACCOUNT, "not the token", f"{house.base}/line")
    told = list[Job]()

    async def taken(job: Job, _: str) -> None:
        told.append(job)

    with pytest.raises(Refused):
        await Texts(Messages(wrong, house.session), saying(phrases), taken)(text_job())
    assert told == []


async def test_who_waits_for_a_text_is_told_when_the_carrier_has_it(
    house: House, phrases: Phrasebook
) -> None:
    """Also when the server was killed between the carrier's word and ours."""
    told = list[int]()

    async def taken(job: Job, _: str) -> None:
        assert len(house.line.texts()) == 1
        told.append(job.attempts)

    for attempt in (1, 2):
        await texts(house, phrases, taken)(text_job(attempt))
    assert told == [1, 2]


class Known(Shelf):
    """A shelf that knows where the carrier has a recording."""

    def __init__(self, ref: RecordingRef | None) -> None:
        super().__init__()
        self._ref = ref

    async def ref(self, sid: str) -> RecordingRef | None:
        return self._ref

    async def kept(self, sid: str) -> Language | None:  # type: ignore[override]  # Shelf keeps a dict
        return "zh-CN"


async def then(sid: str, language: Language | None) -> None:
    raise AssertionError(f"{sid} was not fetched, yet went on")


async def test_a_recording_that_nobody_told_of_is_asked_for_again(house: House) -> None:
    media = Media(account(house), house.session)

    with pytest.raises(TryAgain, match="where the recording is"):
        await Fetching(media, Known(None), then)(Job(1, "fetch_recording", {"recording": "RE1"}, 1))


async def test_a_recording_at_a_strange_host_is_refused(house: House) -> None:
    media = Media(account(house), house.session)
    ref = RecordingRef("RE1", "http://media.example/RE1", 3)

    with pytest.raises(Refused, match="host"):
        await Fetching(media, Known(ref), then)(Job(1, "fetch_recording", {"recording": "RE1"}, 1))


async def test_a_recording_that_is_not_there_yet_is_asked_for_again(house: House) -> None:
    media = Media(account(house), house.session)
    url = f"{house.base}/line/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1"

    with pytest.raises(TryAgain):
        await Fetching(media, Known(RecordingRef("RE1", url, 3)), then)(
            Job(1, "fetch_recording", {"recording": "RE1"}, 1)
        )


async def test_a_recording_that_is_gone_already_is_deleted(house: House) -> None:
    rows = RecordingRows(account(house), house.session)

    for deleting in (Deleting(rows, nobody_waits), Deleting(rows)):
        await deleting(Job(1, "delete_recording", {"recording": "RE" + "0" * 32}, 1))

    assert house.line.recordings.all() == []


async def nobody_waits(_: str) -> bool:
    return False


async def test_a_recording_whose_words_are_still_asked_for_stays(house: House) -> None:
    """They would go with it: an outage, or a clock that jumps, has both due at once."""

    async def waits(sid: str) -> bool:
        return sid == "RE1"

    nowhere = RecordingRows(Account(ACCOUNT, TOKEN, f"{house.base}/nowhere"), house.session)
    with pytest.raises(NotYet, match="words"):
        await Deleting(nowhere, waits)(Job(1, "delete_recording", {"recording": "RE1"}, 1))


class Settled:
    """Stands where the conversation does; keeps what it was handed."""

    def __init__(self) -> None:
        self.lists: list[Listed | None] = []

    async def settle(self, call_id: str, listed: Listed | None) -> None:
        self.lists.append(listed)
        if listed is not None:
            await listed("CA1")


@pytest.mark.parametrize(("base", "asks"), [("/line", True), ("/nowhere", False)])
async def test_a_lost_recording_is_asked_for_until_the_last_try(
    house: House, base: str, asks: bool
) -> None:
    """Then the matter is a case all the same, and the work stays to be seen."""
    told = Settled()
    rows = RecordingRows(Account(ACCOUNT, TOKEN, house.base + base), house.session)
    settling = Settling(cast("Conversation", told), rows)

    if asks:
        await settling(Job(1, "settle", {"call": "c1"}, 1))
        assert told.lists == [rows.of_call]
        return
    with pytest.raises(TryAgain):
        await settling(Job(1, "settle", {"call": "c1"}, 1))
    with pytest.raises(Refused, match="without its sound"):
        await settling(Job(1, "settle", {"call": "c1"}, 50, failures=MOST_TRIES - 1))
    assert told.lists == [rows.of_call, rows.of_call, None]
