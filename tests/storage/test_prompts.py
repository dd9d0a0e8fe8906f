"""Recorded sentences are kept under the hash of their sound, for good once they are published."""

from datetime import timedelta
from pathlib import Path

from routing.drafts.change import Author, Edit
from storage.drafts import StoredDrafts
from storage.plans import StoredPlans
from storage.prompts import PREVIEWED, UNUSED, StoredPrompts
from tests.people import PeoplesClock
from tests.storage.stepping import AT, opened

ONE, TWO, THREE, FOUR = (f"{n:064x}" for n in (1, 2, 3, 4))
LATER = AT + UNUSED + timedelta(seconds=1)


async def test_one_sound_is_kept_once_and_found_by_its_hash(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredPrompts(house.database)
        for _ in range(2):
            await store.keep(ONE, b"RIFF\x00\xff", AT)
        assert await store.wav(ONE) == b"RIFF\x00\xff"
        assert await store.wav(TWO) is None
        assert await store.known({ONE, TWO}) == {ONE}
        assert await store.known(()) == frozenset()


async def test_what_no_plan_and_no_draft_names_goes_after_a_week(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredPrompts(house.database)
        for each in (ONE, TWO, THREE, FOUR):
            await store.keep(each, b"RIFF", AT)
        edit = Edit("recording", "en/a.b.1", {"sha256": ONE}, None, 1)
        await StoredDrafts(house.database).save([edit], Author("a", "lin"), AT)
        await store.publish({TWO})
        await StoredPlans(house.database, PeoplesClock()).publish(f'{{"recordings": "{THREE}"}}')

        await store.sweep(AT + UNUSED)
        assert await store.known({ONE, TWO, THREE, FOUR}) == {ONE, TWO, THREE, FOUR}
        await store.sweep(LATER)
        assert await store.known({ONE, TWO, THREE, FOUR}) == {ONE, TWO, THREE}


async def test_what_is_uploaded_again_stays(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = StoredPrompts(house.database)
        await store.keep(ONE, b"RIFF", AT)
        await store.keep(ONE, b"RIFF", LATER)
        await store.sweep(LATER)
        assert await store.known({ONE}) == {ONE}


async def test_what_one_person_looks_at_takes_the_place_of_what_they_looked_at_before(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = StoredPrompts(house.database)
        await store.keep(FOUR, b"RIFF", AT)
        for each in (ONE, TWO, FOUR):
            await store.preview(each, b"RIFF", AT, "lin")
        await store.preview(THREE, b"RIFF", AT, "wang")
        edit = Edit("recording", "en/a.b.1", {"sha256": ONE}, None, 1)
        await StoredDrafts(house.database).save([edit], Author("a", "lin"), AT)
        await store.replace_previews("lin", [])
        assert await store.known({ONE, TWO, THREE, FOUR}) == {ONE, THREE, FOUR}
        await store.replace_previews("wang", [THREE])
        assert await store.hold({THREE}, AT) == {THREE}
        await store.replace_previews("wang", [])
        assert await store.known({THREE}) == {THREE}, "what was taken is nobody's preview"


async def test_what_was_only_looked_at_goes_within_a_day(tmp_path: Path) -> None:
    many = [f"{n:064x}" for n in range(50)]
    async with opened(tmp_path) as house:
        store = StoredPrompts(house.database)
        for each in many:
            await store.preview(each, b"RIFF", AT, "lin")
        await store.keep(many[0], b"RIFF", AT)
        await store.sweep(AT + PREVIEWED)
        assert len(await store.known(many)) == 50
        await store.sweep(AT + PREVIEWED + timedelta(seconds=1))
        assert await store.known(many) == {many[0]}, "it was uploaded since"
