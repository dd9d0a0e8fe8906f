"""The calls that were put to an official, as their own page lists them."""

from datetime import timedelta
from pathlib import Path

from ivr.ports.calls import LegAnswer
from routing.ports import PutCall
from storage.put_through import StoredPutThrough
from tests.storage.stepping import AT, DIALLED, first_step, later_step, open_case, opened

OWN = "+865580000099"
MINUTE = timedelta(minutes=1)


async def test_calls_come_latest_first_and_of_this_number_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.journal.append(first_step("a"))
        await house.journal.append(later_step("a", 1, open_case("46270395")))
        for leg, (accepted, official, at) in enumerate(
            [
                (True, OWN, AT - MINUTE),
                (False, OWN, AT),
                (True, DIALLED, AT),
                (True, OWN, AT + MINUTE),
            ]
        ):
            answer = LegAnswer("a", 2, leg, accepted, official, at, "water")
            await house.calls.answer_leg(answer)
        found = await StoredPutThrough(house.database).since(OWN, AT)

    assert found == [PutCall(AT + MINUTE, DIALLED, True), PutCall(AT, DIALLED, False)]
