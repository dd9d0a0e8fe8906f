"""The table of what must follow an answered call."""

from datetime import timedelta

import pytest

from routing.ledger import EXPECTED, OF_WORK, GapKind, number_of
from routing.ports import JobKind


def test_every_kind_of_gap_has_its_expectation() -> None:
    assert set(EXPECTED) == set(GapKind)


def test_every_kind_of_work_is_expected_once() -> None:
    work = [job for expected in EXPECTED.values() for job in expected.work]

    assert sorted(work) == sorted(JobKind)
    assert {OF_WORK[job].kind for job in JobKind} == {e.kind for e in EXPECTED.values() if e.work}


def test_nobody_is_texted_or_rung_or_escalated_to_again_by_itself() -> None:
    """Everything else may be tried again at any hour; a text is looked up, and no more."""
    work = [expected for expected in EXPECTED.values() if expected.work]

    assert {expected.kind for expected in work if expected.looks} == {GapKind.TEXT}
    assert {expected.kind for expected in work if not expected.again} == {
        GapKind.RING,
        GapKind.ACCEPTED,
    }


def test_nothing_is_called_missing_while_it_may_still_be_on_its_way() -> None:
    """A webhook takes seconds, a job's first tries a minute, and settling waits for both."""
    assert min(expected.within for expected in EXPECTED.values()) >= timedelta(minutes=10)


@pytest.mark.parametrize(
    ("subject", "number"),
    [("7", 7), (str(2**31 - 1), 2**31 - 1), (str(2**31), None), ("9" * 5000, None), ("", None)],
)
def test_a_subject_of_figures_without_end_is_no_work(subject: str, number: int | None) -> None:
    assert number_of(subject) == number
