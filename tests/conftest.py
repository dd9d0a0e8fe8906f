"""Fixtures for the whole suite."""

from datetime import date

import pytest

from ivr.flow.world import Plan, Policy
from ivr.library import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden calls as they play now")


@pytest.fixture(scope="session")
def demo_inputs() -> Inputs:
    return Inputs(demo_sheets(), shipped(), calendar(), AREA, "Asia/Shanghai", Policy())


@pytest.fixture(scope="session")
def demo_plan(demo_inputs: Inputs) -> Plan:
    return compile_plan(demo_inputs, 1, date(2026, 11, 24))
