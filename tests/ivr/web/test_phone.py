"""`/phone` and its list of messages, as HTTP."""

import json
from collections.abc import Sequence
from datetime import UTC, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ivr.ports.local_line import SentText
from ivr.web.phone import PHONE_LINK, PHONE_PAGES, Phones, phone_routes
from ivr.web.phonebook import desks, printed, sections
from routing.directory import AnswerMode
from routing.ports import SentMail
from routing.rules.roster import Member, Roster
from routing.web.layout import POLICY, add_layout
from routing.web.wording import Tongue
from tests.ivr.web.conftest import BOOK
from tests.ivr.web.fake_line import FakeLine
from tests.routing.web.city import NOON, city

HOSTILE = "</p><script>alert('1')</script>\"'&"


class Mails:
    """One mail to an office."""

    async def mails(self) -> Sequence[SentMail]:
        later = NOON + timedelta(minutes=1)
        return [SentMail("M1", "office19@yunling.example", HOSTILE, HOSTILE, later)]


class Config(HTMLParser):
    """Finds what the page tells its script."""

    found: str = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = dict(attrs).get("data-config") or self.found


@pytest.fixture
def line() -> FakeLine:
    fake = FakeLine()
    fake.sent.append(SentText("SM1", "+8613900000012", HOSTILE, NOON))
    return fake


@pytest.fixture
async def client(line: FakeLine) -> TestClient[web.Request, web.Application]:
    app, directory = web.Application(), city()
    add_layout(app, (PHONE_PAGES,), (PHONE_LINK,))
    phones = Phones(lambda: directory, dict, lambda: BOOK, line, Mails(), ZoneInfo("Asia/Shanghai"))
    app.add_routes(phone_routes(phones))
    return TestClient(TestServer(app))


async def test_the_page_names_every_number_and_keeps_the_policy(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client, client.get("/phone") as answer:
        text = await answer.text()

    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-store"
    assert text.count("data-search=") == 81
    assert " style=" not in text
    assert " onclick=" not in text


async def test_the_scripts_words_arrive_whole_in_both_languages(
    client: TestClient[web.Request, web.Application],
) -> None:
    words = {}
    async with client:
        for tongue in ("zh", "en"):
            async with client.get("/phone", params={"lang": tongue}) as answer:
                reader = Config()
                reader.feed(await answer.text())
                words[tongue] = json.loads(reader.found)["words"]

    assert words["zh"].keys() == words["en"].keys()
    assert words["en"]["reconnecting"] == "Reconnecting…"


async def test_messages_are_newest_first_masked_and_never_markup(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client, client.get("/phone/messages") as answer:
        text = await answer.text()

    assert text.index('data-key="M1"') < text.index('data-key="SM1"')
    assert "…12" in text
    assert "13900000012" not in text
    assert "<script" not in text
    assert "office19@yunling.example" in text


async def test_messages_are_not_sent_twice(
    client: TestClient[web.Request, web.Application], line: FakeLine
) -> None:
    async with client:
        first = await client.get("/phone/messages")
        known = {"If-None-Match": first.headers["ETag"]}
        again = await client.get("/phone/messages", headers=known)
        line.sent.append(SentText("SM2", "+8613900000012", "新", NOON))
        fresh = await client.get("/phone/messages", headers=known)

    assert (first.status, again.status, fresh.status) == (200, 304, 200)


async def test_pages_elsewhere_cannot_reach_the_phone(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client:
        for path in ("/phone", "/phone/messages"):
            rebound = await client.get(path, headers={"Host": "evil.example"})
            assert rebound.status == 403, path


def test_the_phonebook_holds_the_whole_list_once() -> None:
    directory = city()
    for tongue in Tongue:
        entries = [entry for section in sections(directory, tongue) for entry in section.entries]
        phones = desks(directory, {}, tongue)

        assert sorted(entry.number for entry in entries) == sorted(directory.numbers)
        assert len({desk.number for desk in phones}) == len(phones)
        assert {desk.number for desk in phones if desk.kind == "personal"} == {
            n.forward_to
            for n in directory.numbers.values()
            if n.forward_to and n.answer_mode is not AnswerMode.POOLED
        }


def test_an_entry_names_the_phone_that_rings_first() -> None:
    directory = city()
    entries = [entry for section in sections(directory, Tongue.ZH) for entry in section.entries]
    first = {entry.number: entry.desk for entry in entries}

    assert first["+865580000001"] == "+865580010001"  # answered in person
    assert first["+865580000021"] == "+865580020007"  # by the duty desk
    assert first["+865580000002"] == "+865580020001"  # by the duty desk, then in person
    assert set(first.values()) <= {desk.number for desk in desks(directory, {}, Tongue.ZH)}


def test_a_phone_of_a_roster_can_be_switched_on() -> None:
    names = {"zh-CN": "夜班", "en": "Night"}
    post = {"zh-CN": "值班员", "en": "Duty officer"}
    own = Member("a", post, "+8613800000021", None)
    by_number = Member("b", post, None, "+865580000001")
    roster = Roster("night", names, "市水利局", UTC, (own, by_number))

    found = [one for one in desks(city(), {"night": roster}, Tongue.ZH) if one.kind == "roster"]

    assert [(one.number, one.whose) for one in found] == [("+8613800000021", "夜班 · 值班员")]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+865580000021", "0558-0000021"),
        ("+8613900000012", "139 0000 0012"),
        ("12345", "12345"),
        ("+447700900123", "+447700900123"),
    ],
)
def test_numbers_are_printed_as_people_write_them(number: str, shown: str) -> None:
    assert printed(number) == shown
