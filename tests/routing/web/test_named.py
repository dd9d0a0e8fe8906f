"""Whatever an admin may edit has a name on every page, in both languages: nobody is shown a field's
own name, or JSON."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from routing.cases.kinds import About, Kind
from routing.exchange.schema import WRITTEN
from routing.publishing.hurry import FOLLOWING
from routing.rules.condition import CallerKind
from routing.rules.fields import HOWS, THEN_FIELDS, WHEN_FIELDS
from routing.rules.then import Next, Order, Whom
from routing.rules.then_named import CHOSEN, WHOM
from routing.sheets.entities import SHAPES, EntityKind
from routing.web.named import Named
from routing.web.wording import Tongue, read_wording
from routing.worktime.overrides import What
from tests.routing.web.city import city

WORDING: Final = read_wording([Path("routing/web/words.toml")])
ZH, EN = (Named(WORDING, tongue) for tongue in Tongue)
ROSTER: Final = {
    "name": "夜班",
    "members": [{"id": "a", "phone": "+8613900000021"}, {"id": "b", "official": "+865580000021"}],
    "shifts": [{"member": "a", "hours": "Mon 18:00-24:00", "since": "2026-11-01"}],
    "covers": [{"member": "a", "by": "b", "until": "2026-11-02"}],
}
QUOTA: Final = {
    "live": 4, "burst": 8, "escalations": 3, "hours": [{"day": "2026-11-02", "time": "9:00-10:00"}],
}  # fmt: skip


def fields(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, part in schema.get("properties", {}).items():
        yield name
        yield from fields(part) if isinstance(part, Mapping) else ()


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from (name, *keys(each))
    if isinstance(value, list):
        for each in value:
            yield from keys(each)


@pytest.mark.parametrize("named", [ZH, EN], ids=["zh", "en"])
def test_every_field_has_a_name(named: Named) -> None:
    step = {*Whom, "order", "seconds", "press", "is"}
    facts = {"facts", "expected", "at", "first", "last", "what", "note", "year", "off", "make_up"}
    rest = {*WHEN_FIELDS, *THEN_FIELDS, *step, *facts, *keys(ROSTER), *keys(QUOTA)}
    settings = {*FOLLOWING} - {"shipped"}
    for name in {*rest, *settings, *(f for one in WRITTEN.values() for f in fields(one))}:
        assert f"field.{name}" in WORDING.ids(), name
    for kind, shape in SHAPES.items():
        for column in shape.columns:
            assert named.field(kind.value, column) != column or kind is EntityKind.PRONUNCIATION


def test_every_value_of_a_list_has_a_name() -> None:
    for value in {*Kind, *About, *CallerKind, *HOWS, *Order, *What, "end", "message"}:
        assert f"chosen.{value}" in WORDING.ids(), value


def test_a_rule_is_read_without_its_json() -> None:
    body = {
        "id": "r1",
        "name": "夜间停水",
        "when": {"kind": ["help"], "topic": ["water", None], "open": {"is": False, "office": None}},
        "then": {
            "office": "市水利局",
            "ring": [{"usual": True}, {"roster": "night", "order": "longest_idle"}],
        },
        "note": "",
    }

    assert dict(ZH.lines("rule", body)) == {
        "代号": "r1",
        "名称": "夜间停水",
        "适用哪些来电": "诉求类别：求助；事项：water、未说明；上班或下班：正在上班：否",
        "如何处理": "单位：市水利局；"
        "呼叫谁：（1）按接听方式：是（2）值班表：night；顺序：空闲最久的先",
    }
    assert dict(EN.lines("rule", body))["Which calls"].startswith(
        "Kind of matter: request for help"
    )


def test_values_of_a_row_are_those_of_its_sheet() -> None:
    assert ZH.field("number", "answer_mode") == "接听方式"
    assert ZH.value("number", "answer_mode", "personal") == "本人接听"
    assert EN.value("number", "status", "suspended") == "Suspended"
    assert ZH.value("office", "parent", "") == "（空）"


def test_what_people_wrote_is_not_taken_for_a_word_of_a_list() -> None:
    assert ZH.value("calendar", "note", "off") == "off"
    assert ZH.value("calendar", "what", "off") == "放假，不接听"
    assert ZH.field("roster", "members.2.phone") == "值班人员 2 电话"


def test_which_one_it_is_is_told_as_people_know_it() -> None:
    assert ZH.entity("number", "+865580000021") == "+865580000021"
    assert ZH.entity("rule", "rule-7", {"name": "夜间停水"}) == "夜间停水"
    assert ZH.entity("calendar", "x7", {"first": "2026-11-26", "note": ""}) == "2026-11-26"
    assert (ZH.entity("rule", "rule-7"), ZH.entity("setting", "zone")) == ("", "时区")


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("reason", "原因", "Reason"),
        ("pool_number", "值班电话", "Duty desk"),
        ("ring_1_order", "呼叫谁 1 顺序", "Whom to ring 1 Order"),
        ("seen", "", ""),
        ("ring_1_nonsense", "", ""),
    ],
)
def test_a_field_of_a_form_is_called_as_its_page_calls_it(name: str, zh: str, en: str) -> None:
    assert (ZH.of_form(name), EN.of_form(name)) == (zh, en)


def test_hours_offices_and_topics_are_named_in_the_readers_language() -> None:
    zh, en = (Named(WORDING, tongue, city()) for tongue in Tongue)

    assert zh.value("rule", "topic", ["water"]) == "供水排水"
    assert en.value("rule", "topic", ["water"]) == "water and drainage"
    assert en.value("number", "office", "市水利局") == "Bureau of Water Resources"
    assert en.value("office", "district", "云岭市") == "Yunling"
    assert en.value("rule", "office", "gone") == "gone"
    assert en.value("closure", "scope", ["市水利局"]) == "Bureau of Water Resources"
    assert zh.value("closure", "scope", []) == "全部单位"
    assert zh.value("rule", "weekly", "Mon-Fri 08:30-12:00") == "周一至周五08:30-12:00"
    assert en.value("office", "hours", "closed") == "closed"
    assert en.entity("office", "市水利局") == "Bureau of Water Resources"
    assert zh.entity("topic", "water") == "供水排水"
    assert en.entity("office", "新局", {"office": "新局"}) == "新局"


@pytest.mark.parametrize(
    ("field", "kept", "told"),
    [
        ("start", "2026-11-30T18:10:00.582029+00:00", "2026-12-01 02:10"),
        ("end", "2026-12-01T23:59:30+08:00", "2026-12-01 23:59:30"),
        ("from", "2027-02-01T00:00", "2027-02-01 00:00"),
        ("until", "2026-11-02", "2026-11-02"),
        ("at", "9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00"),
        ("at", "soon", "soon"),
        ("note", "2027-02-01T00:00", "2027-02-01T00:00"),
    ],
)
def test_moments_are_told_by_the_citys_clocks(field: str, kept: str, told: str) -> None:
    named = Named(WORDING, Tongue.ZH, zone=ZoneInfo("Asia/Shanghai"))
    assert named.value("closure", field, kept) == told


def test_an_instant_stays_as_it_is_where_no_zone_is_known() -> None:
    assert EN.value("closure", "start", "2026-11-30T18:10:00+00:00") == "2026-11-30T18:10:00+00:00"


def test_whether_a_scenario_expects_an_open_office_is_no_yes_or_no() -> None:
    expected = {"office": "o", "open": False}
    assert ZH.value("scenario", "expected", expected) == "单位：o；上班或下班：下班"
    assert EN.value("scenario", "expected", {"open": True}) == "Open or closed: open"


def test_a_fault_calls_what_may_be_chosen_as_the_form_does() -> None:
    forms = read_wording([Path("routing/web/words.toml"), Path("routing/web/rules/words.toml")])
    for tongue in Tongue:
        assert {one: names[tongue] for one, names in CHOSEN.items()} == {
            one: forms.say(f"chosen.{one}", tongue) for one in (*Order, *Next)
        }
        assert {one: names[tongue] for one, names in WHOM.items()} == {
            one: forms.say(f"rule_whom.{one}", tongue) for one in Whom
        }
