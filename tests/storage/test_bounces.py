"""A mail that came back finds its work, however long that is done, and is shown until somebody
sends it again."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import delete, insert

from routing.delivery.letter import mark_of, rung_of
from routing.ports import JobKind
from routing.undelivered import CAME_BACK, Fate
from storage.bounces import StoredBounces
from storage.effects import enqueue
from storage.ledger import StoredLedger
from storage.outbox import StoredOutbox
from storage.tables.cases import recordings, transcripts
from storage.tables.outbox import outbox
from storage.undelivered import StoredUndelivered
from tests.storage.stepping import AT, SEALING, House, first_step, later_step, open_case, opened

CASE: Final = "46270395"
OF_CASE: Final = {"reference": CASE, "office": "water"}
LATER: Final = AT + timedelta(hours=3)
WORDS: Final = f"words-{CASE}-{mark_of('RE1 carrier')}"
CLIMBED: Final = f"escalated-{CASE}-{mark_of(rung_of(2))}"

COPIED: Final = f"copy-{CASE}-{mark_of('roads')}"


async def a_case(house: House) -> None:
    await house.journal.append(first_step("a"))
    await house.journal.append(later_step("a", 1, open_case(CASE)))
    sound = {"sid": "RE1", "call_id": "a", "turn": 1, "seconds": 9, "audio": "kept", "at": AT}
    words = {"recording": "RE1", "source": "carrier", "text": "停水", "at": AT}
    async with house.database.unit_of_work() as unit:
        await unit.execute(insert(recordings).values(reference=CASE, **sound))
        await unit.execute(insert(transcripts).values(words))


async def told(house: House, kind: JobKind, key: str, **payload: Any) -> None:
    """Work that is done: its mail was taken."""
    async with house.database.unit_of_work() as unit:
        await unit.execute(enqueue(kind, payload, key, AT, payload.get("reference")))
    store = StoredOutbox(house.database)
    (job,) = await store.claim(AT, 1)
    await store.done(job, AT)


async def shown(house: House) -> list[tuple[str, Fate, str, str | None]]:
    found = await StoredUndelivered(house.database, SEALING).missed(LATER)
    return [(one.kind, one.fate, one.code, one.office) for one in found]


async def test_a_copy_is_found_as_long_as_its_work_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        await told(house, JobKind.TELL_COPY, f"copy:{CASE}:roads", reference=CASE, office="roads")
        bounces = StoredBounces(house.database)
        assert await bounces.came_back(COPIED, "5.1.1", LATER)
        assert await shown(house) == [("tell_copy", Fate.CAME_BACK, "mail.5.1.1", "roads")]

        async with house.database.unit_of_work() as unit:
            await unit.execute(delete(outbox))
        assert not await bounces.came_back(COPIED, "5.1.1", LATER)


@pytest.mark.parametrize(
    ("letter", "kind", "key", "more"),
    [
        (f"case-{CASE}", "tell_office", f"tell:{CASE}", OF_CASE),
        (f"danger-{CASE}", "tell_office", f"danger:{CASE}", OF_CASE | {"danger": True}),
        (WORDS, "tell_words", "words:RE1:carrier", {"recording": "RE1", "source": "carrier"}),
        (CLIMBED, "escalate", f"escalate:{CASE}:2", OF_CASE | {"rung": 2}),
    ],
)
@pytest.mark.parametrize("forgotten", [False, True])
async def test_each_letter_finds_its_work_and_what_it_is_sent_again_with(
    tmp_path: Path, letter: str, *, kind: str, key: str, more: dict[str, Any], forgotten: bool
) -> None:
    """Also where its row is gone: a bounce may take five days."""
    async with opened(tmp_path) as house:
        await a_case(house)
        await told(house, JobKind(kind), key, **more)
        if forgotten:
            async with house.database.unit_of_work() as unit:
                await unit.execute(delete(outbox))
        bounces = StoredBounces(house.database)
        assert await bounces.came_back(letter, "5.1.1", LATER)
        assert not await bounces.came_back(letter, "5.1.1", LATER), "it is known"
        assert await shown(house) == [(kind, Fate.CAME_BACK, "mail.5.1.1", "water")]

        (one,) = await StoredUndelivered(house.database, SEALING).missed(LATER)
        assert await StoredUndelivered(house.database, SEALING).again(one.id, LATER)
        (job,) = await StoredOutbox(house.database).claim(LATER, 9)
        assert (job.key, dict(job.payload)) == (key, more | {CAME_BACK: 1})


@pytest.mark.parametrize(
    "letter",
    ["case-10000007", f"words-{CASE}-000000000000", f"escalated-{CASE}-000000000000", "x", ""],
)
async def test_a_letter_that_was_never_written_changes_nothing(tmp_path: Path, letter: str) -> None:
    async with opened(tmp_path) as house:
        await a_case(house)
        assert not await StoredBounces(house.database).came_back(letter, "5.1.1", LATER)
        assert await house.rows(outbox) == 0


async def test_what_came_back_is_never_sent_again_by_itself(tmp_path: Path) -> None:
    """The sweep reads it as what people see to."""
    async with opened(tmp_path) as house:
        await a_case(house)
        await StoredBounces(house.database).came_back(f"case-{CASE}", "5.1.1", AT)
        (work,) = await StoredLedger(house.database).late_work(AT)

        assert work.came_back
        assert work.told == "it was sent and did not arrive: there is no such mailbox (5.1.1)"
