"""What no rule can break: a complaint never goes to whom it is about, wrongdoing goes to the
discipline office, and both stay sealed (hotline §1.6). Held up when a rule decides, whoever wrote
it; `review` tells its author beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from routing.cases.doors import doors
from routing.register import Directory, PublishedNumber
from routing.rules.complaints import (
    MISCONDUCT,
    OTHER,
    SORTS,
    THIS,
    LastResort,
    Sort,
    barred_by,
    candidates,
    last_resort,
    sort_of,
    taker,
)
from routing.rules.condition import Facts
from routing.rules.errors import RuleSetError


@dataclass(frozen=True, slots=True)
class Guards:
    """The offices of a register, as far as complaints are concerned."""

    directory: Directory
    known: LastResort
    _shared: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    _takers: dict[tuple[str, str, frozenset[str]], str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Found once, since a register does not change; as many as numbers times sorts."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shared", _sharing(self.directory))

    def instead(self, facts: Facts, office: str) -> str | None:
        """The office that takes the matter where `office` must not; None where it may."""
        sort = sort_of(facts)
        if sort is None:
            return None
        entry = self.directory.numbers.get(facts.dialled)
        if entry is None:
            return None if sort is THIS else self._general(sort, facts, office)
        barred = barred_by(self.directory, self.known, sort, entry) | self._named(sort, facts)
        if office not in barred and self._may(sort, entry, office):
            return None
        right = self._taker(sort, entry, facts)
        return None if right == office else right

    def seals(self, facts: Facts) -> bool:
        """Whether the matter is a complaint that hides its caller, whatever the rule says."""
        sort = sort_of(facts)
        return sort is not None and (sort is not THIS or facts.dialled in self.directory.numbers)

    def may_be_told(self, facts: Facts, office: str) -> bool:
        """Whether an office may have a copy: none that the matter may be about, nor one that is
        reached by what reaches it."""
        sort = sort_of(facts)
        if sort is None:
            return True
        barred = self._named(sort, facts)
        entry = self.directory.numbers.get(facts.dialled)
        if entry is not None:
            barred |= barred_by(self.directory, self.known, sort, entry)
        return office not in barred and all(
            office not in self._shared.get(one, frozenset()) for one in barred
        )

    def prove(self) -> None:
        """Raises RuleSetError for a number about which no office may take complaints."""
        for entry in self.directory.numbers.values():
            for sort in SORTS:
                taker(self.directory, self.known, sort, entry)

    def _may(self, sort: Sort, entry: PublishedNumber, office: str) -> bool:
        if sort is THIS:
            return office not in self._shared.get(entry.office, frozenset())
        return sort is not MISCONDUCT and office in self.known.offices

    def _general(self, sort: Sort, facts: Facts, office: str) -> str | None:
        """The same for a number that is not in the register."""
        barred = self._named(sort, facts)
        right = [one for one in candidates(self.directory, self.known, sort) if one not in barred]
        allowed = right[:1] if sort is MISCONDUCT else right
        return None if not right or office in allowed else right[0]

    def _named(self, sort: Sort, facts: Facts) -> frozenset[str]:
        """The office whose topic a complaint about another office has."""
        topic = self.directory.topics.get(facts.topic or "") if sort is OTHER else None
        return frozenset() if topic is None else frozenset({topic.lead})

    def _taker(self, sort: Sort, entry: PublishedNumber, facts: Facts) -> str:
        key = (sort.id, entry.e164, self._named(sort, facts))
        found = self._takers.get(key)
        if found is None:
            found = self._takers[key] = self._find(sort, entry, key[2])
        return found

    def _find(self, sort: Sort, entry: PublishedNumber, named: frozenset[str]) -> str:
        try:
            return taker(self.directory, self.known, sort, entry, named)
        except RuleSetError:  # all but the accused are barred: as if the topic had not been said
            return taker(self.directory, self.known, sort, entry)


def guards_of(directory: Directory) -> Guards:
    """Those of a register. Raises RuleSetError where it lacks the offices that take complaints."""
    return Guards(directory, last_resort(directory))


def _sharing(directory: Directory) -> Mapping[str, frozenset[str]]:
    """For each office those that have a mailbox or phone in common with it."""
    whose: dict[str, set[str]] = {}
    for office in directory.offices.values():
        for door in doors(office):
            whose.setdefault(door, set()).add(office.id)
    return {
        office.id: frozenset().union(*(whose[door] for door in doors(office))) - {office.id}
        for office in directory.offices.values()
    }
