"""Who opens what: roles by pages, and that another office's is to nobody of an office anything but
what was never there."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import pytest
from aiohttp import web

from routing.accounts.roles import Role
from routing.audit import Action
from routing.cases.kinds import About, Kind
from routing.web.desk.case import case_routes
from routing.web.desk.office import DESK_PAGES, office_routes
from tests.doorman import Pages, account_of, app_of, client_of, cookie_of
from tests.routing.web.city import NOON, KeptCases, a_case, desk_of

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


REPORT: Final = a_case(THEIRS, kind=Kind.REPORT, about=About.MISCONDUCT)


async def test_who_hears_a_protected_caller_is_noted_once_a_session() -> None:
    """On the list its words are not shown, so that whoever only looks there leaves no trace."""
    cases = KeptCases(REPORT)
    app = app_of(Pages((DESK_PAGES,), routes(cases)))
    async with client_of(app, cookie_of(Role.OFFICE)) as client:
        listed = await (await client.get("/desk/office/市水利局")).text()
        assert cases.entries == []
        case = f"/desk/cases/{THEIRS}"
        for path in (case, f"{case}/recordings/RE1.wav", f"{case}/recordings/RE1/correction", case):
            assert (await client.get(path)).status == 200
        opened = await (await client.get(case)).text()

    assert "停水" not in listed
    assert "<audio" not in listed
    assert "停水" in opened
    (entry,) = cases.entries
    assert (entry.action, entry.subject) == (Action.CASE_OPENED, f"case:{THEIRS}")
    assert entry.values == {"by": "office-person", "office": "市水利局"}


async def test_what_somebody_does_is_in_the_chain() -> None:
    cases = KeptCases(a_case(THEIRS))
    case = f"/desk/cases/{THEIRS}"
    async with client_of(app_of(Pages((DESK_PAGES,), routes(cases))), cookie_of(Role.OFFICE)) as it:
        await it.post(f"{case}/accept")
        typed = {"text": "停水三天", "by": "值班员"}
        await it.post(f"{case}/recordings/RE1/correction", data=typed)

    done = [(entry.action, entry.actor) for entry in cases.entries]
    me = account_of(Role.OFFICE).id
    assert done == [(Action.CASE_ACCEPTED, me), (Action.CASE_CORRECTED, me)]
    assert "停水" not in str(cases.entries), "words are erased with their recording, not here"


async def test_the_chain_says_where_a_case_was_sent_and_by_which_rule() -> None:
    cases = KeptCases(a_case(THEIRS, office="市政府", topic=None, unsorted=True))
    app = app_of(Pages((DESK_PAGES,), routes(cases)))
    async with client_of(app, cookie_of(Role.OFFICE, "市政府")) as client:
        case = f"/desk/cases/{THEIRS}"
        sent = await client.post(f"{case}/topic", data={"topic": "water"}, allow_redirects=False)
        told = await (await client.get(sent.headers["Location"])).text()
        gone = (await client.get(case)).status
        back = {"office": "市政府"}
        taken = await client.post(f"{case}/take-back", data=back, allow_redirects=False)

    assert "已转市水利局" in told
    assert "去看" not in told, "whose it is no longer does not open it there"
    assert (gone, taken.status) == (404, 303)
    values = [(entry.action, entry.values["before"]) for entry in cases.entries]
    assert values == [(Action.CASE_SORTED, "市政府"), (Action.CASE_TAKEN_BACK, "市水利局")]
    assert cases.entries[0].values["after"] == "市水利局"
    assert cases.entries[0].values["rule"]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR])
async def test_offices_stand_with_what_waits_there(role: Role) -> None:
    late = a_case(OTHERS, office="市公安局", due=NOON - timedelta(days=1))
    cases = KeptCases(a_case(THEIRS), late)
    cases.missed = {"市公安局": 3}
    async with client_of(app_of(Pages((DESK_PAGES,), routes(cases))), cookie_of(role)) as client:
        text = await (await client.get("/desk")).text()

    assert "超期1件" in text
    assert "未送达3条" in text
    assert text.count("未办结1件") == 2


async def test_an_auditor_sees_neither_words_nor_whose_they_are() -> None:
    for path in ("/desk/office/市水利局", f"/desk/cases/{THEIRS}"):
        app = app_of(Pages((DESK_PAGES,), routes(both())))
        async with client_of(app, cookie_of(Role.AUDITOR)) as client, client.get(path) as told:
            text = await told.text()
        assert "4627 0395" in text
        for words in ("停水", "…12", "<audio", "<form", "correction"):
            assert words not in text.partition("<main")[2], (path, words)
