"""Long work on large plans in a process of its own: what it returns and raises comes back, and a
killed one is a sentence and no publication."""

import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deployment.apart import Apart
from deployment.apart_program import carried_out
from deployment.plans import published
from deployment.publishing import desk_of
from deployment.reviewing import findings
from deployment.settings import Settings
from ivr.library.plans import Inputs
from routing.drafts.body import CutBody, in_parts
from routing.drafts.change import Author, Change, Conflict, Edit
from routing.drafts.document import entity_of
from routing.publishing.composing import composed, over_what_was_seen
from routing.publishing.release import Newest, Unfinished, document_of, stored_of
from routing.rules.document import RulesError, Written, written
from storage.plans import StoredPlans
from tests.databases import database_at
from tests.people import PeoplesClock

DIES = "tests.deployment.dies_at_work"
LIN = Author("a1", "lin")
AT = datetime(2026, 11, 24, 2, tzinfo=UTC)


def large(inputs: Inputs, note: str = "") -> CutBody:
    """A body of 3,000 rules."""
    rules: dict[str, Any] = {
        f"r{n}": {
            "id": f"r{n}", "name": "供电" * 30, "note": note if n == 7 else "",
            "when": {"topic": ["power"]}, "then": {"office": "市教育局"},
        }
        for n in range(3000)
    }  # fmt: skip
    body = in_parts({**document_of(inputs.to_text()), "rules": Written(rules).to_text()})
    assert isinstance(body, CutBody)
    return body


@pytest.fixture
async def apart() -> AsyncIterator[Apart]:
    one = Apart()
    yield one
    await one.close()


def change_of(body: CutBody, note: str) -> Change:
    base = entity_of(body, "rule", "r7")
    assert base is not None
    return Change("rule", "r7", {**base, "note": note}, base, 1, 1, LIN, AT)


async def test_what_is_made_and_raised_there_is_what_is_made_and_raised_here(
    apart: Apart, demo_inputs: Inputs
) -> None:
    body = large(demo_inputs)
    work = partial(composed, [change_of(body, "anew")], Newest(1, body))
    (rebased, document, changed), here = await apart(work), work()
    assert (rebased, changed) == (here[0], here[2])
    assert dict(document) == dict(here[1])
    assert isinstance(document, CutBody)

    review = partial(findings, body, AT.date(), AT)
    assert await apart(review) == review()
    other = Edit("rule", "r7", {}, {}, 1)
    with pytest.raises(Conflict) as refused:
        await apart(partial(over_what_was_seen, Newest(1, body), [other]))
    assert refused.value.yours == other


async def test_small_work_is_done_here(apart: Apart) -> None:
    assert await apart(partial(max, 1, 2)) == 2
    assert await apart(lambda: 3) == 3
    assert apart.pid is None


class OddError(Exception):
    """It cannot be copied: what it is made of is not what it keeps."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def odd() -> None:
    raise OddError("one", "two")


def faults() -> None:
    written('{"schema": 2}')


def test_errors_that_cannot_be_copied_come_as_their_words() -> None:
    raised = [pickle.loads(carried_out(pickle.dumps(work)))[1] for work in (odd, faults)]  # noqa: S301 - our own bytes
    assert [type(error) for error in raised] == [RuntimeError, RulesError]
    assert str(raised[0]) == "OddError: onetwo"
    assert [fault.code for fault in raised[1].faults] == ["schema"]


async def test_a_killed_process_is_a_sentence_and_nothing_is_published(
    tmp_path: Path, apart: Apart, demo_inputs: Inputs
) -> None:
    database, clock = await database_at(tmp_path / "zhitong.db"), PeoplesClock()
    settings, body, killed = Settings(data_dir=tmp_path), large(demo_inputs), Apart(DIES)
    await published(settings, clock, database)
    await StoredPlans(database, clock).publish(stored_of(body), 1, body.parts)
    desks = [desk_of(settings, database, clock, one) for one in (killed, apart)]
    base = entity_of(body, "rule", "r7")
    edit = Edit("rule", "r7", {**(base or {}), "note": "anew"}, base, 2)
    seen = await desks[0].drafts.save([edit], LIN, clock.now())

    for _ in range(2):
        with pytest.raises(Unfinished):
            await desks[0].publish(seen, "trial", LIN)
        assert (await desks[0].releases.newest()).number == 2

    assert (await desks[1].publish(seen, "again", LIN)).number == 3
    assert (await desks[1].drafts.draft()).changes == ()
    await database.close()
