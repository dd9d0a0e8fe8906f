"""Past calls with the matter that each left first, and nothing of the caller."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from ivr.ports.calls import CallEnd, Ending, LegAnswer
from routing.cases.kinds import Kind
from routing.publishing.past import PastCall, Rung
from routing.rules.condition import CallerKind
from routing.rules.router import Decision
from routing.rules.ruleset import How
from storage.past_calls import StoredPastCalls
from storage.tables.calls import steps
from tests.storage.stepping import (
    AT,
    CALLER,
    DIALLED,
    SEALING,
    first_step,
    later_step,
    open_case,
    opened,
)


async def test_calls_tell_their_matter_their_version_and_their_end(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for name in ("a", "b"):
            await house.journal.append(first_step(name))
        await house.journal.append(replace(later_step("a", 1), effects=(open_case(),)))
        await house.journal.append(
            replace(later_step("a", 2), effects=(open_case("50000012", turn=2, caller=None),))
        )
        await house.calls.ended("b", Ending(CallEnd.COMPLETED, 3, recording=False), AT)
        store = StoredPastCalls(house.database, SEALING)
        latest = {call.id: call for call in await store.latest(10)}
        with_matter = [
            one async for some in store.since(AT - timedelta(days=1), 10) for one in some
        ]
        assert await store.latest(10, before=AT - timedelta(days=1)) == []
        assert await store.latest(10, dialled="+86110") == []
        assert await store.call("c") is None
        assert await store.call("a") == latest["a"]
    a, b = latest["a"], latest["b"]
    assert (b.matter, b.end, b.dialled) == (None, "completed", DIALLED)
    assert a.matter is not None
    assert (a.matter.kind, a.matter.topic, a.matter.rule) == (Kind.HELP, "water", "topic")
    assert a.matter.caller_kind is CallerKind.MOBILE
    assert [call.id for call in with_matter] == ["a"]
    assert CALLER not in repr(latest)


async def test_a_matter_keeps_the_first_key_of_its_topic_and_that_no_kind_was_said(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        case = replace(open_case(), kind=Kind.ENQUIRY, topic=None, group=1, said=False)
        await house.journal.append(replace(later_step("a", 1), effects=(case,)))
        call = await StoredPastCalls(house.database, SEALING).call("a")
    assert call is not None
    assert call.matter is not None
    assert (call.matter.kind, call.matter.topic, call.matter.group) == (None, None, 1)


async def test_calls_are_read_some_at_a_time_and_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.past_calls.SLICE", 2)
    async with opened(tmp_path) as house:
        for at, name in enumerate("abcde"):
            await house.journal.append(first_step(name))  # all in the same instant
            matter = open_case(f"5000001{at}")
            await house.journal.append(replace(later_step(name, 1), effects=(matter,)))
        store = StoredPastCalls(house.database, SEALING)
        slices = [
            [call.id for call in some] async for some in store.since(AT - timedelta(days=1), 5)
        ]
        few = [len(some) async for some in store.since(AT - timedelta(days=1), 3)]

    assert slices == [["e", "d"], ["c", "b"], ["a"]]
    assert few == [2, 1]


async def test_a_call_without_a_case_tells_what_the_rules_were_asked_and_who_answered(
    tmp_path: Path,
) -> None:
    """Only as long as its details are kept."""
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        step = later_step("a", 1)
        decided = replace(
            step.call,
            decision=Decision(
                "default", "市公安局", How.PUT_THROUGH, confidential=False, version=1
            ),
        )
        await house.journal.append(replace(step, call=decided))
        await house.calls.answer_leg(LegAnswer("a", 2, 0, True, DIALLED, AT))
        store = StoredPastCalls(house.database, SEALING)

        call = await store.call("a")
        assert call is not None
        assert call.matter is not None
        assert (call.matter.kind, call.matter.rule) == (None, "default")
        assert CALLER not in repr(call)
        assert await store.rung("a") == [Rung(AT, True, DIALLED)]
        async with house.database.unit_of_work() as unit:
            await unit.execute(update(steps).values(state=None))
        forgotten = await store.call("a")

    assert forgotten is not None
    assert forgotten.matter is None


def test_a_past_call_has_no_field_of_its_caller() -> None:
    assert "caller" not in PastCall.__slots__
