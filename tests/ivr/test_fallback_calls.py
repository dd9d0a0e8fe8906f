"""Every story of the plan when all fails plays as written, in both languages."""

from pathlib import Path
from typing import get_args

import pytest

from ivr.carrier.profiles import CarrierName, Profile, profile_of
from ivr.flow.world import Plan
from tests.ivr.fallback_playbook import perform
from tests.ivr.wire import Wire

CARRIERS = [profile_of(name) for name in get_args(CarrierName)]
FOLDER = Path(__file__).parent / "fallback_calls"
CALLS = sorted(FOLDER.glob("*.call"))


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_story_plays_as_written(
    path: Path, demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    written = path.read_text(encoding="utf-8")

    played = perform(written, demo_plan)

    if request.config.getoption("--update"):
        path.write_text(played, encoding="utf-8")
    assert played == written


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.name)
@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_story_plays_over_the_wire(
    path: Path, carrier: Profile, demo_plan: Plan, request: pytest.FixtureRequest
) -> None:
    """The plan needs nothing that a carrier lacks; a few stories go on otherwise, and say why."""
    mine = FOLDER / carrier.name / path.name
    written = (mine if mine.exists() else path).read_text(encoding="utf-8")

    played = perform(written, demo_plan, Wire(carrier))

    if request.config.getoption("--update") and mine.exists():
        mine.write_text(played, encoding="utf-8")
    assert played == written


def test_a_carriers_own_stories_say_why() -> None:
    for mine in FOLDER.glob("*/*.call"):
        text = mine.read_text(encoding="utf-8")
        assert text != (FOLDER / mine.name).read_text(encoding="utf-8"), mine
        assert "# Not as elsewhere: " in text, mine
        assert mine.parent.name in {carrier.name for carrier in CARRIERS}


def test_each_way_is_told_in_both_languages() -> None:
    names = {path.stem for path in CALLS}
    ways = {name.rpartition("_")[0] for name in names}

    assert names == {f"{way}_{language}" for way in ways for language in ("zh", "en")}
    assert ways >= {"message", "person", "silent", "full", "unlisted", "withdrawn", "suspended"}
