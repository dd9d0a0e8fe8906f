"""Which language of the pages a browser prefers, for a visitor who has not chosen one yet: the
header `Accept-Language` (RFC 9110 §12.5.4), of which aiohttp reads nothing."""

import re
from typing import Final

from routing.web.wording import Tongue

MOST_RANGES: Final = 20
"""Languages that are looked at; people name a handful."""
MOST_READ: Final = 500
"""Characters of the header that are read, so that a stranger's does not take time."""
_RANGE: Final = re.compile(
    r"[ \t]*(\*|[A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*[ \t]*"
    r"(?:;[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
"""One language as the header has it, of which the first part counts, and how much it is wanted."""


def preferred(header: str) -> Tongue:
    """The language that is wanted most, of two wanted as much the one that is named first; Chinese
    where neither is wanted or nothing can be read."""
    wanted: dict[str, float] = {}
    for one in header[:MOST_READ].split(",")[:MOST_RANGES]:
        if found := _RANGE.fullmatch(one):
            name, weight = found[1].lower(), float(found[2] or 1)
            wanted[name] = max(weight, wanted.get(name, 0.0))
    others = wanted.get("*", 0.0)
    named = sorted(Tongue, key=lambda tongue: _place(tongue, wanted))
    best = max(named, key=lambda tongue: wanted.get(_short(tongue), others))
    return best if wanted.get(_short(best), others) else Tongue.ZH


def _short(tongue: Tongue) -> str:
    return tongue.partition("-")[0]


def _place(tongue: Tongue, wanted: dict[str, float]) -> int:
    """Where it stands in the header; behind all others where it does not."""
    names = list(wanted)
    return names.index(_short(tongue)) if _short(tongue) in wanted else len(names)
