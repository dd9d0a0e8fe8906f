"""What is said of a checked number: verdict, root and whether it calls out (prompts §3).
The counterpart of `routing.directory.check`, which decides; never the word "fake"."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from ivr.flow.call import Call
from ivr.flow.instruction import Language
from ivr.flow.slots import day_text, local_day
from ivr.flow.world import World
from routing.directory import (
    Genuine,
    NotListed,
    OutboundPolicy,
    PublicService,
    PublishedNumber,
    Suspended,
    Verdict,
    Withdrawn,
    check,
    who_name,
)
from routing.numbers.forms import spoken_digits
from routing.numbers.reading import Number

Part = tuple[str, Mapping[str, str]]


def verdict_on(world: World, number: str) -> Verdict:
    """The verdict on a number in the form `read_number` gives (E.164 or a short number)."""
    return check(
        world.plan.directory, Number(number, short=not number.startswith("+")), local_day(world)
    )


def verdict_name(verdict: Verdict) -> str:
    """The verdict's name as it is counted and texted: `genuine`, `not_listed` ..."""
    match verdict:
        case Genuine():
            return "genuine"
        case Suspended():
            return "suspended"
        case Withdrawn():
            return "withdrawn"
        case NotListed():
            return "not_listed"
        case PublicService():
            return "public"
        case _:
            assert_never(verdict)


def verdict_parts(world: World, call: Call) -> Iterator[Part]:
    """The phrases, with their slots, for the number that this call checked last."""
    number = call.facts.checked
    if number is None:
        return
    language = call.language
    spoken = {"number": spoken_digits(number, language)}
    verdict = verdict_on(world, number)
    match verdict:
        case Genuine(entry):
            yield "check.genuine", spoken | _listing(world, entry, language)
            yield "check.root", {}
            yield from _calls_out(entry)
        case Suspended(_, since):
            yield "check.suspended", spoken | {"date": day_text(world, since, language)}
        case Withdrawn(_, since, new):
            yield "check.withdrawn", spoken | {"date": day_text(world, since, language)}
            if new is None:  # the paper lists the number still: it would speak against the verdict
                yield "check.hotline", {}
            else:
                yield "check.replaced", {"new": spoken_digits(new, language)}
                yield "check.root", {}
        case NotListed():
            yield "check.not_listed", spoken
        case PublicService(_, names):
            yield "check.public", spoken | {"service": names[language]}
        case _:
            assert_never(verdict)


def _listing(world: World, entry: PublishedNumber, language: Language) -> dict[str, str]:
    printed = entry.publication
    return {
        "who": who_name(entry, language),
        "date": day_text(world, printed.day, language),
        "paper": printed.paper[language],
        "page": str(printed.page),
    }


def _calls_out(entry: PublishedNumber) -> Iterator[Part]:
    if entry.outbound_policy is OutboundPolicy.NEVER:
        yield "check.never_calls", {}
    else:
        yield "check.ring_back", {}
