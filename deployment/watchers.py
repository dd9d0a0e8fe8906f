"""Who may look at how the line does: whoever holds METRICS_TOKEN; without one this machine alone,
and nobody where strangers are handed on to it. How many people call, and what went wrong, is
nobody's business elsewhere. The one rule of `/metrics`, `/ledger` and `/undelivered`."""

import base64
import binascii
import functools
import hmac
import ipaddress
from collections.abc import Callable

from aiohttp import web
from multidict import CIMultiDict

from routing.web.guard import Handler, foreign, of_this_machine
from storage.errors import StorageError


def watchers_only(token: str, *, public: bool = False) -> Callable[[Handler], Handler]:
    """The token is a bearer's, as scrapers send it, or the password of any name, as browsers ask
    for it; "" where there is none: then who comes from elsewhere, or through a proxy, is told that
    there is no such page. Where we are `public` everybody is: a proxy may hand a stranger's request
    on under this machine's name and add nothing to it, as nginx does since 1.29.7. A browser keeps
    a password and would send it for another page, too: what changes something must come from our
    own."""

    def admit(handler: Handler) -> Handler:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            if token and not _holds(request, token):
                raise web.HTTPUnauthorized(headers=_asking())
            if token and foreign(request):
                raise web.HTTPForbidden
            here = not public and _from_loopback(request) and of_this_machine(request)
            if not token and not here:
                raise web.HTTPNotFound
            try:
                return await handler(request)
            except StorageError as wrong:  # they are who sees to it
                return web.Response(status=503, text=f"{wrong}\n")

        return guarded

    return admit


def _asking() -> CIMultiDict[str]:
    asking = [("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", 'Basic realm="Zhitong"')]
    return CIMultiDict(asking)


def _holds(request: web.Request, token: str) -> bool:
    """In constant time; a header may hold any bytes."""
    kind, _, told = request.headers.get("Authorization", "").partition(" ")
    held = told.strip().encode(errors="replace")
    if kind.lower() == "basic":
        held = _password(held)
    elif kind.lower() != "bearer":
        held = b""
    return hmac.compare_digest(held, token.encode())


def _password(login: bytes) -> bytes:
    try:
        return base64.b64decode(login, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _from_loopback(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
