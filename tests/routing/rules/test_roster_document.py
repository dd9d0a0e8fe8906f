"""Rosters and quotas as they are written: each fault at its field, and all of it read back."""

import json
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from ivr.flow.world import Plan
from routing.rules import quota_document
from routing.rules.faults import EntityError, EntityFault
from routing.rules.quota import CallHour, Quota, bucket
from routing.rules.roster_document import read_rosters, roster_faults

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
LEADER: Final = "+865580000001"
ANN: Final = {"id": "ann", "name": "值班员", "name_en": "duty officer", "phone": "+8613800000101"}
BO: Final = {"id": "bo", "name": "书记", "name_en": "the Secretary", "official": LEADER}
BODY: Final[dict[str, Any]] = {
    "name": "值班表",
    "name_en": "Duty",
    "office": "市教育局",
    "members": [ANN, BO],
    "shifts": [{"member": "ann", "hours": "Mon-Fri 08:00-12:00", "since": "2026-11-01"}],
    "covers": [{"member": "ann", "by": "bo", "until": "2026-12-01"}],
}


def zone(_: str) -> ZoneInfo:
    return SHANGHAI


def found(plan: Plan, body: dict[str, Any], key: str = "duty") -> list[tuple[str, str]]:
    faults = roster_faults(key, body, plan.directory, zone)
    assert all(set(fault.says) == {"zh-CN", "en"} for fault in faults)
    return [(fault.field, fault.code) for fault in faults]


def test_what_is_written_is_read(demo_plan: Plan) -> None:
    text = json.dumps({"duty": BODY})

    (roster,) = read_rosters(text, demo_plan.directory, zone).values()

    assert roster.office == "市教育局"
    assert [(m.id, m.phone, m.official) for m in roster.members] == [
        ("ann", "+8613800000101", None),
        ("bo", None, LEADER),
    ]
    assert read_rosters("", demo_plan.directory, zone) == {}


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"name": ""}, "name", "empty"),
        ({"name": "<b>值班</b>"}, "name", "signs"),
        ({"name_en": "x" * 61}, "name_en", "too_long"),
        ({"office": "nowhere"}, "office", "no_office"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"members": []}, "members", "nobody"),
        ({"members": "ann"}, "members", "list"),
        ({"members": [ANN, ANN]}, "members", "twice"),
        ({"members": [{**ANN, "phone": ""}]}, "members.1.phone", "one_phone"),
        ({"members": [ANN, {**BO, "phone": "+8613800000102"}]}, "members.2.phone", "one_phone"),
        ({"members": [{**ANN, "phone": "13800000101"}]}, "members.1.phone", "shape"),
        ({"members": [{**ANN, "phone": LEADER}]}, "members.1.phone", "loop"),
        ({"members": [ANN, {**BO, "official": "+86100"}]}, "members.2.official", "no_number"),
        (
            {"shifts": [{"member": "dan", "hours": "Mon 08:00-12:00"}]},
            "shifts.1.member",
            "no_member",
        ),
        ({"shifts": [{"member": "ann", "hours": "22-6"}]}, "shifts.1.hours", "hours"),
        ({"covers": [{"member": "ann", "by": "bo"}]}, "covers.1.until", "no_end"),
        (
            {"covers": [{"member": "ann", "by": "ann", "until": "2026-12-01"}]},
            "covers.1.by",
            "own_cover",
        ),
        (
            {"covers": [{"member": "ann", "by": "bo", "until": "1.12.2026"}]},
            "covers.1.until",
            "not_a_date",
        ),
        (
            {
                "covers": [
                    {"member": "ann", "by": "bo", "since": "2026-12-02", "until": "2026-12-01"}
                ]
            },
            "covers.1.until",
            "backwards",
        ),
    ],
)
def test_a_fault_says_where_it_is(
    demo_plan: Plan, changed: dict[str, Any], field: str, code: str
) -> None:
    assert (field, code) in found(demo_plan, BODY | changed)


def test_a_rosters_id_can_stand_in_a_line_of_a_log(demo_plan: Plan) -> None:
    assert ("id", "id") in found(demo_plan, BODY, "Duty!")


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_what_is_no_list_of_rosters_is_refused(demo_plan: Plan, text: str) -> None:
    with pytest.raises(EntityError):
        read_rosters(text, demo_plan.directory, zone)


def test_nothing_is_taken_where_one_is_wrong(demo_plan: Plan) -> None:
    """The message names each: a log and the terminal print it."""
    text = json.dumps({"duty": BODY, "night": BODY | {"office": "nowhere"}})
    with pytest.raises(EntityError, match="roster night, office: no office 'nowhere'"):
        read_rosters(text, demo_plan.directory, zone)


HOUR: Final = {"day": "2026-11-24", "time": "15:00-16:00"}


def test_quotas_are_read_and_written(demo_plan: Plan) -> None:
    text = json.dumps({LEADER: {"live": 2, "hours": [HOUR]}})

    (quota,) = quota_document.read_quotas(text, demo_plan.directory).values()

    assert (quota.live, quota.burst, quota.escalations) == (2, 8, 3)
    assert [hour.period.start for hour in quota.hours] == [900]
    assert quota_document.read_quotas("", demo_plan.directory) == {}


@pytest.mark.parametrize(
    ("key", "body", "field", "code"),
    [
        ("+86100", {}, "", "no_number"),
        (LEADER, {"live": -1}, "live", "number"),
        (LEADER, {"burst": 51}, "burst", "number"),
        (LEADER, {"escalations": True}, "escalations", "number"),
        (LEADER, {"daily": 4}, "daily", "unknown_field"),
        (LEADER, {"hours": [{"time": "15:00-16:00"}]}, "hours.1.day", "empty"),
        (LEADER, {"hours": [HOUR | {"day": "tomorrow"}]}, "hours.1.day", "not_a_date"),
        (LEADER, {"hours": [HOUR | {"time": "3pm"}]}, "hours.1.time", "shape"),
        (LEADER, {"hours": [HOUR | {"time": "16:00-15:00"}]}, "hours.1.time", "no_period"),
    ],
)
def test_a_quotas_fault_says_where_it_is(
    demo_plan: Plan, key: str, body: dict[str, Any], field: str, code: str
) -> None:
    faults: tuple[EntityFault, ...] = quota_document.quota_faults(key, body, demo_plan.directory)
    assert (field, code) in [(fault.field, fault.code) for fault in faults]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_what_are_no_quotas_is_refused(demo_plan: Plan, text: str) -> None:
    with pytest.raises(EntityError):
        quota_document.read_quotas(text, demo_plan.directory)


def test_each_day_hour_and_escalation_has_a_bucket_of_its_own(demo_plan: Plan) -> None:
    quota = quota_document.read_quotas(
        json.dumps({LEADER: {"live": 2, "hours": [HOUR]}}), demo_plan.directory
    )[LEADER]

    def key(hour: int, *, escalation: bool = False) -> tuple[str, int]:
        at = datetime(2026, 11, 24, hour, tzinfo=SHANGHAI).astimezone(UTC)
        taken = bucket(quota, LEADER, at, SHANGHAI, escalation=escalation)
        return taken.key, taken.tokens

    assert key(9) == ("day 2026-11-24", 2)
    assert key(15) == ("hour 2026-11-24 900", 8)
    assert key(16) == ("day 2026-11-24", 2)
    assert key(15, escalation=True) == ("escalation 2026-11-24", 3)
    assert isinstance(quota.hours[0], CallHour)
    assert Quota() == Quota(live=4, burst=8, escalations=3)
