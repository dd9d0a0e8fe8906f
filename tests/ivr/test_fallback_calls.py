"""Every story of the plan when all fails plays as written, in both languages."""

from pathlib import Path

import pytest

from ivr.flow.world import Plan
from tests.ivr.fallback_playbook import perform

CALLS = sorted((Path(__file__).parent / "fallback_calls").glob("*.call"))


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_story_plays_as_written(
    path: Path, demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    written = path.read_text(encoding="utf-8")

    played = perform(written, demo_plan)

    if request.config.getoption("--update"):
        path.write_text(played, encoding="utf-8")
    assert played == written


def test_each_way_is_told_in_both_languages() -> None:
    names = {path.stem for path in CALLS}
    ways = {name.rpartition("_")[0] for name in names}

    assert names == {f"{way}_{language}" for way in ways for language in ("zh", "en")}
    assert ways >= {"message", "person", "silent", "full", "unlisted", "withdrawn", "suspended"}
