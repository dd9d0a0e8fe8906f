"""What a phrase's `{slots}` stand for in this call: names, dates, numbers, as spoken.
The counterpart of `phrasebook`, which holds the words around them."""

from datetime import date, datetime

from ivr.flow.call import Call
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import spoken_date, spoken_due, spoken_soon, written_due
from ivr.flow.world import World
from routing.directory import PublishedNumber, line_name, post_name
from routing.numbers.forms import spoken_groups

CASE_GROUPS = (4, 4)
PIN_GROUPS = (4,)

KNOWN = frozenset(
    {"line", "paper", "page", "date", "post", "days", "case", "pin", "tail", "office", "due",
     "reopens", "kind", "topic"}
)  # fmt: skip
"""Slots that a call fills by itself."""
GIVEN = frozenset(
    {"number", "who", "new", "service", "area", "next", "keys", "verdict", "band", "closure",
     "reason", "question", "answer", "where", "time", "said"}
)  # fmt: skip
"""Slots that the step which says the phrase fills."""


class UnknownSlot(ValueError):
    """A phrase asks for a slot that nothing in the call fills; `review` finds it beforehand."""


def slot(world: World, call: Call, language: Language, name: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one return a slot
    """The text of one slot. Raises UnknownSlot for a name that is not in the table."""
    facts = call.facts
    match name:
        case "line":
            return line_name(entry_of(world, call), language)
        case "paper":
            return entry_of(world, call).publication.paper[language]
        case "page":
            return str(entry_of(world, call).publication.page)
        case "date":
            return day_text(world, entry_of(world, call).publication.day, language)
        case "post":
            return post_name(entry_of(world, call), language)
        case "days":
            return str(world.plan.policy.audio_days)
        case "case":
            return spoken_groups(facts.reference or "", CASE_GROUPS, language)
        case "pin":
            return spoken_groups(facts.pin or "", PIN_GROUPS, language)
        case "tail":
            return spoken_groups((facts.asked or facts.reference or "")[-4:], (4,), language)
        case "office":
            return office_text(world, facts.asked_office or decided_office(call), language)
        case "due":
            return due_text(world, facts.asked_due or facts.due, language)
        case "reopens":
            return reopens_text(world, call, language)
        case "kind":
            return world.plan.phrases.say(f"kind.{facts.kind or 'none'}", language, _no_slot)
        case "topic":
            return topic_text(world, call, language)
    raise UnknownSlot(f"nothing in a call fills {{{name}}}; add it to ivr/flow/slots.py")


def _no_slot(name: str) -> str:
    raise UnknownSlot(f"{{{name}}} stands in a phrase that takes no slots")


def entry_of(world: World, call: Call) -> PublishedNumber:
    """The published number dialled. Raises UnknownSlot on a line that is not on the list."""
    entry = world.plan.directory.numbers.get(call.dialled)
    if entry is None:
        raise UnknownSlot("the number dialled is not on the list, so its line has no name")
    return entry


def decided_office(call: Call) -> str:
    """The office of the call's decision."""
    if call.decision is None:
        raise UnknownSlot("no office is decided yet: decide before speaking of one")
    return call.decision.office


def office_text(world: World, office: str, language: Language) -> str:
    """An office's short spoken name."""
    return world.plan.directory.offices[office].spoken[language]


def day_text(world: World, day: date, language: Language) -> str:
    """A date as spoken: month and day, the year only where needed."""
    return spoken_date(day, local_day(world), language)


def due_text(world: World, due: datetime | None, language: Language) -> str:
    """A promise as spoken: weekday, date and time."""
    if due is None:
        raise UnknownSlot("no due time is known: open the case before promising one")
    return spoken_due(due, world.now, world.plan.zone, language)


def reopening(world: World, call: Call) -> datetime | None:
    """When the decided office opens next; None beyond what the plan knows (60 days)."""
    return world.plan.open[decided_office(call)].next_open(world.now)


def due_figures(world: World, due: datetime, language: Language) -> str:
    """A promise as a text message writes it."""
    return written_due(due, world.now, world.plan.zone, language)


def reopens_text(world: World, call: Call, language: Language) -> str:
    """When the decided office opens next, as spoken. Raises UnknownSlot where nobody knows."""
    opens = reopening(world, call)
    if opens is None:
        raise UnknownSlot("nobody knows when the office opens: say so (`when` no_reopening)")
    return spoken_soon(opens, world.now, world.plan.zone, language)


def topic_of(world: World, call: Call) -> str | None:
    """What the caller said, else what the number is about; complaints have no topic of it."""
    said = call.facts
    entry = world.plan.directory.numbers.get(call.dialled)
    if said.topic is None and said.about is None and said.group is None and entry is not None:
        return entry.topic
    return said.topic


def topic_text(world: World, call: Call, language: Language) -> str:
    """The topic's name, or words for "no topic"."""
    topic = topic_of(world, call)
    if topic is None:
        return world.plan.phrases.say("topic.none", language, _no_slot)
    return world.plan.directory.topics[topic].names[language]


def local_day(world: World) -> date:
    """Today where the offices are."""
    return world.now.astimezone(world.plan.zone).date()
