"""Every story in `calls/` plays as written; one story may cover many modules."""

from pathlib import Path

import pytest

from ivr.flow.world import Plan
from tests.ivr.playbook import perform

CALLS = sorted((Path(__file__).parent / "calls").glob("*.call"))


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_story_plays_as_written(
    path: Path, demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    written = path.read_text(encoding="utf-8")

    played = perform(written, demo_plan)

    if request.config.getoption("--update"):
        path.write_text(played, encoding="utf-8")
    assert played == written


def test_there_is_a_story_for_each_way_in_both_languages() -> None:
    ways = ("check", "matter", "complaint", "progress", "missed", "person")
    names = {path.stem for path in CALLS}

    missing = [
        f"{way}_{lang}"
        for way in ways
        for lang in ("zh", "en")
        if not any(name.startswith(way) and name.endswith(lang) for name in names)
    ]

    assert missing == []
