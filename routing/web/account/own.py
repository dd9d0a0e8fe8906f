"""`/account`: what somebody may see and change of themselves."""

from typing import assert_never

from aiohttp import web

from routing.accounts.passwords import Weak
from routing.signing_in import Wait, Wrong
from routing.web.account.sign_in import said, typed, waited
from routing.web.entry import FRONT_DOOR, of_ones_own, session_of
from routing.web.layout import page


def own_routes() -> list[web.RouteDef]:
    """One's own account."""
    return [
        web.get("/account", of_ones_own(_show)),
        web.get("/account/password", of_ones_own(_ask)),
        web.post("/account/password", of_ones_own(_change)),
    ]


DONE = {"password": "password.changed"}
"""What `?done=` may name, and the sentence of it."""


async def _show(request: web.Request) -> web.StreamResponse:
    if session_of(request).account.must_change:
        raise web.HTTPSeeOther("/account/password")
    done = DONE.get(request.query.get("done", ""), "")
    return page(request, "account/own.html", {"done": done})


async def _ask(request: web.Request) -> web.StreamResponse:
    return page(request, "account/password.html", {"faults": {}})


async def _change(request: web.Request) -> web.StreamResponse:
    form, signing_in = await request.post(), request.config_dict[FRONT_DOOR].signing_in
    old, new, again = (typed(form.get(field)) for field in ("old", "new", "again"))
    match await signing_in.change_password(session_of(request), old, new, again):
        case None:
            raise web.HTTPSeeOther("/account?done=password")
        case Wrong():
            faults = {"old": said(request, "password.wrong")}
        case Wait() as wait:
            faults = {"old": waited(request, signing_in, wait)}
        case Weak() as weak:
            field = "again" if weak is Weak.NOT_TWICE else "new"
            faults = {field: said(request, f"weak.{weak}")}
        case other:
            assert_never(other)
    return page(request, "account/password.html", {"faults": faults}, status=422)
