"""Many who ask at once cost what one does."""

import asyncio

import pytest

from deployment import shared
from deployment.shared import SharedAnswer


async def test_a_flood_asks_once_and_all_hear_the_answer() -> None:
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return "full"

    answer = SharedAnswer(ask)

    assert set(await asyncio.gather(*(answer.now() for _ in range(500)))) == {"full"}
    assert asked == 1


async def test_an_old_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "FRESH", 0.0)
    answers = iter(["full", ""])

    async def ask() -> str:
        return next(answers)

    answer = SharedAnswer(ask)

    assert [await answer.now(), await answer.now()] == ["full", ""]
