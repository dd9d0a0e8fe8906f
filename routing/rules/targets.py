"""Whom to ring for a decision, in which order: official, pool and stand-in by `answer_mode`.
The counterpart of `router`, which says which office; hours and quotas are the caller's to check."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from routing.cases.doors import doors
from routing.directory import AnswerMode, Directory, PublishedNumber
from routing.rules.router import Decision


class Role(StrEnum):
    """Whose phone it is."""

    OFFICIAL = "official"
    POOL = "pool"
    STAND_IN = "stand_in"


@dataclass(frozen=True, slots=True)
class Target:
    """A phone to ring. `number` is E.164; `office` the id whose hours count; `official` the
    published number whose holder is rung, for the quota and the spoken post."""

    number: str
    role: Role
    office: str
    official: str | None = None

    def to_plain(self) -> list[str | None]:
        """As JSON-ready values."""
        return [self.number, self.role.value, self.office, self.official]

    @classmethod
    def from_plain(cls, plain: list[str | None]) -> "Target":
        """The target that `to_plain` wrote."""
        number, role, office, official = plain
        if number is None or role is None or office is None:
            raise ValueError("a target needs a number, a role and an office")
        return cls(number, Role(role), office, official)


def ring_order(
    directory: Directory, entry: PublishedNumber | None, decision: Decision, *, person: bool
) -> tuple[Target, ...]:
    """Every phone that may be rung, each number once, before hours, quota and bounds.

    `person` is a caller who asked for one (`0`): pool and stand-in, never the official. A
    confidential matter is put through to the deciding office alone, and to no phone of the
    office that was dialled (hotline §1.6), also where the deciding one has the same."""
    if entry is not None and decision.confidential:
        wanted = _others(directory, entry, decision.office)
    elif entry is None or person:
        wanted = [_pool(directory, decision.office), _stand_in(directory, decision.office)]
    elif entry.answer_mode is AnswerMode.PERSONAL:
        wanted = [
            _official(entry),
            _stand_in(directory, entry.office),
            _pool(directory, decision.office),
        ]
    elif entry.answer_mode is AnswerMode.POOLED_THEN_PERSONAL:
        wanted = [
            _pool(directory, decision.office),
            _official(entry),
            _stand_in(directory, entry.office),
        ]
    else:
        wanted = [_pool(directory, decision.office), _stand_in(directory, decision.office)]
    return tuple(_once(wanted))


def _others(directory: Directory, entry: PublishedNumber, office: str) -> list[Target | None]:
    """The phones of a deciding office that the office which was dialled does not have."""
    phones = [_pool(directory, office), _stand_in(directory, office)]
    if office == entry.office:
        return phones
    theirs = {entry.forward_to, *doors(directory.offices[entry.office])}
    return [phone for phone in phones if phone is not None and phone.number not in theirs]


def _once(wanted: Iterable[Target | None]) -> Iterable[Target]:
    seen: set[str] = set()
    for target in wanted:
        if target is not None and target.number not in seen:
            seen.add(target.number)
            yield target


def _official(entry: PublishedNumber) -> Target | None:
    if not entry.forward_to:
        return None
    return Target(entry.forward_to, Role.OFFICIAL, entry.office, entry.e164)


def _pool(directory: Directory, office: str) -> Target | None:
    number = directory.offices[office].pool_number
    return Target(number, Role.POOL, office) if number else None


def _stand_in(directory: Directory, office: str) -> Target | None:
    number = directory.offices[office].stand_in_number
    return Target(number, Role.STAND_IN, office) if number else None
