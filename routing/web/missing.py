"""An address where nothing is: a page of the house for people, plain text for programs. Whatever is
behind a door that answers as if nothing were there reads the same, byte for byte."""

from aiohttp import web

from routing.web.layout import LAYOUT, page

NOBODY = None
"""Whoever asks is shown as a stranger: a door may have found out who it is, or not."""


async def as_page(request: web.Request, response: web.StreamResponse) -> None:
    """Put the page in place of a plain 404, as the last thing before it is sent."""
    plain = response.status == 404 and response.content_type == "text/plain"
    if not plain or not isinstance(response, web.Response) or not _reads_pages(request):
        return
    links = [one for one in request.config_dict[LAYOUT].links if one.leads(NOBODY)]
    made = page(request, "house/missing.html", {"account": NOBODY, "links": links}, status=404)
    raw = made.body if isinstance(made.body, bytes) else b""
    response.body = raw
    response.content_type, response.charset = "text/html", "utf-8"
    response.headers.update({**made.headers, "Content-Length": str(len(raw))})
    for name, morsel in made.cookies.items():
        response.cookies[name] = morsel


def _reads_pages(request: web.Request) -> bool:
    """A browser that goes somewhere names HTML; programs, carriers and its own scripts do not."""
    return "text/html" in request.headers.get("Accept", "")
