"""`/undelivered` as HTTP: whom it was for, why, and a try more behind the door of the ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from routing.audit import Entry
from routing.cases.case import CaseState
from routing.cases.doors import masked_mailbox
from routing.cases.ladder import TOP
from routing.undelivered import SAID, TELLING, Fate, Meaning, Missed, meaning
from routing.web.guard import loopback_only
from routing.web.layout import POLICY, add_layout
from routing.web.ledger.page import LEDGER_PAGES
from routing.web.undelivered.page import (
    UNDELIVERED_LINK,
    UNDELIVERED_PAGES,
    UndeliveredDesk,
    undelivered_routes,
)
from routing.web.wording import Tongue, read_wording
from tests.routing.web.city import HERE, NOON, KeptCases, a_case, casework, city

Client = TestClient[web.Request, web.Application]
HOSTILE = "<script>alert('1')</script>\"'&/../"
MAIL = Missed(
    id=7,
    kind="tell_office",
    fate=Fate.GIVEN_UP,
    due=NOON,
    at=NOON,
    tries=15,
    why="the mail server did not answer in time",
    reference="46270395",
    office="市水利局",
)
TEXT = replace(MAIL, id=8, kind="sms", fate=Fate.CAME_BACK, code="sms.30003", to="…34")
WORDS = [Path(f"routing/web/{name}/words.toml") for name in ("ledger", "undelivered")]


class Noon:
    def now(self) -> datetime:
        return NOON


@dataclass
class Kept:
    """What did not arrive, as a test writes it."""

    rows: list[Missed] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    async def missed(self, now: datetime) -> Sequence[Missed]:
        return self.rows

    async def counts(self) -> Mapping[str, int]:
        return Counter(row.kind for row in self.rows if row.fate is not Fate.TRYING)

    async def offices(self) -> Mapping[str, int]:
        return {}

    async def again(self, job: int, now: datetime, entry: Entry | None = None) -> bool:
        self.done.append(f"again {job} at {now:%H:%M}")
        return any(row.id == job for row in self.rows)

    async def all_again(self, kind: str, now: datetime, entry: Entry | None = None) -> int:
        self.done.append(f"all {kind}")
        return sum(row.kind == kind for row in self.rows)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def cases() -> KeptCases:
    return KeptCases(a_case())


@pytest.fixture
async def client(kept: Kept, cases: KeptCases) -> Client:
    app, directory = web.Application(), city()
    add_layout(app, (LEDGER_PAGES, UNDELIVERED_PAGES), (UNDELIVERED_LINK,))
    desk = UndeliveredDesk(kept, casework(cases), lambda: directory, Noon(), HERE)
    app.add_routes(undelivered_routes(desk, loopback_only))
    return TestClient(TestServer(app))


async def text_of(client: Client, path: str = "/undelivered") -> str:
    async with client.get(path) as answer:
        assert answer.status == 200, path
        assert answer.headers["Content-Security-Policy"] == POLICY
        return await answer.text()


@pytest.mark.parametrize(
    ("language", "says"), [("zh", "全部送到"), ("en", "Everything has arrived")]
)
async def test_where_all_arrived_it_says_so_and_offers_nothing(
    client: Client, language: str, says: str
) -> None:
    async with client:
        text = await text_of(client, f"/undelivered?lang={language}")

    assert says in text
    assert "<form" not in text


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "zh",
            (
                "1件没有送到",
                "给单位的通知",
                "4627 0395",
                "市水利局",
                "11月24日周二12:00",
                "15次",
                "再发一次",
                '<span lang="zh-CN">邮件服务器没有按时应答。</span>',
            ),
        ),
        (
            "en",
            (
                "Not delivered: 1",
                "A notice to an office",
                "Tue 24 Nov, 12:00",
                "<dd>15</dd>",
                '<span lang="en">the mail server did not answer in time</span>',
            ),
        ),
    ],
)
async def test_it_says_which_case_whose_when_how_often_and_why(
    client: Client, kept: Kept, language: str, told: tuple[str, ...]
) -> None:
    kept.rows = [MAIL]
    async with client:
        text = await text_of(client, f"/undelivered?lang={language}")

    email = city().offices["市水利局"].email
    for words in (*told, masked_mailbox(email)):
        assert words in text, words
    assert email not in text


@pytest.mark.parametrize(
    ("language", "says"),
    [("zh", "手机关机或不在服务区"), ("en", "The phone is off, or out of reach")],
)
async def test_a_code_is_a_sentence_in_both_languages(
    client: Client, kept: Kept, language: str, says: str
) -> None:
    kept.rows = [TEXT]
    async with client:
        text = await text_of(client, f"/undelivered?lang={language}")

    for words in (says, "30003", "…34"):
        assert words in text, words


async def test_what_is_still_tried_stands_apart_and_does_not_count(
    client: Client, kept: Kept
) -> None:
    kept.rows = [replace(MAIL, fate=Fate.TRYING)]
    async with client:
        text = await text_of(client)

    assert "全部送到" in text
    assert "还在重试" in text
    assert "现在就发" in text


@pytest.mark.parametrize(
    ("language", "says", "not_said"),
    [("zh", "无人签收", "没有发出去"), ("en", "nobody accepted it", "not sent")],
)
async def test_a_case_that_nobody_accepts_is_not_called_a_mail_that_was_not_sent(
    client: Client, kept: Kept, language: str, says: str, not_said: str
) -> None:
    kept.rows = [replace(MAIL, kind="escalate", rung=TOP, tries=1)]
    async with client:
        text = await text_of(client, f"/undelivered?lang={language}")

    assert says in text
    assert not_said not in text


async def test_what_an_office_accepts_by_phone_is_noted_where_nobody_is_left_to_tell(
    client: Client, kept: Kept, cases: KeptCases
) -> None:
    kept.rows = [MAIL, replace(MAIL, id=9, kind="escalate", rung=TOP)]
    path = "/undelivered/cases/46270395/accept"
    async with client:
        text = await text_of(client)
        assert text.count(f'action="{path}"') == 1
        assert "/undelivered/work/9/again" not in text
        for _ in range(2):  # a second press of the button finds it done
            async with client.post(path, allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (
                    303,
                    "/undelivered?seen_to=1",
                )

    assert cases.accepted == [("46270395", "told by phone")]


@pytest.mark.parametrize(
    ("reference", "state"), [("10000007", CaseState.DISPATCHED), ("46270395", CaseState.WITHDRAWN)]
)
async def test_a_case_that_waits_for_nobody_is_not_accepted(
    client: Client, cases: KeptCases, reference: str, state: CaseState
) -> None:
    cases.kept = [a_case(state=state)]
    async with client, client.post(f"/undelivered/cases/{reference}/accept") as answer:
        assert answer.status == 404
        assert "已经有人处理了" in await answer.text()

    assert cases.accepted == []


async def test_one_is_sent_again_by_its_button_and_all_of_a_kind_by_theirs(
    client: Client, kept: Kept
) -> None:
    kept.rows = [MAIL, replace(MAIL, id=9), TEXT]
    async with client:
        text = await text_of(client)
        assert text.count("/undelivered/kinds/tell_office/again") == 1
        assert "/undelivered/kinds/sms/again" not in text, "there is one alone"
        for path in ("work/7", "kinds/tell_office"):
            async with client.post(f"/undelivered/{path}/again", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (
                    303,
                    "/undelivered?seen_to=1",
                )

    assert kept.done == ["again 7 at 04:00", "all tell_office"]


async def test_what_has_lost_its_words_has_no_button(client: Client, kept: Kept) -> None:
    kept.rows = [replace(MAIL, whole=False)]
    async with client:
        text = await text_of(client)

    assert "<form" not in text
    assert "已按期删除" in text


@pytest.mark.parametrize(
    "path", ["work/99", "work/" + "9" * 30, "work/x", "work/²", f"work/{2**31}", "kinds/nothing"]
)
async def test_what_is_not_there_is_said_to_be_gone(client: Client, path: str) -> None:
    async with client, client.post(f"/undelivered/{path}/again") as answer:
        assert answer.status == 404
        assert "已经有人处理了" in await answer.text()


@pytest.mark.parametrize(
    "path",
    [
        "/undelivered/work/7/again",
        "/undelivered/kinds/sms/again",
        "/undelivered/cases/46270395/accept",
    ],
)
async def test_who_only_reads_or_comes_from_another_page_sends_nothing(
    client: Client, kept: Kept, path: str
) -> None:
    kept.rows = [MAIL, TEXT]
    async with client:
        for headers in (
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            async with client.post(path, headers=headers) as answer:
                assert answer.status == 403
        for method in ("GET", "HEAD", "PUT"):
            async with client.request(method, path) as answer:
                assert answer.status == 405
        await text_of(client)

    assert kept.done == []


async def test_what_a_far_side_said_is_shown_and_not_carried_out(
    client: Client, kept: Kept
) -> None:
    kept.rows = [replace(MAIL, why=HOSTILE, office=HOSTILE), replace(TEXT, code=f"sms.{HOSTILE}")]
    async with client:
        text = await text_of(client)

    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;") == 3


async def test_only_what_changed_is_sent_again(client: Client, kept: Kept) -> None:
    async with client:
        async with client.get("/undelivered?part=1") as answer:
            tag = answer.headers["ETag"]
            assert "<html" not in await answer.text()
        same = {"If-None-Match": tag}
        async with client.get("/undelivered?part=1", headers=same) as answer:
            assert answer.status == 304
        kept.rows = [MAIL]
        async with client.get("/undelivered?part=1", headers=same) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("tongue", Tongue)
def test_whatever_tells_somebody_has_its_words(tongue: Tongue) -> None:
    words = read_wording(WORDS)
    names = [f"{chapter}.{kind}" for kind in TELLING for chapter in ("work", "do")]
    names += [f"fate.{fate}" for fate in Fate] + [f"meaning.{found}" for found in Meaning]

    assert all(words.say(name, tongue).strip() for name in names)


@pytest.mark.parametrize(
    ("mailbox", "shown"),
    [
        ("office07@yunling.example", "of…@yunling.example"),
        ("a@b.example", "a…@b.example"),
        ("", ""),
    ],
)
def test_a_mailbox_is_known_by_its_beginning(mailbox: str, shown: str) -> None:
    assert masked_mailbox(mailbox) == shown


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("sms.30003", Meaning.PHONE_OFF),
        ("sms.30005", Meaning.NO_PHONE),
        ("sms.99999", Meaning.NOT_TEXTED),
        ("mail.5.1.1", Meaning.NO_MAILBOX),
        ("mail.4.2.2", Meaning.MAILBOX_FULL),
        ("mail.5.4.4", Meaning.NO_SERVER),
        ("mail.5.7.26", Meaning.NOT_WANTED),
        ("mail.5.0.0", Meaning.NOT_MAILED),
        ("mail.", Meaning.NOT_MAILED),
        ("pigeon.1", None),
        ("", None),
    ],
)
def test_a_code_means_something(code: str, says: Meaning | None) -> None:
    assert meaning(code) == says
    assert says is None or SAID[says]


async def test_messages_of_one_case_are_told_apart(client: Client, kept: Kept) -> None:
    channel = replace(MAIL, kind="tell_channel", to="desk")
    kept.rows = [replace(channel, news="case"), replace(channel, id=9, news="words")]
    kept.rows.append(replace(channel, id=10, news=HOSTILE))
    async with client:
        zh, en = await text_of(client), await text_of(client, "/undelivered?lang=en")

    assert zh.count("给单位的消息（工单）") == zh.count("给单位的消息（录音的文字）") == 1
    assert "by its channel (the words of a recording)" in en
    assert "<script>alert" not in zh


async def test_each_step_of_a_ladder_can_be_accepted_by_phone(
    client: Client, kept: Kept, cases: KeptCases
) -> None:
    """It says so above them, and means each."""
    kept.rows = [replace(MAIL, kind="escalate", rung=2)]
    async with client:
        text = await text_of(client)

    assert f"/undelivered/cases/{MAIL.reference}/accept" in text
    assert f"/undelivered/work/{MAIL.id}/again" in text


async def test_what_was_done_is_said_once(client: Client, kept: Kept) -> None:
    kept.rows = [MAIL]
    async with client:
        async with client.post("/undelivered/work/7/again", allow_redirects=False) as answer:
            where = answer.headers["Location"]
        done, before = await text_of(client, where), await text_of(client)

    assert "已经办了" in done
    assert "已经办了" not in before
