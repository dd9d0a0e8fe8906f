"""What everybody hears who rings a published number, in the order of the register: public words
that a voice may make before anybody rings. The counterpart of `sentences`."""

from collections.abc import Iterator
from datetime import date

from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Fill, spoken_date
from ivr.flow.world import Plan
from routing.directory import ListingStatus, PublishedNumber, line_name


def greetings(plan: Plan, today: date) -> Iterator[tuple[str, Language]]:
    """Text and language: every line's greeting, then every office's ringing. `today` is local."""
    listed = [
        entry
        for entry in plan.directory.numbers.values()
        if entry.status is ListingStatus.PUBLISHED
    ]
    for entry in listed:
        yield plan.phrases.say("greet.first", "zh-CN", _greeted(entry, today)), "zh-CN"
    for office in plan.directory.offices.values():
        slots = {"office": office.spoken["zh-CN"]}
        yield plan.phrases.say("put.now", "zh-CN", slots.__getitem__), "zh-CN"


def _greeted(entry: PublishedNumber, today: date) -> Fill:
    slots = {
        "line": line_name(entry, "zh-CN"),
        "date": spoken_date(entry.publication.day, today, "zh-CN"),
        "paper": entry.publication.paper["zh-CN"],
    }
    return slots.__getitem__
