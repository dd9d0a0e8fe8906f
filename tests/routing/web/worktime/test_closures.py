"""Ordering a closure in a hurry, ending it, and the second person's word."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.library.plans import Inputs
from routing.accounts.roles import Role
from routing.findings import Finding, Level, Place
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import Overtaken
from tests.routing.web.worktime.town import Client, Town, asked

LIST, NEW = "/admin/closures", "/admin/closures/new"
FORM = {
    "id": "C1",
    "scope": "市教育局",
    "start": "",
    "end": "2026-11-24T23:59",
    "reason": "台风",
    "words.zh-CN": "因台风影响，现暂停对外办公",
    "words.en": "We are closed because of the typhoon",
}
Cookies = Mapping[str, str]


async def sent(client: Client, path: str, form: Mapping[str, str], cookies: Cookies) -> str:
    """Where an accepted form leads."""
    answer = await client.post(path, data=form, cookies=cookies, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


async def read(client: Client, path: str, cookies: Cookies) -> str:
    answer = await client.get(path, cookies=cookies)
    assert answer.status == 200
    return await answer.text()


async def test_one_person_orders_and_another_confirms(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one, other = await people.cookie(Role.SUPERVISOR), await people.cookie(Role.ADMIN)

        assert await sent(client, NEW, FORM, one) == f"{LIST}?done=ordered"

        (order,) = await town.orders()
        assert (order.scope, order.start) == (("市教育局",), town.clock.at)
        assert order.end == datetime(2026, 11, 24, 15, 59, tzinfo=UTC)
        assert order.ordered.by == "supervisor-person"
        assert (await town.releases.newest()).number == 2
        mine, theirs = await read(client, LIST, one), await read(client, LIST, other)
        assert "待第二人确认" in mine
        assert "请另一位同事来确认" in mine
        assert 'name="plan"' not in mine
        assert 'name="plan" value="2"' in theirs

        where = await sent(client, f"{LIST}/confirm", {"plan": "2"}, one)
        assert where == f"{LIST}?done=not_second"
        where = await sent(client, f"{LIST}/confirm", {"plan": "2"}, other)
        assert where == f"{LIST}?done=confirmed"
        assert "待第二人确认" not in await read(client, LIST, other)
        where = await sent(client, f"{LIST}/confirm", {"plan": "2"}, other)
        assert where == f"{LIST}?done=settled"


async def test_what_was_altered_in_a_form_that_was_sent_before_is_another_order(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    """Whoever goes back and makes it longer is not told that it was ordered, as it was not."""
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)
        await sent(client, NEW, FORM, one)

        longer = {**FORM, "end": "2026-11-25T12:00"}
        answer = await client.post(NEW, data=longer, cookies=one, allow_redirects=False)
        text = await answer.text()
        assert answer.status == 422
        assert "已经发布过一份停办公告" in text
        assert 'value="2026-11-25T12:00"' in text
        assert 'name="id" value="C1"' not in text
        assert await sent(client, NEW, {**longer, "id": "C2"}, one) == f"{LIST}?done=ordered"
        assert len(await town.orders()) == 2


async def test_who_orders_while_others_publish_is_told_in_their_language(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(*_: object, **__: object) -> int:
        raise Overtaken("others publish at the same moment: try again")

    monkeypatch.setattr(PublishingDesk, "change_quickly", overtaken)
    async with asked(tmp_path, demo_inputs) as (client, people, _):
        one = await people.cookie(Role.SUPERVISOR)
        answer = await client.post(NEW, data=FORM, cookies=one)
        text = await answer.text()
    assert answer.status == 422
    assert "同一时刻还有别人在发布" in text
    assert "try again" not in text


async def test_of_many_that_wait_the_most_urgent_are_marked_and_the_rest_counted(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.web.worktime.closures.MOST_WAITING", 1)
    async with asked(tmp_path, demo_inputs) as (client, people, _):
        one, other = await people.cookie(Role.SUPERVISOR), await people.cookie(Role.ADMIN)
        for key, reason in (("C1", "台风"), ("C2", "停电"), ("C3", "停水")):
            await sent(client, NEW, {**FORM, "id": key, "reason": reason}, one)

        text = await read(client, LIST, other)
        assert "另有2项紧急变更等待第二人确认" in text
        assert text.count('name="plan"') == 1
        for plan in ("2", "3", "4"):  # those that are not marked here, too
            where = await sent(client, f"{LIST}/confirm", {"plan": plan}, other)
            assert where == f"{LIST}?done=confirmed"
        assert "另有" not in await read(client, LIST, other)


async def test_nobody_confirms_and_it_stands_until_its_end(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)
        await sent(client, NEW, {**FORM, "end": "2026-11-27T12:00"}, one)

        town.clock.at += timedelta(days=1, minutes=1)
        await town.desk.publishing.look_for_missed()

        page = await read(client, LIST, one)
        assert "已过期限，还没有人确认" in page
        (order,) = await town.orders()
        assert order.stands(town.clock.at)


async def test_an_order_is_ended_early_and_taken_off_the_list(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one, other = await people.cookie(Role.SUPERVISOR), await people.cookie(Role.ADMIN)
        await sent(client, NEW, FORM, one)
        town.clock.at += timedelta(hours=1)

        assert await sent(client, f"{LIST}/remove", {"id": "C1"}, one) == f"{LIST}?done=settled"
        assert await sent(client, f"{LIST}/end", {"id": "C1"}, other) == f"{LIST}?done=ended"

        (order,) = await town.orders()
        assert order.until == town.clock.at
        assert order.ended is not None
        assert order.ended.by == "admin-person"
        assert 'name="plan" value="3"' in await read(client, LIST, one)
        assert await sent(client, f"{LIST}/remove", {"id": "C1"}, one) == f"{LIST}?done=removed"
        assert await town.orders() == ()
        assert await sent(client, f"{LIST}/end", {"id": "C1"}, one) == f"{LIST}?done=settled"


async def test_the_same_form_sent_twice_orders_once(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)

        await sent(client, NEW, FORM, one)
        await sent(client, NEW, FORM, one)

        assert len(await town.orders()) == 1
        assert (await town.releases.newest()).number == 2


async def test_who_goes_back_and_orders_again_orders_once(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    """The browser fetches the form anew, which has an id of its own."""
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)
        both = [sent(client, NEW, {**FORM, "id": "C1"}, one) for _ in range(2)]
        assert sorted(await asyncio.gather(*both)) == [
            f"{LIST}?done=ordered",
            f"{LIST}?done=stands",
        ]
        town.clock.at += timedelta(minutes=2)

        where = await sent(client, NEW, {**FORM, "id": "C2"}, one)
        assert where == f"{LIST}?done=stands"
        assert "没有再发一次" in await read(client, where, one)
        assert [order.id for order in await town.orders()] == ["C1"]
        assert (await town.releases.newest()).number == 2


async def test_what_closes_something_else_or_was_ended_is_ordered_again(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)
        await sent(client, NEW, FORM, one)
        for at, changed in enumerate(
            ({"scope": "市公安局"}, {"end": "2026-11-25T12:00"}, {"start": "2026-11-24T20:00"})
        ):
            other = {**FORM, **changed, "id": f"D{at}"}
            assert await sent(client, NEW, other, one) == f"{LIST}?done=ordered"
        assert len(await town.orders()) == 4

        await sent(client, f"{LIST}/end", {"id": "C1"}, one)
        again = await sent(client, NEW, {**FORM, "id": "C2"}, one)
        assert again == f"{LIST}?done=ordered", "what was ended can be ordered again"


async def test_the_form_comes_filled_in(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)

        page = await read(client, f"{NEW}?template=typhoon", one)
        town.clock.at = datetime(2026, 11, 24, 11, tzinfo=UTC)  # seven in the evening
        late = await read(client, f"{NEW}?template=flood&lang=en", one)

        assert "因台风影响，现暂停对外办公" in page
        assert "We are closed because of the typhoon" in page
        assert 'value="2026-11-24T23:59"' in page
        assert 'value="2026-11-25T23:59"' in late
        assert 'value="Heavy rain and flooding"' in late


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"words.en": ""}, "words.en", "英文的播报内容还没有写"),
        ({"words.zh-CN": ""}, "words.zh-CN", "中文的播报内容还没有写"),
        ({"end": "2026-11-24T09:00"}, "end", "结束时间"),
        ({"end": "tonight"}, "end", "不是时间"),
        ({"start": "x"}, "start", "不是时间"),
        ({"start": "0001-01-01T00:00"}, "start", "不是时间"),
        ({"end": "9999-12-31T23:59"}, "end", "不是时间"),
        ({"reason": " "}, "reason", "这里要填写"),
        ({"scope": "<b>no office"}, "scope", "&lt;b&gt;no office"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(
    tmp_path: Path, demo_inputs: Inputs, changed: dict[str, str], field: str, says: str
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)

        answer = await client.post(NEW, data={**FORM, **changed}, cookies=one)
        page = await answer.text()

        assert answer.status == 422
        assert f'id="{field}-fault"' in page
        assert says in page
        assert "<b>no office" not in page
        assert 'name="id" value="C1"' in page
        assert await town.orders() == ()


async def test_what_the_review_refuses_is_not_ordered(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)
        says = {"zh-CN": "不行", "en": "no"}

        async def review(document: Mapping[str, object]) -> list[Finding]:
            wrong = Finding("x", Level.ERROR, says, Place("closure", "C1", "scope"))
            return [wrong] if document.get("closures") else []

        client_town(town, review)
        answer = await client.post(NEW, data=FORM, cookies=one)

        assert answer.status == 422
        assert "不行" in await answer.text()
        assert await town.orders() == ()


async def test_an_end_that_the_review_refuses_is_not_said_to_be_somebody_elses(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        one = await people.cookie(Role.SUPERVISOR)
        await sent(client, NEW, FORM, one)

        async def review(document: Mapping[str, object]) -> list[Finding]:
            says = {"zh-CN": "不行", "en": "no"}
            wrong = Finding("x", Level.ERROR, says, Place("closure", "C1", "end"))
            return [wrong] if "ended" in str(document.get("closures")) else []

        client_town(town, review)
        assert await sent(client, f"{LIST}/end", {"id": "C1"}, one) == f"{LIST}?done=failed"
        page = await client.get(f"{LIST}?done=failed", cookies=one)
        assert "公告照旧" in await page.text()


def client_town(town: Town, review: object) -> None:
    object.__setattr__(town.desk.publishing, "review", review)


async def test_who_may_look_and_who_may_act(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with asked(tmp_path, demo_inputs) as (client, people, town):
        auditor, office = await people.cookie(Role.AUDITOR), await people.cookie(Role.OFFICE)

        page = await read(client, LIST, auditor)
        refused = [
            (await client.get(NEW, cookies=auditor)).status,
            (await client.post(NEW, data=FORM, cookies=auditor)).status,
            (await client.post(f"{LIST}/end", data={"id": "C1"}, cookies=auditor)).status,
            (await client.get(LIST, cookies=office)).status,
        ]
        foreign = {"Origin": "https://elsewhere.example"}
        supervisor = await people.cookie(Role.SUPERVISOR)
        refused.append(
            (await client.post(NEW, data=FORM, cookies=supervisor, headers=foreign)).status
        )

        assert NEW not in page
        assert set(refused) == {403}
        assert await town.orders() == ()
