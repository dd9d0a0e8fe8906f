"""The form of an entity: its columns as fields, with labels, hints, choices and faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from routing.register import Names
from routing.sheets.cells import DAYS, HOURS
from routing.sheets.choices import VALUE_NAMES
from routing.sheets.entities import Body, EntityKind
from routing.sheets.headings import COLUMN_NAMES
from routing.sheets.rows import LONGEST_CELL
from routing.web.register.desk import Workspace
from routing.web.wording import Tongue
from routing.week import shown_hours

Faults = Mapping[str, Names]
"""Column -> what is wrong with it."""
Option = tuple[str, str]
"""A cell's word, and what people call it."""

GROUPS: Final[Mapping[EntityKind, Mapping[str, tuple[str, ...]]]] = {
    EntityKind.NUMBER: {
        "whose": (
            "number", "office", "post", "post_en", "spoken", "spoken_en", "holder", "district",
        ),
        "calls": (
            "answer_mode", "forward_to", "stand_in_number", "stand_in_from", "stand_in_until",
            "outbound_policy",
        ),
        "menu": ("topics", "topic_group", "languages"),
        "list": ("status", "suspended_on", "withdrawn_on", "replaced_by", "valid_until"),
        "printed": ("published_in", "published_in_en", "published_on", "page", "url"),
    },
    EntityKind.OFFICE: {
        "name": ("office", "office_en", "spoken", "spoken_en"),
        "place": ("district", "district_en", "parent"),
        "reached": ("email", "pool_number", "stand_in_number", "attended"),
        "times": ("hours", "time_zone"),
    },
}  # fmt: skip
"""The parts of a long form; a short one has but one."""
HINTED: Final = frozenset(
    {"forward_to", "stand_in_number", "stand_in_until", "spoken", "spoken_en", "hours", "after",
     "topics", "topic_group", "valid_until", "code", "reading", "order", "attended"}
)  # fmt: skip
"""Columns with a hint, whose words are `reg_hint.<kind>_<column>` or `reg_hint.<column>`."""
OPTIONAL: Final[Mapping[EntityKind, frozenset[str]]] = {
    EntityKind.NUMBER: frozenset(
        {"holder", "topics", "topic_group", "forward_to", "stand_in_number", "stand_in_from",
         "stand_in_until", "suspended_on", "withdrawn_on", "replaced_by"}
    ),
    EntityKind.OFFICE: frozenset({"parent", "pool_number", "stand_in_number"}),
    EntityKind.CONTACT: frozenset({"email", "phone", "channel", "after"}),
    EntityKind.PRONUNCIATION: frozenset({"ipa"}),
}  # fmt: skip
LANGUAGE_CHOICES: Final = ("zh-CN;en", "en;zh-CN", "zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Field:
    """One cell: `type` of its input, `options` where it is chosen; `theirs` is what somebody else
    made of it meanwhile."""

    column: str
    label: str
    value: str
    type: str
    needed: bool
    hint: str
    options: tuple[Option, ...]
    fault: str
    theirs: str | None


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that was filled in: what it holds, and what is wrong with it or was changed by
    somebody else meanwhile."""

    body: Body
    faults: Faults
    theirs: Body | None = None


def groups(
    kind: EntityKind, typed: Typed, workspace: Workspace, tongue: Tongue
) -> Iterator[tuple[str, list[Field]]]:
    """The form's parts: the id of each one's words, "" where there is but one, and its fields."""
    choices = _choices(kind, workspace, tongue)
    for name, columns in GROUPS.get(kind, {"": tuple(COLUMN_NAMES[kind])}).items():
        yield name, [_field(kind, column, typed, choices, tongue) for column in columns]


def _field(
    kind: EntityKind,
    column: str,
    typed: Typed,
    choices: Mapping[str, tuple[Option, ...]],
    tongue: Tongue,
) -> Field:
    value, fault = _shown(column, typed.body, tongue), typed.faults.get(column)
    theirs = None if typed.theirs is None else _shown(column, typed.theirs, tongue)
    options = choices.get(column, ())
    if options and value not in {word for word, _ in options}:
        options = (*options, (value, value))
    return Field(
        column=column,
        label=COLUMN_NAMES[kind][column][tongue],
        value=value,
        type="date" if column in DAYS else "text",
        needed=column not in OPTIONAL.get(kind, frozenset()),
        hint=_hint(kind, column),
        options=options,
        fault="" if fault is None else fault[tongue],
        theirs=None if theirs == value else theirs,
    )


def _shown(column: str, body: Body, tongue: Tongue) -> str:
    """Hours in the reader's language; what is chosen stays as it is kept, for its list."""
    text = body.get(column, "")
    return shown_hours(text, tongue) if column == HOURS else text


def _hint(kind: EntityKind, column: str) -> str:
    if column not in HINTED:
        return ""
    own = {"stand_in_number": f"{kind}_{column}", "spoken": f"{kind}_{column}"}
    return own.get(column, column)


def _choices(
    kind: EntityKind, workspace: Workspace, tongue: Tongue
) -> Mapping[str, tuple[Option, ...]]:
    """What may be chosen in which column."""
    found = {
        column: tuple((word, says[tongue]) for word, says in names.items())
        for column, names in VALUE_NAMES.items()
        if column in COLUMN_NAMES[kind]
    }
    offices = tuple(_named(workspace, EntityKind.OFFICE, "office_en", tongue))
    topics = tuple(_named(workspace, EntityKind.TOPIC, "en", tongue))
    if kind is EntityKind.NUMBER:
        found["languages"] = tuple(_languages(tongue))
        found["topics"] = (("", "–"), *topics)
        found["topic_group"] = (("", "–"), *((str(key), str(key)) for key in range(1, 5)))
    if kind in (EntityKind.NUMBER, EntityKind.CONTACT):
        found["office"] = offices
    if kind is EntityKind.OFFICE:
        found["parent"] = (("", "–"), *offices)
    if kind is EntityKind.TOPIC:
        found["lead_office"] = offices
    if kind is EntityKind.PRONUNCIATION:
        found["language"] = tuple(
            (word, says[tongue]) for word, says in VALUE_NAMES["languages"].items()
        )
    return found


def _named(
    workspace: Workspace, kind: EntityKind, english: str, tongue: Tongue
) -> Iterator[Option]:
    """Entities by their key; in English with their English name before."""
    for key, body in workspace.rows(kind).items():
        name = body.get("zh", key) if kind is EntityKind.TOPIC else key
        yield key, name if tongue is Tongue.ZH else f"{body.get(english, '')} · {name}"


def _languages(tongue: Tongue) -> Iterator[Option]:
    names = VALUE_NAMES["languages"]
    between = "、" if tongue is Tongue.ZH else ", "
    for choice in LANGUAGE_CHOICES:
        yield choice, between.join(names[word][tongue] for word in choice.split(";"))


MOST_TYPED: Final = LONGEST_CELL * 2
"""Characters of a field that are looked at: what is longer is told so."""
