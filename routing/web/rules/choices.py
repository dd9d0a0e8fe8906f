"""What the forms of rules offer to choose from, in the visitor's language."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from routing.register import Directory
from routing.rules.condition import Field
from routing.rules.fields import MAY_BE_UNKNOWN, Known
from routing.rules.wording import Wording
from routing.web.rules.form import CHOSEN, UNKNOWN
from routing.web.wording import Tongue

Choice = tuple[str, str]
"""A value as the form sends it, and its name."""
MOST_OFFERED: Final = 500
"""Numbers that a page lists: whoever wants another one types it."""


def choices(known: Known, directory: Directory, tongue: Tongue) -> dict[str, Sequence[Choice]]:
    """Of each fact, with "not known" last where a rule may ask for it."""
    wording, found = Wording(directory), dict[str, Sequence[Choice]]()
    for field in CHOSEN:
        values = _ordered(field, known, directory)
        listed = [(str(value), wording.value(field, value)[tongue]) for value in values]
        if field in MAY_BE_UNKNOWN:
            listed.append((UNKNOWN, wording.value(field, None)[tongue]))
        found[field.value] = listed
    return found


def _ordered(field: Field, known: Known, directory: Directory) -> list[str | int]:
    if field is Field.TOPIC:
        return [one.id for one in sorted(directory.topics.values(), key=lambda one: one.code)]
    return sorted((v for v in known.values[field] if isinstance(v, str | int)), key=str)


def offices(directory: Directory, tongue: Tongue) -> list[Choice]:
    """Every office, in the register's order."""
    return [(office.id, office.name[tongue]) for office in directory.offices.values()]


def targets(
    directory: Directory, rosters: Mapping[str, Mapping[str, Any]], tongue: Tongue
) -> list[Choice]:
    """Whom a step may ring, by the key that its field takes: rosters, offices, and of the published
    numbers the first MOST_OFFERED."""
    name = "name" if tongue is Tongue.ZH else "name_en"
    on_duty = [(key, str(body.get(name, ""))) for key, body in rosters.items()]
    listed = islice(directory.numbers.values(), MOST_OFFERED)
    numbers = [(one.e164, one.post[tongue]) for one in listed]
    return [*on_duty, *offices(directory, tongue), *numbers]
