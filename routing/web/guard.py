"""Keeps the demonstration's pages to this machine: a page elsewhere must not reach them through
the visitor's browser, neither by a name that points here nor by a request of its own."""

import functools
import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_READS = frozenset({"GET", "HEAD"})
_OUR_PAGES = frozenset({"same-origin", "none"})
_PROXIED = ("forwarded", "via", "x-forwarded-", "x-real-ip", "cf-", "true-client-ip")
"""What the names of their headers begin with."""
_REFUSED = (
    "This page is for the machine it runs on. Open it there, at http://127.0.0.1 or localhost.\n"
)


def loopback_only(handler: Handler) -> Handler:
    """Refuse (403) what did not come from a page or an address bar on this machine.

    The Host header must be a loopback name (against DNS rebinding); whatever changes something
    or opens a WebSocket must have our own Origin, or none at all, as programs have. What a proxy
    or a tunnel hands on comes from elsewhere, though it may name us as the host; nginx, if told
    nothing else, adds no header but spoke HTTP/1.0 before 1.29.7; a later one cannot be told."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not of_this_machine(request):
            raise web.HTTPForbidden(text=_REFUSED)
        return await handler(request)

    return guarded


def of_this_machine(request: web.Request) -> bool:
    """Whether a request may have come from a page, an address bar or a program here, as
    `loopback_only` asks."""
    here = loopback(request.headers.get("Host", ""))
    return here and not _proxied(request) and not foreign(request)


def loopback(host: str) -> bool:
    """Whether a Host header names this machine itself: `localhost`, 127.0.0.0/8 or `[::1]`."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != host or "@" in host:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _proxied(request: web.Request) -> bool:
    return request.version < HttpVersion11 or any(
        name.lower().startswith(_PROXIED) for name in request.headers
    )


def foreign(request: web.Request) -> bool:
    """Whether another page makes a visitor's browser change something here, or open a socket."""
    upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
    if request.method in _READS and not upgrade:
        return False
    if request.headers.get("Sec-Fetch-Site", "none") not in _OUR_PAGES:
        return True
    origin = request.headers.get("Origin")
    try:
        return origin is not None and urlsplit(origin).netloc != request.headers.get("Host")
    except ValueError:  # no browser's
        return True
