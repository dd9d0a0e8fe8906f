"""Cells that a spreadsheet program would run as formulas, made harmless and back again: a cell that
begins like one gets an apostrophe in front, as people write it there, and reading takes it off.
Both directions together change nothing, whatever the cell holds."""

from typing import Final

MARK: Final = "'"
BEGINS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""What a formula, or what is taken for one, begins with."""


def defused(cell: str) -> str:
    """The cell as it may stand in a file that a spreadsheet program opens."""
    return MARK + cell if _runs(cell) else cell


def undone(cell: str) -> str:
    """The cell that `defused` was given."""
    return cell[1:] if cell.startswith(MARK) and _runs(cell[1:]) else cell


def _runs(cell: str) -> bool:
    """Also behind apostrophes and spaces, so that `undone` knows each that was put there."""
    return cell.lstrip(MARK).lstrip(" \u3000").startswith(BEGINS)
