"""Who opens what: roles by pages, and that another office's is to nobody of an office anything but
what was never there."""

import re
from collections.abc import Mapping
from typing import Final

import pytest
from aiohttp import web

from routing.accounts.roles import Role
from routing.web.desk.case import case_routes
from routing.web.desk.office import DESK_PAGES, office_routes
from tests.doorman import Pages, app_of, client_of, cookie_of
from tests.routing.web.city import KeptCases, a_case, desk_of

THEIRS, OTHERS = "46270395", "10000007"
"""A case of the water office, and one of the police."""
HANDLES: Final = frozenset({Role.SUPERVISOR, Role.OFFICE})
LOOKS: Final = frozenset(Role)
HEARS: Final = frozenset(Role) - {Role.AUDITOR}
MAY: Final[Mapping[tuple[str, str], tuple[frozenset[Role], int]]] = {
    ("GET", "/desk/office/{office}"): (LOOKS, 200),
    ("GET", "/desk/cases/{reference}"): (LOOKS, 200),
    ("GET", "/desk/cases/{reference}/recordings/{sid}.wav"): (HEARS, 200),
    ("POST", "/desk/cases/{reference}/accept"): (HANDLES, 303),
    ("GET", "/desk/cases/{reference}/return"): (HANDLES, 409),
    ("POST", "/desk/cases/{reference}/return"): (HANDLES, 422),
    ("POST", "/desk/cases/{reference}/take-back"): (HANDLES, 404),
    ("GET", "/desk/cases/{reference}/topic"): (HANDLES, 409),
    ("POST", "/desk/cases/{reference}/topic"): (HANDLES, 409),
    ("GET", "/desk/cases/{reference}/recordings/{sid}/correction"): (HANDLES, 200),
    ("POST", "/desk/cases/{reference}/recordings/{sid}/correction"): (HANDLES, 422),
}
"""By door: who may, and what they are answered of a case that is theirs."""


def routes(cases: KeptCases) -> list[web.RouteDef]:
    cases.sounds["RE1"] = b"0123456789"
    desk = desk_of(cases)
    return [*office_routes(desk), *case_routes(desk)]


def both() -> KeptCases:
    return KeptCases(a_case(THEIRS), a_case(OTHERS, office="市公安局"))


async def answer(role: Role, door: tuple[str, str], reference: str, office: str) -> tuple[int, str]:
    """Status and page, without what only says which address was asked for."""
    places = {"reference": reference, "office": office, "sid": "RE1"}
    path = re.sub(r"\{(\w+)\}", lambda found: places[found[1]], door[1])
    async with (
        client_of(app_of(Pages((DESK_PAGES,), routes(both()))), cookie_of(role)) as client,
        client.request(door[0], path, allow_redirects=False) as told,
    ):
        text = (await told.read()).decode(errors="replace")
        return told.status, re.sub(r'href="[^"]*lang=en"', "", text)


def test_every_door_of_the_desk_stands_in_the_table() -> None:
    doors = {(route.method, route.path) for route in routes(both())} - {("GET", "/desk")}

    assert doors == set(MAY)


@pytest.mark.parametrize("door", MAY, ids=" ".join)
async def test_each_role_opens_what_the_table_says(door: tuple[str, str]) -> None:
    allowed, status = MAY[door]
    for role in Role:
        told, _ = await answer(role, door, THEIRS, "市水利局")
        assert told == (status if role in allowed else 403), role


@pytest.mark.parametrize("door", MAY, ids=" ".join)
async def test_another_offices_is_as_what_was_never_there(door: tuple[str, str]) -> None:
    for role in (Role.OFFICE, Role.OFFICIAL):
        if role in MAY[door][0]:
            guessed = await answer(role, door, OTHERS, "市公安局")
            nothing = await answer(role, door, "12345678", "nowhere")
            assert guessed == nothing
            assert guessed[0] == 404


@pytest.mark.parametrize("role", Role)
async def test_the_beginning_leads_to_what_is_theirs(role: Role) -> None:
    app = app_of(Pages((DESK_PAGES,), routes(both())))
    async with (
        client_of(app, cookie_of(role)) as client,
        client.get("/desk", allow_redirects=False) as told,
    ):
        led = (told.status, told.headers.get("Location"))

    own = (303, "/desk/office/%E5%B8%82%E6%B0%B4%E5%88%A9%E5%B1%80")
    assert led == (own if role in {Role.OFFICE, Role.OFFICIAL} else (200, None))


async def test_an_auditor_sees_neither_words_nor_whose_they_are() -> None:
    for path in ("/desk/office/市水利局", f"/desk/cases/{THEIRS}"):
        app = app_of(Pages((DESK_PAGES,), routes(both())))
        async with client_of(app, cookie_of(Role.AUDITOR)) as client, client.get(path) as told:
            text = await told.text()
        assert "4627 0395" in text
        for words in ("停水", "…12", "<audio", "<form", "correction"):
            assert words not in text.partition("<main")[2], (path, words)
