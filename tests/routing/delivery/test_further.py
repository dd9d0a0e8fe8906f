"""A post is told by each of its ways, once; a sealed case gives none of them its words."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from routing.cases.case import Confidentiality
from routing.delivery.further import TEXTS_A_DAY, Further
from routing.delivery.letter import News
from routing.directory import Contact
from routing.ports import JobKind, OfficeCase
from tests.routing.delivery.office import CASE, Enqueued, StoppedClock

POST = {"zh-CN": "值班室", "en": "Duty desk"}
MAIL_ALONE = Contact(1, POST, "a@yunling.example", None, None, 0)
EVERY_WAY = replace(MAIL_ALONE, phone="+8613900000107", channel="wecom-police")


def further(to: Enqueued) -> Further:
    def text(case: OfficeCase, news: News) -> str:
        return f"{news} {case.reference}"

    return Further(to, text, StoppedClock())


async def test_each_way_is_work_of_its_own() -> None:
    to = Enqueued()
    await further(to)(EVERY_WAY, CASE, News.CASE)
    channel, text = to.jobs.values()

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
    assert text.share is not None
    assert text.key.startswith(text.share.prefix)
    assert text.share.most == TEXTS_A_DAY
    assert "13900000107" not in text.key


async def test_a_post_with_mail_alone_costs_nothing() -> None:
    class Never(Enqueued):
        async def __call__(self, *_: object) -> list[str]:
            raise AssertionError("asked for nothing")

    await further(Never())(MAIL_ALONE, CASE, News.CASE)


async def test_telling_again_changes_nothing() -> None:
    to = Enqueued()
    for _ in range(2):
        await further(to)(EVERY_WAY, CASE, News.DANGER)

    assert len(to.jobs) == 2


async def test_words_go_by_the_channel_and_not_by_text() -> None:
    to = Enqueued()
    await further(to)(EVERY_WAY, CASE, News.WORDS, of="RE1 carrier")
    await further(to)(EVERY_WAY, CASE, News.WORDS, of="RE2 carrier")

    assert {job.kind for job in to.jobs.values()} == {JobKind.TELL_CHANNEL}
    assert len(to.jobs) == 2


async def test_the_texts_of_a_phone_are_counted_by_the_cases_day() -> None:
    to = Enqueued()
    tomorrow = replace(CASE, reference="46270396", opened_at=CASE.opened_at + timedelta(days=1))
    await further(to)(EVERY_WAY, CASE, News.CASE)
    await further(to)(EVERY_WAY, tomorrow, News.CASE)
    prefixes = {job.share.prefix for job in to.jobs.values() if job.share}

    assert len(prefixes) == 2


async def test_a_phone_that_had_its_share_is_left_out_and_said_so() -> None:
    to = Enqueued("office_text:")
    with capture_logs() as logged:
        await further(to)(EVERY_WAY, CASE, News.CASE)

    assert [job.kind for job in to.jobs.values()] == [JobKind.TELL_CHANNEL]
    assert logged == [
        {
            "event": "office.text_left_out",
            "log_level": "warning",
            "office": "市公安局",
            "a_day": TEXTS_A_DAY,
        }
    ]


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
async def test_the_work_of_a_sealed_case_holds_nothing_of_it(level: Confidentiality) -> None:
    to = Enqueued()
    await further(to)(EVERY_WAY, replace(CASE, confidentiality=level), News.CASE)
    channel, text = to.jobs.values()

    assert text.payload["open"] is False
    assert set(channel.payload) == {"reference", "office", "news", "channel", "of"}
