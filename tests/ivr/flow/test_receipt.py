"""A text only moves forward, in whichever order its callbacks come."""

from itertools import permutations

import pytest

from ivr.flow.receipt import LOST, RANK, TextStatus, further

PATH = (TextStatus.QUEUED, TextStatus.SENDING, TextStatus.SENT)


@pytest.mark.parametrize("end", [TextStatus.DELIVERED, TextStatus.UNDELIVERED, TextStatus.FAILED])
def test_in_every_order_the_end_stands(end: TextStatus) -> None:
    for told in permutations((*PATH, end)):
        known = TextStatus.ACCEPTED
        for status in told:
            known = status if further(known, status) else known
        assert known is end


def test_an_end_gives_way_to_no_other() -> None:
    ends = [status for status in TextStatus if status.over]

    assert not any(further(one, other) for one in ends for other in TextStatus)


def test_what_is_on_its_way_never_falls_back() -> None:
    assert further(TextStatus.QUEUED, TextStatus.SENT)
    assert not further(TextStatus.SENT, TextStatus.QUEUED)
    assert not further(TextStatus.SENT, TextStatus.SENT)


def test_each_status_is_on_its_way_arrived_or_lost() -> None:
    arrived = {TextStatus.DELIVERED, TextStatus.READ}

    assert {*RANK, *LOST, *arrived} == {*TextStatus}
    assert all(status.lost == (status in LOST) for status in TextStatus)
