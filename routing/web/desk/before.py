"""Addresses under `/demo` from before these pages had a sign-in, as they stand in mails and
bookmarks of the demonstration: each leads to the page that has taken its place."""

from aiohttp import web

from routing.web.desk.desk import address


def routes_before() -> list[web.RouteDef]:
    """Nothing is told here: who may see the page is asked there."""
    return [web.get("/demo/office", _offices), web.get("/demo/office/{office}", _office)]


async def _offices(_: web.Request) -> web.StreamResponse:
    raise web.HTTPPermanentRedirect("/desk")


async def _office(request: web.Request) -> web.StreamResponse:
    raise web.HTTPPermanentRedirect(address(request.match_info["office"]))
