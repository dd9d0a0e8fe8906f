"""What is wrong with an entity of a plan that is written as a JSON object: a roster, a quota. Found
where it is read, told beside its field on a page and line by line in a terminal."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from routing.register import DirectoryError, Names
from routing.rules.wording import both

LONGEST_TEXT: Final = 60
"""Characters of a post or a name: it is spoken."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class EntityFault:
    """One error: of which kind of entity and which one ("" where it is of the whole text), at which
    field (`members.2.phone`), by a stable code, and its sentence in every language."""

    kind: str
    key: str
    field: str
    code: str
    says: Names

    def __str__(self) -> str:
        """As a log and the terminal have it."""
        return f"{self.kind} {self.key or '?'}, {self.field or 'the whole'}: {self.says['en']}"


class EntityError(DirectoryError):
    """Entities that cannot be used; the message names each fault."""

    def __init__(self, faults: tuple[EntityFault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def bodies(kind: str, text: str) -> dict[str, dict[str, Any]]:
    """The entities that a plan's text holds, by key; "" for none. Raises EntityError."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        says = both(f"不是有效的JSON（{wrong}）。", f"this is no JSON ({wrong})")
        raise EntityError((EntityFault(kind, "", "", "not_json", says),)) from wrong
    if not isinstance(found, dict) or not all(isinstance(body, dict) for body in found.values()):
        says = both("应按代号分列。", "this must be an object with one object for each key")
        raise EntityError((EntityFault(kind, "", "", "not_objects", says),))
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """An object of an entity, read field by field; what cannot be read is a fault, and stands for a
    default. `where` is what stands before its fields' names."""

    faults: list[EntityFault]
    kind: str
    key: str
    body: Mapping[str, Any]
    where: str = ""

    def wrong(self, name: str, code: str, zh: str, en: str) -> None:
        """A fault of one field."""
        fault = EntityFault(self.kind, self.key, f"{self.where}{name}", code, both(zh, en))
        self.faults.append(fault)

    def text(self, name: str, default: str | None = None) -> str:
        """A short text; without a `default` it must not be empty."""
        value = self.body.get(name, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.wrong(name, "empty", "不能空着。", "this must not be empty")
            return ""
        return value.strip()

    def number(self, name: str, usual: int, most: int) -> int:
        """A whole number from 0 up to `most`; `usual` where it is not written."""
        value = self.body.get(name, usual)
        if type(value) is not int or not 0 <= value <= most:
            zh, en = f"应是0到{most}之间的整数。", f"must be a whole number from 0 to {most}"
            self.wrong(name, "number", zh, en)
            return usual
        return value

    def day(self, name: str) -> date | None:
        """A date, None where it is not written."""
        value = self.text(name, "")
        if not value:
            return None
        try:
            return date.fromisoformat(value if _DAY.fullmatch(value) else "")
        except ValueError:
            en = f"{value!r} is not a date such as 2026-02-08"
            self.wrong(name, "not_a_date", f"“{value}”不是日期，应写成2026-02-08这样。", en)
            return None

    def spoken(self, name: str) -> str:
        """A name that is read aloud and shown."""
        value = self.text(name)
        if len(value) > LONGEST_TEXT:
            zh, en = f"最多{LONGEST_TEXT}个字符。", f"at most {LONGEST_TEXT} characters fit here"
            self.wrong(name, "too_long", zh, en)
        if any(sign in "<>&" or not sign.isprintable() for sign in value):
            zh, en = "名称里有不能朗读的符号。", "this holds signs that cannot be spoken"
            self.wrong(name, "signs", zh, en)
        return value

    def only(self, *names: str) -> None:
        """Whatever else stands here is a fault: it would be believed to count."""
        for name in sorted(set(self.body) - {*names}):
            zh, en = f"没有“{name}”这一项。", f"there is nothing called {name!r} here"
            self.wrong(name, "unknown_field", zh, en)

    def parts(self, name: str, most: int) -> list["Part"]:
        """A list of objects."""
        listed = self.body.get(name, [])
        if not isinstance(listed, list) or len(listed) > most:
            zh, en = f"应是一列，最多{most}项。", f"must be a list of at most {most}"
            self.wrong(name, "list", zh, en)
            return []
        return [
            Part(
                self.faults,
                self.kind,
                self.key,
                part if isinstance(part, dict) else {},
                f"{self.where}{name}.{at}.",
            )
            for at, part in enumerate(listed, start=1)
        ]
