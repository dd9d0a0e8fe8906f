"""The demonstration city and the bundled calendar, as texts from this package.
Fictional: its numbers can never be assigned."""

from pathlib import Path
from typing import Final

from routing.sheets.register import Sheets

HERE: Final = Path(__file__).parent
AREA: Final = "558"
"""The area code of the demonstration city."""


def demo_sheets() -> Sheets:
    """81 numbers, 49 offices, 26 topics, public services, readings of names, and some contacts."""
    names = ("directory", "offices", "topics", "services", "lexicon", "contacts")
    return Sheets(*(_read(HERE / "demo" / f"{name}.csv") for name in names))


def calendar(name: str = "cn") -> str:
    """The bundled table of days off and make-up working days."""
    return _read(HERE / "calendars" / f"{name}.toml")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
