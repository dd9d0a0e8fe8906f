"""Whose voice says what is not recorded: the settings' choice."""

from pathlib import Path

import pytest

from deployment import carrier
from deployment.carrier import speech_of
from deployment.clock import SystemClock
from deployment.settings import Settings
from ivr.flow.world import Plan


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier, "engine_command", lambda kept: ("python", str(kept)))


@pytest.mark.usefixtures("installed")
def test_the_natural_voice_speaks_unless_it_is_not_wanted(demo_plan: Plan, tmp_path: Path) -> None:
    wanted = Settings(data_dir=tmp_path, speech="auto")
    unwanted = Settings(data_dir=tmp_path, speech="none")

    assert speech_of(wanted, lambda: demo_plan, SystemClock()) is not None
    assert speech_of(unwanted, lambda: demo_plan, SystemClock()) is None


@pytest.mark.usefixtures("installed")
def test_a_carrier_outside_has_voices_of_its_own(demo_plan: Plan, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, speech="auto", carrier="twilio", account_sid="AC" + "0" * 32,
        auth_token="t" * 32, public_url="https://phone.example",
    )  # fmt: skip

    assert speech_of(settings, lambda: demo_plan, SystemClock()) is None


def test_without_the_extra_nobody_is_asked(
    demo_plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "engine_command", lambda kept: None)

    settings = Settings(data_dir=tmp_path, speech="auto")
    assert speech_of(settings, lambda: demo_plan, SystemClock()) is None
