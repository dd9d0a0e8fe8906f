"""`/ledger` as HTTP: one number, what is missing and what to do, and a try more of what was
given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from routing.ledger import Gap, GapKind, GivenUp, Round, Why
from routing.ports import JobKind
from routing.web.guard import loopback_only
from routing.web.layout import POLICY, add_layout
from routing.web.ledger.page import LEDGER_LINK, LEDGER_PAGES, LedgerDesk, ledger_routes
from routing.web.wording import Tongue, read_wording
from tests.routing.web.city import HERE, NOON

Client = TestClient[web.Request, web.Application]
HOSTILE = "<script>alert('1')</script>\"'&/../"
GAP = Gap(GapKind.DELIVERY, "7", NOON, Why.GIVEN_UP, 3, "the office is unknown", "46270395")
JOB = GivenUp(7, "tell_office", 15, NOON, "the office is unknown", "46270395", whole=True)
KEPT = "the mail server did not answer in time; given up after 15 tries"
WORDS = Path("routing/web/ledger/words.toml")


class Noon:
    def now(self) -> datetime:
        return NOON


@dataclass
class Books:
    """A ledger that a test may write."""

    missing: list[Gap] = field(default_factory=list)
    failed: list[GivenUp] = field(default_factory=list)
    last: Round | None = None
    done: list[str] = field(default_factory=list)

    async def gaps(self) -> Sequence[Gap]:
        return self.missing

    async def counts(self) -> Mapping[GapKind, int]:
        return {
            gap.kind: sum(same.kind is gap.kind for same in self.missing) for gap in self.missing
        }

    async def last_round(self) -> Round | None:
        return self.last

    async def given_up(self) -> Sequence[GivenUp]:
        return self.failed

    async def again(self, job: int, now: datetime) -> bool:
        self.done.append(f"again {job} at {now:%H:%M}")
        return any(failed.id == job for failed in self.failed)

    async def put_aside(self, kind: GapKind, subject: str) -> bool:
        self.done.append(f"aside {kind} {subject}")
        return any((gap.kind, gap.subject) == (kind, subject) for gap in self.missing)


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
async def client(books: Books) -> Client:
    app = web.Application()
    add_layout(app, (LEDGER_PAGES,), (LEDGER_LINK,))
    app.add_routes(ledger_routes(LedgerDesk(books, Noon(), HERE), loopback_only))
    return TestClient(TestServer(app))


async def text_of(client: Client, path: str = "/ledger") -> str:
    async with client.get(path) as answer:
        assert answer.status == 200, path
        assert answer.headers["Content-Security-Policy"] == POLICY
        return await answer.text()


async def test_before_the_first_sweep_nothing_is_claimed(client: Client) -> None:
    async with client:
        text = await text_of(client)

    assert "还没有核对过" in text
    assert "<form" not in text


async def test_one_number_says_whether_anything_is_missing(client: Client, books: Books) -> None:
    books.last = Round(NOON, 3, answered=True)
    async with client:
        calm = await text_of(client)
        books.missing = [GAP, replace(GAP, kind=GapKind.TEXT, subject="8")]
        books.last = Round(NOON + timedelta(minutes=1), 0, answered=False)
        worried = await text_of(client)

    assert "没有遗漏" in calm
    assert "上次核对：11月24日周二12:00，补办3项。" in calm
    assert "没有应答" not in calm
    assert "缺2项" in worried
    assert "没有应答" in worried


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_gap_says_since_when_why_what_was_tried_and_what_to_do(
    client: Client, books: Books, language: str
) -> None:
    books.missing = [GAP]
    async with client:
        text = await text_of(client, f"/ledger?lang={language}")

    told = {
        "zh": ("给单位的通知", "11月24日周二12:00起", "已放弃", "已补救3次", "先打电话告诉单位"),
        "en": (
            "The notice to an office",
            "since Tue 24 Nov, 12:00",
            "given up",
            "tried: 3",
            "Ring",
        ),
    }
    for words in (*told[language], "4627 0395", "the office is unknown"):
        assert words in text, words


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("zh", '<span lang="zh-CN">邮件服务器没有按时应答。已试15次，不再重试。</span>'),
        ("en", f'<span lang="en">{KEPT}</span>'),
    ],
)
async def test_why_is_told_in_the_pages_language(
    client: Client, books: Books, language: str, says: str
) -> None:
    books.missing, books.failed = [replace(GAP, told=KEPT)], [replace(JOB, error=KEPT)]
    async with client:
        text = await text_of(client, f"/ledger?lang={language}")

    assert text.count(says) == 2, "beside the gap, and beside the work"


async def test_work_that_was_given_up_is_sent_again_by_its_button(
    client: Client, books: Books
) -> None:
    books.failed = [JOB, replace(JOB, id=8, whole=False)]
    async with client:
        text = await text_of(client)
        assert text.count("<form") == 1, "what is emptied cannot be sent again"
        async with client.post("/ledger/work/7/again", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/ledger")

    assert books.done == ["again 7 at 04:00"]


async def test_a_gap_is_put_aside_by_its_button(client: Client, books: Books) -> None:
    books.missing = [GAP]
    async with client:
        path = "/ledger/gaps/delivery/7/aside"
        async with client.post(path, allow_redirects=False) as answer:
            assert answer.status == 303

    assert books.done == ["aside delivery 7"]


@pytest.mark.parametrize(
    "path",
    [
        "/ledger/work/99/again",
        "/ledger/work/" + "9" * 30 + "/again",
        "/ledger/work/x/again",
        "/ledger/work/²/again",
        "/ledger/gaps/delivery/99/aside",
        "/ledger/gaps/nothing/7/aside",
    ],
)
async def test_what_is_not_there_is_said_to_be_gone(client: Client, path: str) -> None:
    async with client, client.post(path) as answer:
        assert answer.status == 404
        assert "已经有人处理了" in await answer.text()


@pytest.mark.parametrize("job", [2**31, 10**10, 10**30])
async def test_a_number_that_no_database_looks_for_is_not_asked_for(
    client: Client, books: Books, job: int
) -> None:
    """PostgreSQL refuses it, and the page would fail."""
    async with client, client.post(f"/ledger/work/{job}/again") as answer:
        assert answer.status == 404
    assert books.done == []


@pytest.mark.parametrize("path", ["/ledger/work/7/again", "/ledger/gaps/delivery/7/aside"])
async def test_another_page_cannot_press_the_buttons(
    client: Client, books: Books, path: str
) -> None:
    books.failed, books.missing = [JOB], [GAP]
    async with client:
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
            async with client.post(path, headers=headers) as answer:
                assert answer.status == 403
        async with client.get(path) as answer:
            assert answer.status == 405

    assert books.done == []


async def test_what_a_far_side_said_is_shown_and_not_carried_out(
    client: Client, books: Books
) -> None:
    books.missing = [replace(GAP, told=HOSTILE)]
    books.failed = [replace(JOB, error=HOSTILE)]
    async with client:
        text = await text_of(client)

    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;") == 2


async def test_only_what_changed_is_sent_again(client: Client, books: Books) -> None:
    async with client:
        async with client.get("/ledger?part=1") as answer:
            tag, text = answer.headers["ETag"], await answer.text()
            assert "<html" not in text
        async with client.get("/ledger?part=1", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        books.missing = [GAP]
        async with client.get("/ledger?part=1", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("tongue", Tongue)
def test_everything_that_may_be_missing_has_its_words(tongue: Tongue) -> None:
    words = read_wording([WORDS])
    names = [f"{chapter}.{kind}" for kind in GapKind for chapter in ("gap", "todo")]
    names += [f"why.{why}" for why in Why] + [f"work.{job}" for job in JobKind]

    assert all(words.say(name, tongue).strip() for name in names)
