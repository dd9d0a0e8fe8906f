"""What the form of a rule offers, by the names that people know."""

import pytest

from routing.web.rules.choices import MOST_OFFERED, targets
from routing.web.wording import Tongue
from tests.routing.rules.test_guards import CITY

NIGHT = {"water-night": {"name": "水务夜班", "name_en": "Water at night"}}


@pytest.mark.parametrize(
    ("tongue", "roster", "office", "post"),
    [
        (Tongue.ZH, "水务夜班", "市教育局", "市委书记"),
        (Tongue.EN, "Water at night", "Bureau of Education", "Party Secretary of Yunling"),
    ],
)
def test_whom_a_step_may_ring_is_offered_by_name(
    tongue: Tongue, roster: str, office: str, post: str
) -> None:
    offered = targets(CITY, NIGHT, tongue)

    assert offered[0] == ("water-night", roster)
    assert ("市教育局", office) in offered
    assert ("+865580000001", post) in offered
    assert len(offered) <= 1 + len(CITY.offices) + MOST_OFFERED
