"""Who takes a complaint: never whom it is about, and wrongdoing goes to the discipline office
(hotline §1.6). `ruleset` draws rules from it, and `guards` holds every written rule to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from routing.cases.doors import one_door
from routing.cases.kinds import About, Kind
from routing.register import Directory, Names, PublishedNumber
from routing.rules.condition import Condition, Facts, Field, Is
from routing.rules.errors import RuleSetError

DISCIPLINE: Final = "discipline"
HOTLINE: Final = "hotline"
PETITION: Final = "petition"
"""Topics whose lead offices take what belongs to no other."""


@dataclass(frozen=True, slots=True)
class LastResort:
    """Ids of the offices that take what belongs to no other."""

    discipline: str
    hotline: str
    petition: str

    @property
    def offices(self) -> frozenset[str]:
        """All three."""
        return frozenset({self.discipline, self.hotline, self.petition})


def last_resort(directory: Directory) -> LastResort:
    """Those of a register. Raises RuleSetError where it lacks one."""
    for topic in (DISCIPLINE, HOTLINE, PETITION):
        if topic not in directory.topics:
            raise RuleSetError(
                f"no topic {topic!r} in the register: its office takes complaints",
                f"名录里没有代码为“{topic}”的事项。投诉举报由它的主办单位受理，请补上。",
            )
    leads = (directory.topics[topic].lead for topic in (DISCIPLINE, HOTLINE, PETITION))
    return LastResort(*leads)


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of complaint and the conditions by which it is known."""

    id: str
    names: Names
    when: tuple[Condition, ...]


def _names(zh: str, en: str) -> Names:
    return {"zh-CN": zh, "en": en}


THIS: Final = Sort(
    "this_office",
    _names("投诉所拨单位的，交由上级", "A complaint about the office goes above it"),
    (Is(Field.ABOUT, About.THIS_OFFICE),),
)
MISCONDUCT: Final = Sort(
    "misconduct",
    _names("反映干部问题的，交由纪检", "An official's conduct goes to the discipline office"),
    (Is(Field.ABOUT, About.MISCONDUCT),),
)
OTHER: Final = Sort(
    "other-office",
    _names(
        "投诉其他单位的，交由热线分办", "A complaint about another office goes to the dispatchers"
    ),
    (Is(Field.ABOUT, About.OTHER_OFFICE),),
)
UNCLEAR: Final = Sort(
    "unclear",
    _names(
        "没有说明投诉对象的，由热线问清",
        "A complaint that has not said whom it is about may be about this office: dispatchers ask",
    ),
    (Is(Field.KIND, Kind.COMPLAINT), Is(Field.ABOUT, None)),
)
SORTS: Final = (THIS, MISCONDUCT, OTHER, UNCLEAR)
_BY_ABOUT: Final = {
    About.THIS_OFFICE: THIS,
    About.MISCONDUCT: MISCONDUCT,
    About.OTHER_OFFICE: OTHER,
}


def sort_of(facts: Facts) -> Sort | None:
    """Which sort of complaint it is; None for what accuses no office."""
    if facts.about is not None:
        return _BY_ABOUT.get(facts.about)
    return UNCLEAR if facts.kind is Kind.COMPLAINT else None


def candidates(directory: Directory, known: LastResort, sort: Sort) -> tuple[str, ...]:
    """Who takes a sort of complaint, the first that may."""
    if sort is MISCONDUCT:
        above = offices_above(directory, known.discipline)
        return (known.discipline, *above, known.petition, known.hotline)
    if sort is THIS:
        return (known.discipline, known.petition, known.hotline)
    return (known.hotline, known.petition, known.discipline)


def barred_by(
    directory: Directory, known: LastResort, sort: Sort, entry: PublishedNumber
) -> frozenset[str]:
    """The offices that must not have this complaint from this number: its own, and the discipline
    office where the number's holder is the one who heads it."""
    same_place = entry.district == directory.offices[known.discipline].district
    if sort is THIS and entry.topic == DISCIPLINE and same_place:
        return frozenset({entry.office, known.discipline})
    return frozenset({entry.office})


def taker(
    directory: Directory,
    known: LastResort,
    sort: Sort,
    entry: PublishedNumber,
    also: frozenset[str] = frozenset(),
) -> str:
    """The office that takes this complaint from this number: none that is barred, nor of `also`,
    and before any that has a mailbox or phone with the number's own office in common one that has
    none. Raises RuleSetError where there is nobody."""
    barred = barred_by(directory, known, sort, entry) | also
    wanted = candidates(directory, known, sort)
    if sort is THIS:
        wanted = (*offices_above(directory, entry.office), *wanted)
    may = [office for office in wanted if office not in barred]
    accused = frozenset({entry.office})
    for office in (*(one for one in may if not one_door(directory, one, accused)), *may):
        return office
    post = entry.post["zh-CN"]
    raise RuleSetError(
        f"no office may take complaints about {post}: name another for petitions",
        f"没有单位可以受理对{post}的投诉。请为信访事项另选一个主办单位。",
    )


def offices_above(directory: Directory, office: str) -> Iterator[str]:
    """Its parent, and so on up."""
    parent = directory.offices[office].parent
    while parent is not None:
        yield parent
        parent = directory.offices[parent].parent
