"""What an import would do, told before anything is taken: added, changed cell by cell, removed, and
every fault at its row and column of the file."""

from dataclasses import replace

import pytest

from routing.city import AREA, demo_sheets
from routing.sheets.changes import (
    EntityChange,
    FieldChange,
    Preview,
    What,
    differences,
    preview,
)
from routing.sheets.entities import EntityKind, entities, with_change
from routing.sheets.files import exported, read_upload

CITY = demo_sheets()
ONE = "+865580000001"


def told(*texts: str, whole: bool = False) -> Preview:
    uploads = [read_upload(text.encode(), None, AREA) for text in texts]
    return preview(CITY, uploads, AREA, whole=whole)


def places(of: Preview) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in of.faults]


def test_a_file_of_two_columns_changes_those_cells_alone() -> None:
    found = told(f"号码,单位,职务\n{ONE},市委,市委第一书记\n")

    assert found.faults == ()
    assert found.changes == (
        EntityChange(
            EntityKind.NUMBER,
            ONE,
            What.CHANGED,
            (FieldChange("post", "市委书记", "市委第一书记"),),
            True,
        ),
    )
    assert found.sheets.numbers == CITY.numbers.replace(",市委书记,", ",市委第一书记,", 1)


def test_the_same_register_changes_nothing() -> None:
    for kind in EntityKind:
        raw = exported(kind, entities(CITY, kind), "zh-CN")
        for whole in (False, True):
            found = preview(CITY, [read_upload(raw, None, AREA)], AREA, whole=whole)
            assert (found.changes, found.faults) == ((), ()), kind


def test_a_new_row_needs_all_its_cells() -> None:
    found = told("号码,中文名称\n110,报警\n12399,安全热线\n")

    assert [(change.key, change.what) for change in found.changes] == [
        ("110", What.CHANGED),
        ("12399", What.ADDED),
    ]
    assert places(found) == [(3, "en", "empty")]


def test_what_a_whole_file_does_not_name_is_taken_out() -> None:
    found = told("number,zh,en\n110,报警电话,the police\n", whole=True)

    assert found.many(What.REMOVED) == len(entities(CITY, EntityKind.SERVICE)) - 1
    assert found.many(What.ADDED) == found.many(What.CHANGED) == 0
    assert found.faults == ()


def test_several_files_are_looked_at_together() -> None:
    office = "office,office_en,spoken,spoken_en,district,district_en,parent,email,hours,time_zone"
    new = (
        f"{office},pool_number,stand_in_number,attended\n"
        "市气象局,Met Office,市气象局,the Met Office,云岭市,Yunling,市政府,met@yunling.example,"
        "Mon-Fri 09:00-17:00,Asia/Shanghai,,,no\n"
    )
    topic = "topic,lead_office,en\nwater,市气象局,water\n"

    assert told(new, topic).faults == ()
    assert places(told(topic)) == [(2, "lead_office", "no_office")]


def test_a_fault_elsewhere_says_which_entity_it_is_of() -> None:
    rows = entities(CITY, EntityKind.OFFICE)
    del rows["市水利局"]
    raw = exported(EntityKind.OFFICE, rows)

    found = preview(CITY, [read_upload(raw, None, AREA)], AREA, whole=True)

    assert [change.key for change in found.changes] == ["市水利局"]
    lost = [fault for fault in found.faults if fault.column == "lead_office"]
    assert lost[0].row == 0
    assert lost[0].says["zh-CN"] == "water: 没有“市水利局”这个单位。"


def test_each_fault_is_told_once_at_its_row() -> None:
    found = told(f"number,office,published_on,page\n{ONE},无此局,2/8/2026,x\n{ONE},市委,,\n")

    assert places(found) == [
        (2, "published_on", "which_day"),
        (2, "office", "no_office"),
        (3, "number", "twice"),
    ]


@pytest.mark.parametrize(
    ("cells", "two"),
    [
        ({"status": "suspended", "suspended_on": "2026-03-01"}, True),
        ({"forward_to": "+865580010009"}, True),
        ({"valid_until": "2028-02-07"}, True),
        ({"post": "书记"}, True),
        ({"outbound_policy": "direct"}, True),
        ({"spoken": "书记"}, False),
        ({"topic_group": "1"}, False),
    ],
)
def test_two_people_are_needed_for_what_callers_trust(cells: dict[str, str], two: bool) -> None:
    body = {**entities(CITY, EntityKind.NUMBER)[ONE], **cells}
    (change,) = differences(CITY, with_change(CITY, EntityKind.NUMBER, ONE, body))

    assert change.needs_two is two


@pytest.mark.parametrize(
    ("cells", "two"),
    [
        ({"pool_number": "+865580029999"}, True),
        ({"stand_in_number": ""}, True),
        ({"email": "desk@yunling.example"}, True),
        ({"spoken_en": "the Committee"}, False),
        ({"hours": "Mon-Fri 09:00-17:00"}, False),
    ],
)
def test_two_people_are_needed_to_lead_an_offices_calls_or_cases_elsewhere(
    cells: dict[str, str], two: bool
) -> None:
    body = {**entities(CITY, EntityKind.OFFICE)["市委"], **cells}
    (change,) = differences(CITY, with_change(CITY, EntityKind.OFFICE, "市委", body))

    assert change.needs_two is two


@pytest.mark.parametrize(
    ("cells", "two"),
    [
        ({"email": "desk@elsewhere.example"}, True),
        ({"channel": "a-chat"}, True),
        ({"post": "值班长"}, False),
        ({"after": "60"}, False),
    ],
)
def test_two_people_are_needed_to_tell_somebody_else_of_cases(
    cells: dict[str, str], two: bool
) -> None:
    key, body = next(iter(entities(CITY, EntityKind.CONTACT).items()))
    (change,) = differences(CITY, with_change(CITY, EntityKind.CONTACT, key, {**body, **cells}))

    assert change.needs_two is two
    without = with_change(CITY, EntityKind.CONTACT, key, None)
    assert [
        one.needs_two for one in (*differences(CITY, without), *differences(without, CITY))
    ] == [
        True,
        True,
    ]


def test_two_people_are_needed_for_an_office_that_is_new_to_take_calls_and_cases() -> None:
    """A rule, which is one person's, leads a line there."""
    without = with_change(CITY, EntityKind.OFFICE, "市委", None)

    assert [one.needs_two for one in differences(without, CITY)] == [True]
    assert [one.needs_two for one in differences(CITY, without)] == [False]


def test_two_people_are_needed_for_a_public_service_that_calls_may_be_led_to() -> None:
    """Its digits are dialled behind the city's code: any of its telephones."""
    own = {"number": "7654321", "zh": "供水热线", "en": "the water line"}
    with_own = with_change(CITY, EntityKind.SERVICE, "7654321", own)
    renamed = {**own, "zh": "供水服务热线"}

    assert [one.needs_two for one in differences(CITY, with_own)] == [True]
    assert [one.needs_two for one in differences(with_own, CITY)] == [False]
    anew = with_change(with_own, EntityKind.SERVICE, "7654321", renamed)
    assert [one.needs_two for one in differences(with_own, anew)] == [False]


def test_two_people_are_needed_to_add_a_number_or_remove_it() -> None:
    without = with_change(CITY, EntityKind.NUMBER, ONE, None)

    (gone,) = differences(CITY, without)
    (new,) = differences(without, CITY)
    assert (gone.what, gone.needs_two) == (What.REMOVED, True)
    assert (new.what, new.needs_two) == (What.ADDED, True)


@pytest.mark.parametrize(
    ("cells", "two"),
    [
        ({"post": "书记"}, False),
        ({"forward_to": ""}, False),
        ({"forward_to": "+865580010009"}, True),
        ({"forward_to": "+865580010001;+865580010009"}, True),
        ({"stand_in_number": "+865580010009", "stand_in_until": "2027-01-01"}, True),
        ({"status": "published"}, True),
    ],
)
def test_a_number_that_is_not_on_the_list_is_one_persons_to_change_but_for_new_phones(
    cells: dict[str, str], two: bool
) -> None:
    """A rule or a roster may ring whose number it is, on the list or not."""
    body = {**entities(CITY, EntityKind.NUMBER)[ONE], "status": "suspended"}
    off = with_change(CITY, EntityKind.NUMBER, ONE, body)

    (change,) = differences(off, with_change(off, EntityKind.NUMBER, ONE, {**body, **cells}))
    assert change.needs_two is two


def test_a_number_that_comes_off_the_list_brings_no_phone_of_ones_own() -> None:
    without = with_change(CITY, EntityKind.NUMBER, ONE, None)
    body = {**entities(CITY, EntityKind.NUMBER)[ONE], "status": "withdrawn"}

    (change,) = differences(without, with_change(without, EntityKind.NUMBER, ONE, body))
    assert change.needs_two


def test_another_order_of_rows_is_no_difference() -> None:
    first, *rest = CITY.services.splitlines(keepends=True)

    assert differences(CITY, replace(CITY, services=first + "".join(reversed(rest)))) == ()
