"""A person sorts a case whose caller chose no topic, as HTTP: with one button, once, never where it
must not go."""

import pytest

from routing.accounts.roles import Role
from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.sorting import Doubt, Unclear
from routing.ports import OfficeCase
from tests.doorman import account_of
from tests.routing.web.city import KeptCases, a_case, desk_of
from tests.routing.web.desk.asking import Client, text_of

TOPIC = "/desk/cases/46270395/topic"
GOVERNMENT = "/desk/office/市政府"
WATER_OFFICE = "/desk/office/市水利局"
WATER = Unclear(Doubt.UNSURE, ("water",))


def waiting(to_sort: Unclear | None = WATER, **changes: object) -> OfficeCase:
    told: dict[str, object] = {"office": "市政府", "topic": None, "unsorted": True}
    return a_case("46270395", **{**told, "to_sort": to_sort, **changes})


@pytest.fixture
def cases() -> KeptCases:
    return KeptCases(waiting())


async def sent(
    client: Client, topic: str | None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    data = {} if topic is None else {"topic": topic}
    async with client.post(TOPIC, data=data, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


@pytest.mark.parametrize("why", Doubt)
async def test_what_waits_says_so_and_why_in_both_languages(
    client: Client, cases: KeptCases, why: Doubt
) -> None:
    cases.kept = [waiting(Unclear(why, ("water", "power")))]
    async with client:
        chinese = await text_of(client, GOVERNMENT)
        english = await text_of(client, f"{GOVERNMENT}?lang=en")

    assert "待人工分办" in chinese
    assert "To be sorted by a person" in english
    for words in ("按“供水排水”分办", "按“供电”分办", "其他事项", f'action="{TOPIC}"'):
        assert words in chinese, words
    assert "Sort as water and drainage" in english


async def test_one_button_sends_it_to_the_topics_office(client: Client, cases: KeptCases) -> None:
    async with client:
        status, place = await sent(client, "water")
        stayed = await text_of(client, place)
        shown = await text_of(client, WATER_OFFICE)
        english = await text_of(client, f"{place}&lang=en")

    assert (status, place.partition("?")[2]) == (303, "gone=46270395")
    assert "工单4627 0395已转市水利局。" in stayed
    assert "Case 4627 0395 has gone to Bureau of Water Resources." in english
    assert "撤回分办" in stayed
    assert "由市政府按“供水排水”分办，11月24日周二12:00" in shown
    assert [case.office for case in cases.kept] == ["市水利局"]
    assert [done.evidence.by for done in cases.sorted] == [
        f"supervisor {account_of(Role.SUPERVISOR).id}"
    ]
    assert "4627 0395" in shown
    assert "待人工分办" not in shown


async def test_a_case_without_words_can_be_sorted_too(client: Client, cases: KeptCases) -> None:
    cases.kept = [waiting(None)]
    async with client:
        shown, listed = await text_of(client, GOVERNMENT), await text_of(client, TOPIC)

    assert "待人工分办" not in shown
    assert f'href="{TOPIC}"' in shown
    groups = listed.split("<legend>")[1:]
    assert [group.partition("</legend>")[0] for group in groups] == [
        "居家出行",
        "工作、上学、看病",
        "经营、土地、税费",
        "安全、法律、办事",
    ]
    assert listed.index("/recordings/RE1.wav") < listed.index("<legend>")
    assert 'value="education"' in groups[1]
    assert "市教育局" in listed


async def test_a_case_with_a_topic_offers_none(client: Client, cases: KeptCases) -> None:
    cases.kept = [a_case(office="市政府")]
    async with client:
        shown = await text_of(client, GOVERNMENT)
        asked = await client.get(TOPIC)
        tried = await sent(client, "water")

    assert TOPIC not in shown
    assert (asked.status, tried[0]) == (409, 409)
    assert cases.sorted == []


@pytest.mark.parametrize("topic", [None, "", "nowhere", "<script>"])
async def test_what_is_no_topic_is_asked_for_again(
    client: Client, cases: KeptCases, topic: str | None
) -> None:
    async with client:
        status, text = await sent(client, topic)

    assert status == 422
    assert "请选一个事项" in text
    assert "<script>" not in text
    assert cases.sorted == []


async def test_nobody_sends_a_complaint_to_the_office_that_it_may_be_about(
    client: Client, cases: KeptCases
) -> None:
    mine = next(
        line.e164 for line in desk_of(cases).directory().numbers.values() if line.topic == "water"
    )
    cases.kept = [
        waiting(
            office="12345热线中心",
            dialled=mine,
            kind=Kind.COMPLAINT,
            about=About.THIS_OFFICE,
            confidentiality=Confidentiality.CONFIDENTIAL,
        )
    ]
    async with client:
        await sent(client, "water")

    assert cases.kept[0].office != "市水利局"


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}],
    ids=str,
)
async def test_nobody_elsewhere_sorts(
    client: Client, cases: KeptCases, headers: dict[str, str]
) -> None:
    async with client:
        status, _ = await sent(client, "water", headers)

    assert status == 403
    assert cases.sorted == []


async def test_there_is_no_form_for_a_case_that_is_not_kept(
    client: Client, cases: KeptCases
) -> None:
    cases.kept = []
    async with client:
        asked = await client.get(TOPIC)
        tried = await sent(client, "water")

        text = await asked.text()

    assert (asked.status, tried[0]) == (404, 404)
    assert "没有这件工单" in text
    assert "单位" not in text.partition("<main")[2].partition("<a ")[0]
