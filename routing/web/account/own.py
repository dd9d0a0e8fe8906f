"""`/account`: what somebody may see and change of themselves: password, second factors, where they
are signed in."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, assert_never

import segno
from aiohttp import web

from routing.accounts.passwords import Weak
from routing.audit import Action, Entry
from routing.signing_in import Wait, Wrong
from routing.web.account.kept import KEPT
from routing.web.account.second import spoken
from routing.web.account.sign_in import said, typed, waited
from routing.web.entry import FRONT_DOOR, freshly, of_ones_own, session_of
from routing.web.layout import page, tongue_of
from routing.web.moments import written

DONE: Final = {
    "password": "password.changed",
    "phone": "phone-code.confirmed",
    "no-phone": "phone-code.removed",
    "passkey": "passkey.made",
    "no-passkey": "passkey.removed",
    "session": "session.ended",
}
"""What `?done=` may name, and the sentence of it."""
BROWSERS: Final = {
    "MicroMessenger/": "微信 WeChat",
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
"""By a part of what they say of themselves; each of the last also stands in those before it."""
MACHINES: Final = {
    "Windows": "Windows",
    "HarmonyOS": "HarmonyOS",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def own_routes() -> list[web.RouteDef]:
    """One's own account."""
    return [
        web.get("/account", of_ones_own(_show)),
        web.get("/account/password", of_ones_own(_ask)),
        web.post("/account/password", of_ones_own(_change)),
        web.get("/account/second", freshly(_phone)),
        web.post("/account/second/offer", freshly(_offer)),
        web.post("/account/second", freshly(_confirm)),
        web.post("/account/second/remove", freshly(_no_phone)),
        web.post("/account/codes", freshly(_codes)),
        web.post("/account/passkeys/options", freshly(_passkey_options)),
        web.post("/account/passkeys", freshly(_passkey)),
        web.post("/account/passkeys/remove", freshly(_no_passkey)),
        web.post("/account/sessions/end", of_ones_own(_end)),
        web.post("/account/sessions/end-others", of_ones_own(_end_others)),
    ]


async def _show(request: web.Request) -> web.StreamResponse:
    session, door = session_of(request), request.config_dict[FRONT_DOOR]
    account = session.account
    if account.must_change:
        raise web.HTTPSeeOther("/account/password")
    factors, now, tongue = door.factors.factors, door.signing_in.clock.now(), tongue_of(request)
    known = await door.signing_in.sessions.of_account(account.id)
    context = {
        "done": DONE.get(request.query.get("done", ""), ""),
        "phone": await factors.totp(account.id) is not None,
        "passkeys": await factors.passkeys(account.id),
        "codes_left": await factors.codes_left(account.id),
        "sessions": [one for one in known if one.lives(now)],
        "mine": session.key,
        "device": device,
        "fresh": door.factors.is_fresh(session),
        "when": lambda at: written(at, door.zone, tongue),
    }
    return page(request, "account/own.html", context)


def device(agent: str) -> str:
    """A browser and its machine in two words, "" where they are not known."""
    browser = next((name for part, name in BROWSERS.items() if part in agent), "")
    machine = next((name for part, name in MACHINES.items() if part in agent), "")
    return " · ".join(word for word in (browser, machine) if word)


async def _ask(request: web.Request) -> web.StreamResponse:
    return page(request, "account/password.html", {"faults": {}})


async def _change(request: web.Request) -> web.StreamResponse:
    form, signing_in = await request.post(), request.config_dict[FRONT_DOOR].signing_in
    old, new, again = (typed(form.get(field)) for field in ("old", "new", "again"))
    match await signing_in.change_password(session_of(request), old, new, again):
        case None:
            waits = await signing_in.sessions.kept(session_of(request).key)
            raise web.HTTPSeeOther(KEPT if waits else "/account?done=password")
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


async def _phone(request: web.Request) -> web.StreamResponse:
    return await _phone_form(request)


async def _phone_form(request: web.Request, fault: str = "") -> web.Response:
    """The key as a picture and in fours; the picture is made here and goes nowhere."""
    offer = await request.config_dict[FRONT_DOOR].factors.offered(session_of(request))
    picture, key = "", ""
    if offer is not None:
        picture = segno.make(offer.address, micro=False).svg_data_uri(scale=5)
        key = " ".join(offer.key[at : at + 4] for at in range(0, len(offer.key), 4))
    context = {"offer": offer is not None, "picture": picture, "key": key, "fault": fault}
    return page(request, "account/phone.html", context, status=422 if fault else 200)


async def _offer(request: web.Request) -> web.StreamResponse:
    await request.config_dict[FRONT_DOOR].factors.offer(session_of(request))
    raise web.HTTPSeeOther("/account/second")


async def _confirm(request: web.Request) -> web.StreamResponse:
    door, form = request.config_dict[FRONT_DOOR], await request.post()
    code = typed(form.get("code"), 16)
    match await door.factors.confirm(session_of(request), code):
        case Wrong():
            return await _phone_form(request, said(request, "second.wrong"))
        case Wait() as wait:
            return await _phone_form(request, waited(request, door.signing_in, wait))
        case ():
            raise web.HTTPSeeOther("/account?done=phone")
        case codes:
            return _shown(request, codes)


def _shown(request: web.Request, codes: Sequence[str]) -> web.Response:
    """The codes on paper, this once."""
    return page(request, "account/codes.html", {"codes": codes})


async def _no_phone(request: web.Request) -> web.StreamResponse:
    await request.config_dict[FRONT_DOOR].factors.remove_phone(session_of(request))
    raise web.HTTPSeeOther("/account?done=no-phone")


async def _codes(request: web.Request) -> web.StreamResponse:
    """New ones in place of those there were, for who has something that they stand in for."""
    door, session = request.config_dict[FRONT_DOOR], session_of(request)
    phone = await door.factors.factors.totp(session.account.id)
    if phone is None and not await door.factors.factors.passkeys(session.account.id):
        raise web.HTTPSeeOther("/account")
    return _shown(request, await door.factors.new_codes(session))


async def _passkey_options(request: web.Request) -> web.StreamResponse:
    asked = await request.config_dict[FRONT_DOOR].factors.make_passkey(session_of(request))
    return web.Response(text=asked, content_type="application/json")


async def _passkey(request: web.Request) -> web.StreamResponse:
    told = await spoken(request)
    name = typed(told.get("name"), 64)
    name = name.strip() if name.isprintable() else ""
    factors = request.config_dict[FRONT_DOOR].factors
    kept = await factors.keep_passkey(session_of(request), json.dumps(told.get("answer")), name)
    if not kept:
        return web.json_response({}, status=422)
    return web.json_response({"next": "/account?done=passkey"})


async def _no_passkey(request: web.Request) -> web.StreamResponse:
    form = await request.post()
    factors = request.config_dict[FRONT_DOOR].factors
    await factors.remove_passkey(session_of(request), typed(form.get("id"), 1400))
    raise web.HTTPSeeOther("/account?done=no-passkey")


async def _end(request: web.Request) -> web.StreamResponse:
    """One of one's own; what is nobody's, or somebody else's, stays as it is."""
    session, form = session_of(request), await request.post()
    sessions = request.config_dict[FRONT_DOOR].signing_in.sessions
    asked = typed(form.get("session"))
    if asked in {one.key for one in await sessions.of_account(session.account.id)}:
        await sessions.revoke(asked, _now(request), _ended(request))
    raise web.HTTPSeeOther("/account?done=session")


async def _end_others(request: web.Request) -> web.StreamResponse:
    session = session_of(request)
    sessions = request.config_dict[FRONT_DOOR].signing_in.sessions
    now, entry = _now(request), _ended(request)
    await sessions.revoke_all(session.account.id, now, entry, but=session.key)
    raise web.HTTPSeeOther("/account?done=session")


def _now(request: web.Request) -> datetime:
    return request.config_dict[FRONT_DOOR].signing_in.clock.now()


def _ended(request: web.Request) -> Entry:
    signing_in = request.config_dict[FRONT_DOOR].signing_in
    return signing_in.entry(session_of(request).account, Action.ACCOUNT_SESSIONS_ENDED)
