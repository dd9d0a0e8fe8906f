"""What is typed at the terminal phone, as people write numbers and keys, made plain.
Counterpart of `terminal.py`, which carries it out; `static/chooser.js` reads the page's numbers."""

from __future__ import annotations

import re
from typing import Final

from routing.widths import usual

LONGEST: Final = 200
"""Signs of a line that may be a number or keys; a longer one is words, or nothing."""
_APART: Final = re.compile(r"[\s().-]")
_SAY: Final = re.compile(r"(?:say\s|说)\s*(.+)")
_RING: Final = re.compile(r"(?:ring\s|拨打?)\s*(.+?)(?:\s+as\s+(.+))?")
_KEYS: Final = re.compile(r"[0-9*#]+")
_SAME: Final = {
    "挂机": "hang up",
    "挂断": "hang up",
    "hangup": "hang up",
    "等": "wait",
    "等待": "wait",
    "帮助": "help",
}


def understood(line: str) -> str:
    """One line in the terminal's own form: `ring`, `hold`, `say`, `wait`, `hang up`, `help` or
    keys. What is none of them comes back without more than its widths changed."""
    if said := _SAY.fullmatch(line.strip()):
        return f"say {said[1]}"  # words stay as they were typed
    if len(line) > LONGEST:
        return line
    plain = usual(line).strip()
    if plain in _SAME:
        return _SAME[plain]
    if rung := _RING.fullmatch(plain):
        return f"ring {dialable(rung[1])}" + (f" as {dialable(rung[2])}" if rung[2] else "")
    return keys(plain) or plain


def dialable(written: str) -> str:
    """A number as people write it (0558-000 0021, 139 0000 0012), in E.164 where it is plain."""
    number = _APART.sub("", usual(written))
    if re.fullmatch(r"0086[0-9]{5,13}", number):
        return f"+{number[2:]}"
    if re.fullmatch(r"1[0-9]{10}", number):
        return f"+86{number}"
    if re.fullmatch(r"0[1-9][0-9]{8,10}", number):
        return f"+86{number[1:]}"
    return number


def keys(written: str) -> str | None:
    """The keys to press for what is written, as a telephone here has them: no `+`, the trunk's 0
    before an area code. None where it is more than keys."""
    pressed = _APART.sub("", usual(written))
    home = re.fullmatch(r"\+86(0?)([0-9]+)([*#]*)", pressed)
    if home:
        mobile = re.fullmatch(r"1[0-9]{10}", home[2])
        pressed = f"{'' if mobile else '0'}{home[2]}{home[3]}"
    elif re.match(r"\+[0-9]", pressed):
        pressed = f"00{pressed[1:]}"
    return pressed if _KEYS.fullmatch(pressed) else None
