"""The door of every page behind sign-in: who may open it, and who it is. A handler is wrapped in
`signed_in(...)`; the first thing it may ask is `actor_of(request)` (ADR 33)."""

import functools
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.account import Session
from routing.accounts.roles import Act, Actor, Role, may
from routing.second_factors import SecondFactors
from routing.signing_in import SigningIn, Visitor
from routing.web.guard import Handler, foreign
from routing.web.layout import chosen_now, page, tongue_of
from routing.web.posted import refuse_broken
from routing.web.reasons import reasons
from routing.web.signed import SESSION, someone

MOST_NEXT: Final = 2000
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
HERE: Final[tuple[Network, ...]] = (
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv6Network("::1/128"),
)
"""This machine."""
_READS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Cookies:
    """What the cookies are called and how they are sent: with `secure` over https alone, under a
    name that no other host and no plain page can set (RFC 6265bis §4.1.3)."""

    secure: bool

    @property
    def session(self) -> str:
        """Of somebody who is signed in."""
        return "__Host-zhitong" if self.secure else "zhitong_session"

    @property
    def half(self) -> str:
        """Of somebody whose password was right."""
        return "__Host-zhitong_half" if self.secure else "zhitong_half"

    def put(self, response: web.StreamResponse, name: str, token: str) -> None:
        """Until the browser is closed; the row's own bounds are the server's."""
        response.set_cookie(
            name, token, path="/", httponly=True, samesite="Lax", secure=self.secure
        )

    def drop(self, response: web.StreamResponse, name: str) -> None:
        """Under the same attributes, or the browser keeps it."""
        response.del_cookie(name, path="/", httponly=True, samesite="Lax", secure=self.secure)


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """What the door needs. `troubles` are what a store raises that cannot be reached."""

    signing_in: SigningIn
    factors: SecondFactors
    cookies: Cookies
    zone: ZoneInfo
    keep: Callable[[web.Request], Awaitable[bool]]
    """keeps a form whose session is over, if it may be"""
    troubles: tuple[type[Exception], ...] = ()
    proxies: tuple[Network, ...] = HERE
    """whose word it is believed whom they speak for"""


FRONT_DOOR: Final = web.AppKey("front_door", FrontDoor)


def signed_in(*roles: Role, files: bool = False) -> Callable[[Handler], Handler]:
    """For these roles alone; nobody where none is named. Who is not signed in is sent to /sign-in
    and back again; who is somebody else is told so (403), and whoever has a password that was given
    out changes it first. What changes something must come from our own pages. `files`: the handler
    reads a multipart form part by part itself; nobody else is sent one."""

    def admit(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            return await _admitted(request, handler, frozenset(roles), files=files)

        return guarded

    return admit


def of_ones_own(handler: Handler) -> Handler:
    """For everybody who is signed in, also with a password that was given out: it is changed
    here."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        return await _admitted(request, handler, frozenset(Role), settled=False)

    return guarded


def freshly(handler: Handler) -> Handler:
    """For what changes how somebody signs in: they have signed in just now, or do so again, so that
    a screen that was left open is not enough."""

    @of_ones_own
    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if session_of(request).account.must_change:
            raise web.HTTPSeeOther("/account/password")
        if not request.config_dict[FRONT_DOOR].factors.is_fresh(session_of(request)):
            raise web.HTTPSeeOther("/sign-in?again=1&next=/account")
        return await handler(request)

    return guarded


def recently(*roles: Role) -> Callable[[Handler], Handler]:
    """As `signed_in`, for what decides how others sign in: they have signed in just now, or do so
    again, so that a screen that was left open, or a cookie that was copied, makes no account. What
    they had typed is kept meanwhile."""

    def admit(handler: Handler) -> Handler:
        @signed_in(*roles)
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            door = request.config_dict[FRONT_DOOR]
            if door.factors.is_fresh(session_of(request)):
                return await handler(request)
            if request.method in _READS:
                raise web.HTTPSeeOther(f"/sign-in?again=1&next={quote(request.path, safe='')}")
            await door.keep(request)
            raise web.HTTPSeeOther("/sign-in?again=1")

        return guarded

    return admit


def actor_of(request: web.Request) -> Actor:
    """Who it is, behind `signed_in`. Raises KeyError elsewhere."""
    return request[SESSION].account.actor


def session_of(request: web.Request) -> Session:
    """The same, with the session. Raises KeyError elsewhere."""
    return request[SESSION]


def allows(request: web.Request, act: Act) -> bool:
    """Whether whoever it is may do this, for pages that show a button or do not."""
    account = someone(request)
    return account is not None and may(account.role, act)


async def _admitted(
    request: web.Request,
    handler: Handler,
    roles: frozenset[Role],
    *,
    settled: bool = True,
    files: bool = False,
) -> web.StreamResponse:
    door = request.config_dict[FRONT_DOOR]
    await from_our_own(request, files=files)
    try:
        token, renewing = request.cookies.get(door.cookies.session, ""), "part" in request.query
        session = await door.signing_in.session_of(token, used=not renewing)
        if session is None:
            return await turned_away(request)
        request[SESSION] = session
        if settled and session.account.must_change:
            raise web.HTTPSeeOther("/account/password")
        if session.account.role not in roles:
            return page(request, "account/not_for_you.html", {}, status=403)
        return await handler(request)
    except door.troubles as wrong:
        why = reasons().told(str(wrong), tongue_of(request))
        return page(request, "account/trouble.html", {"why": why}, status=503)


async def from_our_own(request: web.Request, *, files: bool = False) -> None:
    """What every door asks first. Raises HTTPForbidden for another page's request, what
    `refuse_broken` raises for one that cannot be read."""
    if foreign(request):
        raise web.HTTPForbidden(text="This must be sent from our own page.\n")
    await refuse_broken(request, files=files)


async def turned_away(request: web.Request) -> web.StreamResponse:
    """To the sign-in page, which leads back; a form is kept meanwhile (`account.kept`)."""
    following = safe_next(request.path_qs) if request.method in _READS else "/account"
    if request.method == "POST" and await request.config_dict[FRONT_DOOR].keep(request):
        raise web.HTTPSeeOther("/sign-in?kept=1")
    chosen = chosen_now(request)
    lang = f"&lang={chosen[:2]}" if chosen else ""
    raise web.HTTPSeeOther(f"/sign-in?next={quote(following, safe='')}{lang}")


def safe_next(asked: str, otherwise: str = "/account") -> str:
    """A place of ours to go to, or `otherwise`: never another host's, however it is written (a
    browser reads a backslash as a slash and drops line ends)."""
    plain = len(asked) <= MOST_NEXT and asked.isascii() and asked.isprintable()
    if not plain or not asked.startswith("/") or asked.startswith("//") or "\\" in asked:
        return otherwise
    try:
        parts = urlsplit(asked)
    except ValueError:
        return otherwise
    here = not parts.scheme and not parts.netloc and not parts.path.startswith("/sign-")
    return asked if here else otherwise


def visitor_of(request: web.Request) -> Visitor:
    """Where it comes from. A proxy of ours says whom it speaks for, last in the last
    `X-Forwarded-For` (some add a line of their own behind a visitor's); anybody else's word on
    that is not believed. Of IPv6 it is the network, since whoever has one address has all of it."""
    peer, told = request.remote or "", request.headers.getall("X-Forwarded-For", [""])[-1]
    seen, spoken = _address(peer), _address(told.rpartition(",")[2].strip())
    proxies = request.config_dict[FRONT_DOOR].proxies
    if seen is not None and spoken is not None and any(seen in known for known in proxies):
        seen = spoken
    if isinstance(seen, ipaddress.IPv6Address):
        return Visitor(str(ipaddress.ip_network((seen, 64), strict=False)), _agent(request))
    return Visitor(peer if seen is None else str(seen), _agent(request))


def _agent(request: web.Request) -> str:
    return request.headers.get("User-Agent", "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address; one of IPv4 in an IPv6 coat is that of IPv4."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found if mapped is None else mapped
