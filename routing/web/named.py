"""What the fields and values of what admins edit are called, wherever a page shows them outside
their form: differences, conflicts, findings. Rows of the register have their sheets' names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from routing.drafts.change import Entity
from routing.register import Directory
from routing.sheets.choices import value_named
from routing.sheets.entities import EntityKind
from routing.sheets.headings import COLUMN_NAMES
from routing.web.wording import Tongue, Wording
from routing.week import shown_hours

CHOSEN: Final = frozenset(
    {"kind", "about", "caller_kind", "language", "how", "next", "order", "what"}
)
"""Fields whose values are chosen from a list; in all others people wrote what stands there."""
HOURS: Final = frozenset({"hours", "weekly"})
"""Fields that hold times of a week or a day."""
MOMENTS: Final = frozenset({"at", "start", "end", "from", "until"})
"""Fields that hold an instant, or a day and a time in the offices' zone."""
OFFICES: Final = frozenset({"office", "parent", "lead_office", "also_notify", "offices", "scope"})
TOPICS: Final = frozenset({"topic", "topics"})
"""Fields that hold ids of the register."""
UNNAMED: Final = frozenset({"rule", "scenario", "closure", "calendar", "rule_order", "script"})
"""Kinds whose keys people neither gave nor know."""
TITLES: Final = ("name", "reason", "note", "first", "year")
"""Fields that say which one of such a kind it is, the best first."""
BETWEEN: Final = {Tongue.ZH: ("：", "；", "、", "（{}）"), Tongue.EN: (": ", "; ", ", ", " ({}) ")}


@dataclass(frozen=True, slots=True)
class Named:
    """Names in one language."""

    wording: Wording
    tongue: Tongue
    directory: Directory | None = None
    """That the entities are about; without one, its offices and topics keep their ids."""
    zone: tzinfo | None = None
    """In which instants are told; without one, they stay as they are."""

    def field(self, kind: str, path: str) -> str:
        """A field, or one within a field: `members.2.phone`; what has no name stays as it is."""
        parts = [self._part(kind, part) for part in path.split(".")] if path else []
        return " ".join(parts)

    def of_form(self, name: str) -> str:
        """A field as a form sends it, whatever it is about: `ring_1_order`, a sheet's column; "" of
        what no page has a name for, as what a form notes for itself."""
        for kind in ("", *EntityKind):
            known = self._part(kind, name)
            if known != name:
                return known
        parts = [(part, self._part("", part)) for part in name.split("_")]
        unknown = any(known == part for part, known in parts if not part.isdecimal())
        return "" if unknown else " ".join(known for _, known in parts)

    def _part(self, kind: str, name: str) -> str:
        if kind in set(EntityKind):
            names = COLUMN_NAMES[EntityKind(kind)].get(name)
            return name if names is None else names[self.tongue]
        return self._word(f"field.{name}", name)

    def _word(self, word: str, otherwise: str) -> str:
        known = word in self.wording.ids()
        return self.wording.say(word, self.tongue) if known else otherwise

    def value(self, kind: str, field: str, value: Any) -> str:
        """A value of a field on one line, whatever lies within it."""
        to, after, between, _ = BETWEEN[self.tongue]
        match value:
            case Mapping():
                told = {name: each for name, each in value.items() if each is not None}
                return after.join(
                    f"{self._part(kind, name)}{to}{self.value(kind, name, each)}"
                    for name, each in told.items()
                )
            case [] if field == "scope":
                return self.wording.say("chosen.every_office", self.tongue)
            case list():
                within = any(isinstance(each, Mapping) for each in value)
                parts = (self.value(kind, field, each) for each in value)
                return self._numbered(parts) if within else between.join(parts)
            case str() if value:
                return self._chosen(kind, field, value)
            case bool() | None | "":
                words = {True: "yes", False: "no", None: "nothing", "": "empty"}
                words |= {True: "is_open", False: "is_closed"} if field == "open" else {}
                return self.wording.say(f"chosen.{words[value]}", self.tongue)
            case _:
                return str(value)

    def _numbered(self, parts: Iterator[str]) -> str:
        around = BETWEEN[self.tongue][3]
        return "".join(f"{around.format(at)}{part}" for at, part in enumerate(parts, 1)).strip()

    def _chosen(self, kind: str, field: str, text: str) -> str:
        if (named := self._registered(field, text)) is not None:
            return named
        if kind in set(EntityKind):
            return value_named(field, text, self.tongue)
        if field in HOURS:
            return shown_hours(text, self.tongue)
        if field in MOMENTS:
            return self._moment(text)
        return self._word(f"chosen.{text}", text) if field in CHOSEN else text

    def _moment(self, text: str) -> str:
        """Seconds are told where they are not the first of a minute. A day, and what is no moment
        that the zone has, stays as it is."""
        try:
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo is None else at.astimezone(self.zone or at.tzinfo)
        except (ValueError, OverflowError):
            return text
        if "T" not in text or (at.tzinfo is not None and self.zone is None):
            return text
        return at.strftime("%Y-%m-%d %H:%M:%S" if at.second else "%Y-%m-%d %H:%M")

    def _registered(self, field: str, id_: str) -> str | None:
        """An office's, a topic's or a district's name; None of what is none of them."""
        if self.directory is None:
            return None
        if field in OFFICES and id_ in self.directory.offices:
            return self.directory.offices[id_].name[self.tongue]
        if field in TOPICS and id_ in self.directory.topics:
            return self.directory.topics[id_].names[self.tongue]
        if field == "district":
            offices = self.directory.offices.values()
            names = (one.district_names[self.tongue] for one in offices if one.district == id_)
            return next(names, None)
        return None

    def lines(self, kind: str, body: Entity | None) -> list[tuple[str, str]]:
        """A whole entity, field by field; what is empty is left out."""
        kept = {name: value for name, value in (body or {}).items() if value not in (None, "", [])}
        return [(self._part(kind, name), self.value(kind, name, kept[name])) for name in kept]

    def entity(self, kind: str, key: str, body: Entity | None = None) -> str:
        """Which one it is, behind the name of its kind: its key, or how people know it."""
        if kind == "setting":
            return self._part(kind, key)
        if kind not in UNNAMED:
            return self._registered(kind, key) or key
        told = next((body[name] for name in TITLES if (body or {}).get(name)), "") if body else ""
        return str(told)
