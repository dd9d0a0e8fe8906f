"""`/admin/draft`, `/admin/publish` and `/admin/versions` as HTTP."""

import html
import re
from pathlib import Path

import pytest

from ivr.library.plans import Inputs
from routing.accounts.roles import MAY, Act, Role
from routing.drafts.change import Edit
from routing.drafts.document import entity_of
from routing.findings import Finding, Level, Place
from routing.publishing.answering import Answered
from routing.publishing.release import Unfinished
from routing.publishing.seconds import TwoPeople
from tests.routing.web.plan.planned import HOSTILE, LIN, planned

LINE = "+865580000021"
READ = ["/admin", "/admin/draft", "/admin/publish", "/admin/versions", "/admin/versions/1"]
CHANGE = {
    "/admin/draft/discard": Act.EDIT_PLAN,
    "/admin/draft/discard-all": Act.EDIT_PLAN,
    "/admin/publish": Act.PUBLISH,
    "/admin/proposals/1/approve": Act.PUBLISH,
    "/admin/proposals/1/withdraw": Act.PUBLISH,
    "/admin/versions/1/back": Act.ACT_IN_A_HURRY,
    "/admin/versions/1/confirm": Act.ACT_IN_A_HURRY,
}


async def test_each_role_reads_and_does_what_the_table_allows(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        for role in Role:
            for url in READ:
                status, _ = await it.get(role, url)
                assert (status == 200) is (role in MAY[Act.READ_PLAN]), (role, url)
            for url, act in CHANGE.items():
                status, _ = await it.post(role, url, {})
                assert (status != 403) is (role in MAY[act]), (role, url, status)


async def test_nobody_who_is_not_signed_in_sees_anything(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        for url in READ:
            async with it.client.get(url, allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"].startswith("/sign-in")


async def test_a_draft_is_read_published_and_found_among_the_versions(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="The city's line")
        _, draft = await it.get(Role.ADMIN, "/admin/draft?lang=en")
        assert "The city&#39;s line" in draft
        assert "lin, " in draft

        form = {"seen": str(seen), "reason": "clearer"}
        status, versions = await it.post(Role.ADMIN, "/admin/publish?lang=en", form)

        assert status == 200
        assert 'data-version="2"' in versions
        assert "clearer" in versions
        _, difference = await it.get(Role.AUDITOR, "/admin/versions/2")
        assert "<ins>The city&#39;s line</ins>" in difference


async def test_more_differences_than_a_page_has_are_turned_over(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.web.plan.desk.MOST", 1)
    async with planned(tmp_path, demo_inputs) as it:
        await it.change("topic", "hotline", en="The city's line")
        seen = await it.change("topic", "water", en="Water and more")
        await it.post(Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "clearer"})

        url, shown = "/admin/versions/2?lang=en", list[str]()
        while url:
            _, page = await it.get(Role.AUDITOR, url)
            shown += re.findall(r'class="change" data-key="([^"]+)"', page)
            after = re.search(r'rel="next" href="([^"]+)"', page)
            url = "" if after is None else html.unescape(after[1])
        assert sorted(shown) == ["hotline", "water"]
        assert "2 to 2 of 2." in page
        _, beyond = await it.get(Role.AUDITOR, "/admin/versions/2?start=99")
        assert 'class="change"' in beyond


async def test_what_was_typed_is_shown_again_with_the_fault_beside_it(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = str(await it.change("topic", "hotline", en="Line"))
        bad = {"seen": seen, "reason": "节前换词", "starts": "tomorrow"}
        status, form = await it.post(Role.ADMIN, "/admin/publish", bad)
        assert status == 422
        assert "节前换词</textarea>" in form
        assert 'id="starts-fault"' in form
        past = {**bad, "starts": "2020-01-01T08:00"}
        assert "plan.past" not in (await it.post(Role.ADMIN, "/admin/publish", past))[1]
        status, form = await it.post(Role.ADMIN, "/admin/publish", {"seen": seen, "reason": " "})
        assert (status, 'id="reason-fault"' in form) == (422, True)


async def test_checks_that_come_to_no_end_are_a_sentence_and_what_was_typed_stays(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        form = {"seen": str(seen), "reason": "节前换词"}
        it.ended.append(Unfinished("the process ended"))
        status, page = await it.post(Role.ADMIN, "/admin/publish", form)
        assert status == 409
        assert "检查没有做完" in page
        assert "节前换词</textarea>" in page
        it.ended.append(Unfinished("the process ended"))
        status, page = await it.get(Role.ADMIN, "/admin/draft")
        assert (status, "暂时打不开" in page) == (503, True)
        assert (await it.desk.releases.newest()).number == 1
        assert (await it.post(Role.ADMIN, "/admin/publish", form))[0] == 200
        assert (await it.desk.releases.newest()).number == 2


async def test_errors_keep_it_back_and_are_named_in_the_pages_language(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        says = {"zh-CN": "值班无人", "en": "nobody is on call"}
        it.found.append(Finding("duty", Level.ERROR, says, Place("rule", "danger", "then")))
        status, form = await it.post(
            Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "r"}
        )
        assert status == 422
        assert "值班无人" in form
        assert "disabled" in form
        assert "nobody is on call" in (await it.get(Role.ADMIN, "/admin/draft?lang=en"))[1]


async def test_the_second_person_approves_and_the_first_cannot(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs, TwoPeople.ALWAYS) as it:
        seen = await it.change("topic", "hotline", en="Line")
        status, page = await it.post(
            Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "r"}
        )
        assert (status, "/approve" in page) == (200, False), "not by whoever proposed it"
        assert "已经提请批准" in page
        assert 'action="/admin/publish"' not in page, "nor is it asked for twice"
        (proposal,) = re.findall(r'data-proposal="(\d+)"', page)
        approve = f"/admin/proposals/{proposal}/approve"
        assert (await it.post(Role.ADMIN, approve, {}))[0] == 403
        assert "有1项发布申请等待批准" in (await it.get(Role.ADMIN, "/admin/draft"))[1]

        status, versions = await it.post(Role.ADMIN, approve, {}, name="second")

        assert (status, 'data-version="2"' in versions) == (200, True)
        assert "second" in versions
        assert 'data-testid="waits"' not in (await it.get(Role.ADMIN, "/admin/draft"))[1]


async def test_the_way_back_is_shown_first_gone_at_once_and_confirmed_by_another(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        await it.post(Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "r"})
        _, before = await it.get(Role.SUPERVISOR, "/admin/versions?lang=en")
        assert 'role="button" href="/admin/versions/1/back"' in before
        _, ask = await it.get(Role.SUPERVISOR, "/admin/versions/1/back?lang=en")
        assert "<del>Line</del>" in ask
        assert 'action="/admin/versions/1/back"' in ask
        back, form = "/admin/versions/1/back", {"reason": "undo", "seen": "2"}
        assert 'name="seen" value="2"' in ask
        unseen = await it.post(Role.SUPERVISOR, back, {**form, "seen": "1"})
        assert (unseen[0], 'name="seen" value="2"' in unseen[1]) == (409, True)
        assert (await it.post(Role.SUPERVISOR, back, form))[0] == 200
        _, twice = await it.post(Role.SUPERVISOR, back, form)
        assert "nothing was rolled back twice" in twice
        assert (await it.desk.releases.newest()).number == 3
        _, again = await it.get(Role.SUPERVISOR, "/admin/versions/1/back?lang=zh")
        assert "没有差别" in again
        assert 'action="/admin/versions/1/back"' not in again
        _, own = await it.get(Role.SUPERVISOR, "/admin/versions")
        assert "/versions/3/confirm" not in own
        assert 'role="button" href="/admin/versions/2/back"' not in own  # it was left just now
        _, others = await it.get(Role.ADMIN, "/admin/versions")
        assert "/versions/3/confirm" in others
        assert (await it.post(Role.SUPERVISOR, "/admin/versions/3/confirm", {}))[0] == 409
        assert (await it.post(Role.ADMIN, "/admin/versions/3/confirm", {}))[0] == 200
        assert not (await it.desk.releases.release(3)).waits


async def test_the_way_back_leads_past_what_was_done_in_a_hurry(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    """A suspended number stays suspended, so that going back to before it would change nothing."""
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        await it.post(Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "r"})
        number = entity_of((await it.desk.releases.newest()).document, "number", LINE)
        edit = Edit("number", LINE, {**(number or {}), "status": "suspended"}, number, 2)
        await it.desk.change_quickly([edit], "swindlers", LIN)

        _, versions = await it.get(Role.ADMIN, "/admin/versions?lang=en")
        offered = re.findall(r'role="button" href="/admin/versions/(\d+)/back">([^<]+)', versions)

        assert offered == [("1", "Roll back to version 1")]
        _, useless = await it.get(Role.ADMIN, "/admin/versions/2/back")
        assert "would change nothing: what was done in a hurry since" in useless


async def test_a_way_back_that_is_too_far_is_said_and_asks_for_nothing(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.publishing.hurried.MOST_QUICK", 0)
    async with planned(tmp_path, demo_inputs) as it:
        number = entity_of((await it.desk.releases.newest()).document, "number", LINE)
        edit = Edit("number", LINE, {**(number or {}), "status": "suspended"}, number, 1)
        await it.desk.change_quickly([edit], "swindlers", LIN)
        status, ask = await it.get(Role.ADMIN, "/admin/versions/1/back")
        form = {"reason": "undo", "seen": "1"}
        gone = await it.post(Role.ADMIN, "/admin/versions/1/back", form)

        assert (status, "紧急变更超过100项" in ask) == (409, True)
        assert (gone[0], "紧急变更超过100项" in gone[1]) == (409, True)


async def test_the_second_person_turns_over_all_that_is_to_be_approved(
    tmp_path: Path, demo_inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.web.plan.desk.MOST", 2)
    async with planned(tmp_path, demo_inputs, TwoPeople.ALWAYS) as it:
        for topic in ("hotline", "housing", "power", "water", "tax"):
            seen = await it.change("topic", topic, en=f"New {topic}")
        await it.post(Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "r"})
        url, told = "/admin/publish", list[str]()
        while url:
            _, page = await it.get(Role.ADMIN, url)
            told += re.findall(r"<ins>New (\w+)</ins>", page)
            further = re.search(r'rel="next" href="([^"#]+)#proposal', page)
            url = "" if further is None else html.unescape(further[1])
        assert sorted(told) == ["hotline", "housing", "power", "tax", "water"]
        beyond = await it.get(Role.ADMIN, "/admin/publish?proposal=1&start=99999")
        assert (beyond[0], 'rel="prev"' in beyond[1]) == (200, True)


async def test_a_way_back_to_no_version_is_404_whatever_was_seen(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        back, form = "/admin/versions/99/back", {"reason": "undo", "seen": "0"}
        assert (await it.post(Role.SUPERVISOR, back, form))[0] == 404


async def test_what_is_scheduled_is_said_not_to_wait_for_another_request(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        form = {"seen": str(seen), "reason": "r", "starts": "2999-01-01T08:00"}
        _, scheduled = await it.post(Role.ADMIN, "/admin/publish", form)
        assert "不必再提交" in scheduled
        assert 'action="/admin/publish"' in scheduled, "it may start earlier all the same"
        await it.change("topic", "hotline", en="Other line")
        assert "不必再提交" not in (await it.get(Role.ADMIN, "/admin/publish"))[1]


async def test_a_new_plan_whose_calls_are_hardly_answered_is_shown_beside_what_is_usual(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        _, first = await it.get(Role.ADMIN, "/admin/versions?lang=en")
        assert "answered" not in first
        seen = await it.change("topic", "hotline", en="Line")
        await it.post(Role.ADMIN, "/admin/publish", {"seen": str(seen), "reason": "r"})
        _, few = await it.get(Role.AUDITOR, "/admin/versions?lang=en")
        assert "30 calls, 0% answered; 60% is usual" in few
        assert "Far fewer calls" in few
        it.rates.ours = Answered(30, 18)
        _, usual = await it.get(Role.AUDITOR, "/admin/versions?lang=en")
        assert "30 calls, 60% answered" in usual
        assert "Far fewer calls" not in usual
        it.rates.usual = Answered(0, 0)
        _, alone = await it.get(Role.AUDITOR, "/admin/versions?lang=zh")
        assert "没有来电可比" in alone
        it.rates.ours = Answered(0, 0)
        _, none = await it.get(Role.AUDITOR, "/admin/versions?lang=zh")
        assert "还没有来电" in none


async def test_a_change_that_somebody_changed_again_is_not_discarded_unseen(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        await it.change("topic", "hotline", en="Other line")
        form = {"kind": "topic", "key": "hotline", "seen": str(seen)}
        status, page = await it.post(Role.ADMIN, "/admin/draft/discard", form)
        assert (status, "Other line" in page) == (409, True)
        assert (await it.post(Role.ADMIN, "/admin/draft/discard-all", {"seen": "x"}))[0] == 409
        assert (await it.desk.drafts.draft()).changes


async def test_both_texts_are_shown_where_another_was_published_meanwhile(
    tmp_path: Path, demo_inputs: Inputs
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", "hotline", en="Line")
        await it.desk.publish(seen, "r", (await it.desk.drafts.draft()).changes[0].by)
        await it.change("topic", "hotline", en="Mine")
        await it.desk.roll_back(1, "undo", (await it.desk.drafts.draft()).changes[0].by)
        _, page = await it.get(Role.ADMIN, "/admin/draft")
        assert "<ins>Mine</ins>" in page
        assert "<ins>hotline</ins>" in page


@pytest.mark.parametrize("url", ["/admin/versions/0", "/admin/versions/99", "/admin/versions/x"])
async def test_a_version_that_there_is_not_is_404(
    tmp_path: Path, demo_inputs: Inputs, url: str
) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        assert (await it.get(Role.ADMIN, url))[0] == 404


async def test_nothing_hostile_becomes_markup(tmp_path: Path, demo_inputs: Inputs) -> None:
    async with planned(tmp_path, demo_inputs) as it:
        seen = await it.change("topic", HOSTILE, topic=HOSTILE, en=HOSTILE)
        pages = [(await it.get(Role.ADMIN, url))[1] for url in ("/admin/draft", "/admin/publish")]
        form = {"seen": str(seen), "reason": HOSTILE}
        pages.append((await it.post(Role.ADMIN, "/admin/publish", form))[1])
        pages.append((await it.get(Role.ADMIN, "/admin/versions/2"))[1])
    assert all("&lt;script&gt;" in page and HOSTILE not in page for page in pages)
