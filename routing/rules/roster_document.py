"""Rosters as they are written: one JSON object, a body by id, every fault with its roster and
field. Counterpart of `roster`, which has the values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from routing.register import LANGUAGES, Directory, Names
from routing.rules.faults import EntityError, EntityFault, Part, bodies
from routing.rules.roster import Cover, Days, Member, Roster, Shift
from routing.week import CLOSED, Hours, HoursError, parse_hours

KIND: Final = "roster"
MOST_MEMBERS: Final = 50
MOST_SHIFTS: Final = 200
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
Zones = Callable[[str], tzinfo]
"""The time zone of an office, by its id."""


def read_rosters(text: str, directory: Directory, zone_of: Zones) -> dict[str, Roster]:
    """The rosters by id. Raises EntityError with all faults."""
    reading = _Reading(directory, zone_of)
    rosters = {key: reading.roster(key, body) for key, body in bodies(KIND, text).items()}
    if reading.faults:
        raise EntityError(tuple(reading.faults))
    return rosters


def roster_faults(
    key: str, body: Mapping[str, Any], directory: Directory, zone_of: Zones
) -> tuple[EntityFault, ...]:
    """What is wrong with one roster, for the form that it was typed into."""
    reading = _Reading(directory, zone_of)
    reading.roster(key, body)
    return tuple(reading.faults)


@dataclass
class _Reading:
    """Collects faults while bodies become values; what cannot be read stands for a default."""

    directory: Directory
    zone_of: Zones
    faults: list[EntityFault] = field(default_factory=list)

    def roster(self, key: str, body: Mapping[str, Any]) -> Roster:
        part = Part(self.faults, KIND, key, body)
        part.only("name", "name_en", "office", "members", "shifts", "covers")
        _proper(part, key)
        office = part.text("office")
        if office and office not in self.directory.offices:
            part.wrong("office", "no_office", f"没有“{office}”这个单位。", f"no office {office!r}")
        there = office if office in self.directory.offices else next(iter(self.directory.offices))
        members = tuple(self.member(one) for one in part.parts("members", MOST_MEMBERS))
        if not members:
            part.wrong("members", "nobody", "至少要有一名值班人员。", "name at least one member")
        ids = [member.id for member in members]
        for twice in sorted({one for one in ids if one and ids.count(one) > 1}):
            part.wrong("members", "twice", f"“{twice}”写了两次。", f"{twice!r} stands here twice")
        return Roster(
            id=key,
            names=_names(part),
            office=office,
            zone=self.zone_of(there),
            members=members,
            shifts=tuple(_shift(one, ids) for one in part.parts("shifts", MOST_SHIFTS)),
            covers=tuple(_cover(one, ids) for one in part.parts("covers", MOST_SHIFTS)),
        )

    def member(self, part: Part) -> Member:
        """Rung by a phone of their own, or as the holder of a published number."""
        part.only("id", "name", "name_en", "phone", "official")
        phone, official = part.text("phone", ""), part.text("official", "")
        if bool(phone) == bool(official):
            zh, en = "电话和公开号码只填一个。", "give either a phone or a published number"
            part.wrong("phone", "one_phone", zh, en)
        if phone and not _E164.fullmatch(phone):
            zh, en = "应写成+8613800000021这样。", "must look like +8613800000021"
            part.wrong("phone", "shape", zh, en)
        if phone in self.directory.numbers:
            zh, en = (
                "这是公开号码，转过去又会绕回来。",
                "a call to a published number would come back",
            )
            part.wrong("phone", "loop", zh, en)
        if official and official not in self.directory.numbers:
            zh, en = f"名录里没有“{official}”。", f"{official!r} is not on the list"
            part.wrong("official", "no_number", zh, en)
        return Member(_id(part), _names(part), phone or None, official or None)


def _id(part: Part) -> str:
    return _proper(part, part.text("id"))


def _proper(part: Part, value: str) -> str:
    if not _ID.fullmatch(value):
        zh = "代号只用小写字母、数字、短横线和下划线，最多30个字符。"
        part.wrong("id", "id", zh, "an id has up to 30 lower-case letters, digits, - and _")
    return value


def _names(part: Part) -> Names:
    return dict(zip(LANGUAGES, (part.spoken("name"), part.spoken("name_en")), strict=True))


def _shift(part: Part, members: list[str]) -> Shift:
    part.only("member", "hours", "since", "until")
    return Shift(_member(part, "member", members), _hours(part), _days(part))


def _hours(part: Part) -> Hours:
    try:
        return parse_hours(part.text("hours"))
    except HoursError as wrong:
        part.wrong("hours", "hours", wrong.says["zh-CN"], wrong.says["en"])
        return CLOSED


def _cover(part: Part, members: list[str]) -> Cover:
    part.only("member", "by", "since", "until")
    cover = Cover(_member(part, "member", members), _member(part, "by", members), _days(part))
    if cover.member and cover.member == cover.by:
        part.wrong("by", "own_cover", "不能由本人代班。", "nobody stands in for themselves")
    if cover.days.until is None:
        part.wrong("until", "no_end", "代班要写明到哪天为止。", "say until which day it holds")
    return cover


def _member(part: Part, name: str, members: list[str]) -> str:
    value = part.text(name)
    if value and value not in members:
        part.wrong(
            name, "no_member", f"没有“{value}”这名值班人员。", f"there is no member {value!r}"
        )
    return value


def _days(part: Part) -> Days:
    days = Days(part.day("since"), part.day("until"))
    if days.since and days.until and days.until < days.since:
        part.wrong("until", "backwards", "结束日期早于开始日期。", "this ends before it begins")
    return days
