"""The register's CSV: read whole, or refused with every fault at its row and column."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from routing.city import AREA, demo_sheets
from routing.register import AnswerMode, OutboundPolicy
from routing.sheets import SheetError, Sheets, read_directory

Edit = Callable[[list[dict[str, str]]], None]


def edited(sheet: str, edit: Edit) -> Sheets:
    """The demonstration city with one sheet's rows changed."""
    sheets = demo_sheets()
    table = csv.DictReader(io.StringIO(getattr(sheets, sheet)))
    rows, names = list(table), table.fieldnames or []
    edit(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return replace(sheets, **{sheet: out.getvalue()})


def faults(sheets: Sheets) -> list[str]:
    with pytest.raises(SheetError) as caught:
        read_directory(sheets, area=AREA)
    return [str(fault) for fault in caught.value.faults]


def put(column: str, value: str, row: int = 0) -> Edit:
    def edit(rows: list[dict[str, str]]) -> None:
        rows[row][column] = value

    return edit


def test_the_values_of_a_row_are_read() -> None:
    entry = read_directory(demo_sheets(), area=AREA).numbers["+865580000002"]

    assert entry.answer_mode is AnswerMode.POOLED_THEN_PERSONAL
    assert entry.outbound_policy is OutboundPolicy.VIA_SYSTEM
    assert entry.languages == ("zh-CN", "en")
    assert entry.publication.paper == {"zh-CN": "云岭日报", "en": "Yunling Daily"}
    assert entry.withdrawn_on is None


@pytest.mark.parametrize(
    ("sheet", "column", "value", "says"),
    [
        (
            "numbers",
            "number",
            "0558",
            "numbers, row 2, number: '0558' must look like +86558",
        ),
        ("numbers", "office", "无此局", "numbers, row 2, office: there is no office '无此局'"),
        ("numbers", "topics", "magic", "numbers, row 2, topics: there is no topic 'magic'"),
        ("numbers", "topic_group", "9", "numbers, row 2, topic_group: 9 is not a menu key 1 to 4"),
        (
            "numbers",
            "topic_group",
            "x",
            "numbers, row 2, topic_group: 'x' is not a menu key",
        ),
        ("numbers", "languages", "de", "numbers, row 2, languages: only zh-CN and en are spoken"),
        ("numbers", "answer_mode", "never", "numbers, row 2, answer_mode: 'never' is not one of"),
        ("numbers", "status", "gone", "numbers, row 2, status: 'gone' is not one of"),
        ("numbers", "published_on", "8 Feb", "numbers, row 2, published_on: '8 Feb' is not a date"),
        ("numbers", "page", "one", "numbers, row 2, page: 'one' is not a page number"),
        ("numbers", "post_en", "", "numbers, row 2, post_en: this must not be empty"),
        ("offices", "hours", "always", "offices, row 2, hours: 'always' must begin with a weekday"),
        ("offices", "attended", "maybe", "offices, row 2, attended: 'maybe' must be yes or no"),
        ("offices", "parent", "无此局", "offices, row 2, parent: there is no office '无此局'"),
        ("offices", "pool_number", "12", "offices, row 2, pool_number: '12' must look like"),
        ("topics", "lead_office", "无此局", "topics, row 2, lead_office: there is no office"),
        ("topics", "code", "55", "topics, row 2, code: '55' must look like 11"),
        ("services", "number", "+110", "services, row 2, number: '+110' must look like 110"),
    ],
)
def test_a_fault_names_its_sheet_row_and_column(
    sheet: str, column: str, value: str, says: str
) -> None:
    found = faults(edited(sheet, put(column, value)))

    assert any(fault.startswith(says) for fault in found), found


@pytest.mark.parametrize("sheet", ["numbers", "offices", "topics", "services"])
def test_a_row_that_stands_twice_is_refused(sheet: str) -> None:
    def twice(rows: list[dict[str, str]]) -> None:
        rows.append(dict(rows[0]))

    assert any("stands in this sheet twice" in fault for fault in faults(edited(sheet, twice)))


def test_every_fault_is_told_at_once() -> None:
    def spoil(rows: list[dict[str, str]]) -> None:
        rows[0]["page"] = "one"
        rows[5]["status"] = "gone"
        rows[80]["valid_until"] = "soon"

    assert [fault.split(":")[0] for fault in faults(edited("numbers", spoil))] == [
        "numbers, row 2, page",
        "numbers, row 7, status",
        "numbers, row 82, valid_until",
    ]


def test_a_missing_column_is_named() -> None:
    sheets = replace(demo_sheets(), topics="topic,zh,en,lead_office\n")

    assert "topics, row 1, code: this column is missing" in faults(sheets)


def test_a_byte_order_mark_is_no_part_of_the_first_heading() -> None:
    sheets = demo_sheets()

    assert read_directory(replace(sheets, numbers="\ufeff" + sheets.numbers), area=AREA).numbers
