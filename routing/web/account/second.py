"""`/sign-in/second` and `/sign-in/passkey`: what is asked after a password, or in its place."""

import json
from typing import Any, Final

from aiohttp import web

from routing.signing_in import Signed, Visitor, Wait, Wrong
from routing.web.account.sign_in import let_in, said, typed, waited
from routing.web.entry import FRONT_DOOR, from_our_own, safe_next, visitor_of
from routing.web.guard import Handler
from routing.web.layout import page

MOST_CODE: Final = 64


def second_routes() -> list[web.RouteDef]:
    """For whoever's password was right, and for passkeys."""
    return [
        web.get("/sign-in/second", _open(_ask)),
        web.post("/sign-in/second", _open(_finish)),
        web.post("/sign-in/passkey/options", _open(_options)),
        web.post("/sign-in/passkey", _open(_by_passkey)),
    ]


def _open(handler: Handler) -> Handler:
    """For anyone, from our own pages."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        await from_our_own(request)
        try:
            return await handler(request)
        except request.config_dict[FRONT_DOOR].troubles as wrong:
            return page(request, "account/trouble.html", {"why": str(wrong)}, status=503)

    return guarded


async def _ask(request: web.Request) -> web.StreamResponse:
    door = request.config_dict[FRONT_DOOR]
    half = request.cookies.get(door.cookies.half, "")
    following = safe_next(request.query.get("next", ""))
    if not half or await door.signing_in.session_of(half, whole=False) is None:
        raise web.HTTPSeeOther("/sign-in")
    return page(request, "account/second.html", {"next": following, "fault": ""})


async def _finish(request: web.Request) -> web.StreamResponse:
    door, form = request.config_dict[FRONT_DOOR], await request.post()
    following = safe_next(typed(form.get("next"), 2000))
    half, code = request.cookies.get(door.cookies.half, ""), typed(form.get("code"), MOST_CODE)
    match await door.factors.finish(half, code, visitor_of(request)):
        case Signed(token=token):
            raise await let_in(request, token, following)
        case Wait() as wait:
            fault = waited(request, door.signing_in, wait)
        case Wrong():
            fault = said(request, "second.wrong")
        case None:
            raise web.HTTPSeeOther("/sign-in?late=1")
    return page(request, "account/second.html", {"next": following, "fault": fault}, status=422)


async def _options(request: web.Request) -> web.StreamResponse:
    asked = await request.config_dict[FRONT_DOOR].factors.ask_for_passkey()
    return web.Response(text=asked, content_type="application/json")


async def _by_passkey(request: web.Request) -> web.StreamResponse:
    told = await spoken(request)
    factors = request.config_dict[FRONT_DOOR].factors
    visitor: Visitor = visitor_of(request)
    outcome = await factors.sign_in(json.dumps(told.get("answer")), visitor)
    if not isinstance(outcome, Signed):
        return web.json_response({}, status=422)
    letting = await let_in(request, outcome.token, safe_next(typed(told.get("next"), 2000)))
    response = web.json_response({"next": letting.location})
    response.cookies.update(letting.cookies)
    return response


async def spoken(request: web.Request) -> dict[str, Any]:
    """What a script of ours says, {} for anything else."""
    try:
        told = await request.json()
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
