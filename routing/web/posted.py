"""What somebody posts, as far as it is read at all: fields of one plain form, in UTF-8. The doors
look before a handler does, since a charset may be named of which 64 kB take half a second to
decode, and since a broken form is its sender's fault and not ours."""

from typing import Final

from aiohttp import web

BROKEN: Final = "This is no form of ours: send the page's own.\n"
_READS: Final = frozenset({"GET", "HEAD"})


def plain(request: web.Request) -> bool:
    """Whether address and body may be read as text: UTF-8 alone, and no zero byte, which no
    database keeps."""
    return (request.charset or "utf-8").lower() == "utf-8" and "\0" not in _address(request)


async def refuse_broken(request: web.Request, *, files: bool = False) -> None:
    """Raises HTTPBadRequest for what cannot be read, HTTPUnsupportedMediaType for files where none
    are wanted: `files` is for a handler that reads its parts itself, within bounds."""
    if not plain(request):
        raise web.HTTPBadRequest(text=BROKEN)
    if request.method in _READS:
        return
    if request.content_type.startswith("multipart/"):
        if not files or "boundary" not in request.headers.get("Content-Type", ""):
            raise web.HTTPUnsupportedMediaType(text=BROKEN)
        return
    try:
        form = await request.post()  # kept by the request for whoever asks next
    except ValueError as wrong:
        raise web.HTTPBadRequest(text=BROKEN) from wrong
    if any("\0" in name or (isinstance(told, str) and "\0" in told) for name, told in form.items()):
        raise web.HTTPBadRequest(text=BROKEN)


def _address(request: web.Request) -> str:
    return f"{request.path}{request.query_string}"
