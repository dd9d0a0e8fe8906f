"""The register's CSV: read whole, or refused with every fault at its row and column."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from string import Formatter

import pytest

from routing.city import AREA, demo_sheets
from routing.register import LANGUAGES, AnswerMode, OutboundPolicy, StandIn
from routing.sheets.entities import EntityKind, entities, with_change
from routing.sheets.register import Sheets, read_directory
from routing.sheets.rows import SheetError
from routing.sheets.sentences import SENTENCES

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


def with_cells(**cells: str) -> Sheets:
    """The demonstration city with cells of its first number, also of columns that it lacks."""
    key = next(iter(entities(demo_sheets(), EntityKind.NUMBER)))
    body = {**entities(demo_sheets(), EntityKind.NUMBER)[key], **cells}
    return with_change(demo_sheets(), EntityKind.NUMBER, key, body)


def test_an_official_has_several_phones_in_order() -> None:
    sheets = with_cells(forward_to="+865580010001; +8613900000001;")
    entry = read_directory(sheets, area=AREA).numbers["+865580000001"]

    assert entry.forwards == ("+865580010001", "+8613900000001")
    assert (entry.forward_to, entry.forward_further) == ("+865580010001", ("+8613900000001",))


def test_a_stand_in_holds_on_its_days_and_the_offices_own_on_all_others() -> None:
    sheets = with_cells(
        stand_in_number="+865580030049", stand_in_from="2026-03-02", stand_in_until="2026-03-06"
    )
    directory = read_directory(sheets, area=AREA)
    entry, office = directory.numbers["+865580000001"], directory.offices["市委"]

    days = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 6), date(2026, 3, 7)]
    assert [entry.stand_in_on(day, office) for day in days] == [
        office.stand_in_number,
        "+865580030049",
        "+865580030049",
        office.stand_in_number,
    ]
    assert StandIn("+1", None, days[0]).holds(date.min)


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"forward_to": "+865580010001;12"}, "forward_to", "shape"),
        ({"forward_to": "+8613900000001;+8613900000001"}, "forward_to", "phone_twice"),
        ({"forward_to": "+865580000001"}, "forward_to", "rings_itself"),
        (
            {"forward_to": ";".join(f"+861390000000{n}" for n in range(6))},
            "forward_to",
            "phones_many",
        ),
        ({"stand_in_until": "2026-03-06"}, "stand_in_number", "stand_in_phone"),
        ({"stand_in_number": "+865580030049"}, "stand_in_until", "stand_in_ends"),
        (
            {
                "stand_in_number": "+865580030049",
                "stand_in_from": "2026-03-06",
                "stand_in_until": "2026-03-05",
            },
            "stand_in_until",
            "stand_in_backwards",
        ),
        (
            {"stand_in_number": "+865580000001", "stand_in_until": "2026-03-05"},
            "stand_in_number",
            "rings_itself",
        ),
        ({"stand_in_number": "0558", "stand_in_until": "2026-03-05"}, "stand_in_number", "shape"),
        (
            {"stand_in_number": "+865580030049", "stand_in_until": "soon"},
            "stand_in_until",
            "not_a_date",
        ),
    ],
)
def test_phones_and_stand_ins_that_cannot_be_are_refused(
    cells: dict[str, str], column: str, code: str
) -> None:
    with pytest.raises(SheetError) as caught:
        read_directory(with_cells(**cells), area=AREA)

    assert [(fault.row, fault.column, fault.code) for fault in caught.value.faults] == [
        (2, column, code)
    ]


def test_one_office_stands_at_the_top() -> None:
    two = faults(edited("offices", put("parent", "", row=3)))
    none = faults(edited("offices", put("parent", "市教育局")))

    assert len(two) == 1
    assert two[0].startswith("offices, row 5, parent: one office stands at the top, and 市委 has")
    assert "offices, row 2, parent: one office must have no parent: the city's own" in none


@pytest.mark.parametrize("day", ["20260208", "2026-W06-7", "2026-2-8", "２０２６-02-08"])
def test_a_day_is_written_in_one_way(day: str) -> None:
    (fault,) = faults(edited("numbers", put("published_on", day)))

    assert "published_on" in fault
    assert "is not a date" in fault


def slots_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_sentence_has_both_languages_with_the_same_slots() -> None:
    for code, says in SENTENCES.items():
        slots = [slots_of(text) for text in says.values()]
        assert says.keys() == set(LANGUAGES), code
        assert slots[0] == slots[1], code


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
        (
            "numbers",
            "languages",
            "de",
            "numbers, row 2, languages: only Mandarin, English are spoken",
        ),
        ("numbers", "answer_mode", "never", "numbers, row 2, answer_mode: 'never' is not one of"),
        ("numbers", "status", "gone", "numbers, row 2, status: 'gone' is not one of"),
        ("numbers", "published_on", "8 Feb", "numbers, row 2, published_on: '8 Feb' is not a date"),
        ("numbers", "page", "one", "numbers, row 2, page: 'one' is not a page number"),
        ("numbers", "post_en", "", "numbers, row 2, post_en: this must not be empty"),
        ("offices", "hours", "always", "offices, row 2, hours: 'always' in 'always' must look"),
        ("offices", "attended", "maybe", "offices, row 2, attended: 'maybe' must be yes or no"),
        ("offices", "parent", "无此局", "offices, row 2, parent: there is no office '无此局'"),
        ("offices", "pool_number", "12", "offices, row 2, pool_number: '12' must look like"),
        ("topics", "lead_office", "无此局", "topics, row 2, lead_office: there is no office"),
        ("topics", "code", "55", "topics, row 2, code: '55' must look like 11"),
        ("numbers", "page", "0", "numbers, row 2, page: '0' is not a page number"),
        ("numbers", "forward_to", "", "numbers, row 2, forward_to: a number that is answered by"),
        ("numbers", "status", "withdrawn", "numbers, row 2, withdrawn_on: a withdrawn number"),
        ("numbers", "status", "suspended", "numbers, row 2, suspended_on: a suspended number"),
        ("numbers", "valid_until", "2026-02-07", "numbers, row 2, valid_until: a listing cannot"),
        ("numbers", "replaced_by", "+865580000001", "numbers, row 2, replaced_by: a number cannot"),
        ("numbers", "post", "市委\x07书记", "numbers, row 2, post: this holds an invisible"),
        ("numbers", "holder", "长" * 201, "numbers, row 2, holder: at most 200 characters"),
        ("offices", "time_zone", "Asia/Nowhere", "offices, row 2, time_zone: 'Asia/Nowhere' is"),
        ("offices", "time_zone", "../etc", "offices, row 2, time_zone: '../etc' is not a time"),
        ("offices", "parent", "市委", "offices, row 2, parent: this office would stand above"),
        ("offices", "parent", "市教育局", "offices, row 2, parent: this office would stand above"),
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


def test_a_topic_and_a_group_exclude_each_other() -> None:
    def both(rows: list[dict[str, str]]) -> None:
        rows[0].update(topics="water", topic_group="1")

    (fault,) = faults(edited("numbers", both))

    assert fault.startswith("numbers, row 2, topic_group: a number with a topic of its own")


@pytest.mark.parametrize(("tail", "count"), [(",too,many", "2 more"), (None, "1 fewer")])
def test_a_row_with_other_cells_than_the_heading_is_refused(tail: str | None, count: str) -> None:
    sheets = demo_sheets()
    lines = sheets.topics.splitlines()
    lines[1] = lines[1] + tail if tail else lines[1].rpartition(",")[0]

    found = faults(replace(sheets, topics="\n".join(lines)))

    says = f"topics, row 2, the whole row: {count} cells than the heading"
    assert any(fault.startswith(says) for fault in found), found


@pytest.mark.parametrize("spoiled", ['"open quote', "x" * 140_000])
def test_what_is_not_csv_is_a_fault_of_the_sheet(spoiled: str) -> None:
    sheets = demo_sheets()

    found = faults(replace(sheets, services=f"{sheets.services}{spoiled},a,b\n"))

    assert found[-1].startswith("services, row 34, the whole row: this is not CSV")


def test_blank_lines_count_but_are_no_rows() -> None:
    sheets = demo_sheets()
    heading, rest = sheets.services.split("\n", 1)

    found = faults(replace(sheets, services=f"{heading}\n\n,,\n+1,a,b\n{rest}"))

    assert found == ["services, row 4, number: '+1' must look like 110"]


def test_no_sheet_at_all_is_told_by_its_columns() -> None:
    assert "services, row 1, number: this column is missing" in faults(
        replace(demo_sheets(), services="")
    )


def test_line_ends_and_quotes_of_other_programs_are_read_alike() -> None:
    sheets = demo_sheets()
    table = list(csv.reader(io.StringIO(sheets.numbers)))
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(table)

    quoted = read_directory(replace(sheets, numbers=out.getvalue()), area=AREA)

    assert quoted == read_directory(sheets, area=AREA)
