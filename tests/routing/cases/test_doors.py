"""By what offices are reached, and which have that in common."""

from dataclasses import replace
from typing import Any

from ivr.flow.world import Plan
from routing.cases.doors import Shared, doors, masked_mailbox, one_door, shared_doors
from routing.directory import Directory

WATER, POLICE, TOWN = "市水利局", "市公安局", "市政府"


def with_water(directory: Directory, **changed: Any) -> Directory:
    water = replace(directory.offices[WATER], **changed)
    return replace(directory, offices={**directory.offices, WATER: water})


def test_in_the_demonstration_every_office_has_its_own(demo_plan: Plan) -> None:
    assert shared_doors(demo_plan.directory) == []


def test_what_two_offices_have_in_common_is_found(demo_plan: Plan) -> None:
    town = demo_plan.directory.offices[TOWN]
    mailbox = with_water(demo_plan.directory, email=town.email.upper())
    phone = with_water(demo_plan.directory, stand_in_number=town.pool_number or "")

    assert shared_doors(mailbox) == [Shared(town.email, (TOWN, WATER))]
    assert shared_doors(phone) == [Shared(town.pool_number or "", (TOWN, WATER))]
    for directory in (mailbox, phone):
        assert one_door(directory, TOWN, frozenset({WATER}))
        assert not one_door(directory, TOWN, frozenset({POLICE}))


def test_an_office_is_its_own_door_and_a_strange_one_nobodys(demo_plan: Plan) -> None:
    assert one_door(demo_plan.directory, WATER, frozenset({WATER}))
    assert not one_door(demo_plan.directory, WATER, frozenset({"旧局"}))
    assert not one_door(demo_plan.directory, "旧局", frozenset({WATER}))


def test_an_office_without_phones_has_its_mailbox(demo_plan: Plan) -> None:
    office = replace(
        demo_plan.directory.offices[WATER], pool_number=None, stand_in_number=None, email=" A@b.c "
    )

    assert doors(office) == {"a@b.c"}


def test_a_mailbox_is_masked() -> None:
    assert masked_mailbox("office16@yunling.example") == "of…@yunling.example"
    assert masked_mailbox("+865580020002") == ""
