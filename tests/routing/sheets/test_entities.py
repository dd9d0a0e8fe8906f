"""Rows as entities and back: one is changed, added or taken out, all others stay byte for byte."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.city import AREA, demo_sheets
from routing.sheets.entities import (
    SHAPES,
    EntityKind,
    entities,
    faults_of,
    key_of,
    text_of,
    with_change,
    with_entities,
)
from routing.sheets.register import Sheets, read_directory

CITY = demo_sheets()
FIRST = "+865580000001"


def lines(sheets: Sheets, kind: EntityKind) -> list[str]:
    return str(getattr(sheets, SHAPES[kind].sheet)).splitlines()


@pytest.mark.parametrize("kind", EntityKind)
def test_rows_written_back_are_the_same_bytes(kind: EntityKind) -> None:
    rows = entities(CITY, kind)
    sheet = SHAPES[kind].sheet

    assert len(rows) == len(lines(CITY, kind)) - 1
    assert all(key_of(kind, body) == key for key, body in rows.items())
    assert with_entities(CITY, kind, rows) is CITY
    anew = with_entities(replace(CITY, **{sheet: text_of(SHAPES[kind].columns, ())}), kind, rows)
    assert getattr(anew, sheet) == getattr(CITY, sheet)


def test_every_sheet_has_its_kind() -> None:
    assert {shape.sheet for shape in SHAPES.values()} == {field.name for field in fields(Sheets)}


def test_one_entity_is_changed_where_it_stands() -> None:
    body = {**entities(CITY, EntityKind.NUMBER)[FIRST], "status": "suspended"}
    changed = with_change(CITY, EntityKind.NUMBER, FIRST, body)

    before, after = lines(CITY, EntityKind.NUMBER), lines(changed, EntityKind.NUMBER)
    assert [at for at, line in enumerate(after) if line != before[at]] == [1]
    assert ",suspended," in after[1]
    assert replace(changed, numbers=CITY.numbers) == CITY


def test_one_is_added_at_the_end_and_taken_out_again() -> None:
    added = with_change(
        CITY, EntityKind.SERVICE, "12399", {"number": "12399", "zh": "安全热线", "en": "safety"}
    )

    assert added.services == CITY.services + "12399,安全热线,safety\n"
    assert with_change(added, EntityKind.SERVICE, "12399", None) == CITY
    assert with_change(CITY, EntityKind.SERVICE, "12399", None) is CITY


def test_an_entity_takes_a_new_key_at_its_old_place() -> None:
    body = {**entities(CITY, EntityKind.TOPIC)["housing"], "topic": "homes"}
    renamed = with_change(CITY, EntityKind.TOPIC, "housing", body)

    assert next(iter(entities(renamed, EntityKind.TOPIC))) == "homes"


def test_a_column_of_its_own_is_kept_where_it_says_something() -> None:
    body = entities(CITY, EntityKind.SERVICE)["110"]
    noted = with_change(CITY, EntityKind.SERVICE, "110", {**body, "note": "day and night"})

    assert lines(noted, EntityKind.SERVICE)[:2] == [
        "number,zh,en,note",
        "110,报警电话,the police,day and night",
    ]
    assert with_change(CITY, EntityKind.SERVICE, "110", {**body, "note": ""}).services == (
        CITY.services
    )


def test_a_fault_stands_beside_its_entity_in_both_languages() -> None:
    body = {**entities(CITY, EntityKind.NUMBER)[FIRST], "office": "无此局", "page": "x"}
    found = faults_of(with_change(CITY, EntityKind.NUMBER, FIRST, body), AREA)

    assert [(one.kind, one.key, one.column, one.code) for one in found] == [
        ("number", FIRST, "office", "no_office"),
    ]
    assert found[0].says == {
        "zh-CN": "没有“无此局”这个单位。",
        "en": "there is no office '无此局'",
    }
    assert faults_of(CITY, AREA) == ()


def test_a_fault_of_a_whole_sheet_has_no_entity() -> None:
    (fault,) = faults_of(replace(CITY, lexicon="text,language,reading\n"), AREA)

    assert (fault.kind, fault.key, fault.column) == (EntityKind.PRONUNCIATION, "", "ipa")


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)


@given(st.dictionaries(CELLS.filter(bool), st.tuples(CELLS, CELLS), max_size=6))
def test_any_words_come_back_as_they_were(rows: dict[str, tuple[str, str]]) -> None:
    bodies = {key: {"number": key, "zh": zh, "en": en} for key, (zh, en) in rows.items()}
    kept = with_entities(replace(CITY, services="number,zh,en\n"), EntityKind.SERVICE, bodies)

    assert entities(kept, EntityKind.SERVICE) == bodies
    assert with_entities(kept, EntityKind.SERVICE, bodies) is kept


def test_what_is_put_together_reads_as_a_register() -> None:
    body = {**entities(CITY, EntityKind.NUMBER)[FIRST], "post_en": "Secretary"}

    directory = read_directory(with_change(CITY, EntityKind.NUMBER, FIRST, body), area=AREA)
    assert directory.numbers[FIRST].post["en"] == "Secretary"
