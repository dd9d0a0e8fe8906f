"""The shared draft: two who edit at once lose nothing."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from routing.audit import BY, Action, Entry
from routing.drafts.change import Author, Conflict, DraftError, Edit, Entity, Moved
from routing.trail import Search
from storage.audit import StoredAudit
from storage.drafts import StoredDrafts
from storage.tables.drafts import draft_changes
from tests.storage.stepping import AT, opened

LIN, WANG = Author("a1", "lin"), Author("a2", "wang")
BASE = {"en": "before"}


def edit(body: Entity | None, seen: int = 0, key: str = "greet") -> Edit:
    """Of one phrase of plan 1."""
    return Edit("phrase", key, body, BASE, 1, seen)


async def test_who_changed_what_and_when_is_kept_with_what_stood_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        await store.save([edit({"en": "after"}), edit(None, key="other")], LIN, AT)
        draft = await store.draft()
    change, removed = draft.changes
    assert (change.body, change.base, change.over) == ({"en": "after"}, BASE, 1)
    assert (change.by, change.at, change.revision) == (LIN, AT, draft.revision)
    assert removed.body is None


async def test_the_second_who_saves_over_what_he_has_not_seen_gets_both_texts(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        await store.save([edit({"en": "lin's"})], LIN, AT)
        with pytest.raises(Conflict) as refused:
            await store.save([edit({"en": "wang's"})], WANG, AT)
        kept = await store.change("phrase", "greet")
    assert kept is not None
    assert kept.body == {"en": "lin's"}
    assert refused.value.theirs == kept
    assert refused.value.yours.body == {"en": "wang's"}


async def test_of_many_who_save_at_once_one_is_kept_and_all_others_are_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        saved = await asyncio.gather(
            *(store.save([edit({"en": str(n)})], LIN, AT) for n in range(8)),
            return_exceptions=True,
        )
        assert await house.rows(draft_changes) == 1
    assert [type(answer) for answer in saved].count(int) == 1
    assert [type(answer) for answer in saved].count(Conflict) == 7


async def test_of_two_imports_at_once_one_is_kept_whole_and_the_other_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        edits = [edit({"en": "imported"}, key=f"k{n}") for n in range(40)]
        told = await asyncio.gather(
            store.save(edits, LIN, AT), store.save(edits[::-1], WANG, AT), return_exceptions=True
        )
        draft = await store.draft()
        verdict = await StoredAudit(house.database).verify()
    assert sorted(type(answer).__name__ for answer in told) == ["Conflict", "int"]
    assert len(draft.changes) == 40
    assert len({change.by for change in draft.changes}) == 1
    assert (verdict.count, verdict.broken) == (40, None)


async def test_several_edits_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        await store.save([edit({"en": "lin's"})], LIN, AT)
        with pytest.raises(Conflict):
            await store.save([edit({"en": "x"}, key="other"), edit({"en": "y"})], WANG, AT)
        assert await store.change("phrase", "other") is None


async def test_an_import_of_thousands_takes_as_many_statements_as_two_edits(tmp_path: Path) -> None:
    """Calls wait for the writer meanwhile (design §3)."""
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)

        async def said(keys: range, seen: int) -> tuple[int, int]:
            edits = [edit({"en": f"{seen} {key}"}, seen, f"k{key}") for key in keys]
            with statements() as told:
                revision = await store.save(edits, LIN, AT)
            return len(told), revision

        few, seen = await said(range(2), 0)
        many, _ = await said(range(2, 500), 0)
        again, _ = await said(range(2), seen)
        draft = await store.draft()
        verdict = await StoredAudit(house.database).verify()
    assert many == few
    assert again == few + 1  # what was there goes
    assert len(draft.changes) == 500
    assert (verdict.count, verdict.broken) == (502, None)


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to any database meanwhile."""
    told: list[str] = []

    def listen(*context: Any) -> None:
        told.append(context[2])

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


async def test_a_revision_never_comes_back(tmp_path: Path) -> None:
    """Who has seen a text that was discarded does not overwrite the next one."""
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        seen = await store.save([edit({"en": "first"})], LIN, AT)
        await store.discard("phrase", "greet", seen, LIN, AT)
        await store.save([edit({"en": "second"})], LIN, AT)
        with pytest.raises(Conflict):
            await store.save([edit({"en": "over the first"}, seen)], WANG, AT)
        with pytest.raises(Conflict):
            await store.discard("phrase", "greet", seen, WANG, AT)


async def test_an_entity_that_is_as_published_again_leaves_the_draft(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        seen = await store.save([edit({"en": "after"})], LIN, AT)
        await store.save([edit(BASE, seen)], LIN, AT)
        assert (await store.draft()).changes == ()


async def test_all_is_discarded_only_as_it_was_seen(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        seen = await store.save([edit({"en": "lin's"})], LIN, AT)
        now = await store.save([edit({"en": "wang's"}, key="other")], WANG, AT)
        with pytest.raises(Moved):
            await store.discard_all(seen, LIN, AT)
        assert await store.discard_all(now, LIN, AT) == 2


async def test_a_key_that_no_row_can_hold_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(DraftError):
            await StoredDrafts(house.database).save([edit(None, key="k" * 201)], LIN, AT)


async def test_what_sums_it_up_is_audited_with_it_or_not_at_all(tmp_path: Path) -> None:
    summary = Entry(LIN.account, Action.DRAFT_IMPORTED, "draft", AT, {BY: LIN.name})
    async with opened(tmp_path) as house:
        store = StoredDrafts(house.database)
        await store.save([edit({"en": "after"})], LIN, AT, summary)
        with pytest.raises(Conflict):
            await store.save([edit({"en": "again"}, key="other"), edit(None)], LIN, AT, summary)
        found = await StoredAudit(house.database).search(Search(), most=9)

    assert [one.link.action for one in found] == ["draft.imported", "draft.changed"]
