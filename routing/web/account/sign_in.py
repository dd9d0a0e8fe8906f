"""`/sign-in` and `/sign-out`: by name and password. What was asked for before is where it leads
afterwards, if that is a place of ours."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

from aiohttp import web

from routing.signing_in import Half, Outcome, Signed, SigningIn, Wait, Wrong, key_of
from routing.web.account.kept import KEPT
from routing.web.entry import (
    FRONT_DOOR,
    FrontDoor,
    from_our_own,
    of_ones_own,
    safe_next,
    session_of,
    visitor_of,
)
from routing.web.layout import LAYOUT, Chapter, page, tongue_of
from routing.web.wording import Tongue

ACCOUNT_PAGES: Final = Chapter("account", Path(__file__).parent)
NOTES: Final = ("out", "again", "kept", "late")
"""What the address may say, of which the page has a sentence."""
MOST_TYPED: Final = 256
"""Characters of a field: more was not typed by a person."""


def sign_in_routes() -> list[web.RouteDef]:
    """The doors for whoever is not signed in yet, or no longer."""
    return [
        web.get("/sign-in", _ask),
        web.post("/sign-in", _sign_in),
        web.post("/sign-out", of_ones_own(_sign_out)),
    ]


async def _ask(request: web.Request) -> web.StreamResponse:
    """The form; whoever is signed in already goes on."""
    await from_our_own(request)
    door, following = request.config_dict[FRONT_DOOR], safe_next(request.query.get("next", ""))
    token, again = request.cookies.get(door.cookies.session, ""), "again" in request.query
    try:
        if token and not again and await door.signing_in.session_of(token):
            raise web.HTTPSeeOther(following)
    except door.troubles as wrong:
        return page(request, "account/trouble.html", {"why": str(wrong)}, status=503)
    note = next((f"sign_in.{word}" for word in NOTES if word in request.query), "")
    return _form(request, following, note=note)


async def _sign_in(request: web.Request) -> web.StreamResponse:
    door = request.config_dict[FRONT_DOOR]
    await from_our_own(request)
    form = await request.post()
    name, password = (typed(form.get(field)) for field in ("name", "password"))
    following = safe_next(typed(form.get("next"), 2000))
    try:
        outcome = await door.signing_in.sign_in(name, password, visitor_of(request))
    except door.troubles as wrong:
        return page(request, "account/trouble.html", {"why": str(wrong)}, status=503)
    return await _came_of(request, door, outcome, following, name)


async def _came_of(
    request: web.Request, door: FrontDoor, outcome: Outcome, following: str, name: str
) -> web.StreamResponse:
    """The next page, with its cookie, or the form again."""
    match outcome:
        case Signed(token=token):
            raise await let_in(request, token, following)
        case Half(token=token):
            response = web.HTTPSeeOther(f"/sign-in/second?next={quote(following, safe='')}")
            door.cookies.put(response, door.cookies.half, token)
            raise response
        case Wait():
            return _form(request, following, name, waited(request, door.signing_in, outcome))
        case Wrong():
            return _form(request, following, name, said(request, "sign_in.wrong"))


async def let_in(request: web.Request, token: str, following: str) -> web.HTTPSeeOther:
    """On to where they wanted, with the new session's cookie in place of any other, whose session
    ends; or to the form that it has kept for them."""
    door = request.config_dict[FRONT_DOOR]
    before, sessions = request.cookies.get(door.cookies.session, ""), door.signing_in.sessions
    carried = await sessions.carry(key_of(before), key_of(token))
    if before and not carried:
        await sessions.end(key_of(before))
    response = web.HTTPSeeOther(KEPT if carried else following)
    door.cookies.put(response, door.cookies.session, token)
    door.cookies.drop(response, door.cookies.half)
    return response


def _form(
    request: web.Request, following: str, name: str = "", fault: str = "", *, note: str = ""
) -> web.Response:
    context = {"next": following, "name": name, "fault": fault, "note": note}
    return page(request, "account/sign_in.html", context, status=422 if fault else 200)


async def _sign_out(request: web.Request) -> web.StreamResponse:
    """The row goes, so that the token opens nothing for whoever may have copied it."""
    door = request.config_dict[FRONT_DOOR]
    await door.signing_in.sign_out(session_of(request))
    response = web.HTTPSeeOther("/sign-in?out=1")
    door.cookies.drop(response, door.cookies.session)
    raise response


def typed(value: object, most: int = MOST_TYPED) -> str:
    """A field of a form as text; a file, or what nobody typed, is none."""
    return value if isinstance(value, str) and len(value) <= most else ""


def said(request: web.Request, word: str, **slots: object) -> str:
    """A sentence in the visitor's language."""
    tongue: Tongue = tongue_of(request)
    return request.config_dict[LAYOUT].wording.say(word, tongue, **slots)


def waited(request: web.Request, signing_in: SigningIn, wait: Wait) -> str:
    """How long to wait, rounded up."""
    seconds = int((wait.until - signing_in.clock.now()).total_seconds()) + 1
    return said(request, "sign_in.wait", seconds=seconds)
