"""The one layout of all pages: templates, words, static files and the headers that go with them.
Each folder of pages (a chapter) extends `house/layout.html` and is added here by `server.py`."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from routing.accounts.account import Account
from routing.accounts.roles import Role
from routing.web.assets import Assets
from routing.web.preferred import preferred
from routing.web.signed import someone
from routing.web.wording import Tongue, Wording, read_wording

COOKIE = "zhitong_lang"
POLICY = "; ".join(  # noqa: FLY002 - one directive a line, to be read
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language, Cookie",
    }
)
"""What every page is sent with; nothing on it comes from another host or from a string, and what
was sent to one visitor is shown to no other, also where a proxy heeds but one of the last two."""

_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Chapter:
    """A folder of pages: `templates/`, `static/` and `words.toml`, known by `name` in all three."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Link:
    """One place of the navigation: an address and the id of its words; for everybody, for whoever
    is signed in as one of `roles`, or for those alone who are not signed in."""

    url: str
    word: str
    roles: frozenset[Role] = frozenset()
    of_strangers: bool = False

    def leads(self, account: Account | None) -> bool:
        """Whether this visitor may go there."""
        if self.of_strangers:
            return account is None
        return not self.roles or (account is not None and account.role in self.roles)


@dataclass(frozen=True, slots=True)
class Layout:
    """What pages are made from."""

    wording: Wording
    assets: Assets
    links: tuple[Link, ...]
    demo: bool
    """Whether a visitor has to be told that the city is invented."""


HOUSE = Chapter("house", Path(__file__).parent)
LAYOUT: web.AppKey[Layout] = web.AppKey("layout", Layout)


def add_layout(
    app: web.Application,
    chapters: tuple[Chapter, ...],
    links: tuple[Link, ...],
    *,
    demo: bool = True,
) -> None:
    """Make the pages of these chapters renderable in `app` and serve their static files."""
    everything = (HOUSE, *chapters)
    wording = read_wording(path for c in everything if (path := c.folder / "words.toml").is_file())
    assets = Assets({c.name: c.folder / "static" for c in everything})
    app[LAYOUT] = Layout(wording, assets, links, demo)
    loader = jinja2.PrefixLoader(
        {c.name: jinja2.FileSystemLoader(c.folder / "templates") for c in everything}
    )
    aiohttp_jinja2.setup(
        app, loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    app.router.add_get(r"/static/{tree:[0-9a-f]{16}}/{name:.+}", assets.serve)


def tongue_of(request: web.Request) -> Tongue:
    """The page's language: what was chosen, now (`?lang=`) or before (the cookie), else what the
    browser prefers (ADR 49)."""
    asked = chosen_now(request) or _known(request.cookies.get(COOKIE, ""))
    return asked or preferred(request.headers.get("Accept-Language", ""))


def chosen_now(request: web.Request) -> Tongue | None:
    """The language that the address asks for, if it is one of ours."""
    return _known(request.query.get("lang", ""))


def _known(name: str) -> Tongue | None:
    """`zh` or `en`, also with a country behind it."""
    short = name[:20].lower().partition("-")[0]
    return next((one for one in Tongue if one[:2] == short), None)


def page(
    request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    """A whole page, or a part of one, in the visitor's language and with the page headers."""
    layout = request.config_dict[LAYOUT]
    tongue = tongue_of(request)
    response = aiohttp_jinja2.render_template(
        template, request, {**_common(request, layout, tongue), **context}, status=status
    )
    response.headers.update(HEADERS)
    if chosen_now(request):
        response.set_cookie(COOKIE, tongue[:2], max_age=_YEAR, samesite="Lax", httponly=True)
    return response


async def page_beside(
    request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    """The same of a page that may be long: put together in a thread, so that calls get their turns
    meanwhile. What the context computes is computed there."""
    return await asyncio.to_thread(page, request, template, context, status=status)


def fresh(request: web.Request, response: web.Response) -> web.Response:
    """The part of a page as it is, or 304 where the browser has the same one already."""
    tag = hashlib.sha256(_bytes(response)).hexdigest()[:24]
    if any(known.value == tag for known in request.if_none_match or ()):
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    response.etag = tag
    return response


def _bytes(response: web.Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b""


def _within(path: str, links: Sequence[Link]) -> str:
    """The address of the nearest place above this page, or nothing."""
    above = (link.url for link in links if path.startswith(f"{link.url}/"))
    return max(above, key=len, default="")


def _common(request: web.Request, layout: Layout, tongue: Tongue) -> dict[str, Any]:
    account = someone(request)

    def t(word: str, **slots: object) -> str:
        return layout.wording.say(word, tongue, **slots)

    def beside(word: str, **slots: object) -> str:
        return layout.wording.say(word, tongue.other, **slots)

    return {
        "t": t,
        "beside": beside,
        "tongue": tongue,
        "static": layout.assets.url,
        "links": [link for link in layout.links if link.leads(account)],
        "account": account,
        "demo": layout.demo,
        "here": request.path,
        "within": _within(request.path, layout.links),
        # one slash: what begins with two names another site
        "switch": "/" + str(request.rel_url.update_query(lang=tongue.other[:2])).lstrip("/"),
    }
