"""How many live calls officials take: `/admin/quotas` lists whose share differs from the usual and
who has used most of it today, with a form for each. What is typed goes into the shared draft."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.directory import Directory, PublishedNumber
from routing.drafts.change import Author, Conflict
from routing.numbers.forms import written
from routing.ports import Clock
from routing.publishing.desk import PublishingDesk
from routing.publishing.sight import Sight, compare, sight_in
from routing.rules.quota import MOST_TOKENS, Quota, bucket
from routing.rules.quota_document import KIND, quota_faults
from routing.web.entry import actor_of, allows, signed_in
from routing.web.layout import Link, page, tongue_of
from routing.web.moments import kept_day
from routing.web.rosters.seen import Seen, seen_of
from routing.web.rosters.written import by_field
from routing.web.wording import Tongue
from routing.week import kept_hours

QUOTA_LINK: Final = Link("/admin/quotas", "quo.title", MAY[Act.READ_PLAN])
COUNTS: Final = ("live", "burst", "escalations")
MOST_FOUND: Final = 50
MOST_TYPED: Final = 20_000
Used = Callable[[datetime], Awaitable[Mapping[tuple[str, str], int]]]
"""How many tokens are taken since an instant, by official and bucket."""


@dataclass(frozen=True, slots=True)
class QuotaDesk:
    """The draft and the published plans, what calls follow now (the register, and the quotas by
    published number), the usual quota, which tokens are taken, and the time."""

    publishing: PublishingDesk
    directory: Callable[[], Directory]
    running: Callable[[], Mapping[str, Quota]]
    usual: Callable[[], Quota]
    used: Used
    clock: Clock
    zone: ZoneInfo


def quota_routes(desk: QuotaDesk) -> list[web.RouteDef]:
    """The list and the form."""
    read, edit = signed_in(*MAY[Act.READ_PLAN]), signed_in(*MAY[Act.EDIT_PLAN])
    pages = QuotaPages(desk)
    return [
        web.get("/admin/quotas", read(pages.show_all)),
        web.get("/admin/quotas/edit", read(pages.show)),
        web.post("/admin/quotas/edit", edit(pages.save)),
    ]


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form holds: three numbers, and a line for each call hour."""

    fields: Mapping[str, str]

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> "Typed":
        """From what was sent; what is no text is left out."""
        texts = {name: sent.get(name, "") for name in (*COUNTS, "hours")}
        return cls({n: t[:MOST_TYPED] for n, t in texts.items() if isinstance(t, str)})

    @classmethod
    def kept(cls, body: Mapping[str, Any]) -> "Typed":
        """A quota as it is kept; what is not in it is as usual, and empty."""
        hours = body.get("hours", [])
        lines = [
            f"{one.get('day', '')} {one.get('time', '')}" for one in hours if isinstance(one, dict)
        ]
        counts = {name: str(body.get(name, "")) for name in COUNTS}
        return cls({**counts, "hours": "\n".join(lines)})

    def body(self) -> dict[str, Any]:
        """As it is kept: a number where it is one, else what was typed, which is refused beside
        it."""
        body: dict[str, Any] = {}
        for name in COUNTS:
            text = self.fields.get(name, "").strip()
            if text:
                known = len(text) <= 10 and text.isascii() and text.isdigit()
                body[name] = int(text) if known else text
        lines = [line.split() for line in self.fields.get("hours", "").splitlines()]
        hours = [
            {"day": kept_day(one[0]), "time": kept_hours("".join(one[1:]))} for one in lines if one
        ]
        return {**body, "hours": hours} if hours else body


@dataclass(frozen=True, slots=True)
class Share:
    """What an official has taken of one bucket: of the day, of a call hour, or of escalations."""

    who: str
    what: str
    taken: int
    of: int

    @property
    def full(self) -> bool:
        """Whether callers hear that no more are taken."""
        return self.taken >= self.of


@dataclass(frozen=True, slots=True)
class QuotaPages:
    """The handlers."""

    desk: QuotaDesk

    async def _seen(self) -> Seen:
        return await seen_of(self.desk.publishing, KIND)

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """Whose differs, as drafted; who is near the bound today, as calls have it; and whoever is
        sought."""
        seen, tongue = await self._seen(), tongue_of(request)
        directory, sought = self.desk.directory(), request.query.get("q", "").strip()[:60]
        found = _found(directory, sought) if sought else []
        context = {
            "usual": self.desk.usual(),
            "lines": [
                self._line(key, body, seen, tongue) for key, body in sorted(seen.drafted.items())
            ],
            "today": await self._today(tongue),
            "sought": sought,
            "found": [(one.e164, written(one.e164), one.post[tongue]) for one in found],
            "kept": "kept" in request.query,
            "may_edit": allows(request, Act.EDIT_PLAN),
        }
        return page(request, "rosters/quotas.html", context)

    def _line(
        self, key: str, body: Mapping[str, Any], seen: Seen, tongue: Tongue
    ) -> dict[str, Any]:
        usual, hours = self.desk.usual(), body.get("hours", ())
        entry = self.desk.directory().numbers.get(key)
        return {
            "key": key,
            "shown": written(key),
            "post": "" if entry is None else entry.post[tongue],
            **{name: body.get(name, getattr(usual, name)) for name in COUNTS},
            "hours": len(hours) if isinstance(hours, Sequence) else 0,
            "changed": key in seen.changes,
        }

    async def _today(self, tongue: Tongue) -> list[Share]:
        """Who has used most of what they take now, the fullest first."""
        now, zone = self.desk.clock.now(), self.desk.zone
        midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        used = await self.desk.used(midnight)
        directory, shares = self.desk.directory(), list[Share]()
        for official in dict.fromkeys(who for who, _ in used):
            quota = self.desk.running().get(official, self.desk.usual())
            entry = directory.numbers.get(official)
            who = official if entry is None else entry.post[tongue]
            for escalation in (False, True):
                of = bucket(quota, official, now, zone, escalation=escalation)
                if taken := used.get((official, of.key), 0):
                    shares.append(Share(who, of.key.partition(" ")[0], taken, of.tokens))
        shares.sort(key=lambda one: (one.of - one.taken, -one.taken))
        return shares[:MOST_FOUND]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The form of one published number."""
        seen, key = await self._seen(), request.query.get("key", "")
        if key not in self.desk.directory().numbers and key not in seen.drafted:
            raise web.HTTPNotFound(text="There is no such number.\n")
        return self._form(request, key, Typed.kept(seen.drafted.get(key, {})), seen.sight(key))

    async def save(self, request: web.Request) -> web.StreamResponse:
        """Into the draft and back to the list, or the form again as it was typed."""
        sent, key = await request.post(), request.query.get("key", "")
        typed, sight = Typed.of(sent), sight_in(sent.get("seen"))
        body = typed.body() if sent.get("do") != "remove" else None
        if body is not None:
            found = quota_faults(key, body, self.desk.directory())
            if found:
                faults = by_field(found, tongue_of(request))
                return self._form(request, key, typed, sight, faults=faults)
        actor, seen = actor_of(request), await self._seen()
        edit = seen.edit(key, body or None, sight)
        try:
            await compare(self.desk.publishing.releases, edit, sight)
            await self.desk.publishing.drafts.save(
                [edit],
                Author(actor.account, actor.name),
                self.desk.clock.now(),
            )
        except Conflict:
            now = await self._seen()
            theirs = Typed.kept(now.drafted.get(key, {}))
            return self._form(request, key, typed, now.sight(key), theirs=theirs)
        raise web.HTTPSeeOther("/admin/quotas?kept=1")

    def _form(
        self,
        request: web.Request,
        key: str,
        typed: Typed,
        sight: Sight,
        *,
        faults: Mapping[str, list[str]] | None = None,
        theirs: Typed | None = None,
    ) -> web.Response:
        entry = self.desk.directory().numbers.get(key)
        context = {
            "key": key,
            "shown": written(key),
            "post": "" if entry is None else entry.post[tongue_of(request)],
            "typed": typed.fields,
            "seen": sight,
            "faults": faults or {},
            "theirs": None if theirs is None else theirs.fields,
            "usual": self.desk.usual(),
            "most": MOST_TOKENS,
            "action": f"/admin/quotas/edit?{urlencode({'key': key})}",
            "may_edit": allows(request, Act.EDIT_PLAN),
        }
        wrong = bool(faults) or theirs is not None
        return page(request, "rosters/quota.html", context, status=422 if wrong else 200)


def _found(directory: Directory, sought: str) -> list[PublishedNumber]:
    """Published numbers whose digits or post hold what is sought."""
    digits = "".join(sign for sign in sought if sign.isascii() and sign.isdigit()).lstrip("0")
    wanted = sought.casefold()
    return [
        one
        for one in directory.numbers.values()
        if (digits and digits in one.e164)
        or any(wanted in text.casefold() for text in (*one.post.values(), one.office))
    ][:MOST_FOUND]
