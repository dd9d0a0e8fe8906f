"""What is wrong with a plan before it is published, as pages and the terminal show it: a stable
code, how bad it is, where it stands, and a sentence in both languages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from routing.register import Names

EXAMPLE: Final = "scenario"
"""The code of a saved example that does not come out as it must; its place says which."""


class Level(StrEnum):
    """How bad it is; an error keeps a plan from being published."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """Where it stands: an entity of a draft, and its field; "" as far as it is of no one."""

    kind: str = ""
    key: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `says` is the sentence in every language."""

    code: str
    level: Level
    says: Names
    place: Place = Place()

    def __str__(self) -> str:
        """As the terminal has it."""
        at = "/".join(part for part in (self.place.kind, self.place.key, self.place.field) if part)
        return f"{self.level.value} at {at or 'the plan'}: {self.says['zh-CN']} {self.says['en']}"
