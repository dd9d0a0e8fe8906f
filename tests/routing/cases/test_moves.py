"""Who may take a case back, who may return it, and whose it is then."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from routing.cases.case import CaseState
from routing.cases.moves import (
    CaseMove,
    NotMovedBack,
    Refusal,
    Way,
    returned_to,
    to_return,
    to_take_back,
)
from tests.routing.web.city import city

AT: Final = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
CITY: Final = city()
SENT: Final = CaseMove(1, Way.PERSON, "12345热线中心", "市水利局", "water", None, AT)
BACK: Final = CaseMove(2, Way.RETURNED, "市水利局", "12345热线中心", None, None, AT)
AGAIN: Final = replace(SENT, number=3, after="市公安局", topic="safety")
HERE: Final = replace(SENT, after=SENT.before)


def refusal_of(trail: list[CaseMove], office: str) -> Refusal | None:
    try:
        to_return(trail, office)
    except NotMovedBack as refused:
        return refused.why
    return None


@pytest.mark.parametrize(
    ("trail", "office", "why"),
    [
        ([SENT], "市水利局", None),
        ([replace(SENT, way=Way.WORDS)], "市水利局", None),
        ([], "市水利局", Refusal.NOT_SENT),
        ([HERE], HERE.after, Refusal.NOT_SENT),
        ([SENT], "市公安局", Refusal.NOT_SENT),
        ([SENT, BACK], BACK.after, Refusal.NOT_SENT),
        ([SENT, BACK, AGAIN], "市公安局", None),
        ([SENT, BACK, replace(SENT, number=3)], "市水利局", Refusal.AGAIN),
    ],
)
def test_what_was_sent_is_returned_once_by_each_office(
    trail: list[CaseMove], office: str, why: Refusal | None
) -> None:
    assert refusal_of(trail, office) is why


def test_a_person_takes_back_what_nobody_has_accepted() -> None:
    assert to_take_back([SENT], "市水利局", CaseState.DISPATCHED) == SENT
    with pytest.raises(NotMovedBack) as accepted:
        to_take_back([SENT], "市水利局", CaseState.IN_PROGRESS)
    with pytest.raises(NotMovedBack) as by_words:
        to_take_back([replace(SENT, way=Way.WORDS)], "市水利局", CaseState.DISPATCHED)

    assert accepted.value.why is Refusal.ACCEPTED
    assert by_words.value.why is Refusal.MEANWHILE


def test_the_first_return_goes_to_who_sent_it_and_the_second_above() -> None:
    nobody = frozenset[str]()
    above = CITY.offices["市公安局"].parent

    assert returned_to([SENT], SENT, CITY, nobody) == SENT.before
    assert above is not None
    assert returned_to([SENT, BACK, AGAIN], AGAIN, CITY, nobody) == above
    assert returned_to([SENT, BACK, AGAIN], AGAIN, CITY, frozenset({above})) != above
