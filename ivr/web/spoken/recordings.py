"""Recordings of a phrase's sentences: each with what is heard of it, and what an upload becomes. A
recording is of the exact words that stood there; other words are read by a voice (ADR 41)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from ivr.library.recordings import KIND, Recorded, body_of
from ivr.library.sentences import Numbered
from ivr.ports.prompts import MOST_BYTES, Fault, UnusableUpload
from ivr.web.spoken.desk import PHRASE, Seen, SpokenDesk, at_hand, key_in
from routing.drafts.change import Conflict, Entity
from routing.publishing.sight import Sight, sight_in
from routing.web.entry import actor_of
from routing.web.parts import Part, parts_of

COMMAND: Final = "ffmpeg -i recording.m4a -ac 1 -ar 8000 -c:a pcm_s16le sentence.wav"
"""What makes of any recording one that is taken."""
MOST_SENT: Final = MOST_BYTES + 16_384
"""Bytes of a form: the file and its other fields."""
CONVERTED: Final = frozenset({Fault.TOO_LARGE, Fault.NO_WAV, Fault.FORMAT})


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a recording was not kept: `why` is the id of a sentence; `convert`: COMMAND helps."""

    key: str
    why: str
    convert: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as the page shows it: where it is heard, how long an own recording is, and which
    words one says that is not played any more."""

    key: str
    language: str
    text: str
    fixed: bool
    sound: str
    seconds: float | None
    old: str | None
    seen: Sight
    removable: bool
    """whether there is a recording that can be taken out"""
    action: str
    gone: bool = False


def key_of(each: Numbered) -> str:
    """The key of a sentence's recording."""
    return f"{each.folder}/{each.name}"


def is_recorded(seen: Seen, each: Numbered) -> bool:
    """Whether the draft has a recording of just these words."""
    body = seen.rows(KIND).get(key_of(each))
    return body is not None and body.get("text") == each.text


def lines_of(seen: Seen, desk: SpokenDesk, phrase: str) -> Iterator[Line]:
    """Every sentence of a phrase, then recordings of sentences that it has no more."""
    recordings, known = seen.rows(KIND), set()
    for each in seen.sentences(phrase, seen.rows(PHRASE).get(phrase, {})):
        key, own = key_of(each), is_recorded(seen, each)
        body = recordings.get(key)
        known.add(key)
        yield Line(
            key=key,
            language=each.folder,
            text=each.text,
            fixed=each.fixed,
            sound=_address("sound", phrase, key) if own or desk.prompts.has(each.text) else "",
            seconds=float(body.get("length", 0)) if own and body is not None else None,
            old=str(body.get("text", "")) if body is not None and not own else None,
            seen=seen.sight(KIND, key),
            removable=body is not None,
            action=_address("recording", phrase, key),
        )
    for key, body in recordings.items():
        if _phrase_of(key) == phrase and key not in known:
            yield _gone(seen, phrase, key, body)


def _gone(seen: Seen, phrase: str, key: str, body: Entity) -> Line:
    return Line(
        key=key,
        language=key.partition("/")[0],
        text=str(body.get("text", "")),
        fixed=False,
        sound="",
        seconds=None,
        old=None,
        seen=seen.sight(KIND, key),
        removable=True,
        action=_address("recording", phrase, key),
        gone=True,
    )


def _phrase_of(key: str) -> str:
    return key.partition("/")[2].rpartition(".")[0]


def _address(page: str, phrase: str, key: str) -> str:
    language, _, name = key.partition("/")
    asked = {"key": phrase, "language": language, "n": name.rpartition(".")[2]}
    return f"/admin/phrases/{page}?{urlencode(asked)}"


def asked_key(request: web.Request) -> str:
    """The recording that an address names."""
    language, number = request.query.get("language", ""), request.query.get("n", "")
    return f"{language[:8]}/{key_in(request)}.{number[:3]}"


async def heard(seen: Seen, desk: SpokenDesk, each: Numbered) -> bytes | None:
    """A sentence as it would be heard once the draft is published."""
    body = seen.rows(KIND).get(key_of(each), {})
    if is_recorded(seen, each):
        wav = await desk.prompts.kept(str(body.get("sha256", "")))
        if wav is not None:
            return wav
    return await desk.prompts.heard(each.text)


async def recorded(request: web.Request, desk: SpokenDesk) -> Refused:
    """POST: an upload or a removal goes into the draft and back to the phrase; else why not."""
    key = asked_key(request)
    parts = await parts_of(request, MOST_SENT)
    if parts is None:
        return Refused(key, Fault.TOO_LARGE, convert=True)
    fields = {part.name: part for part in parts}
    if "do" in fields and fields["do"].text == "remove":
        return await _keep(request, desk, key, None, fields)
    upload = fields.get("file")
    if upload is None or not upload.raw:
        return Refused(key, "no_file")
    seen = await at_hand(desk)
    phrase = key_in(request)
    said = {key_of(one): one for one in seen.sentences(phrase, seen.rows(PHRASE).get(phrase, {}))}
    each = said.get(key)
    if each is None or not each.fixed or each.text != _text(fields):
        return Refused(key, "moved")
    try:
        sound = await desk.prompts.keep(upload.raw)
    except UnusableUpload as wrong:
        return Refused(key, wrong.fault, convert=wrong.fault in CONVERTED)
    body = body_of(Recorded(key, each.text, sound.sha256, sound.seconds))
    return await _keep(request, desk, key, body, fields)


def _text(fields: dict[str, Part]) -> str:
    part = fields.get("text")
    return "" if part is None else part.text


async def _keep(
    request: web.Request,
    desk: SpokenDesk,
    key: str,
    body: dict[str, Any] | None,
    fields: dict[str, Part],
) -> Refused:
    seen, sent = await at_hand(desk), fields.get("seen")
    sight = sight_in("" if sent is None else sent.text)
    if body is None and key not in seen.rows(KIND):
        return Refused(key, "clash")
    try:
        await desk.save(seen.edit(KIND, key, body, sight), sight, actor_of(request))
    except Conflict:
        return Refused(key, "clash")
    address = urlencode({"key": key_in(request), "kept": 1})
    raise web.HTTPSeeOther(f"/admin/phrases/edit?{address}")
