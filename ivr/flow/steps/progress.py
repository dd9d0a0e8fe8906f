"""Progress: case number and PIN in one go, and how the case stands. All misses sound alike."""

from dataclasses import replace
from typing import Final, assert_never

from ivr.flow.call import Call, with_facts
from ivr.flow.digits import Cleared, Keyed, Nothing, Person, read_keys
from ivr.flow.effect import FindCase, NoteStray, SendPin
from ivr.flow.event import (
    Answer,
    CaseFound,
    CaseMissed,
    LineEvent,
    PinSent,
    Pressed,
    Silence,
    Spoke,
)
from ivr.flow.instruction import Ask, Say
from ivr.flow.node import Progress
from ivr.flow.speech import say
from ivr.flow.turn import Go, Step, Turn, answer_of
from ivr.flow.world import World

REFERENCE: Final = 8
ALL: Final = 12
"""Digits of a case number, and of case number and PIN together (prompts §1)."""


def enter(world: World, call: Call, node: Progress) -> Step:
    """Ask for twelve digits; no `#` is needed."""
    call = with_facts(call, keyed="", asked=None, state=None, asked_office=None, asked_due=None)
    return collect(world, call, node, (say(world, call, "progress.ask"),))


def collect(world: World, call: Call, node: Progress, prompts: tuple[Say, ...]) -> Turn:
    """Listen for the digits that are still missing."""
    missing = ALL - len(call.facts.keyed)
    return Turn(call, (Ask(prompts, call.language, node.wait, digits=missing, finish="#"),))


def hear(
    world: World, call: Call, node: Progress, event: LineEvent, answers: tuple[Answer, ...]
) -> Step:
    """Digits, a part of them, or nothing."""
    match event:
        case Pressed(digits, finished):  # a carrier that ends nothing by `#` hands it on
            ended = finished or digits.endswith("#")
            return keyed(world, call, node, (digits, ended), answers)
        case Silence() | Spoke():
            return silent(world, call, node)
        case _:
            again = collect(world, call, node, (say(world, call, "progress.ask"),))
            return replace(again, do=(NoteStray(type(event).__name__),))


def keyed(
    world: World, call: Call, node: Progress, keys: tuple[str, bool], answers: tuple[Answer, ...]
) -> Step:
    """Twelve digits are looked up; eight and `#` ask for a forgotten PIN."""
    digits, finished = keys
    read = read_keys(call.facts.keyed, digits, finished=finished)
    match read:
        case Cleared():
            return collect(
                world, with_facts(call, keyed=""), node, (say(world, call, "progress.ask"),)
            )
        case Person():
            return Go(call, world.plan.script.person)
        case Nothing():
            return silent(world, call, node)
        case Keyed(number) if len(number) >= ALL:
            return look_up(world, call, node, number[:ALL], answers)
        case Keyed(number) if len(number) == REFERENCE and finished:
            return send_pin(world, call, node, number, answers)
        case Keyed(number):
            rest = with_facts(call, keyed=number)
            lacking = "progress.pin" if len(number) == REFERENCE else "check.go_on"
            return collect(world, rest, node, (say(world, call, lacking),))
        case _:
            assert_never(read)


def silent(world: World, call: Call, node: Progress) -> Step:
    """Twice in patience, then a person. Who has only the case number is told what to do; who
    stopped anywhere else begins anew, and is told so."""
    count = call.tries.silence + 1
    kept = len(call.facts.keyed)
    call = replace(call, tries=replace(call.tries, silence=count))
    if count > 2:
        return Go(call, world.plan.script.person)
    if count == 1:
        return collect(world, call, node, ())
    if kept == REFERENCE:
        return collect(world, call, node, said(world, call, "progress.pin"))
    anew = ("check.unreadable",) if kept else ()
    words = said(world, call, *anew, "progress.ask", "progress.forgotten")
    return collect(world, with_facts(call, keyed=""), node, words)


def look_up(
    world: World, call: Call, node: Progress, number: str, answers: tuple[Answer, ...]
) -> Step:
    """A hit says how the case stands; a miss asks again until a limit is reached."""
    found = answer_of(answers, CaseFound)
    if found is not None:
        return Go(_told(call, found), node.goto)
    missed = answer_of(answers, CaseMissed)
    if missed is None:
        return Turn(call, look=FindCase(number[:REFERENCE], number[REFERENCE:]))
    misses = call.facts.misses + 1
    call = with_facts(call, misses=misses, keyed="")
    if missed.locked or misses >= world.plan.policy.misses:
        return Go(call, node.locked)
    return collect(world, call, node, said(world, call, "progress.miss", "progress.forgotten"))


def said(world: World, call: Call, *phrases: str) -> tuple[Say, ...]:
    """The phrases one after another; the way to a new PIN is told alike after every miss."""
    return tuple(say(world, call, phrase) for phrase in phrases)


def _told(call: Call, found: CaseFound) -> Call:
    return with_facts(
        call,
        keyed="",
        asked=found.reference,
        state=found.state.value,
        asked_office=found.office,
        asked_due=found.due,
    )


def send_pin(
    world: World, call: Call, node: Progress, number: str, answers: tuple[Answer, ...]
) -> Step:
    """A forgotten PIN: a new one goes to the registering mobile, once a day; the words say
    nothing of whether there is such a case."""
    if answer_of(answers, PinSent) is None:
        return Turn(call, look=SendPin(number))
    call = with_facts(call, keyed="", misses=call.facts.misses + 1)
    if call.facts.misses >= world.plan.policy.misses:
        return Go(call, node.locked)
    return collect(world, call, node, (say(world, call, "progress.pin_sent"),))
