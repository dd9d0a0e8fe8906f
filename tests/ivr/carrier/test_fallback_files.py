"""The plan as files: each can be read by every carrier, leads to another of them, and promises what
the plan itself does."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import get_args

import pytest

from ivr.carrier.fallback_files import fallback_files
from ivr.carrier.local.dialects import dialect_of
from ivr.carrier.local.twiml_reader import read_twiml
from ivr.carrier.local.verbs import Gather, Hangup, Record, Say
from ivr.carrier.profiles import CarrierName, profile_of
from ivr.flow.world import Plan

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
STARTS = ("zh.xml", "en.xml", "unlisted.xml")


def files(plan: Plan, carrier: CarrierName = "twilio", url: str = "") -> dict[str, str]:
    return fallback_files(plan.fallback, profile_of(carrier), url, AT)


@pytest.mark.parametrize("carrier", get_args(CarrierName))
def test_every_carrier_reads_every_file(demo_plan: Plan, carrier: CarrierName) -> None:
    for name, text in files(demo_plan, carrier).items():
        read = read_twiml(text, dialect_of(carrier))
        assert not read.warnings, name
        assert isinstance(read.verbs[-1], Hangup | Record), name


def test_each_leads_to_another_and_all_come_to_an_end(demo_plan: Plan) -> None:
    made = files(demo_plan)
    seen: set[str] = set()

    def follow(name: str, before: tuple[str, ...]) -> None:
        assert name not in before, "a caller could go round"
        seen.add(name)
        for each in ET.fromstring(made[name]).iter():
            if "action" in each.attrib:
                assert each.attrib["method"] == "GET"
                follow(each.attrib["action"], (*before, name))

    for start in STARTS:
        follow(start, ())
    assert seen == made.keys()


def test_a_caller_who_presses_nothing_leaves_a_message(demo_plan: Plan) -> None:
    greeting, notice, record = read_twiml(files(demo_plan)["zh.xml"]).verbs

    assert isinstance(greeting, Gather)
    assert not greeting.action_on_empty
    first = greeting.prompts[0]
    assert isinstance(first, Say)
    assert "110" in first.text
    assert isinstance(notice, Say)
    assert "90天" in notice.text
    assert isinstance(record, Record)


def test_addresses_may_be_whole(demo_plan: Plan) -> None:
    text = files(demo_plan, url="https://files.example/zhitong/")["en.xml"]

    assert 'action="https://files.example/zhitong/en-told.xml"' in text
