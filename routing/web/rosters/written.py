"""A duty roster as people type it: a line for each member, shift or stand-in, with bars between.
The counterpart of `routing.rules.roster_document`, which reads what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from routing.rules.faults import EntityFault
from routing.web.moments import kept_day
from routing.week import kept_hours, shown_hours

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "members": ("id", "name", "name_en", "phone"),
    "shifts": ("member", "hours", "since", "until"),
    "covers": ("member", "by", "since", "until"),
}
"""The lists of a roster, and the parts of a line of each. A member's `phone` is their own, or a
published number whose holder they are."""
PLAIN: Final = ("name", "name_en", "office")
MOST_TYPED: Final = 20_000
BAR: Final = "|"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form holds, field by field."""

    key: str
    fields: Mapping[str, str]

    @classmethod
    def of(cls, key: str, sent: Mapping[str, Any]) -> "Typed":
        """From what was sent; what is no text is left out."""
        names = (*PLAIN, *PARTS)
        texts = {name: sent.get(name, "") for name in names}
        return cls(
            key.strip()[:200],
            {n: text[:MOST_TYPED] for n, text in texts.items() if isinstance(text, str)},
        )

    @classmethod
    def written(cls, key: str, body: Mapping[str, Any], tongue: str) -> "Typed":
        """A roster as it is kept, its hours in the reader's language."""
        plain = {name: str(body.get(name, "")) for name in PLAIN}
        lists = {
            name: "\n".join(_line(name, part, tongue) for part in _objects(body.get(name)))
            for name in PARTS
        }
        return cls(key, {**plain, **lists})

    def body(self, numbers: Mapping[str, object]) -> dict[str, Any]:
        """As it is kept; `numbers` are those that are published."""
        body: dict[str, Any] = {name: self.fields.get(name, "").strip() for name in PLAIN}
        for name, columns in PARTS.items():
            lines = [line for line in self.fields.get(name, "").splitlines() if line.strip()]
            if lines:
                body[name] = [_read(line, columns, numbers) for line in lines]
        return body


def _objects(listed: object) -> Sequence[Mapping[str, Any]]:
    return [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []


def _line(name: str, part: Mapping[str, Any], tongue: str) -> str:
    cells = {column: str(part.get(column, "")) for column in PARTS[name]}
    if name == "members" and not cells["phone"]:
        cells["phone"] = str(part.get("official", ""))
    if "hours" in cells:
        cells["hours"] = shown_hours(cells["hours"], tongue)
    return f" {BAR} ".join(cells.values()).rstrip(f" {BAR}")


def _read(line: str, columns: tuple[str, ...], numbers: Mapping[str, object]) -> dict[str, str]:
    cells = [cell.strip() for cell in line.replace("｜", BAR).split(BAR)]
    found = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
    if len(cells) > len(columns):
        found["more"] = BAR.join(cells[len(columns) :])
    for name in ("since", "until"):
        if name in found:
            found[name] = kept_day(found[name])
    if "hours" in found:
        found["hours"] = kept_hours(found["hours"])
    if found.get("phone") in numbers:
        found["official"] = found.pop("phone")
    return found


def by_field(faults: Sequence[EntityFault], tongue: str) -> dict[str, list[str]]:
    """What is wrong, by the field that it was typed into; of a list with its line."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        name, _, rest = fault.field.partition(".")
        at = rest.partition(".")[0]
        says = fault.says[tongue]
        place = f"第{at}行：{says}" if tongue == "zh-CN" else f"line {at}: {says}"
        found.setdefault("key" if name == "id" else name, []).append(place if at else says)
    return found
