"""Whose words are noted when they are heard or read."""

import pytest

from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.opening import is_noted

NAMED = Confidentiality.NAMED


@pytest.mark.parametrize("level", [level for level in Confidentiality if level != NAMED])
def test_a_caller_who_does_not_want_to_be_known_is_protected(level: Confidentiality) -> None:
    assert is_noted(Kind.ENQUIRY, None, level)


@pytest.mark.parametrize(
    ("kind", "about", "noted"),
    [
        (Kind.REPORT, None, True),
        (Kind.COMPLAINT, About.THIS_OFFICE, True),
        (Kind.COMPLAINT, About.OTHER_OFFICE, True),
        (Kind.COMPLAINT, None, True),
        (Kind.COMPLAINT, About.BUSINESS, False),
        (None, About.MISCONDUCT, True),
        (Kind.HELP, None, False),
        (Kind.ENQUIRY, None, False),
        (None, None, False),
    ],
)
def test_who_accuses_is_protected(kind: Kind | None, about: About | None, noted: bool) -> None:
    assert is_noted(kind, about, NAMED) is noted
