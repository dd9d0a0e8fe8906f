"""What the pages of an office share: what they are made from, and where things are."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from routing.cases.reference import BODY
from routing.casework import Casework, Dispatching
from routing.directory import Directory
from routing.ports import Clock, Corrections, OfficeCase, OfficeCases
from routing.web.wording import Tongue


@dataclass(frozen=True, slots=True)
class OfficeDesk:
    """What the pages need: today's directory, the cases, what people do with one and heard in it,
    the time, and the zone of an office that is no longer in the register."""

    directory: Callable[[], Directory]
    cases: OfficeCases
    casework: Casework
    dispatching: Dispatching
    corrections: Corrections
    clock: Clock
    zone: ZoneInfo

    def zone_of(self, office: str) -> ZoneInfo:
        """The zone that an office's times are written in."""
        known = self.directory().offices.get(office)
        return self.zone if known is None else ZoneInfo(known.time_zone)

    async def case_of(self, request: web.Request) -> OfficeCase | None:
        """The case that an address names."""
        return await self.kept(request.match_info["reference"])

    async def kept(self, reference: str) -> OfficeCase | None:
        """The case with this number, whatever somebody typed for one."""
        number = len(reference) == BODY + 1 and reference.isascii() and reference.isdigit()
        return await self.cases.case(reference) if number else None


def address(office: str) -> str:
    """Where an office's cases are."""
    return f"/demo/office/{quote(office, safe='')}"


def name_of(directory: Directory, office: str, tongue: Tongue) -> str:
    """An office's name; its id where it is no longer in the register."""
    known = directory.offices.get(office)
    return known.name[tongue] if known else office


def audio_url(sid: str) -> str:
    """Where a recording is played from."""
    return f"/demo/office/recordings/{quote(sid, safe='')}.wav"
