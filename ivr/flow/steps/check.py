"""Check: collect a number, keyed or spoken, and say whether it is on the list today."""

from dataclasses import replace
from typing import assert_never

from ivr.flow.call import Call, with_facts
from ivr.flow.digits import Cleared, Keyed, Nothing, Person, read_keys
from ivr.flow.effect import NoteVerdict
from ivr.flow.event import LineEvent, Pressed, Silence, Spoke
from ivr.flow.instruction import Ask, Say
from ivr.flow.meaning import Emergency
from ivr.flow.meaning import Person as PersonWord
from ivr.flow.node import Check
from ivr.flow.speech import say
from ivr.flow.turn import Go, Step, Turn
from ivr.flow.verdict import verdict_name, verdict_on
from ivr.flow.world import World
from routing.cases.kinds import Kind
from routing.directory import Genuine
from routing.numbers.reading import Incomplete, MissingArea, Number, Unreadable, read_number

MOST_DIGITS = 32
"""Longer than any number with prefixes; bounds what one input may hold."""


def enter(world: World, call: Call, node: Check) -> Step:
    """Ask for a number, unless the call has used up its checks."""
    if call.facts.checks >= world.plan.policy.checks:
        return Go(call, node.over, (say(world, call, "check.limit"),))
    call = with_facts(call, keyed="", checked=None)
    return collect(world, call, node, asked(world, call))


def asked(world: World, call: Call) -> tuple[Say, ...]:
    """`#` alone is this number; where it is not told, waiting is."""
    return (say(world, call, "check.ask" if world.plan.policy.hash_told else "check.ask.wait"),)


def collect(world: World, call: Call, node: Check, prompts: tuple[Say, ...]) -> Turn:
    """Listen for digits until `#`, or `wait` seconds after the last one."""
    speech = world.plan.policy.hears and not call.facts.keys_only
    listen = Ask(prompts, call.language, node.wait, digits=None, finish="#", speech=speech)
    return Turn(call, (listen,))


def hear(world: World, call: Call, node: Check, event: LineEvent) -> Step:
    """A number, a part of one, `#` alone for this line, or nothing."""
    match event:
        case Pressed(digits, finished):
            return keyed(world, call, node, digits, finished=finished)
        case Spoke(text):
            return spoken(world, call, node, text)
        case Silence():
            return silent(world, call, node)
        case _:
            return collect(world, call, node, asked(world, call))


def keyed(world: World, call: Call, node: Check, digits: str, *, finished: bool) -> Step:
    """`*` clears, `0#` is a person, `#` alone is the number dialled (prompts §1)."""
    read = read_keys(call.facts.keyed, digits, finished=finished)
    match read:
        case Cleared():
            return collect(world, with_facts(call, keyed=""), node, asked(world, call))
        case Person() if completes(world, call.facts.keyed, digits):
            return take(world, call, node, f"{call.facts.keyed}0", finished=finished)
        case Person():
            return Go(call, world.plan.script.person)
        case Nothing():
            return settle(world, call, node, call.dialled)
        case Keyed(number):
            return take(world, call, node, number, finished=finished)
        case _:
            assert_never(read)


def completes(world: World, kept: str, digits: str) -> bool:
    """Whether `0` is the digit that the kept number lacks: its caller was told to end with `#`."""
    if not kept or "*" in digits:
        return False
    return isinstance(read_number(f"{kept}0", area=world.plan.directory.area), Number)


def silent(world: World, call: Call, node: Check) -> Step:
    """Five seconds more before the first digit, without words; then the number dialled.
    A part of a number that is not gone on with is unreadable."""
    if call.facts.keyed:
        return unreadable(world, call, node)
    count = call.tries.silence + 1
    if count == 1:
        return collect(world, replace(call, tries=replace(call.tries, silence=1)), node, ())
    return settle(world, call, node, call.dialled)


def take(world: World, call: Call, node: Check, text: str, *, finished: bool) -> Step:
    """A complete number is answered; an incomplete one is kept and the rest asked for."""
    number = read_number(text[:MOST_DIGITS], area=world.plan.directory.area)
    match number:
        case Number(e164):
            return settle(world, call, node, e164)
        case Incomplete(digits):
            if finished and call.facts.keyed:
                return unreadable(world, call, node)
            rest = with_facts(call, keyed=digits)
            return collect(world, rest, node, (say(world, call, "check.go_on"),))
        case MissingArea(subscriber):
            return Go(with_facts(call, keyed=subscriber), node.area)
        case Unreadable():
            return unreadable(world, call, node)
        case _:
            assert_never(number)


def spoken(world: World, call: Call, node: Check, text: str) -> Step:
    """A spoken number is confirmed first, unless the answer is `genuine`."""
    number = read_number(text, area=world.plan.directory.area)
    match number:
        case Number(e164):
            if isinstance(verdict_on(world, e164), Genuine):
                return settle(world, call, node, e164)
            return Go(with_facts(call, keyed=e164), node.confirm)
        case MissingArea(subscriber):
            return Go(with_facts(call, keyed=subscriber), node.area)
        case Incomplete() | Unreadable():
            return words(world, call, node, text)
        case _:
            assert_never(number)


def words(world: World, call: Call, node: Check, text: str) -> Step:
    """What is no number: danger and a person are understood here too, the rest is not."""
    understood = world.plan.vocabulary.understood(text, call.language, "number")
    match understood.meaning:
        case Emergency():
            danger = with_facts(call, danger=True, kind=Kind.HELP)
            return Go(danger, world.plan.script.urgent)
        case PersonWord() if understood.sure:
            return Go(call, world.plan.script.person)
        case _:
            call = with_facts(call, keys_only=True)
            return collect(world, call, node, (say(world, call, "unheard"),))


def unreadable(world: World, call: Call, node: Check) -> Step:
    """Asked again once; the second time a person."""
    bad = call.tries.bad + 1
    call = with_facts(replace(call, tries=replace(call.tries, bad=bad)), keyed="")
    if bad > 1:
        return Go(call, world.plan.script.person)
    return collect(world, call, node, (say(world, call, "check.unreadable"),))


def settle(world: World, call: Call, node: Check, number: str) -> Step:
    """The verdict; it opens no case and keeps nothing but its name."""
    name = verdict_name(verdict_on(world, number))
    call = with_facts(call, checked=number, verdict=name, checks=call.facts.checks + 1, keyed="")
    return Go(call, node.goto, do=(NoteVerdict(name),))
