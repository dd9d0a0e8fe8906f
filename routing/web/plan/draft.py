"""`/admin`, `/admin/draft` and `/admin/publish`: what is changed, by whom, what is wrong with it,
and from when it is to be used."""

from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from routing.drafts.change import DraftError
from routing.publishing.release import (
    NotThere,
    Overtaken,
    Proposal,
    ProposalState,
    PublishingError,
    Refused,
    Unreasoned,
)
from routing.web.entry import signed_in
from routing.web.layout import LAYOUT, tongue_of
from routing.web.plan.desk import (
    EDITORS,
    PUBLISHERS,
    READERS,
    PlanDesk,
    author_of,
    entities_of,
    number_in,
    shown,
    word_of,
)

MOST_REASON: Final = 2000
DONE: Final = {
    "imported": "plan.imported",
    "discarded": "plan.discarded",
    "proposed": "plan.was_proposed",
    "scheduled": "plan.was_scheduled",
    "withdrawn": "plan.was_withdrawn",
}
"""What `?done=` may name."""


def draft_routes(desk: PlanDesk) -> list[web.RouteDef]:
    """For those who may read the plan; buttons for admins."""

    async def draft(request: web.Request) -> web.StreamResponse:
        return await _draft(request, desk)

    async def discard(request: web.Request) -> web.StreamResponse:
        return await _discarded(request, desk)

    async def discard_all(request: web.Request) -> web.StreamResponse:
        return await _discarded(request, desk, everything=True)

    async def ask(request: web.Request) -> web.StreamResponse:
        return await _publish(request, desk)

    async def publish(request: web.Request) -> web.StreamResponse:
        return await _published(request, desk)

    async def approve(request: web.Request) -> web.StreamResponse:
        return await _settled(request, desk, approved=True)

    async def withdraw(request: web.Request) -> web.StreamResponse:
        return await _settled(request, desk, approved=False)

    return [
        web.get("/admin", signed_in(*READERS)(_begun)),
        web.get("/admin/draft", signed_in(*READERS)(draft)),
        web.post("/admin/draft/discard", signed_in(*EDITORS)(discard)),
        web.post("/admin/draft/discard-all", signed_in(*EDITORS)(discard_all)),
        web.get("/admin/publish", signed_in(*READERS)(ask)),
        web.post("/admin/publish", signed_in(*PUBLISHERS)(publish)),
        web.post("/admin/proposals/{id}/approve", signed_in(*PUBLISHERS)(approve)),
        web.post("/admin/proposals/{id}/withdraw", signed_in(*PUBLISHERS)(withdraw)),
    ]


async def _begun(_: web.Request) -> web.StreamResponse:
    """Whoever types the short address begins where all that is edited comes together."""
    raise web.HTTPSeeOther("/admin/draft")


def _said(request: web.Request, word: str) -> str:
    return request.config_dict[LAYOUT].wording.say(word, tongue_of(request)) if word else ""


async def _draft(
    request: web.Request, desk: PlanDesk, wrong: Exception | None = None
) -> web.Response:
    preview = await desk.publishing.preview()
    proposals = await desk.publishing.releases.proposals(0)
    context = {
        "preview": preview,
        "entity": entities_of(preview.document),
        "waits": len([one for one in proposals if _open(one)]),
        "done": _said(request, DONE.get(request.query.get("done", ""), "")),
        "wrong": _said(request, word_of(wrong)) if wrong is not None else "",
    }
    return await shown(request, desk, "plan/draft.html", context, 409 if wrong else 200)


async def _discarded(
    request: web.Request, desk: PlanDesk, *, everything: bool = False
) -> web.StreamResponse:
    """One change, or all: as published again."""
    form, drafts, by = await request.post(), desk.publishing.drafts, author_of(request)
    seen, now = number_in(str(form.get("seen", ""))) or 0, desk.clock.now()
    try:
        if everything:
            await drafts.discard_all(seen, by, now)
        else:
            kind, key = str(form.get("kind", "")), str(form.get("key", ""))
            await drafts.discard(kind, key, seen, by, now)
    except DraftError as wrong:
        return await _draft(request, desk, wrong)
    raise web.HTTPSeeOther("/admin/draft?done=discarded")


async def _publish(
    request: web.Request, desk: PlanDesk, status: int = 200, **more: Any
) -> web.Response:
    proposals = await desk.publishing.releases.proposals(0)
    preview = await desk.publishing.preview()
    turned = number_in(request.query.get("proposal", ""))
    start = number_in(request.query.get("start", "")) or 0
    context = {
        "preview": preview,
        "entity": entities_of(preview.document),
        "seen": preview.draft.revision,
        "start": lambda one: min(start, max(len(one.changes) - 1, 0)) if one.id == turned else 0,
        "proposals": [one for one in proposals if _open(one)],
        "done": _said(request, DONE.get(request.query.get("done", ""), "")),
        **more,
    }
    return await shown(request, desk, "plan/publish.html", context, status)


def _open(proposal: Proposal) -> bool:
    return proposal.state in (ProposalState.WAITING, ProposalState.SCHEDULED)


async def _published(request: web.Request, desk: PlanDesk) -> web.StreamResponse:
    form = await request.post()
    typed = {name: str(form.get(name, ""))[:MOST_REASON] for name in ("reason", "starts")}
    seen = number_in(str(form.get("seen", ""))) or 0
    try:
        starts = _starts(typed["starts"], desk)
    except ValueError as wrong:
        return await _publish(request, desk, 422, typed=typed, faults={"starts": str(wrong)})
    try:
        outcome = await desk.publishing.publish(seen, typed["reason"], author_of(request), starts)
    except Unreasoned as wrong:
        return await _publish(request, desk, 422, typed=typed, faults={"reason": word_of(wrong)})
    except PublishingError as wrong:
        status = 422 if isinstance(wrong, Refused) else 409
        said = _said(request, word_of(wrong))
        return await _publish(request, desk, status, typed=typed, wrong=said)
    if outcome.number is not None:
        raise web.HTTPSeeOther(f"/admin/versions?done={outcome.number}")
    proposal = await desk.publishing.releases.proposal(outcome.proposal or 0)
    done = "scheduled" if proposal.state is ProposalState.SCHEDULED else "proposed"
    raise web.HTTPSeeOther(f"/admin/publish?done={done}")


def _starts(text: str, desk: PlanDesk) -> datetime | None:
    """The instant that was typed in the offices' zone; None for at once. Raises ValueError with
    the id of a sentence."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip()).replace(tzinfo=desk.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("plan.no_time") from None
    if at <= desk.clock.now():
        raise ValueError("plan.past_time")
    return at


async def _settled(request: web.Request, desk: PlanDesk, *, approved: bool) -> web.StreamResponse:
    proposal = number_in(request.match_info["id"])
    try:
        if proposal is None:
            raise NotThere("there is no such proposal")
        if not approved:
            await desk.publishing.withdraw(proposal, author_of(request))
            raise web.HTTPSeeOther("/admin/publish?done=withdrawn")
        outcome = await desk.publishing.approve(proposal, author_of(request))
    except PublishingError as wrong:
        gone = isinstance(wrong, NotThere | Overtaken)
        return await _publish(
            request, desk, 409 if gone else 403, wrong=_said(request, word_of(wrong))
        )
    if outcome.number is None:
        raise web.HTTPSeeOther("/admin/publish?done=scheduled")
    raise web.HTTPSeeOther(f"/admin/versions?done={outcome.number}")
