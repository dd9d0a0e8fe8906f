"""A form that was posted after its session's end: kept under the session that it came with, sealed,
and shown again to the same person once they have signed in. Nothing is done until they send it
again. Files and passwords are never kept."""

import json
from dataclasses import asdict, dataclass
from typing import Final

from aiohttp import web

from routing.signing_in import key_of
from routing.web.entry import FRONT_DOOR, of_ones_own, session_of
from routing.web.layout import LAYOUT, page, tongue_of
from routing.web.named import Named

NEVER: Final = ("password", "secret", "code", "token")
"""Parts of names of fields whose words are nobody's but the typist's."""
NOT_OF: Final = ("/account", "/sign-")
"""Pages whose forms are about signing in itself."""
UNSEEN: Final = frozenset({"seen", "do", "revision", "_charset_"})
"""What forms note for themselves and nobody typed."""
MOST_FIELDS: Final = 500
KEPT: Final = "/account/kept"
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where it was sent, and what was typed, in order. `files`: something has to be chosen anew."""

    path: str
    fields: tuple[tuple[str, str], ...]
    files: bool = False

    def as_text(self) -> str:
        """To be sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)


def kept_routes() -> list[web.RouteDef]:
    """Where a form is found again."""
    return [web.get(KEPT, of_ones_own(_show))]


async def keep(request: web.Request) -> bool:
    """Keep what this request brings, if it came with a session that is over but was one. Another
    page cannot bring one: the cookie is SameSite, and the door has looked at the origin."""
    if request.content_type not in (FORM, "multipart/form-data") or request.path.startswith(NOT_OF):
        return False
    door = request.config_dict[FRONT_DOOR]
    token = request.cookies.get(door.cookies.session, "")
    sessions = door.signing_in.sessions
    if not token or await sessions.of(key_of(token)) is None:
        return False
    files = request.content_type != FORM  # read by its own handler alone, part by part
    form = [] if files else [*(await request.post()).items()]
    fields = [(name, told) for name, told in form if isinstance(told, str)]
    typed = tuple((name, told) for name, told in fields if not _is_private(name))[:MOST_FIELDS]
    kept = KeptForm(request.path_qs, typed, files)
    await sessions.keep(key_of(token), kept.as_text())
    return True


def _is_private(name: str) -> bool:
    return any(part in name.lower() for part in NEVER)


async def _show(request: web.Request) -> web.StreamResponse:
    """The same words in the same fields, to be sent again or left."""
    sessions = request.config_dict[FRONT_DOOR].signing_in.sessions
    told = await sessions.kept(session_of(request).key)
    if told is None:
        raise web.HTTPSeeOther("/account")
    named = Named(request.config_dict[LAYOUT].wording, tongue_of(request))
    form = {"form": json.loads(told), "called": named.of_form, "unseen": UNSEEN}
    return page(request, "account/kept.html", form)
