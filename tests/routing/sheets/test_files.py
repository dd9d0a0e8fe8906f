"""A file that is handed in: whatever program wrote it, it is read as it was meant, or refused with
a sentence at its row and column. A file that is handed out comes back the same."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.city import AREA, demo_sheets
from routing.register import LANGUAGES
from routing.sheets.choices import VALUE_NAMES, value_of
from routing.sheets.entities import SHAPES, EntityKind, Rows, entities
from routing.sheets.files import MOST_BYTES, MOST_ROWS, Upload, exported, read_upload
from routing.sheets.formulas import BEGINS, defused, undone
from routing.sheets.headings import COLUMN_NAMES, column_of

CITY = demo_sheets()
ONE = "+865580000001"


def read(text: str, kind: EntityKind | None = None, encoding: str = "utf-8") -> Upload:
    return read_upload(text.encode(encoding), kind, AREA)


def codes(upload: Upload) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in upload.faults]


def without_empty(rows: Rows) -> dict[str, dict[str, str]]:
    return {
        key: {column: text for column, text in body.items() if text} for key, body in rows.items()
    }


@pytest.mark.parametrize("tongue", [*LANGUAGES, None])
@pytest.mark.parametrize("kind", EntityKind)
def test_what_is_handed_out_comes_back_the_same(kind: EntityKind, tongue: str | None) -> None:
    rows = entities(CITY, kind)
    back = read_upload(exported(kind, rows, tongue), None, AREA)

    assert back.faults == ()
    assert back.kind is kind
    assert without_empty(back.rows) == without_empty(rows)
    assert list(back.rows) == list(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_are_recognised(encoding: str, delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [["号码", "中文名称", "英文名称"], ["110", "报警电话", "the police; the patrol, too"]]
    )

    upload = read(out.getvalue(), encoding=encoding)

    assert upload.kind is EntityKind.SERVICE
    assert upload.rows == {
        "110": {"number": "110", "zh": "报警电话", "en": "the police; the patrol, too"}
    }
    assert upload.faults == ()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0rest", "workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_text"),
        (b"\xff\xff\xff", "not_text"),
        (b"", "no_rows"),
        (b"\xef\xbb\xbf\r\n ,,\r\n", "no_rows"),
        ("甲,乙\n1,2\n".encode(), "which_sheet"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
        (b"number,zh,en\n" + b"1,a,b\n" * (MOST_ROWS + 1), "too_many"),
    ],
)
def test_what_is_no_sheet_is_refused_with_a_sentence(raw: bytes, code: str) -> None:
    upload = read_upload(raw, None, AREA)

    assert [fault.code for fault in upload.faults] == [code]
    assert upload.rows == {}
    assert all(upload.faults[0].says[tongue] for tongue in LANGUAGES)


@pytest.mark.parametrize(
    ("column", "cell", "meant"),
    [
        ("number", "865580000001", ONE),
        ("number", "865580000001.0", ONE),
        ("number", "'+865580000001", ONE),
        ("number", "0558-0000001", ONE),
        ("number", " ＋86 558 0000001\u3000", ONE),
        ("forward_to", "139 0000 0012；0558-0010001", "+8613900000012;+865580010001"),
        ("published_on", "2026/2/8", "2026-02-08"),
        ("published_on", "2026年2月8日", "2026-02-08"),
        ("published_on", "2026.02.08", "2026-02-08"),
        ("published_on", "2026-2-8 0:00:00", "2026-02-08"),
        ("published_on", "soon", "soon"),
        ("published_on", "2026/2/30", "2026/2/30"),
        ("page", "1.0", "1"),
        ("page", "第1版", "1"),
        ("status", "停用", "suspended"),
        ("status", "Withdrawn", "withdrawn"),
        ("status", "gone", "gone"),
        ("answer_mode", "本人接听", "personal"),
        ("languages", "普通话、英语", "zh-CN;en"),
        ("post", "'=1+1", "=1+1"),
        ("post", "'书记", "'书记"),
    ],
)
def test_a_cell_is_read_as_it_was_meant(column: str, cell: str, meant: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["number", "office", column], ["+865580000009", "市委", cell]])
    text = out.getvalue()
    if column == "number":
        text = f"number,office\n{cell},市委\n"

    (body,) = read(text).rows.values()

    assert body[column] == meant


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("number", "8.66E+11", "rounded"),
        ("number", "8.65580000001e11", "rounded"),
        ("forward_to", "1.39E+10", "rounded"),
        ("published_on", "46061", "serial_day"),
        ("published_on", "2/8/2026", "which_day"),
        ("valid_until", "08-02-26", "which_day"),
    ],
)
def test_what_a_spreadsheet_has_spoiled_is_refused(column: str, cell: str, code: str) -> None:
    heading, row = "number,office,post", f"{ONE},市委,书记"
    if column == "number":
        row = f"{cell},市委,书记"
    else:
        heading, row = f"{heading},{column}", f"{row},{cell}"

    upload = read(f"{heading}\n{row}\n")

    assert codes(upload) == [(2, column, code)]
    assert cell in upload.faults[0].says["zh-CN"]


def test_a_heading_that_is_none_and_one_that_stands_twice_are_told() -> None:
    upload = read("号码,电话号码,备注,英文名称\n110,110,x,police\n", EntityKind.SERVICE)

    assert codes(upload) == [(1, "电话号码", "column_twice"), (1, "备注", "column_unknown")]
    assert upload.rows == {"110": {"number": "110", "en": "police"}}


def test_rows_keep_their_place_in_the_file() -> None:
    upload = read("\nnumber,zh,en,,\n110,甲,a\n,,\n110,乙,b\n119,丙,c,d\n")

    assert codes(upload) == [(5, "number", "twice"), (6, "", "cells_more")]
    assert upload.numbers == {"110": 3, "119": 6}


def test_quotes_that_are_not_closed_are_told_where_they_stand() -> None:
    upload = read('number,zh,en\n110,甲,a\n119,"乙,b\n')

    assert codes(upload) == [(3, "", "not_csv")]
    assert list(upload.rows) == ["110"]


def test_a_sheet_without_its_key_is_refused() -> None:
    upload = read("中文名称,英文名称\na,b\n", EntityKind.SERVICE)

    assert codes(upload)[0] == (1, "number", "column_missing")


@given(st.text(max_size=8))
def test_a_cell_made_harmless_comes_back(cell: str) -> None:
    assert undone(defused(cell)) == cell
    assert undone(cell) in (cell, cell[1:])


@given(st.sampled_from(BEGINS), st.sampled_from(["", "'", "''", " "]), st.text(max_size=5))
def test_no_cell_that_begins_as_a_formula_leaves_as_one(sign: str, before: str, rest: str) -> None:
    cell = f"{before}{sign}{rest}"

    assert defused(cell).startswith("'")
    assert undone(defused(cell)) == cell


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=9)


@given(st.dictionaries(NAMES, st.tuples(NAMES, NAMES), max_size=5))
def test_hostile_names_come_back_as_they_were(names: dict[str, tuple[str, str]]) -> None:
    rows = {
        f"{text}/zh-CN": {"text": text, "language": "zh-CN", "reading": reading, "ipa": ipa}
        for text, (reading, ipa) in names.items()
    }

    raw = exported(EntityKind.PRONUNCIATION, rows)

    assert read_upload(raw, EntityKind.PRONUNCIATION, AREA).rows == rows
    cells = [cell for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(BEGINS)]


@pytest.mark.parametrize("kind", EntityKind)
def test_every_column_has_its_name_in_both_languages_and_is_known_by_it(kind: EntityKind) -> None:
    names = COLUMN_NAMES[kind]

    assert set(SHAPES[kind].columns) <= names.keys()
    for column, says in names.items():
        assert says.keys() == set(LANGUAGES)
        assert {column_of(kind, text) for text in (column, *says.values())} == {column}


def test_every_word_of_a_cell_is_known_by_its_names() -> None:
    for column, words in VALUE_NAMES.items():
        for word, says in words.items():
            assert {value_of(column, text) for text in (word, *says.values())} == {word}
