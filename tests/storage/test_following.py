"""What follows from a job is taken on with its end: once for each key, within its share, or not at
all."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from routing.ports import JobKind, NewJob, Share
from storage.outbox import StoredOutbox
from storage.tables.outbox import outbox
from tests.deadline import DEADLINE
from tests.storage.stepping import AT, House, opened
from tests.storage.test_outbox import MORE, SECOND, add, only, state_of

EARLIER: Final = AT - timedelta(days=1)
CAUSES: Final = itertools.count()


async def keys(house: House) -> list[str]:
    """Of what followed from others, in the order in which it was taken on."""
    query = select(outbox.c.key).where(outbox.c.key.not_like("cause%")).order_by(outbox.c.id)
    async with house.database.reading() as connection:
        return list((await connection.execute(query)).scalars())


def channel(key: str, **payload: object) -> NewJob:
    return NewJob(JobKind.TELL_CHANNEL, payload, key, AT, "46270395")


def text_to(phone: str, reference: str, most: int = 2) -> NewJob:
    prefix = f"office_text:{phone}:"
    share = Share(prefix, most)
    return NewJob(JobKind.TEXT_OFFICE, {"to": phone}, f"{prefix}{reference}", AT, reference, share)


async def follow(house: House, *jobs: NewJob) -> Sequence[str]:
    """The end of a job from which these follow, to which work of its own belongs."""
    store = StoredOutbox(house.database)
    name = f"cause {next(CAUSES)}"
    await add(house, name, EARLIER)
    (job,) = [one for one in await store.claim(EARLIER, MORE) if one.key == name]
    job.follows.extend(jobs)
    return await store.done(job, EARLIER)


async def test_work_is_taken_on_once_for_each_key(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        ear = store.ear()

        assert await follow(house, channel("channel:desk:case-1", channel="desk")) == []
        async with asyncio.timeout(DEADLINE):
            await ear.wait(2 * DEADLINE)
        again = channel("channel:desk:case-1", channel="other")
        assert await follow(house, again, text_to("1", "46270395")) == []

        first, _ = await store.claim(AT + SECOND, MORE)
        assert (first.kind, first.payload) == ("tell_channel", {"channel": "desk"})
        assert await keys(house) == ["channel:desk:case-1", "office_text:1:46270395"]


@pytest.mark.parametrize("end", ["done", "again", "give_up"])
async def test_whichever_way_a_job_ends_what_follows_is_taken_on(tmp_path: Path, end: str) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await add(house, "cause")
        job = await only(store)
        job.follows.extend([channel("one"), text_to("1", "a", most=0), channel("two")])
        match end:
            case "done":
                left_out = await store.done(job, AT)
            case "again":
                left_out = await store.again(job, AT + SECOND, "later")
            case _:
                left_out = await store.give_up(job, AT, "never")

        assert left_out == ["office_text:1:a"]
        assert await keys(house) == ["one", "two"]


async def test_work_beyond_its_share_is_turned_away_and_told_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for reference in ("1", "2"):
            assert await follow(house, text_to("7", reference)) == []

        beyond = await follow(house, text_to("7", "3"), text_to("8", "3"))
        assert beyond == ["office_text:7:3"]
        assert await follow(house, text_to("7", "1")) == []  # it was told already
        assert await keys(house) == [f"office_text:{key}" for key in ("7:1", "7:2", "8:3")]


async def test_a_share_holds_when_many_take_work_on_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        for n in range(8):
            await add(house, f"cause {n}")
        causes = await store.claim(AT, MORE)
        for n, job in enumerate(causes):
            job.follows.append(text_to("7", str(n), most=3))
        turned_away = await asyncio.gather(*(store.done(job, AT) for job in causes))

        assert sum(map(len, turned_away)) == 5
        assert len(await keys(house)) == 3


async def test_what_follows_is_taken_on_whole_with_the_end_or_not_at_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        await add(house, "cause")
        job = await only(store)
        job.follows.extend([channel("channel:desk:case-1"), channel("case-2", of=object())])
        with pytest.raises(TypeError):
            await store.done(job, AT)

        assert await keys(house) == []
        assert (await state_of(house, job))[0] == "ready"


async def test_one_whose_work_cannot_be_taken_on_fails_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredOutbox(house.database)
        for n in range(3):
            await add(house, f"cause {n}")
        first, bad, good = await store.claim(AT, MORE)
        bad.follows.append(channel("bad", of=object()))
        good.follows.append(channel("good"))
        found = await asyncio.gather(
            *(store.done(job, AT) for job in (first, bad, good)), return_exceptions=True
        )

        assert [type(one) for one in found] == [list, TypeError, list]
        assert await keys(house) == ["good"]
