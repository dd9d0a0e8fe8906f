"""What the pages of offices share: what they are made from, who may open what, and where things
are (ADR 40)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.accounts.roles import MAY, Act
from routing.cases.reference import BODY
from routing.casework import Casework, Dispatching
from routing.directory import Directory
from routing.ports import Clock, Corrections, OfficeCase, OfficeCases
from routing.web.entry import actor_of, session_of, signed_in
from routing.web.layout import page
from routing.web.wording import Tongue

LOOKING: Final = signed_in(*MAY[Act.ALL_OFFICES], *MAY[Act.OWN_OFFICE])
"""Whoever may see cases at all; which ones is asked of each case."""
HEARING: Final = signed_in(*MAY[Act.HEAR_CALLERS])
HANDLING: Final = signed_in(*MAY[Act.HANDLE_CASES])


@dataclass(frozen=True, slots=True)
class OfficeDesk:
    """What the pages need: today's directory, the cases, what people do with one and heard in it,
    how much did not arrive by office, the time, and the zone of an office that is no longer in the
    register."""

    directory: Callable[[], Directory]
    cases: OfficeCases
    casework: Casework
    dispatching: Dispatching
    corrections: Corrections
    undelivered: Callable[[], Awaitable[Mapping[str, int]]]
    clock: Clock
    zone: ZoneInfo

    def zone_of(self, office: str) -> ZoneInfo:
        """The zone that an office's times are written in."""
        known = self.directory().offices.get(office)
        return self.zone if known is None else ZoneInfo(known.time_zone)

    async def case_of(self, request: web.Request) -> OfficeCase | None:
        """The case that an address names, if whoever asks may open it: what is another office's is
        to them as one that was never there."""
        case = await self.kept(request.match_info["reference"])
        return case if case is not None and actor_of(request).opens(case.office) else None

    async def opened(self, request: web.Request, case: OfficeCase) -> None:
        """Before anything that its caller said is shown or played: of some cases it is noted who
        that is, once a session."""
        session = session_of(request)
        await self.casework.opened(case, session.account.actor, session.begun)

    async def left_case(self, request: web.Request) -> OfficeCase | None:
        """The same, also where it has just left an office that they may open."""
        case = await self.kept(request.match_info["reference"])
        offices = () if case is None else (case.office, *(move.before for move in case.trail[-1:]))
        return case if any(map(actor_of(request).opens, offices)) else None

    async def kept(self, reference: str) -> OfficeCase | None:
        """The case with this number, whatever somebody typed for one."""
        number = len(reference) == BODY + 1 and reference.isascii() and reference.isdigit()
        return await self.cases.case(reference) if number else None


def no_office(request: web.Request) -> web.Response:
    """There is none, or it is none of theirs: the same answer."""
    return page(request, "desk/missing.html", {"what": "office.missing"}, status=404)


def no_case(request: web.Request) -> web.Response:
    """There is none, or it is none of theirs: the same answer."""
    return page(request, "desk/missing.html", {"what": "office.no_case"}, status=404)


def address(office: str) -> str:
    """Where an office's cases are."""
    return f"/desk/office/{quote(office, safe='')}"


def in_list(case: OfficeCase) -> str:
    """Where a case stands among its office's."""
    return f"{address(case.office)}#case-{case.reference}"


def case_address(reference: str) -> str:
    """Where one case is, whichever office has it: mails lead there."""
    return f"/desk/cases/{reference}"


def name_of(directory: Directory, office: str, tongue: Tongue) -> str:
    """An office's name; its id where it is no longer in the register."""
    known = directory.offices.get(office)
    return known.name[tongue] if known else office


def audio_url(reference: str, sid: str) -> str:
    """Where a recording of a case is played from."""
    return f"/desk/cases/{reference}/recordings/{quote(sid, safe='')}.wav"
