"""Writes docs/plan.schema.json anew, which editors and other programs read a plan's file by.
`uv run python -m tools.plan_schema`, whenever something that can be edited is added."""

import json
from pathlib import Path
from typing import Final

from routing.exchange.schema import plan_schema

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "plan.schema.json"


def text() -> str:
    """As it is kept."""
    return json.dumps(plan_schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(FILE)
