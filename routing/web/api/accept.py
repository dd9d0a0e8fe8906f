"""`POST /api/v1/cases/{reference}/accept`: an office's own system accepts a case. Signed with the
secret of a channel by which that office is told (docs/webhook.md); problems are RFC 9457's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from routing.cases.ladder import accused, speaks_for
from routing.cases.transitions import IllegalTransition
from routing.casework import Casework
from routing.delivery.genuine import genuine
from routing.directory import Directory
from routing.ports import Clock, OfficeCase, OfficeCases

ACTION: Final = "accept"
"""In the body: what we send an office under the same secret has none, so it cannot be sent back to
us as a command."""
MOST_BODY: Final = 4_096


@dataclass(frozen=True, slots=True)
class AcceptDesk:
    """What it needs: the secrets of each channel that signs, whose channel it is, the cases and
    what people do with them."""

    secrets: Mapping[str, tuple[str, ...]]
    directory: Callable[[], Directory]
    cases: OfficeCases
    casework: Casework
    clock: Clock


class Problem(Exception):
    """Why it was not done; the sentence says what to do."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


def accept_routes(
    desk: AcceptDesk, unavailable: tuple[type[Exception], ...] = ()
) -> list[web.RouteDef]:
    """The door. Errors of the kinds `unavailable` are asked to be tried again."""

    async def accept(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await _accept(request, desk))
        except Problem as problem:
            return _told(problem)
        except unavailable:
            return _told(Problem(503, "the case cannot be changed now: try again later"))

    return [web.post("/api/v1/cases/{reference}/accept", accept)]


async def _accept(request: web.Request, desk: AcceptDesk) -> dict[str, Any]:
    channel = request.headers.get("Zhitong-Channel", "")
    body = await _signed(request, desk, channel)
    reference = _asked(body, request.match_info["reference"])
    case = await desk.cases.case(reference)
    if case is None or not _may(desk.directory(), case, channel):
        raise Problem(404, "this channel is told of no case with this number")
    if _before_it_came(case, request.headers.get("Zhitong-Timestamp", "")):
        raise Problem(409, "this case has moved since this was signed: look at it, and sign anew")
    try:
        news = await desk.casework.accept(reference, f"channel {channel}")
    except IllegalTransition:
        raise Problem(409, "this case is not waiting to be accepted") from None
    return {"reference": reference, "state": "in_progress", "accepted": news}


async def _signed(request: web.Request, desk: AcceptDesk, channel: str) -> bytes:
    """The body of a genuine request. An unknown channel and a wrong signature sound alike."""
    if (request.content_length or 0) > MOST_BODY:
        raise Problem(413, f"the body has {MOST_BODY} bytes at most")
    body = await request.read()
    timestamp = request.headers.get("Zhitong-Timestamp", "")
    told = request.headers.get("Zhitong-Signature", "")
    secrets = desk.secrets.get(channel, ())
    if not genuine(secrets, timestamp, told, body, desk.clock.now()):
        raise Problem(401, "the signature does not match, or is older than five minutes")
    return body


def _asked(body: bytes, address: str) -> str:
    """The case that the signed body names, which must be that of the address."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Problem(400, "the body must be JSON") from None
    wanted = told.get("reference") if isinstance(told, dict) else None
    number = isinstance(wanted, str) and len(wanted) == 8 and wanted.isascii() and wanted.isdigit()
    if not number or wanted != address or told.get("action") != ACTION:
        raise Problem(400, 'write {"action": "accept", "reference": the number in the address}')
    return str(wanted)


def _may(directory: Directory, case: OfficeCase, channel: str) -> bool:
    """Whether the channel is on the ladder of the case's office, and not of who it is about."""
    about = accused(directory, case.dialled, case.topic, case.kind, case.about)
    return speaks_for(directory, case.office, about, channel)


def _before_it_came(case: OfficeCase, timestamp: str) -> bool:
    """Whether it was signed before the case came to where it is: an accept that was overheard must
    not be good for a case that was returned and came again."""
    return bool(case.trail) and int(timestamp) <= case.trail[-1].at.timestamp()


def _told(problem: Problem) -> web.Response:
    body = {"type": "about:blank", "title": problem.title, "status": problem.status}
    return web.Response(
        status=problem.status,
        body=orjson.dumps(body),
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )
