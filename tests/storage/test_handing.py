"""A step's commit hands its work to whoever waits for it, and a kill leaves that work as any other
in hand."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Final, NoReturn

import pytest

from ivr.flow.effect import TellOffice
from routing.handoff import MOST_AT_ONCE
from routing.ports import JobKind
from storage.errors import StorageError
from storage.handing import LEASE
from storage.lanes import Lane, lanes
from storage.outbox import StoredOutbox
from tests.storage.stepping import AT, House, counted, first_step, later_step, open_case, opened

MAILS: Final = frozenset({JobKind.TELL_OFFICE})
MORE: Final = 100
SECOND: Final = timedelta(seconds=1)


def mails_of(house: House) -> Lane:
    """The lane that tells of cases."""
    return lanes(StoredOutbox(house.database), MAILS)[0]


async def told(house: House, *references: str) -> None:
    """Cases of one call, in one batch, whose offices are to be told."""
    for number in range(len(references)):
        await house.journal.append(first_step(f"call{number}"))
    steps = [
        later_step(f"call{number}", 1, open_case(reference), TellOffice(reference, "water"))
        for number, reference in enumerate(references)
    ]
    await asyncio.gather(*map(house.journal.append, steps))


async def keys(lane: Lane, most: int = MORE) -> list[str | None]:
    return [job.key for job in await lane.claim(AT + SECOND, most)]


async def test_it_is_in_hand_without_a_claim_of_its_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        mails = mails_of(house)
        await told(house, "46270395")
        with counted() as statements:
            (job,) = await mails.claim(AT, MORE)

        assert not [one for one in statements if "UPDATE" in one]
        assert (job.kind, job.key, job.attempts) == ("tell_office", "tell:46270395", 1)
        assert job.payload == {"reference": "46270395", "office": "water"}
        assert await keys(mails) == []
        await mails.done(job, AT)
        assert await StoredOutbox(house.database).claim(AT + 2 * LEASE, MORE) == ()


async def test_nobody_else_has_it_until_its_lease_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        mails, heir = mails_of(house), StoredOutbox(house.database)
        await told(house, "46270395")
        (lost,) = await mails.claim(AT, MORE)

        assert await heir.claim(AT + LEASE, MORE) == ()
        (job,) = await heir.claim(AT + LEASE + SECOND, MORE)
        assert (job.id, job.attempts) == (lost.id, 2)


async def test_after_a_kill_it_is_due_at_once(tmp_path: Path) -> None:
    """Between the commit and the hand that was to take it."""
    async with opened(tmp_path) as house:
        mails_of(house)
        await told(house, "46270395")

        heir = StoredOutbox(house.database)
        assert await heir.take_back(AT + SECOND) == 1
        (job,) = await heir.claim(AT + SECOND, MORE)
        assert job.key == "tell:46270395"


async def test_what_was_given_back_meanwhile_is_not_in_hand(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        mails = mails_of(house)
        await told(house, "46270395")
        await StoredOutbox(house.database).give_back(AT)

        (job,) = await mails.claim(AT, MORE)
        assert job.attempts == 2, "by a claim, as any work that is due"


async def test_more_than_there_are_hands_waits_for_a_claim(tmp_path: Path) -> None:
    references = [f"1000{number:04}" for number in range(MOST_AT_ONCE + 3)]
    async with opened(tmp_path) as house:
        mails = mails_of(house)
        await told(house, *references)

        first = await keys(mails)
        assert (len(first), mails.room()) == (MOST_AT_ONCE, 0)
        assert len(await keys(mails)) == 3
        assert await keys(mails) == []


async def test_one_that_may_claim_nothing_is_handed_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        outbox = StoredOutbox(house.database)
        mails, _ = lanes(outbox, MAILS)
        outbox.sure = False
        await told(house, "46270395")

        assert await keys(mails) == []
        (job,) = await StoredOutbox(house.database).claim(AT + SECOND, MORE)
        assert (job.key, job.attempts) == ("tell:46270395", 1)


async def test_an_end_of_any_kind_leaves_room_again(tmp_path: Path) -> None:
    references = ["10000001", "10000002", "10000003"]
    async with opened(tmp_path) as house:
        mails = mails_of(house)
        await told(house, *references)
        first, second, third = await mails.claim(AT, MORE)
        assert mails.room() == MOST_AT_ONCE - 3

        await mails.done(first, AT)
        await mails.again(second, AT + LEASE, "later")
        await mails.give_up(third, AT, "never")
        assert mails.room() == MOST_AT_ONCE


async def test_other_work_and_other_lanes_are_not_touched(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        mails, others = lanes(StoredOutbox(house.database), MAILS)
        await told(house, "46270395")

        assert await keys(others) == []
        assert await keys(mails) == ["tell:46270395"]


async def test_a_look_that_fails_forgets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease would keep it from everybody for minutes."""

    async def lost(*_: object) -> NoReturn:
        raise StorageError("the connection is lost")

    async with opened(tmp_path) as house:
        mails = mails_of(house)
        await told(house, "46270395")
        with monkeypatch.context() as broken:
            broken.setattr(StoredOutbox, "handed", lost)
            with pytest.raises(StorageError):
                await mails.claim(AT, MORE)

        assert await keys(mails) == ["tell:46270395"]


async def test_a_step_that_was_not_kept_hands_over_nothing(tmp_path: Path) -> None:
    """Its turn was another's: whose work it is, is what the winner wrote."""
    async with opened(tmp_path) as house:
        mails = mails_of(house)
        await told(house, "46270395")
        assert await keys(mails) == ["tell:46270395"]
        late = later_step("call0", 1, open_case("55555555"), TellOffice("55555555", "water"))
        await house.journal.append(late)

        assert await keys(mails) == []
