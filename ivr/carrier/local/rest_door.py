"""The door of the REST side: who may enter, how a request is read and how it is refused.

Basic authentication in constant time before anything is parsed (twilio-voice §7).
Counterpart of ``rest.py`` and ``rest_texts.py``, whose handlers stand behind it.
"""

from __future__ import annotations

import functools
import hmac
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import encode_basic_auth, web

from ivr.carrier.local.errors import LineError
from ivr.carrier.local.rest_shapes import VERSION, Shape, error_shape, page_shape

Form = Mapping[str, str]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RestError(LineError):
    """A request that Twilio would refuse, with its status and code (twilio-voice §9)."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.shape = error_shape(status, code, text)
        self.status = status


def missing(request: web.Request) -> RestError:
    """There is no such resource."""
    return RestError(404, 20404, f"The resource {request.path} was not found")


def guarded(handler: Handler, account: str, token: str) -> Handler:
    """The handler behind the account's login; its refusals in Twilio's shape.

    Around each handler and no middleware: one of a sub-application makes the server build a
    chain for every request, its webhooks too.
    """
    login = encode_basic_auth(account, token).encode()

    @functools.wraps(handler)
    async def entered(request: web.Request) -> web.StreamResponse:
        # Bytes that are no UTF-8 are wrong, and no fault of ours.
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        try:
            if not hmac.compare_digest(given, login):
                raise RestError(401, 20003, "Authenticate")
            return await handler(request)
        except RestError as error:
            return web.json_response(error.shape, status=error.status)

    return entered


async def read_form(request: web.Request) -> dict[str, str]:
    """Form fields; a repeated one (StatusCallbackEvent) is joined by spaces."""
    posted = await request.post()
    form: dict[str, str] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            form[name] = f"{form[name]} {value}" if name in form else value
    return form


def address(form: Form, name: str, code: int) -> str | None:
    """The address in a field, None where it is left out. Raises RestError for what is none."""
    url = form.get(name) or None
    try:
        parts = urlsplit(url or "http://x")
        told = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        told = False
    if not told:
        raise RestError(400, code, f"{name} is not a valid URL: {url}")
    return url


def matches(row: object, query: Mapping[str, str], names: Mapping[str, str]) -> bool:
    """Whether a row has what the query asks for; ``names`` are its fields by parameter."""
    given = {field: query[name] for name, field in names.items() if name in query}
    return all(str(getattr(row, field)) == value for field, value in given.items())


def paged(request: web.Request, name: str, rows: list[Shape]) -> web.Response:
    """One page of the rows; its addresses begin with the version, wherever it is mounted."""
    path = request.path[request.path.index(f"/{VERSION}/") :]
    return web.json_response(page_shape(name, rows, dict(request.query), path))
