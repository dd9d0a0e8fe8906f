"""A post is told by each of its ways, once; a sealed case gives none of them its words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.cases.case import Confidentiality
from routing.delivery.further import TEXTS_A_DAY, Further
from routing.delivery.letter import News
from routing.directory import Contact
from routing.ports import JobKind, NewJob, OfficeCase
from tests.routing.delivery.office import CASE, NOW, StoppedClock

POST = {"zh-CN": "值班室", "en": "Duty desk"}
MAIL_ALONE = Contact(1, POST, "a@yunling.example", None, None, 0)
EVERY_WAY = replace(MAIL_ALONE, phone="+8613900000107", channel="wecom-police")


def further(contact: Contact, case: OfficeCase, news: News, of: str = "") -> list[NewJob]:
    def text(case: OfficeCase, news: News) -> str:
        return f"{news} {case.reference}"

    return [*Further(text, StoppedClock())(contact, case, news, of=of)]


def test_each_way_is_work_of_its_own() -> None:
    channel, text = further(EVERY_WAY, CASE, News.CASE)

    assert (channel.kind, channel.key) == (
        JobKind.TELL_CHANNEL,
        "channel:wecom-police:case-46270395",
    )
    assert channel.payload == {
        "reference": "46270395",
        "office": "市公安局",
        "news": "case",
        "channel": "wecom-police",
        "of": "",
    }
    assert text.kind is JobKind.TEXT_OFFICE
    assert text.payload["to"] == "+8613900000107"
    assert text.payload["from"] == CASE.dialled
    assert text.payload["text"] == "case 46270395"
    assert text.reference == channel.reference == "46270395"
    assert text.at == channel.at == NOW
    assert text.share is not None
    assert text.key.startswith(text.share.prefix)
    assert text.share.most == TEXTS_A_DAY
    assert "13900000107" not in text.key


def test_a_post_with_mail_alone_has_none() -> None:
    assert further(MAIL_ALONE, CASE, News.CASE) == []


def test_telling_again_is_the_same_work() -> None:
    first, again = (further(EVERY_WAY, CASE, News.DANGER) for _ in range(2))

    assert [job.key for job in first] == [job.key for job in again]


def test_words_go_by_the_channel_and_not_by_text() -> None:
    jobs = [
        job
        for sid in ("RE1", "RE2")
        for job in further(EVERY_WAY, CASE, News.WORDS, f"{sid} carrier")
    ]

    assert {job.kind for job in jobs} == {JobKind.TELL_CHANNEL}
    assert len({job.key for job in jobs}) == 2


def test_the_texts_of_a_phone_are_counted_by_the_cases_day() -> None:
    tomorrow = replace(CASE, reference="46270396", opened_at=CASE.opened_at + timedelta(days=1))
    jobs = further(EVERY_WAY, CASE, News.CASE) + further(EVERY_WAY, tomorrow, News.CASE)

    assert len({job.share.prefix for job in jobs if job.share}) == 2


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
def test_the_work_of_a_sealed_case_holds_nothing_of_it(level: Confidentiality) -> None:
    channel, text = further(EVERY_WAY, replace(CASE, confidentiality=level), News.CASE)

    assert text.payload["open"] is False
    assert set(channel.payload) == {"reference", "office", "news", "channel", "of"}
