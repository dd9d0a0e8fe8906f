"""`/admin/accounts`: who may sign in, as what, for which office; a new password for who has lost
theirs; the end of an account. Nobody's password is ever shown but one that is made up here."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from aiohttp import web

from routing.accounts.account import MOST_DISPLAY, MOST_NAME, Account, Flaw, signing_name
from routing.accounts.roles import MAY, OF_AN_OFFICE, Act, Role
from routing.directory import Directory
from routing.numbers.forms import written
from routing.web.account.sign_in import said, typed
from routing.web.entry import FRONT_DOOR, actor_of, recently, signed_in
from routing.web.layout import Link, page, page_beside, tongue_of

KEEPERS: Final = MAY[Act.KEEP_ACCOUNTS]
ACCOUNTS_LINK: Final = Link("/admin/accounts", "people.title", KEEPERS)
ID: Final = "{id:[0-9a-f]{24}}"
FIELD_OF: Final[Mapping[Flaw, str]] = {
    Flaw.NAME: "name",
    Flaw.NAME_TAKEN: "name",
    Flaw.DISPLAY: "display_zh",
    Flaw.ROLE: "role",
    Flaw.OFFICE: "office",
    Flaw.OFFICE_NOT_WANTED: "office",
    Flaw.LINE: "line",
    Flaw.LAST_ADMIN: "role",
    Flaw.YOURSELF: "role",
    Flaw.UNKNOWN: "name",
    Flaw.CHANGED: "whole",
}
"""Beside which field a sentence stands; above all of them where it is of the whole."""
NOBODY: Final = Account("", "", Role.OFFICE)
MOST_ASKED: Final = 64
"""Characters of an office's id: an office's page asks for an account of its own."""


def people_routes(directory: Callable[[], Directory]) -> list[web.RouteDef]:
    """For whoever keeps the accounts. Offices are today's."""
    keeping, just_now = signed_in(*KEEPERS), recently(*KEEPERS)

    async def ask(request: web.Request) -> web.StreamResponse:
        office = typed(request.query.get("office"), MOST_ASKED)
        return await _form(
            request, directory(), replace(NOBODY, office=_known(directory(), office))
        )

    async def create(request: web.Request) -> web.StreamResponse:
        return await _create(request, directory())

    async def show(request: web.Request) -> web.StreamResponse:
        asked = request.query.get("not", "")
        flaws = (Flaw(asked),) if asked in set(Flaw) else ()
        return await _form(request, directory(), await _account(request), flaws)

    async def change(request: web.Request) -> web.StreamResponse:
        return await _change(request, directory())

    async def everyone(request: web.Request) -> web.StreamResponse:
        return await _list(request, directory())

    return [
        web.get("/admin/accounts", keeping(everyone)),
        web.get("/admin/accounts/new", just_now(ask)),
        web.post("/admin/accounts/new", just_now(create)),
        web.get(f"/admin/accounts/{ID}", keeping(show)),
        web.post(f"/admin/accounts/{ID}", just_now(change)),
        web.post(f"/admin/accounts/{ID}/reset", just_now(_reset)),
        web.post(f"/admin/accounts/{ID}/close", just_now(_close)),
    ]


async def _account(request: web.Request) -> Account:
    """The one of the address. Raises HTTPNotFound."""
    people = request.config_dict[FRONT_DOOR].signing_in.people
    found = await people.of(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound
    return found


async def _list(request: web.Request, directory: Directory) -> web.Response:
    """All of them, or those whose name holds what is looked for."""
    everybody = await request.config_dict[FRONT_DOOR].signing_in.people.listed()
    sought = typed(request.query.get("q"), 64).strip()
    found = [one for one in everybody if not sought or _holds(one, sought.casefold())]
    context = {
        "people": found,
        "sought": sought,
        "office": lambda one: _office_name(request, directory, one.office),
        "done": "people.done" if "done" in request.query else "",
    }
    return page(request, "account/people.html", context)


def _holds(one: Account, sought: str) -> bool:
    return sought in f"{one.name} {one.display_zh} {one.display_en} {one.office}".casefold()


def _known(directory: Directory, office: str) -> str | None:
    return office if office in directory.offices else None


def _office_name(request: web.Request, directory: Directory, office: str | None) -> str:
    known = directory.offices.get(office or "")
    return known.name[tongue_of(request)] if known else office or ""


async def _form(
    request: web.Request,
    directory: Directory,
    account: Account,
    flaws: tuple[Flaw, ...] = (),
    was: Account | None = None,
) -> web.Response:
    """`account` as it is or as it was typed, `was` as it is kept."""
    faults = {FIELD_OF[flaw]: said(request, f"flaw.{flaw}") for flaw in reversed(flaws)}
    offices = [(known, _office_name(request, directory, known)) for known in directory.offices]
    if account.office is not None and account.office not in directory.offices:
        offices.append((account.office, account.office))
    context = {
        "one": account,
        "was": was or account,
        "seen": seen_of(was or account),
        "now": _now(request, directory, was or account) if "whole" in faults else "",
        "faults": faults,
        "roles": list(Role),
        "offices": sorted(offices, key=lambda office: office[1]),
        "lines": await asyncio.to_thread(_lines, request, directory, account.line),
        "mine": account.id == actor_of(request).account,
        "most_name": MOST_NAME,
        "most_display": MOST_DISPLAY,
    }
    status = 422 if flaws else 200
    return await page_beside(request, "account/person.html", context, status=status)


def seen_of(account: Account) -> str:
    """What was before an admin's eyes: a form brings it back, so that nothing is kept over what
    another admin has changed meanwhile."""
    told = json.dumps(asdict(replace(account, must_change=False)), sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _now(request: web.Request, directory: Directory, account: Account) -> str:
    """How an account stands, in a line."""
    told = (
        account.name,
        account.display_zh,
        account.display_en,
        said(request, f"role.{account.role}"),
        _office_name(request, directory, account.office),
        written(account.line) if account.line else "",
        said(request, "people.closed") if account.disabled else "",
    )
    return " · ".join(filter(None, told))


def _lines(
    request: web.Request, directory: Directory, chosen: str | None
) -> list[tuple[str, str, str]]:
    """The published numbers as whose they are, with their office's name; the one that is chosen,
    also where it left the list."""
    tongue = tongue_of(request)
    known = [
        (one.e164, f"{one.post[tongue]} {written(one.e164)}", one.office_name[tongue])
        for one in directory.numbers.values()
    ]
    if chosen is not None and chosen not in directory.numbers:
        known.append((chosen, chosen, ""))
    return sorted(known, key=lambda one: one[2])


def _written(
    form: Mapping[str, Any], account: Account, directory: Directory
) -> tuple[Account, tuple[Flaw, ...]]:
    """The account as the form says, and what no account can be."""
    role, office = typed(form.get("role")), typed(form.get("office")) or None
    known = role in set(Role)
    chosen = Role(role) if known else account.role
    told = replace(
        account,
        name=signing_name(typed(form.get("name"))),
        display_zh=typed(form.get("display_zh")).strip(),
        display_en=typed(form.get("display_en")).strip(),
        role=chosen,
        office=office if chosen in OF_AN_OFFICE else None,
        line=(typed(form.get("line")) or None) if chosen is Role.OFFICIAL else None,
    )
    entry = directory.numbers.get(told.line or "")
    strange = told.line not in {None, account.line} and (entry is None or entry.office != office)
    return told, (*(() if known else (Flaw.ROLE,)), *((Flaw.LINE,) if strange else ()))


async def _create(request: web.Request, directory: Directory) -> web.StreamResponse:
    told, wrong = _written(await request.post(), NOBODY, directory)
    if wrong:
        return await _form(request, directory, told, wrong)
    signing_in = request.config_dict[FRONT_DOOR].signing_in
    outcome = await signing_in.create(told, frozenset(directory.offices), actor_of(request))
    if isinstance(outcome, str):
        return _once(request, told, outcome)
    return await _form(request, directory, told, outcome)


async def _change(request: web.Request, directory: Directory) -> web.StreamResponse:
    before, form = await _account(request), await request.post()
    told, wrong = _written(form, before, directory)
    if form.get("seen", seen_of(before)) != seen_of(before):
        wrong = (Flaw.CHANGED,)
    signing_in = request.config_dict[FRONT_DOOR].signing_in
    offices = frozenset(directory.offices)
    flaws = wrong or await signing_in.change(before, told, offices, actor_of(request))
    if flaws:
        return await _form(request, directory, told, flaws, await _account(request))
    raise web.HTTPSeeOther("/admin/accounts?done=1")


async def _reset(request: web.Request) -> web.StreamResponse:
    """A new one-time password; what else was asked goes where the form says so."""
    account, form = await _account(request), await request.post()
    door, actor = request.config_dict[FRONT_DOOR], actor_of(request)
    if form.get("factors") == "1":
        await door.factors.reset(account, actor)
    return _once(request, account, await door.signing_in.reset(account, actor))


async def _close(request: web.Request) -> web.StreamResponse:
    """Disabled, or enabled again: `closed` says which."""
    before, form = await _account(request), await request.post()
    after = replace(before, disabled=form.get("closed") == "1")
    signing_in = request.config_dict[FRONT_DOOR].signing_in
    kept = frozenset() if before.office is None else frozenset({before.office})
    flaws = await signing_in.change(before, after, kept, actor_of(request))
    if flaws:
        raise web.HTTPSeeOther(f"/admin/accounts/{before.id}?not={flaws[0]}")
    raise web.HTTPSeeOther("/admin/accounts?done=1")


def _once(request: web.Request, account: Account, password: str) -> web.Response:
    """The password that was made up, this once."""
    return page(request, "account/once.html", {"one": account, "password": password})
