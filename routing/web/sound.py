"""Sends a sound whole or in part, so that a browser's player can jump about in it."""

from aiohttp import web

_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-store",
    "Content-Type": "audio/wav",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def sound(request: web.Request, audio: bytes) -> web.Response:
    """200 with all of it, 206 with the range asked for, 416 for a range beyond its end.

    A Range header that cannot be read, or names several ranges, is ignored (RFC 9110 §14.2)."""
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(None, None, 1)
    if asked.start is None and asked.stop is None:
        return web.Response(body=audio, headers=_HEADERS)
    return _part(audio, *_bounds(asked, len(audio)))


def _bounds(asked: slice, size: int) -> tuple[int, int]:
    first = asked.start or 0
    if first < 0:
        first = max(size + first, 0)
    return first, size if asked.stop is None else min(asked.stop, size)


def _part(audio: bytes, first: int, stop: int) -> web.Response:
    if first >= len(audio) or stop <= first:
        refused = {**_HEADERS, "Content-Range": f"bytes */{len(audio)}"}
        return web.Response(status=416, headers=refused)
    where = f"bytes {first}-{stop - 1}/{len(audio)}"
    return web.Response(
        status=206, body=audio[first:stop], headers={**_HEADERS, "Content-Range": where}
    )
