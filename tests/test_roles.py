"""Who may knock at which door behind sign-in: each route of the server with each role, held against
what docs/threat-model.md says of it. That nobody gets in without a session is `test_routes`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import server
from deployment.folder import open_folder
from deployment.house import HOUSE
from deployment.settings import Settings
from routing.accounts.roles import OF_AN_OFFICE, Role
from routing.web import entry
from tests.databases import migrated
from tests.people import People, PeoplesClock
from tests.test_routes import DOORS, Door, doors, path_of

BEHIND: Final = re.compile(r"/(admin|desk|account|sign-out)(/|$)")
ROW: Final = re.compile(r"\| (`[A-Z]+ /.*?`) \| (.*?) \| ")
DOOR: Final = re.compile(r"`(GET|POST) (/[^`]*)`")
ALL: Final = frozenset(Role)
CALLED: Final[Mapping[str, frozenset[Role]]] = {
    **{f"{role}s?": frozenset({role}) for role in Role if role not in OF_AN_OFFICE},
    "officials?": frozenset({Role.OFFICIAL}),
    "handlers": frozenset({Role.OFFICE}),
    "the office's own people": OF_AN_OFFICE,
    "whoever (is|has) signed in|whoever signed in": ALL,
}
"""Roles as the table calls them; that of an office goes by what its people do."""


def written() -> Iterator[tuple[Door, frozenset[Role]]]:
    """Who may, row by row; "the same" are those of the row before."""
    before = frozenset[Role]()
    for row in ROW.finditer(DOORS.read_text("utf-8")):
        before = named(row[2], before)
        for method, path in DOOR.findall(row[1]):
            yield (method, path), before


def named(cell: str, before: frozenset[Role]) -> frozenset[Role]:
    """Those whom a cell names; "but no" takes one away again."""
    who, _, none = cell.partition("but no ")
    own = before if who.startswith("the same") else _roles(who)
    return own - _roles(none)


def _roles(words: str) -> frozenset[Role]:
    found = (roles for word, roles in CALLED.items() if re.search(rf"\b(?:{word})\b", words))
    return frozenset[Role]().union(*found)


async def reached(_: web.Request) -> web.StreamResponse:
    """What stands behind a door, which is not what is looked at."""
    return web.Response(status=204)


async def test_each_door_opens_to_the_roles_that_the_threat_model_names_and_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a door that is added later; whoever is let in is stopped behind the door, so that a
    thousand knocks change nothing."""
    monkeypatch.chdir(tmp_path)
    admitted = entry._admitted

    async def knocked(request: web.Request, _: Any, *who: Any, **how: Any) -> web.StreamResponse:
        return await admitted(request, reached, *who, **how)

    monkeypatch.setattr(entry, "_admitted", knocked)
    lock = open_folder(settings := Settings(data_dir=tmp_path, demo=True))
    migrated(tmp_path / "zhitong.db")
    app = await server.build_app(settings)
    behind = {door for door in doors(app) if BEHIND.match(door[1])}
    opens: dict[Door, set[Role]] = {door: set() for door in behind}
    answers: set[int] = set()
    async with TestClient(TestServer(app)) as client:
        people = People(app[HOUSE].signing_in, app[HOUSE].factors, PeoplesClock())
        for role in Role:
            cookies = await people.cookie(role)
            for door in behind:
                async with client.request(
                    door[0], path_of(door), cookies=cookies, allow_redirects=False
                ) as answer:
                    answers.add(answer.status)
                    if answer.status == 204:
                        opens[door].add(role)
    lock.release()

    assert answers == {204, 403}
    assert opens == {door: {*roles} for door, roles in written() if BEHIND.match(door[1])}
