"""What the pages of draft, publishing and versions share: who may do what, how a change is shown,
and which sentence a refusal has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act, Role
from routing.drafts.change import Author, Conflict, DraftError, Entity
from routing.drafts.document import SETTING, Difference
from routing.drafts.kinds import KINDS, Document
from routing.ports import Clock
from routing.publishing.answering import AnswerRates, CityTime
from routing.publishing.desk import PublishingDesk
from routing.publishing.release import (
    NotSecond,
    NotThere,
    Overtaken,
    PublishingError,
    Refused,
    TooFar,
    Unfinished,
    Unreasoned,
)
from routing.register import Directory
from routing.web.entry import actor_of, allows
from routing.web.layout import LAYOUT, Chapter, Link, page_beside, tongue_of
from routing.web.moments import written
from routing.web.named import UNNAMED, Named

PLAN_PAGES: Final = Chapter("plan", Path(__file__).parent)
READERS: Final = tuple(sorted(MAY[Act.READ_PLAN]))
EDITORS: Final = tuple(sorted(MAY[Act.EDIT_PLAN]))
PUBLISHERS: Final = tuple(sorted(MAY[Act.PUBLISH]))
IN_A_HURRY: Final = tuple(sorted(MAY[Act.ACT_IN_A_HURRY]))
PLAN_LINKS: Final = (
    Link("/admin/draft", "plan.draft_title", frozenset[Role](READERS)),
    Link("/admin/versions", "plan.versions_title", frozenset[Role](READERS)),
    Link("/admin/plan", "plan_file.title", frozenset[Role](READERS)),
    Link("/admin/calls", "calls.title", MAY[Act.SEE_CALLS]),
)
MOST: Final = 100
"""Entities that a page lists; more are counted."""
LONGEST: Final = 600
"""Characters of a value on a page: a whole script is no reading."""
LAST: Final = 2**31 - 1
WORDS: Final[Mapping[type[Exception], str]] = {
    Refused: "plan.refused",
    Overtaken: "plan.overtaken",
    NotSecond: "plan.not_second",
    NotThere: "plan.not_there",
    Unreasoned: "plan.no_reason",
    Conflict: "plan.conflict",
    TooFar: "plan.too_far",
    Unfinished: "plan.unfinished",
}
KNOWN: Final = (PublishingError, DraftError)


@dataclass(frozen=True, slots=True)
class PlanDesk:
    """What the pages need: times are written as in the `city`, offices and topics by
    `directory`."""

    publishing: PublishingDesk
    clock: Clock
    city: CityTime
    rates: AnswerRates
    directory: Callable[[], Directory]

    @property
    def zone(self) -> ZoneInfo:
        """In which times are typed and written."""
        return self.city.zone


def author_of(request: web.Request) -> Author:
    """Who it is, as what they do is signed."""
    actor = actor_of(request)
    return Author(actor.account, actor.name)


async def shown(
    request: web.Request, desk: PlanDesk, template: str, more: Mapping[str, Any], status: int = 200
) -> web.Response:
    """A page with what all of them want, put together beside the calls: it may be a plan's."""
    tongue = tongue_of(request)
    named = Named(request.config_dict[LAYOUT].wording, tongue, desk.directory(), desk.zone)
    context = {
        "done": "",
        "wrong": "",
        "typed": {"reason": "", "starts": ""},
        "kinds": {*KINDS, SETTING},
        "named": named,
        "shown": lambda kind, name, value: cut(named.value(kind, name, value)),
        "pair": pair,
        "entity": lambda *_: None,
        "most": MOST,
        "me": actor_of(request).account,
        "may_edit": allows(request, Act.EDIT_PLAN),
        "may_publish": allows(request, Act.PUBLISH),
        "may_hurry": allows(request, Act.ACT_IN_A_HURRY),
        "when": lambda at: written(at, desk.zone, tongue),
        **more,
        "faults": {"reason": "", "starts": "", **more.get("faults", {})},
    }
    return await page_beside(request, template, context, status=status)


def word_of(wrong: Exception) -> str:
    """The id of the sentence that a refusal has."""
    return next((WORDS[kind] for kind in type(wrong).__mro__ if kind in WORDS), "plan.overtaken")


def pair(kind: str, old: Entity | None, new: Entity | None) -> Difference:
    """Two texts of one entity, to be shown field by field."""
    return Difference(kind, "", old, new)


def entities_of(document: Document) -> Callable[[str, str], Entity | None]:
    """Looks an entity of a body up, each kind read once: findings name rules as people do."""
    read = cache(lambda kind: KINDS[kind].read(document))
    return lambda kind, key: read(kind).get(key) if kind in UNNAMED & KINDS.keys() else None


def cut(text: str) -> str:
    """As much of a value as a person reads."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def number_in(text: str) -> int | None:
    """A version or revision from an address or a form."""
    known = text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LAST
    return int(text) if known else None
