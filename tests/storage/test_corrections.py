"""What people heard is kept beside a machine's words and leaves with them."""

from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from ivr.flow.effect import AttachRecording, MakeAnonymous
from routing.cases.corrections import MOST_OF_ONE, Wrong
from routing.cases.words import Correction, Words
from storage.cases import StoredCases
from storage.corrections import StoredCorrections
from storage.retention import Retention
from storage.tables.cases import corrections, transcripts
from tests.storage.stepping import AT, House, first_step, later_step, open_case, opened

CASE: Final = "46270395"
SECOND: Final = timedelta(seconds=1)
HEARD: Final = Correction("路灯坏了", "综合科", AT)
DAYS: Final = 90


async def case_with_words(house: House) -> StoredCorrections:
    """Two recordings; a machine heard the first."""
    await house.journal.append(first_step("a"))
    attach = AttachRecording(CASE, 1, "RE1", 12, "zh-CN")
    await house.journal.append(later_step("a", 1, open_case(CASE), attach))
    await house.journal.append(later_step("a", 2, AttachRecording(CASE, 2, "RE2", 5, "zh-CN")))
    await house.calls.hold_transcript("RE1", "路等坏了", "carrier", AT)
    return StoredCorrections(house.database)


async def shown(house: House) -> tuple[tuple[Words, ...], tuple[Correction, ...]]:
    case = await StoredCases(house.database, house.recordings).case(CASE)
    assert case is not None
    return case.recordings[0].words, case.recordings[0].corrections


async def test_all_are_kept_the_newest_first_and_the_machines_words_stay(tmp_path: Path) -> None:
    later = Correction("路灯坏了三天", "值班室", AT + SECOND)
    async with opened(tmp_path) as house:
        store = await case_with_words(house)
        assert [await store.correct(CASE, "RE1", one) for one in (HEARD, later, HEARD)] == [
            None
        ] * 3
        words, heard = await shown(house)
        original = await house.scalar(select(transcripts.c.text))

    assert heard == (later, HEARD, HEARD)
    assert words == (Words("路等坏了", "carrier"),)
    assert original == "路等坏了"


async def test_only_of_a_recording_that_this_case_has(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await case_with_words(house)
        for case, sid in ((CASE, "RE9"), ("11111116", "RE1")):
            assert await store.correct(case, sid, HEARD) is Wrong.GONE
        await house.recordings.delete("RE1")
        assert await store.correct(CASE, "RE1", HEARD) is Wrong.GONE
        assert await house.rows(corrections) == 0


async def test_there_is_an_end_to_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        store = await case_with_words(house)
        found = [await store.correct(CASE, "RE1", HEARD) for _ in range(MOST_OF_ONE + 1)]
        assert await store.correct(CASE, "RE2", HEARD) is None

    assert found == [None] * MOST_OF_ONE + [Wrong.FULL]


async def test_they_go_with_the_sound_and_not_before(tmp_path: Path) -> None:
    kept = timedelta(days=DAYS)
    async with opened(tmp_path) as house:
        store = await case_with_words(house)
        await store.correct(CASE, "RE1", HEARD)
        retention = Retention(house.database, house.recordings, DAYS)
        await retention.run(AT + kept - SECOND)
        assert await house.rows(corrections) == 1
        await retention.run(AT + kept + timedelta(minutes=1))
        assert await house.rows(corrections) == 0
        assert await shown(house) == ((), ())


async def test_one_that_came_as_its_sound_was_deleted_goes_at_the_next_round(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        store = await case_with_words(house)
        await store.correct(CASE, "RE1", HEARD)
        await house.recordings.delete("RE1")
        await Retention(house.database, house.recordings, DAYS).run(AT + SECOND)

        assert await house.rows(corrections) == 0


async def test_a_caller_who_becomes_anonymous_takes_them_along(tmp_path: Path) -> None:
    """Whoever wrote them may have named whom they knew; the caller's own words stay."""
    async with opened(tmp_path) as house:
        store = await case_with_words(house)
        await store.correct(CASE, "RE1", HEARD)
        await house.journal.append(later_step("a", 3, MakeAnonymous(CASE)))

        assert await shown(house) == ((Words("路等坏了", "carrier"),), ())
