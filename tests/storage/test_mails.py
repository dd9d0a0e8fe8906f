"""Mails that were written instead of sent."""

from datetime import timedelta
from pathlib import Path

from routing.ports import SentMail
from storage.mails import SHOWN, StoredMails
from tests.storage.stepping import AT, opened


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
