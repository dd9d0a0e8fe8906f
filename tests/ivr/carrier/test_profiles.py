"""The retries that we ask for must end before the carrier gives up (twilio-voice §3)."""

from typing import get_args
from urllib.parse import parse_qsl

import pytest

from ivr.carrier.profiles import (
    LOCAL,
    SIGNALWIRE,
    SOMLENG,
    TWILIO,
    CarrierName,
    Profile,
    profile_of,
)
from ivr.flow.instruction import Language

HARD_LIMIT = 15_000  # ms for one webhook, whatever the overrides say


@pytest.mark.parametrize("profile", [TWILIO, LOCAL])
def test_all_tries_fit_the_hard_limit(profile: Profile) -> None:
    told = dict(parse_qsl(profile.overrides.removeprefix("#")))
    tries = int(told["rc"]) + 1

    assert tries * (int(told["ct"]) + int(told["rt"])) <= int(told["tt"]) <= HARD_LIMIT
    assert 100 <= int(told["ct"]) <= 10_000
    assert int(told["rc"]) <= 5


def test_signalwires_one_try_fits_it_too() -> None:
    told = dict(parse_qsl(SIGNALWIRE.overrides.removeprefix("#")))

    assert int(told["ot"]) + int(told["rt"]) <= int(told["tt"]) <= HARD_LIMIT
    assert set(told) == {"ot", "rt", "tt"}  # it knows no others


@pytest.mark.parametrize("name", get_args(CarrierName))
def test_every_name_has_a_profile(name: CarrierName) -> None:
    assert profile_of(name).name == name


@pytest.mark.parametrize("profile", [TWILIO, SOMLENG, SIGNALWIRE, LOCAL])
def test_every_language_is_spoken_and_heard(profile: Profile) -> None:
    assert set(profile.voices) == set(profile.hears) == set(get_args(Language))


def test_twilio_writes_no_mandarin_down() -> None:
    assert not TWILIO.transcribes
