"""/admin/phrases/edit: one phrase, its languages side by side, where it is said, how long it takes
and how it sounds. What is typed goes into the shared draft; callers hear it once published."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from ivr.flow.review import review
from ivr.flow.sayings import LATER, STEP_PHRASES, prompts_of
from ivr.flow.worded import LONGEST, fillable, slots_of, words_faults
from ivr.library.plans import LANGUAGES
from ivr.library.proofs import of_menus
from ivr.web.spoken.desk import PHRASE, Seen, SpokenDesk, at_hand, key_in
from ivr.web.spoken.lists import show_all
from ivr.web.spoken.recordings import COMMAND, Refused, heard, lines_of, recorded
from routing.accounts.roles import MAY, Act
from routing.drafts.change import Conflict, Entity
from routing.findings import Finding
from routing.publishing.sight import Sight, sight_in
from routing.register import Names
from routing.rules.wording import both
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import page
from routing.web.sound import sound

ID: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
MOST_ID: Final = 64
EDIT: Final = "/admin/phrases/edit"
Faults = Mapping[str, Sequence[Names]]
"""Field -> what is wrong there; a field is `key` or a language."""


def phrases_routes(desk: SpokenDesk) -> list[web.RouteDef]:
    """The list, the form and what is heard."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])

    async def all_of_them(request: web.Request) -> web.StreamResponse:
        return await show_all(request, desk)

    async def show(request: web.Request) -> web.StreamResponse:
        return await _show(request, desk)

    async def save(request: web.Request) -> web.StreamResponse:
        return await _save(request, desk)

    async def record(request: web.Request) -> web.StreamResponse:
        refused = await recorded(request, desk)
        seen, key = await at_hand(desk), key_in(request)
        words, sight = seen.rows(PHRASE).get(key, {}), seen.sight(PHRASE, key)
        return await _form(request, desk, seen, words, sight, refused=refused)

    async def hear(request: web.Request) -> web.StreamResponse:
        return await _hear(request, desk)

    return [
        web.get("/admin/phrases", read(all_of_them)),
        web.get(EDIT, read(show)),
        web.post(EDIT, edit(save)),
        web.get("/admin/phrases/sound", read(hear)),
        web.post("/admin/phrases/recording", signed_in(*MAY[Act.EDIT_PLAN], files=True)(record)),
    ]


async def _show(request: web.Request, desk: SpokenDesk) -> web.Response:
    seen, key = await at_hand(desk), key_in(request)
    words = seen.rows(PHRASE).get(key, {})
    if key and not words:
        raise web.HTTPNotFound(text="There is no such phrase.\n")
    return await _form(request, desk, seen, words, seen.sight(PHRASE, key))


async def _save(request: web.Request, desk: SpokenDesk) -> web.StreamResponse:
    """Into the draft and back to the list, or the form again as it was typed."""
    sent, seen = await request.post(), await at_hand(desk)
    known, sight = key_in(request), sight_in(sent.get("seen"))
    key = known or _text(sent.get("key"))
    words, shipped = _typed(sent), seen.shipped.get(key, {})
    wanted: Entity | None = words
    if sent.get("do") == "back":
        wanted = shipped or None
    else:
        faults = {} if known else _of_key(key, seen)
        for fault in words_faults(key, words, shipped):
            faults.setdefault(fault.language, []).append(fault.says)
        if faults:
            return await _form(request, desk, seen, words, sight, faults=faults, key=key)
    try:
        await desk.save(seen.edit(PHRASE, key, wanted, sight), sight, actor_of(request))
    except Conflict:
        now = await at_hand(desk)
        theirs, newer = now.rows(PHRASE).get(key, {}), now.sight(PHRASE, key)
        return await _form(request, desk, now, words, newer, theirs=theirs)
    if wanted is None:
        raise web.HTTPSeeOther("/admin/phrases?kept=1")
    raise web.HTTPSeeOther(f"{EDIT}?{urlencode({'key': key, 'kept': 1})}")


def _typed(sent: Mapping[str, Any]) -> dict[str, str]:
    """Language -> text, each on one line; a language without words is left out."""
    texts = {language: " ".join(_text(sent.get(language)).split()) for language in LANGUAGES}
    return {language: text for language, text in texts.items() if text}


def _text(value: object) -> str:
    """Bounded well beyond what is kept, so that a text that is too long is shown again."""
    return value.strip()[: 4 * LONGEST] if isinstance(value, str) else ""


def _of_key(key: str, seen: Seen) -> dict[str, list[Names]]:
    if len(key) > MOST_ID or not ID.fullmatch(key):
        zh = "代号写成menu.night这样：小写字母、数字、点和下划线，中间至少一个点。"
        en = "an id looks like menu.night: small letters, digits, dots and _, with a dot within"
        return {"key": [both(zh, en)]}
    if key in seen.rows(PHRASE):
        return {"key": [both("已有这条话术。", "there is such a phrase already")]}
    return {}


async def _form(
    request: web.Request,
    desk: SpokenDesk,
    seen: Seen,
    words: Entity,
    sight: Sight,
    *,
    faults: Faults | None = None,
    theirs: Entity | None = None,
    key: str = "",
    refused: Refused | None = None,
) -> web.Response:
    known = key_in(request)
    key = known or key
    findings = await asyncio.to_thread(lambda: list(_findings(seen, known)) if known else [])
    context: dict[str, Any] = {
        "key": key,
        "known": known,
        "words": words,
        "seen": sight,
        "faults": faults or {},
        "theirs": theirs,
        "languages": LANGUAGES,
        "most": LONGEST,
        "shipped": seen.shipped.get(key, {}),
        "nodes": list(_said_at(seen, key)),
        "by_steps": key in STEP_PHRASES,
        "later": key in LATER,
        "slots": sorted(
            slots_of(" ".join(map(str, {**seen.shipped.get(key, {}), **words}.values())))
        ),
        "fillable": sorted(fillable(key)),
        "seconds": {one: desk.prompts.seconds(str(words.get(one, "")), one) for one in LANGUAGES},
        "sentences": list(lines_of(seen, desk, known)),
        "refused": refused,
        "command": COMMAND,
        "findings": findings,
        "action": f"{EDIT}?{urlencode({'key': known})}" if known else EDIT,
        "kept": "kept" in request.query,
        "may_edit": allows(request, Act.EDIT_PLAN),
    }
    wrong = bool(faults) or theirs is not None or refused is not None
    return page(request, "spoken/phrase.html", context, status=422 if wrong else 200)


def _said_at(seen: Seen, phrase: str) -> Iterator[str]:
    script = seen.script
    if script is not None:
        for name, node in script.nodes.items():
            if any(prompt.phrase == phrase for prompt in prompts_of(node)):
                yield name


def _findings(seen: Seen, phrase: str) -> Iterator[Finding]:
    """What is to be said of it once all words and menus are looked at together."""
    script = seen.script
    if script is not None:
        places = {phrase, *_said_at(seen, phrase)}
        for found in of_menus(review(script, seen.book())):
            if found.place.key == phrase or found.place.field in places:
                yield found


async def _hear(request: web.Request, desk: SpokenDesk) -> web.StreamResponse:
    """GET /admin/phrases/sound: a recorded sentence of a phrase as drafted."""
    seen, key = await at_hand(desk), key_in(request)
    asked = request.query.get("language", ""), f"{key}.{request.query.get('n', '')}"
    for each in seen.sentences(key, seen.rows(PHRASE).get(key, {})):
        if (each.folder, each.name) == asked and each.fixed:
            wav = await heard(seen, desk, each)
            if wav is not None:
                return sound(request, wav)
    raise web.HTTPNotFound(text="Nobody recorded this sentence.\n")
