"""Mails that were written instead of sent."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from ivr.flow.effect import AttachRecording, MakeAnonymous
from routing.delivery.letter import News, news_id
from routing.ports import SentMail
from storage.mails import SHOWN, StoredMails
from storage.retention import Retention
from storage.tables.outbox import mails
from tests.storage.stepping import AT, House, first_step, later_step, open_case, opened

CASE, OTHER = "46270395", "11111116"
DAYS = 90


def mail(n: int, text: str = "停水") -> SentMail:
    """The n-th mail."""
    at = AT + timedelta(seconds=n)
    return SentMail(f"case-{n}", "water@city.example", f"新工单 {n}", text, at)


async def test_the_newest_mail_comes_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredMails(house.database)
        assert await store.mails() == []
        for n in (1, 3, 2):
            await store.write(mail(n))
        assert await store.mails() == [mail(3), mail(2), mail(1)]


async def test_a_repeated_job_writes_no_second_mail(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredMails(house.database)
        await store.write(mail(1))
        await store.write(mail(1, "again"))
        assert await store.mails() == [mail(1)]


async def test_only_the_latest_are_shown(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredMails(house.database)
        for n in range(SHOWN + 3):
            await store.write(mail(n))
        shown = await store.mails()
    assert (len(shown), shown[0], shown[-1]) == (SHOWN, mail(SHOWN + 2), mail(3))


def of(reference: str, news: News = News.CASE, mark: str = "") -> SentMail:
    """What was written of a case."""
    return replace(mail(1), id=news_id(news, reference, mark), text="楼下的路灯坏了")


async def two_cases(house: House) -> StoredMails:
    """Each with every sort of mail, the second's marks holding the first's number."""
    attach = AttachRecording(CASE, 1, "RE1", 12, "zh-CN")
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case(CASE), attach))
    await house.journal.append(first_step("b"))
    await house.journal.append(later_step("b", 1, open_case(OTHER)))
    store = StoredMails(house.database)
    for reference in (CASE, OTHER):
        for news in News:
            await store.write(of(reference, news))
            await store.write(of(reference, news, f"RE1 {CASE}"))
    await store.write(replace(mail(1), id=f"words-{OTHER}-{CASE}abcd"))
    return store


async def kept(house: House) -> set[str]:
    async with house.database.reading() as connection:
        return {row.id for row in (await connection.execute(select(mails.c.id))).all()}


async def test_a_caller_who_becomes_anonymous_leaves_no_mail_of_the_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await two_cases(house)
        before = await kept(house)
        await house.journal.append(later_step("a", 2, MakeAnonymous(CASE)))
        after = await kept(house)

    assert len(before - after) == 2 * len(News)
    assert all(name.split("-")[1] == CASE for name in before - after)
    assert all(name.split("-")[1] == OTHER for name in after)


async def test_a_mail_that_was_written_before_that_and_comes_after_is_dropped(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = await two_cases(house)
        await house.journal.append(later_step("a", 2, MakeAnonymous(CASE)))
        await store.write(of(CASE))
        assert of(CASE).id not in await kept(house)
        await store.write(replace(of(CASE), named=False))
        assert of(CASE).id in await kept(house), "one that says no more than it may is kept"


async def test_words_in_a_mail_go_with_the_sound_however_late_it_was_written(
    tmp_path: Path,
) -> None:
    """A case that nobody accepts is told of for weeks, each time with its words."""
    async with opened(tmp_path) as house:
        store = await two_cases(house)
        late = replace(of(CASE, News.ESCALATED, "rung 3"), at=AT + timedelta(days=DAYS - 1))
        await store.write(late)
        await Retention(house.database, house.recordings, DAYS).run(
            AT + timedelta(days=DAYS, seconds=2)
        )

        assert not any(name.split("-")[1] == CASE for name in await kept(house))
        assert await house.recordings.read("RE1") is None
