"""The audit as a table: all that verifying needs, and nothing that a spreadsheet program runs."""

import csv
import io
import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.audit import Link
from routing.trail import COLUMNS, Found, heading, table
from tests.routing.test_audit import AT, chain_of, entry


def read(*found: Found) -> list[dict[str, str]]:
    text = (heading() + table(found)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_chain_can_be_verified_from_the_table_alone() -> None:
    kept = chain_of(*[entry()] * 3)
    rows = read(*(Found(one.link, one.hash, json.loads(one.values or "{}")) for one in kept))
    assert tuple(rows[0]) == COLUMNS
    for row, one in zip(rows, kept, strict=True):
        link = Link(
            number=int(row["number"]),
            actor=row["actor"],
            action=row["action"],
            subject=row["subject"],
            at=datetime.fromisoformat(row["at"]),
            salted=row["salted"],
            before=row["before"],
        )
        assert link.hash() == one.hash
        assert row["hash"] == one.hash
        assert row["at"] == "2026-11-24T02:00:00.000000Z"


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_cell_runs_as_a_formula(begins: str) -> None:
    hostile = f"{begins}HYPERLINK(1)"
    link = Link(1, hostile, "x", hostile, AT, "", "")
    (row,) = read(Found(link, "", {"by": hostile}))
    assert {row["actor"], row["by"], row["subject"]} == {"'" + hostile}
    assert row["values"].startswith("{")


def test_erased_values_are_an_empty_cell() -> None:
    (one,) = chain_of(entry())
    (row,) = read(Found(one.link, one.hash, None))
    assert (row["values"], row["by"]) == ("", "")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_value_stays_in_its_row(text: str) -> None:
    (one,) = chain_of(entry())
    (row,) = read(Found(one.link, one.hash, {"by": "x", "reason": text}))
    assert json.loads(row["values"])["reason"] == text
