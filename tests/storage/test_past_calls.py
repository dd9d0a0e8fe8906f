"""Past calls with the matter that each left first, and nothing of the caller."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.ports.calls import CallEnd, Ending
from routing.cases.kinds import Kind
from routing.publishing.past import PastCall
from routing.rules.condition import CallerKind
from storage.past_calls import StoredPastCalls
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


def test_a_past_call_has_no_field_of_its_caller() -> None:
    assert "caller" not in PastCall.__slots__
