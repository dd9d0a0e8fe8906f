"""A plan's body whose rules stay in parts until somebody asks for their text: what a large plan is
between its rows and its readers. A small one is a plain mapping (ADR 45)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.drafts.kinds import Document
from routing.rules.parts import Part, Parts, cut, joined

RULES: Final = "rules"
PARTS: Final = "parts"
CUT_FROM: Final = 256 * 1024
"""Signs of the rules' text from which it is cut: more than a thousand rules."""


@dataclass(frozen=True, slots=True, eq=False)
class CutBody(Mapping[str, Any]):
    """`rest` is all but the rules."""

    rest: Document
    parts: Parts

    def __getitem__(self, name: str) -> Any:
        return joined(self.parts) if name == RULES else self.rest[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self.rest, RULES))

    def __len__(self) -> int:
        return len(self.rest) + 1

    def named(self) -> Document:
        """With the hashes of the parts in place of the rules: what the plan is known by."""
        return {**self.rest, RULES: {PARTS: [part.sha256 for part in self.parts]}}


def same(one: Document, other: Document, name: str) -> bool:
    """Whether two bodies have a field alike; no text is put together for it."""
    if name == RULES and isinstance(one, CutBody) and isinstance(other, CutBody):
        return [part.sha256 for part in one.parts] == [part.sha256 for part in other.parts]
    return bool(one.get(name) == other.get(name))


def with_fields(document: Document, fields: Document) -> Document:
    """The body with other values of these fields, of which the rules are none."""
    if isinstance(document, CutBody):
        return CutBody({**document.rest, **fields}, document.parts)
    return {**document, **fields}


def in_parts(document: Document) -> Document:
    """The body, cut where its rules are many. Long work: seconds of 100,000."""
    if isinstance(document, CutBody) or len(document.get(RULES, "")) < CUT_FROM:
        return document
    parts = cut(document[RULES])
    if parts is None:
        return document
    return CutBody({name: document[name] for name in document if name != RULES}, parts)


def hashes_in(document: Document) -> tuple[str, ...]:
    """Those that `named` wrote; none of a body that is not cut."""
    rules = document.get(RULES)
    return tuple(rules[PARTS]) if isinstance(rules, Mapping) else ()


def with_parts(document: Document, packed: Mapping[str, bytes]) -> Document:
    """The body that `named` wrote down, with its parts. Raises ValueError where one is missing."""
    hashes = hashes_in(document)
    if not hashes:
        return document
    if missing := [sha256 for sha256 in hashes if sha256 not in packed]:
        raise ValueError(f"part {missing[0]} of a plan is missing: restore a backup")
    parts = tuple(Part(sha256, packed[sha256]) for sha256 in hashes)
    return CutBody({name: document[name] for name in document if name != RULES}, parts)
