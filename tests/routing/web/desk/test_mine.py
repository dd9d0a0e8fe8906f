"""What an official sees of their own number, and that nobody sees another's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import pytest

from routing.accounts.roles import Role
from routing.hours import OpenIntervals
from routing.ports import PutCall
from routing.rules.quota import CallHour, Quota
from routing.web.desk.mine import OwnLines, mine_routes
from routing.web.desk.office import DESK_PAGES, office_routes
from routing.week import Period
from tests.doorman import Pages, app_of, client_of, cookie_of
from tests.routing.web.city import NOON, KeptCases, a_case, city, desk_of
from tests.routing.web.desk.asking import Client, text_of

OWN: Final = next(one for one in city().numbers.values() if one.office == "市水利局")
DAY: Final = f"day {NOON.date().isoformat()}"
HOUR: Final = CallHour(date(2026, 11, 30), Period(540, 660))


QUOTA: Final = Quota(hours=(HOUR,))


@dataclass
class Line:
    """A number as a test has it."""

    quota: Quota = QUOTA
    taken: int = 1
    calls: list[PutCall] = field(default_factory=list)
    asked: list[tuple[str, datetime]] = field(default_factory=list)
    opens: datetime = NOON

    async def used(self, _: datetime) -> Mapping[tuple[str, str], int]:
        return {(OWN.e164, DAY): self.taken, ("+865580000021", DAY): 4}

    async def since(self, line: str, at: datetime) -> list[PutCall]:
        self.asked.append((line, at))
        return self.calls

    def open(self, _: str) -> OpenIntervals:
        span = (self.opens, self.opens + timedelta(hours=4))
        return OpenIntervals((span,), NOON + timedelta(days=60))


def client_with(line: Line, cases: KeptCases, number: str = OWN.e164) -> Client:
    lines = OwnLines(lambda _: line.quota, line.used, line.open, line)
    desk = desk_of(cases)
    routes = [*office_routes(desk), *mine_routes(desk, lines)]
    return client_of(app_of(Pages((DESK_PAGES,), routes)), cookie_of(Role.OFFICIAL, line=number))


async def test_an_official_begins_with_what_is_left_of_today() -> None:
    line = Line(calls=[PutCall(NOON, OWN.e164, accepted=True)])
    cases = KeptCases(a_case(dialled=OWN.e164), a_case("10000007"))
    async with client_with(line, cases) as client:
        text = await text_of(client, "/desk")
        english = await text_of(client, "/desk/mine?lang=en")

    for words in ("今天已接1个，共4个。", "还可以接3个。", "已接听", "来电会转给您", "4627 0395"):
        assert words in text, words
    assert "1000 0007" not in text, "its caller rang another number"
    assert "2026-11-30 09:00–11:00" in text
    assert "You took 1 of 4." in english
    midnight = datetime.fromisoformat("2026-11-24T00:00:00+08:00")
    assert line.asked == [(OWN.e164, midnight)] * 2


async def test_what_is_used_up_and_closed_says_so() -> None:
    line = Line(taken=5, opens=NOON + timedelta(hours=21))
    async with client_with(line, KeptCases()) as client:
        text = await text_of(client, "/desk/mine")

    assert "今天不再转来" in text
    assert "11月25日周三09:00起恢复" in text
    assert "今天还没有来电转给您" in text


@pytest.mark.parametrize("number", ["", "+865580099999"])
async def test_without_a_number_on_the_list_an_official_sees_the_offices_cases(number: str) -> None:
    async with (
        client_with(Line(), KeptCases(a_case()), number) as client,
        client.get("/desk") as told,
    ):
        assert "4627 0395" in await told.text()
        assert told.url.path == "/desk/office/市水利局"
