"""Whom an office's cases are told to, rung by rung: as the sheet has it, or its own mailbox and
then that of the office above."""

from dataclasses import replace

import pytest

from routing.city import AREA, demo_sheets
from routing.register import Contact, Directory
from routing.sheets.contacts import NOBODY, USUAL_WAIT
from routing.sheets.register import read_directory
from routing.sheets.rows import SheetError

DESK = "市水利局,1,值班室,Duty desk,,,,\n"
HEAD = "市水利局,2,负责人,Head,head@yunling.example,+8613900000012,wecom-water,45\n"


def city(*rows: str) -> Directory:
    return read_directory(replace(demo_sheets(), contacts=NOBODY + "".join(rows)), area=AREA)


def faults(*rows: str) -> list[str]:
    with pytest.raises(SheetError) as caught:
        city(*rows)
    return [str(fault) for fault in caught.value.faults]


def test_a_ladder_is_read_rung_by_rung() -> None:
    desk, head = city(HEAD, DESK).contacts["市水利局"]

    post = {"zh-CN": "值班室", "en": "Duty desk"}
    assert desk == Contact(1, post, "office16@yunling.example", None, None, 0)
    assert head.email == "head@yunling.example"
    assert (head.order, head.phone, head.channel, head.after) == (
        2,
        "+8613900000012",
        "wecom-water",
        45,
    )


def test_an_office_without_contacts_is_told_by_its_mailbox_then_by_that_of_the_one_above() -> None:
    own, above = city().contacts["市水利局"]
    (top,) = city().contacts["市委"]

    assert (own.email, own.after) == ("office16@yunling.example", 0)
    assert (above.order, above.email, above.after) == (2, "office02@yunling.example", USUAL_WAIT)
    assert top.email == "office01@yunling.example"


def test_every_office_of_the_demonstration_is_told_by_mail_at_once() -> None:
    directory = read_directory(demo_sheets(), area=AREA)

    assert directory.contacts.keys() == directory.offices.keys()
    assert all(ladder[0].email and ladder[0].order == 1 for ladder in directory.contacts.values())
    assert len(directory.contacts["市公安局"]) == 3


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("无此局,1,值班室,Desk,,,,\n", "office: there is no office '无此局'"),
        ("市水利局,x,值班室,Desk,,,,\n", "order: 'x' is not a rung from 1 to 9"),
        ("市水利局,10,值班室,Desk,,,,5\n", "order: 10 is not a rung from 1 to 9"),
        ("市水利局,²,值班室,Desk,,,,5\n", "order: '²' is not a rung"),
        ("市水利局,1,值班室,,,,,\n", "post_en: this must not be empty"),
        ("市水利局,1,值班室,Desk,a b@c,,,\n", "email: 'a b@c' must look like office01@"),
        ("市水利局,1,值班室,Desk,a@b@c,,,\n", "email: 'a@b@c' must look like"),
        ('市水利局,1,值班室,Desk,"a@b\nBcc: c@d",,,\n', "email: this holds an invisible"),
        ("市水利局,1,值班室,Desk,,0558,,\n", "phone: '0558' must look like"),
        ("市水利局,1,值班室,Desk,,+865580020016,,\n", "phone: no text reaches this number"),
        ("市水利局,1,值班室,Desk,,,Wecom!,\n", "channel: 'Wecom!' must look like wecom-police"),
        ("市水利局,1,值班室,Desk,,,,5\n", "after: rung 1 is told at once"),
    ],
)
def test_a_fault_names_its_row_and_column(row: str, says: str) -> None:
    assert any(fault.startswith(f"contacts, row 2, {says}") for fault in faults(row))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (DESK, "row 3, order: 市水利局 has 1 twice"),
        ("市水利局,2,负责人,Head,,,,5\n", "row 3, email: this post cannot be told"),
        ("市水利局,2,负责人,Head,a@b,,,\n", "row 3, after: '' is not a whole number"),
        ("市水利局,2,负责人,Head,a@b,,,0\n", "row 3, after: 0 is not from 1 to 10000"),
        ("市水利局,3,负责人,Head,a@b,,,5\n", "row 3, order: 市水利局 has no rung 2"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(row: str, says: str) -> None:
    assert any(fault.startswith(f"contacts, {says}") for fault in faults(DESK, row))
