"""What people do with plans, told from the draft to the second person."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from routing.audit import Action
from routing.drafts.change import Conflict
from routing.drafts.kinds import Document
from routing.findings import EXAMPLE, Finding, Level, Place
from routing.publishing.release import (
    Newest,
    NotSecond,
    NotThere,
    Overtaken,
    ProposalState,
    Refused,
    TooFar,
    Unchanged,
    Unfinished,
    Unreasoned,
    Way,
)
from routing.publishing.seconds import TwoPeople
from routing.trail import Search
from storage.releases import StoredReleases
from tests.routing.publishing.conftest import AT, LIN, PHRASE, WANG, Trial

NUMBER = "+865580000021"
WRONG = Finding("gap", Level.ERROR, {"zh-CN": "有缺口", "en": "there is a gap"})


async def test_a_draft_is_published_with_its_reason_and_leaves_the_draft(trial: Trial) -> None:
    seen = await trial.say("nine")
    outcome = await trial.desk.publish(seen, " clearer  words ", LIN)
    release = await trial.desk.releases.release(2)
    assert (outcome.number, await trial.said()) == (2, "nine")
    assert (release.by, release.reason, release.way) == (LIN, "clearer words", Way.PUBLISHED)
    assert (await trial.desk.drafts.draft()).changes == ()


@pytest.mark.parametrize("reason", ["", "  \n ", "\u200b\u202e", "x" * 501])
async def test_nothing_is_published_without_a_reason(trial: Trial, reason: str) -> None:
    with pytest.raises(Unreasoned):
        await trial.desk.publish(await trial.say("nine"), reason, LIN)


async def test_a_reason_has_no_sign_that_turns_what_the_second_person_reads(trial: Trial) -> None:
    number = (await trial.desk.publish(await trial.say("nine"), "a\u202eb \u2066c", LIN)).number
    assert number is not None
    assert (await trial.desk.releases.release(number)).reason == "ab c"


async def test_a_finding_at_level_error_keeps_it_back(trial: Trial) -> None:
    seen = await trial.say("nine")
    trial.found = [WRONG]
    with pytest.raises(Refused) as refused:
        await trial.desk.publish(seen, "trial", LIN)
    assert refused.value.findings == (WRONG,)
    trial.found = [replace(WRONG, level=Level.WARNING)]
    assert (await trial.desk.publish(seen, "trial", LIN)).number == 2


async def test_what_was_changed_since_it_was_seen_is_not_published_unseen(trial: Trial) -> None:
    seen = await trial.say("nine")
    await trial.say("ten", WANG)
    with pytest.raises(Overtaken):
        await trial.desk.publish(seen, "trial", LIN)


async def test_a_change_over_what_was_published_otherwise_meanwhile_is_an_error(
    trial: Trial,
) -> None:
    seen = await trial.say("nine")
    await trial.desk.change_quickly([await trial.edit("phrase", PHRASE, en="ten")], "now", WANG)
    preview = await trial.desk.preview()
    assert [found.code for found in preview.errors] == ["stale"]
    with pytest.raises(Refused):
        await trial.desk.publish(seen, "trial", LIN)
    assert await trial.said() == "ten"


async def test_a_number_comes_off_the_list_only_with_a_second_person(trial: Trial) -> None:
    edit = await trial.edit("number", NUMBER, status="suspended", suspended_on="2026-11-24")
    seen = await trial.desk.drafts.save([edit], LIN, AT)
    outcome = await trial.desk.publish(seen, "no longer printed", LIN)
    assert outcome.number is None
    assert outcome.proposal is not None
    with pytest.raises(NotSecond):
        await trial.desk.approve(outcome.proposal, LIN)

    approved = await trial.desk.approve(outcome.proposal, WANG)

    release = await trial.desk.releases.release(2)
    assert (approved.number, release.by, release.second) == (2, LIN, WANG)
    published, word, *_ = [one.link for one in await trial.trail.search(Search(), most=5)]
    assert (published.action, published.actor) == (Action.PLAN_PUBLISHED, LIN.account)
    assert (word.action, word.actor) == (Action.PLAN_APPROVED, WANG.account)
    assert word.subject == f"proposal:{outcome.proposal}"
    with pytest.raises(NotThere):
        await trial.desk.approve(outcome.proposal, WANG)


async def test_what_has_become_wrong_since_it_was_proposed_is_not_approved(trial: Trial) -> None:
    """Days pass: what was said of it then was said of other ones."""
    desk = replace(trial.desk, two_people=TwoPeople.ALWAYS)
    outcome = await desk.publish(await trial.say("nine"), "trial", LIN)
    assert outcome.proposal is not None
    trial.found = [WRONG]
    with pytest.raises(Refused):
        await desk.approve(outcome.proposal, WANG)
    assert (await desk.releases.newest()).number == 1
    trial.found = []
    assert (await desk.approve(outcome.proposal, WANG)).number == 2


async def test_any_change_voids_what_was_proposed(trial: Trial) -> None:
    desk = replace(trial.desk, two_people=TwoPeople.ALWAYS)
    outcome = await desk.publish(await trial.say("nine"), "trial", LIN)
    assert outcome.proposal is not None
    await trial.say("ten")
    with pytest.raises(Overtaken):
        await desk.approve(outcome.proposal, WANG)


async def test_another_publication_voids_what_was_proposed(trial: Trial) -> None:
    desk = replace(trial.desk, two_people=TwoPeople.ALWAYS)
    outcome = await desk.publish(await trial.say("nine"), "trial", LIN)
    assert outcome.proposal is not None
    await desk.change_quickly([await trial.edit("topic", "hotline", en="Line")], "now", WANG)
    with pytest.raises(Overtaken):
        await desk.approve(outcome.proposal, WANG)


async def test_a_plan_begins_when_it_was_told_to_over_what_was_done_in_a_hurry(
    trial: Trial,
) -> None:
    seen, starts = await trial.say("nine"), AT + timedelta(hours=8)
    outcome = await trial.desk.publish(seen, "from tomorrow", LIN, starts)
    assert outcome.number is None
    await trial.desk.change_quickly([await trial.edit("topic", "hotline", en="Line")], "now", WANG)
    assert await trial.desk.carry_out_due() == []
    assert (await trial.desk.releases.newest()).number == 2

    trial.at = starts
    assert await trial.desk.carry_out_due() == []

    newest = await trial.desk.releases.newest()
    assert (newest.number, await trial.said()) == (3, "nine")
    assert "Line" in newest.document["sheets"]["topics"]
    assert (await trial.desk.drafts.draft()).changes == ()


async def test_a_scheduled_plan_that_no_longer_fits_fails_aloud_and_once(trial: Trial) -> None:
    starts = AT + timedelta(hours=8)
    outcome = await trial.desk.publish(await trial.say("nine"), "later", LIN, starts)
    assert outcome.proposal is not None
    await trial.desk.change_quickly([await trial.edit("phrase", PHRASE, en="ten")], "now", WANG)
    trial.at = starts
    (failed,) = await trial.desk.carry_out_due()
    kept = await trial.desk.releases.proposal(outcome.proposal)
    assert kept.state is ProposalState.FAILED
    assert PHRASE in kept.why
    assert failed.id == outcome.proposal
    assert await trial.desk.carry_out_due() == []
    assert await trial.said() == "ten"


async def test_one_plan_whose_checks_end_early_keeps_no_other_from_its_time(trial: Trial) -> None:
    """It is tried again, at which nothing may be left to do."""
    starts, ended = AT + timedelta(hours=8), [Unfinished("its process was ended")]
    first = await trial.desk.publish(await trial.say("nine"), "later", LIN, starts)
    edit = await trial.edit("topic", "hotline", en="Line")
    both = await trial.desk.drafts.save([edit], WANG, AT)
    second = await trial.desk.publish(both, "later, too", WANG, starts)

    async def review(document: Document) -> Sequence[Finding]:
        if ended:
            raise ended.pop()
        return []

    trial.at = starts
    desk = replace(trial.desk, review=review)
    assert await desk.carry_out_due() == []
    states = [(await desk.releases.proposal(one.proposal or 0)).state for one in (first, second)]
    assert states == [ProposalState.SCHEDULED, ProposalState.PUBLISHED]

    assert await desk.carry_out_due() == []
    kept = await desk.releases.proposal(first.proposal or 0)
    assert (kept.state, kept.why) == (
        ProposalState.WITHDRAWN,
        "what was scheduled was published meanwhile",
    )
    assert (await desk.releases.newest()).number == 2


async def test_what_is_withdrawn_while_it_is_carried_out_stops_nothing_else(trial: Trial) -> None:
    starts = AT + timedelta(hours=8)
    outcome = await trial.desk.publish(await trial.say("nine"), "later", LIN, starts)
    withdrawn = outcome.proposal or 0

    async def review(document: Document) -> Sequence[Finding]:
        await trial.desk.withdraw(withdrawn, WANG)
        return [WRONG]

    trial.at = starts
    assert await replace(trial.desk, review=review).carry_out_due() == []
    assert (await trial.desk.releases.proposal(withdrawn)).state is ProposalState.WITHDRAWN


async def test_a_plan_over_which_another_comes_at_that_moment_is_not_brought_back(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trial.desk.publish(await trial.say("nine"), "trial", LIN)
    edit, looked = await trial.edit("topic", "hotline", en="Line"), StoredReleases.newest

    async def newest(releases: StoredReleases) -> Newest:
        found = await looked(releases)
        monkeypatch.setattr(StoredReleases, "newest", looked)
        await trial.desk.change_quickly([edit], "now", WANG)
        return found

    monkeypatch.setattr(StoredReleases, "newest", newest)
    with pytest.raises(Overtaken):
        await trial.desk.bring_back(2, "fewer are answered")
    assert (await trial.desk.releases.newest()).number == 3


async def test_a_quick_change_leaves_the_drafts_other_changes_where_they_are(trial: Trial) -> None:
    await trial.say("nine")
    edit = await trial.edit("topic", "hotline", en="Line")
    number = await trial.desk.change_quickly([edit], "storm", WANG)
    release = await trial.desk.releases.release(number)
    assert (release.way, release.confirm_by) == (Way.QUICK, AT + timedelta(days=1))
    assert await trial.said() == "中文请按9。"
    assert [change.key for change in (await trial.desk.drafts.draft()).changes] == [PHRASE]


async def test_a_quick_change_of_what_is_not_as_it_was_seen_is_a_conflict(trial: Trial) -> None:
    edit = await trial.edit("topic", "hotline", en="Line")
    await trial.desk.change_quickly([edit], "storm", WANG)
    with pytest.raises(Conflict):
        await trial.desk.change_quickly([edit], "storm", LIN)


async def test_a_quick_change_is_not_kept_back_by_what_was_wrong_before(trial: Trial) -> None:
    trial.found = [WRONG]
    edit = await trial.edit("topic", "hotline", en="Line")
    assert await trial.desk.change_quickly([edit], "storm", WANG) == 2


async def test_who_acted_in_a_hurry_is_confirmed_by_somebody_else(trial: Trial) -> None:
    number = await trial.desk.change_quickly(
        [await trial.edit("topic", "hotline", en="Line")], "storm", LIN
    )
    with pytest.raises(NotSecond):
        await trial.desk.confirm(number, LIN)
    await trial.desk.confirm(number, WANG)
    assert (await trial.desk.releases.release(number)).second == WANG


async def test_what_nobody_confirms_in_time_is_said_once_and_stays(trial: Trial) -> None:
    number = await trial.desk.change_quickly(
        [await trial.edit("topic", "hotline", en="Line")], "storm", LIN
    )
    assert await trial.desk.look_for_missed() == []
    trial.at = AT + timedelta(days=2)
    assert [release.number for release in await trial.desk.look_for_missed()] == [number]
    assert await trial.desk.look_for_missed() == []
    assert (await trial.desk.releases.newest()).number == number


async def test_rolling_back_publishes_an_old_body_under_a_new_number(trial: Trial) -> None:
    await trial.desk.publish(await trial.say("nine"), "trial", LIN)
    number = await trial.desk.roll_back(1, "callers did not understand", WANG)
    release = await trial.desk.releases.release(number)
    assert (number, release.of, release.way) == (3, 1, Way.ROLLED_BACK)
    assert release.waits
    assert await trial.said() == "中文请按9。"
    assert [found.kind for found in await trial.desk.difference(1, number)] == []
    with pytest.raises(NotThere):
        await trial.desk.roll_back(4, "none", WANG)
    with pytest.raises(Unchanged):
        await trial.desk.roll_back(1, "sent twice", WANG)
    with pytest.raises(Overtaken):
        await trial.desk.roll_back(2, "not seen", WANG, 2)
    assert (await trial.desk.releases.newest()).number == number


async def test_an_example_that_fails_keeps_back_a_plan_and_nothing_that_is_done_in_a_hurry(
    trial: Trial,
) -> None:
    """What has become wrong since keeps back a way back, as anything else."""
    await trial.desk.publish(await trial.say("nine"), "trial", LIN)
    seen = await trial.say("ten")
    trial.found = [replace(WRONG, code=EXAMPLE, place=Place("scenario", "s1"))]
    with pytest.raises(Refused):
        await trial.desk.publish(seen, "trial", LIN)
    suspended = await trial.edit("number", NUMBER, status="suspended", suspended_on="2026-11-24")
    await trial.desk.change_quickly([suspended], "misused", WANG)
    assert await trial.desk.roll_back(1, "callers did not understand", WANG) == 4
    trial.found = [WRONG]
    with pytest.raises(Refused):
        await trial.desk.roll_back(2, "undo", WANG)


async def test_what_was_ordered_in_a_hurry_since_stays_when_an_old_plan_comes_back(
    trial: Trial,
) -> None:
    await trial.desk.publish(await trial.say("nine"), "trial", LIN)
    suspended = await trial.edit("number", NUMBER, status="suspended", suspended_on="2026-11-24")
    await trial.desk.change_quickly([suspended], "misused", WANG)
    number = await trial.desk.roll_back(1, "undo", LIN)
    assert await trial.said() == "中文请按9。"
    (kept,) = await trial.desk.difference(1, number)
    assert (kept.kind, kept.key) == ("number", NUMBER)
    assert kept.new is not None
    assert kept.new["status"] == "suspended"
    with pytest.raises(Unchanged):
        await trial.desk.roll_back(1, "sent twice", LIN)


async def test_a_way_back_past_too_much_that_was_done_in_a_hurry_is_refused(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.publishing.hurried.MOST_QUICK", 1)
    for text in ("Line", "Desk"):
        await trial.desk.change_quickly(
            [await trial.edit("topic", "hotline", en=text)], "storm", WANG
        )
    with pytest.raises(TooFar, match="2 changes"):
        await trial.desk.roll_back(1, "undo", LIN)
    assert (await trial.desk.releases.newest()).number == 3
    with pytest.raises(Unchanged):
        await trial.desk.roll_back(2, "the last one stays", LIN)


async def test_rolling_back_puts_no_number_on_the_list(trial: Trial) -> None:
    """It went off the list with two people; one must not put it back."""
    edit = await trial.edit("number", NUMBER, status="withdrawn", withdrawn_on="2026-11-24")
    await trial.say("nine")
    proposed = await trial.desk.publish(await trial.desk.drafts.save([edit], LIN, AT), "gone", LIN)
    assert proposed.proposal is not None
    await trial.desk.approve(proposed.proposal, WANG)
    number = await trial.desk.roll_back(1, "undo", LIN)
    assert await trial.said() == "中文请按9。"
    (kept,) = await trial.desk.difference(1, number)
    assert kept.new is not None
    assert kept.new["status"] == "withdrawn"


async def test_a_proposal_that_was_withdrawn_is_not_published(trial: Trial) -> None:
    desk = replace(trial.desk, two_people=TwoPeople.ALWAYS)
    outcome = await desk.publish(await trial.say("nine"), "trial", LIN)
    assert outcome.proposal is not None
    await desk.withdraw(outcome.proposal, LIN)
    with pytest.raises(NotThere):
        await desk.approve(outcome.proposal, WANG)
