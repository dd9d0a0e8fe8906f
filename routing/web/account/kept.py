"""A form that was posted after its session's end: kept under the session that it came with, sealed,
and shown again to the same person once they have signed in. Nothing is done until they send it
again. Files and passwords are never kept: which file it was is told beside its field."""

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from routing.sheets.files import MOST_BYTES
from routing.signing_in import key_of
from routing.web.entry import FRONT_DOOR, of_ones_own, session_of
from routing.web.layout import LAYOUT, page, tongue_of
from routing.web.named import Named
from routing.web.parts import file_name

NEVER: Final = ("password", "secret", "code", "token")
"""Parts of names of fields whose words are nobody's but the typist's."""
NOT_OF: Final = ("/account", "/sign-")
"""Pages whose forms are about signing in itself."""
NOT_OF_ENDED: Final = (*NOT_OF, "/admin/accounts")
"""The same where somebody ended the session: perhaps because its cookie was copied, and whoever has
the copy must not lay a form there that gives them a way in."""
UNSEEN: Final = frozenset({"seen", "do", "revision", "_charset_", "content", "sounds"})
"""What forms note for themselves and nobody typed."""
MOST_FIELDS: Final = 500
MOST_TEXT: Final = MOST_BYTES
"""Bytes of the words of a form with files, as many as an imported sheet may have: a plan that was
pasted is such words. No other form that is let in has as many."""
MOST_READ: Final = 2 * MOST_TEXT
"""Bytes of such a form that are read to find its words: what stands behind a larger file is not."""
MOST_SHOWN: Final = 2000
"""Characters of a field that are shown to be looked at; of one that came after somebody had ended
the session it is all. All of it is sent again."""
MOST_FILES: Final = 20
KEPT: Final = "/account/kept"
FORM: Final = "application/x-www-form-urlencoded"
FILES: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where it was sent, and what was typed, in order; `files` are the fields and names of files,
    which have to be chosen anew, `ended` whether somebody had ended the session, `parts` whether it
    came in parts, as forms for files do, and goes so again."""

    path: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...] = ()
    ended: bool = False
    parts: bool = False

    def as_text(self) -> str:
        """To be sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)


def kept_routes() -> list[web.RouteDef]:
    """Where a form is found again."""
    return [web.get(KEPT, of_ones_own(_show))]


async def keep(request: web.Request) -> bool:
    """Keep what this request brings, if it came with a session that is over but was one. Another
    page cannot bring one: the cookie is SameSite, and the door has looked at the origin."""
    door = request.config_dict[FRONT_DOOR]
    token = request.cookies.get(door.cookies.session, "")
    if request.content_type not in (FORM, FILES) or not token:
        return False
    session = await door.signing_in.sessions.of(key_of(token))
    if session is None or request.path.startswith(NOT_OF_ENDED if session.ended else NOT_OF):
        return False
    parts = request.content_type == FILES
    form = await _with_files(request) if parts else await _typed(request)
    if form is None:
        return False
    fields = [one for one in form[0] if not _is_private(one[0])][:MOST_FIELDS]
    kept = KeptForm(request.path_qs, tuple(fields), tuple(form[1]), session.ended, parts)
    text = await asyncio.to_thread(kept.as_text)
    await door.signing_in.sessions.keep(key_of(token), text)
    return True


Pairs = list[tuple[str, str]]


async def _typed(request: web.Request) -> tuple[Pairs, Pairs]:
    form = (await request.post()).items()
    return [(name, told) for name, told in form if isinstance(told, str)], []


async def _with_files(request: web.Request) -> tuple[Pairs, Pairs] | None:
    """Its words and the names of its files; None where there are more words than are kept, since
    half a form is none."""
    fields: Pairs = []
    files: Pairs = []
    left, room = MOST_READ, MOST_TEXT
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None:
                return None
            read, told = await _bounded(part, left, room)
            left, room = left - read, room - len(told)
            if room < 0:
                return None
            if part.filename is None:
                fields.append((part.name, told.decode("utf-8", "replace")))
            elif len(files) < MOST_FILES:
                files.append((part.name, file_name(part.filename)))
            if left < 0 or len(fields) >= MOST_FIELDS:
                break
    except (ValueError, HttpProcessingError):  # no parts, or broken ones
        return None
    return fields, files


async def _bounded(part: BodyPartReader, left: int, room: int) -> tuple[int, bytes]:
    """How many bytes were read of it, and its words; a file's bytes are let go."""
    read, told = 0, bytearray()
    while read <= left and len(told) <= room and (chunk := await part.read_chunk()):
        read += len(chunk)
        told += chunk if part.filename is None else b""
    return read, bytes(told)


def _is_private(name: str) -> bool:
    return any(part in name.lower() for part in NEVER)


async def _show(request: web.Request) -> web.StreamResponse:
    """The same words in the same fields, to be sent again or left. Whoever was given a password
    chooses their own first."""
    sessions = request.config_dict[FRONT_DOOR].signing_in.sessions
    told = await sessions.kept(session_of(request).key)
    if told is None:
        raise web.HTTPSeeOther("/account")
    if session_of(request).account.must_change:
        raise web.HTTPSeeOther("/account/password")
    return await asyncio.to_thread(_page, request, told)


def _page(request: web.Request, told: str) -> web.Response:
    """Beside the loop: a plan that was pasted may have megabytes."""
    named = Named(request.config_dict[LAYOUT].wording, tongue_of(request))
    context = {
        "form": _read(told),
        "called": named.of_form,
        "unseen": UNSEEN,
        "most": MOST_SHOWN,
    }
    return page(request, "account/kept.html", context)


def _read(told: str) -> dict[str, Any]:
    """Also one that a version before this one kept, which knew of files that there were some."""
    form: dict[str, Any] = {"ended": False, **json.loads(told)}
    files = form["files"] if isinstance(form["files"], list) else []
    return {"parts": bool(files), **form, "files": files}
