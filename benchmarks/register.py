"""A register of as many published numbers as are asked for, in the demonstration city, and the plan
that is compiled from it: read by the register's own reader, as any other."""

import csv
import io
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from deployment.clock import SystemClock
from ivr.flow.world import Plan
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.city import AREA, calendar, demo_sheets
from routing.sheets.register import Sheets

LIKE: Final = "+865580000021"
"""The demonstration's entry that all are like."""
MOST: Final = 999_999


def published(count: int) -> list[str]:
    """The numbers, in E.164; like the demonstration's none can ever be assigned."""
    if not 1 <= count <= MOST:
        raise SystemExit(f"a register here holds 1 to {MOST} numbers, not {count}")
    return [f"+86{AREA}0{number:06d}" for number in range(1_000_000 - count, 1_000_000)]


def sheets(count: int) -> Sheets:
    """The demonstration's sheets with these numbers instead of its own."""
    demo = demo_sheets()
    rows = list(csv.reader(io.StringIO(demo.numbers)))
    like = next(row for row in rows if row[0] == LIKE)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [rows[0], *([number, *like[1:]] for number in published(count))]
    )
    return replace(demo, numbers=text.getvalue())


def plan_of(count: int, current: Plan) -> Plan:
    """The plan that follows the current one, with that register."""
    zone = str(current.zone)
    inputs = Inputs(sheets(count), shipped(), calendar(), AREA, zone, current.policy)
    today = SystemClock().now().astimezone(ZoneInfo(zone)).date()
    return compile_plan(inputs, current.number + 1, today)
