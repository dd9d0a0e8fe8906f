"""A case that was sorted goes back, as HTTP: with a reason, by the office that has it, in time."""

from dataclasses import replace

import pytest

from routing.cases.case import CaseState
from routing.cases.moves import CaseMove, Reason, Way
from routing.ports import OfficeCase
from tests.routing.web.city import NOON, KeptCases, a_case
from tests.routing.web.desk.asking import WATER, Client, text_of

RETURN = "/desk/cases/46270395/return"
TAKE_BACK = "/desk/cases/46270395/take-back"
SENT = CaseMove(1, Way.PERSON, "市政府", "市水利局", "water", None, NOON)
MINE = {"office": "市水利局", "reason": "not_ours"}


def sent_here(**changes: object) -> OfficeCase:
    return a_case("46270395", **{"trail": (SENT,), **changes})


@pytest.fixture
def cases() -> KeptCases:
    return KeptCases(sent_here())


async def posted(
    client: Client, path: str, data: dict[str, str], headers: dict[str, str] | None = None
) -> tuple[int, str]:
    async with client.post(path, data=data, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


async def test_the_office_that_got_it_returns_it_with_a_reason(
    client: Client, cases: KeptCases
) -> None:
    async with client:
        before, form = await text_of(client, WATER), await text_of(client, RETURN)
        status, place = await posted(client, RETURN, MINE)
        stayed = await text_of(client, place)
        there = await text_of(client, "/desk/office/市政府")
        english = await text_of(client, "/desk/office/市政府?lang=en")

    assert f'href="{RETURN}"' in before
    assert "11月25日周三12:00前可以退回" in form
    for reason in Reason:
        assert f'value="{reason}"' in form
    assert status == 303
    assert "工单4627 0395已退回，由市政府重新分办。" in stayed
    assert "撤回" not in stayed
    assert "市水利局退回：不属于本单位职责；由市政府重新分办" in there
    assert "待人工分办" in there
    assert "not this office&#39;s responsibility" in english
    assert [case.office for case in cases.kept] == ["市政府"]


async def test_without_a_reason_it_is_asked_for_again(client: Client, cases: KeptCases) -> None:
    async with client:
        tried = [
            await posted(client, RETURN, {**MINE, "reason": reason}) for reason in ("", "<script>")
        ]

    assert [status for status, _ in tried] == [422, 422]
    assert all("请选一个退回的理由" in text and "<script>" not in text for _, text in tried)
    assert cases.kept == [sent_here()]


@pytest.mark.parametrize(
    ("changes", "data", "says"),
    [
        ({"trail": ()}, MINE, "不是从别的单位分办来的"),
        ({}, {**MINE, "office": "市政府"}, "刚才已经有人办过"),
        ({"state": CaseState.ANSWERED}, MINE, "刚才已经有人办过"),
        ({"trail": (replace(SENT, at=NOON.replace(day=20)),)}, MINE, "一个工作日已过"),
    ],
)
async def test_what_may_not_be_returned_stays_and_a_sentence_says_why(
    client: Client, cases: KeptCases, changes: dict[str, object], data: dict[str, str], says: str
) -> None:
    cases.kept = [sent_here(**changes)]
    async with client:
        status, text = await posted(client, RETURN, data)

    assert status == 409
    assert says in text
    assert cases.kept == [sent_here(**changes)]


async def test_whoever_sorted_it_takes_it_back(client: Client, cases: KeptCases) -> None:
    async with client:
        told = await text_of(client, "/desk/office/市政府?gone=46270395")
        status, place = await posted(client, TAKE_BACK, {"office": "市政府"})
        again = await posted(client, TAKE_BACK, {"office": "市政府"})
        there = await text_of(client, "/desk/office/市政府")

    assert f'action="{TAKE_BACK}"' in told
    assert (status, place.partition("#")[2]) == (303, "case-46270395")
    assert again[0] == 409
    assert "市政府撤回分办" in there
    assert "按“供水排水”分办</button>" in there


async def test_once_it_is_accepted_nobody_takes_it_back(client: Client, cases: KeptCases) -> None:
    cases.kept = [sent_here(state=CaseState.IN_PROGRESS)]
    async with client:
        told = await text_of(client, "/desk/office/市政府?gone=46270395")
        status, text = await posted(client, TAKE_BACK, {"office": "市政府"})

    assert "已转市水利局" in told
    assert TAKE_BACK not in told
    assert status == 409
    assert "对方已经签收" in text


@pytest.mark.parametrize("asked", ["", "x", "10000007", "<script>"])
async def test_a_page_says_nothing_of_what_did_not_leave_it(client: Client, asked: str) -> None:
    async with client:
        shown = await text_of(client, f"{WATER}?gone={asked}")

    assert "已转" not in shown
    assert "<script>" not in shown


@pytest.mark.parametrize("path", [RETURN, TAKE_BACK])
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}],
    ids=str,
)
async def test_nobody_elsewhere_moves_it(
    client: Client, cases: KeptCases, path: str, headers: dict[str, str]
) -> None:
    async with client:
        status, _ = await posted(client, path, MINE, headers)

    assert status == 403
    assert cases.kept == [sent_here()]


@pytest.mark.parametrize("path", [RETURN, TAKE_BACK])
async def test_a_case_that_is_not_kept_is_said_so(
    client: Client, cases: KeptCases, path: str
) -> None:
    cases.kept = []
    async with client:
        status, text = await posted(client, path, MINE)

    assert status == 404
    assert "没有这件工单" in text


@pytest.mark.parametrize("way", Way)
async def test_every_way_that_a_case_came_has_words(
    client: Client, cases: KeptCases, way: Way
) -> None:
    moves = [replace(SENT, way=way)]
    if way in {Way.PERSON, Way.WORDS}:
        moves.append(replace(SENT, way=way, number=2, before="市水利局"))
    cases.kept = [sent_here(trail=tuple(moves))]
    async with client:
        for language in ("zh", "en"):
            shown = await text_of(client, f"{WATER}?lang={language}")
            assert shown.partition('class="trail')[2].count("<li>") >= len(moves)
