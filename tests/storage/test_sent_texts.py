"""What was texted does not stay with the carrier: it is deleted after a while, and at once where
the caller becomes anonymous, before the text, after it or while it is on its way."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from ivr.flow.effect import MakeAnonymous, Notify
from routing.ports import Job, JobKind
from storage.answers import TEXTS_KEPT, StoredAnswers
from storage.outbox import StoredOutbox
from storage.tables.outbox import outbox
from tests.storage.stepping import AT, CALLER, House, later_step, opened
from tests.storage.test_answers import REFERENCE, with_case

TEXT = Notify("sms.case", CALLER, {"pin": "7315"}, "zh-CN", f"case:{REFERENCE}", REFERENCE)
SOON = AT + timedelta(minutes=1)


async def due(house: House, kind: JobKind, now: datetime) -> list[Job]:
    """The jobs of a kind that are due, claimed."""
    return [job for job in await StoredOutbox(house.database).claim(now, 100) if job.kind == kind]


async def texted(house: House, answers: StoredAnswers) -> Job:
    """The carrier takes the text of the case and calls it SM1."""
    await house.journal.append(later_step("a", 2, TEXT))
    (job,) = await due(house, JobKind.SMS, SOON)
    await answers.text_taken(job, "SM1", SOON)
    await StoredOutbox(house.database).done(job, SOON)
    return job


async def test_a_text_is_deleted_at_the_carrier_after_a_while_and_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        job = await texted(house, answers)
        await answers.text_taken(job, "SM1", SOON)  # again, after a kill
        early = await due(house, JobKind.DELETE_TEXT, SOON + TEXTS_KEPT - timedelta(seconds=1))
        (deletion,) = await due(house, JobKind.DELETE_TEXT, SOON + TEXTS_KEPT)
    assert early == []
    assert deletion.payload == {"text": "SM1"}


async def test_anonymity_deletes_what_was_texted_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await texted(house, answers)
        await house.journal.append(later_step("a", 3, MakeAnonymous(REFERENCE)))
        (deletion,) = await due(house, JobKind.DELETE_TEXT, SOON)
    assert deletion.payload == {"text": "SM1"}


async def test_a_text_that_was_on_its_way_is_deleted_at_once_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await house.journal.append(later_step("a", 2, TEXT))
        (job,) = await due(house, JobKind.SMS, SOON)
        await house.journal.append(later_step("a", 3, MakeAnonymous(REFERENCE)))
        await answers.text_taken(job, "SM1", SOON)
        (deletion,) = await due(house, JobKind.DELETE_TEXT, SOON)
    assert deletion.payload == {"text": "SM1"}


async def test_a_text_that_was_taken_is_done_with_at_once(tmp_path: Path) -> None:
    """Whoever is killed then, and comes back after it was deleted at the carrier, would look it up
    there in vain and send it again."""
    async with opened(tmp_path) as house:
        answers = await with_case(house)
        await house.journal.append(later_step("a", 2, TEXT))
        (job,) = await due(house, JobKind.SMS, SOON)
        await answers.text_taken(job, "SM1", SOON)

        assert await due(house, JobKind.SMS, SOON + 2 * TEXTS_KEPT) == []
        query = select(outbox.c.state, outbox.c.payload).where(outbox.c.id == job.id)
        async with house.database.reading() as connection:
            assert (await connection.execute(query)).one() == ("done", "{}")
