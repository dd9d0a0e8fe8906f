"""The caller's minute (prompts §2): seconds of speech and keys of each way, played on the shipped
script, phrases and city. Run: `python -m benchmarks.minute`; exit 1 if a way is over its goal."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from ivr.flow.advance import advance
from ivr.flow.call import Call
from ivr.flow.effect import CountCases, CountLiveCalls, CountTexts, FindCase, Lookup
from ivr.flow.event import (
    Answer,
    Answered,
    CaseFound,
    Found,
    LineEvent,
    LiveCallsToday,
    Pressed,
    RecentCases,
    TextsToday,
)
from ivr.flow.instruction import Ask, Instruction, Language, Say
from ivr.flow.turn import Turn
from ivr.flow.world import Plan, Policy, World
from ivr.library.plans import Inputs, compile_plan, shipped
from routing.cases.case import CaseState
from routing.city import AREA, calendar, demo_sheets

CHARACTERS_A_SECOND: Final = 4.5
WORDS_A_SECOND: Final = 2.5
NOW: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Tuesday, ten in the morning in Shanghai
OFFICE: Final = "+865580000021"  # 市公安局, prompts §2's example
LEADER: Final = "+865580000001"
# The Chinese opening has 19 characters; the table's sums fit 18, so it is 0.2 s below ours.
CASE: Final = CaseFound(
    "46270395",
    CaseState.RECEIVED,
    "市公安局",
    datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
)

Keys = tuple[str, ...]
"""What is pressed, turn by turn; digits that `#` ends carry it."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way through the menu: every choice of keys that counts as it, and when it is done.

    `prompts` of the last turn are heard until the job is done, None for all of them; `table` are
    prompts §2's seconds: Mandarin, then English after `9` at once, after the Chinese opening, and
    where English is the line's first language; `why` explains a difference above `SLACK`."""

    name: str
    line: str
    choices: tuple[Keys, ...]
    goal: float | None
    most_keys: int | None
    table: tuple[float, float, float, float]
    prompts: int | None = None
    why: str = ""


SLACK: Final = 0.5
KINDS: Final = ("1", "2", "4")
FOUR: Final = ("1", "2", "3", "4")
WHOLE_KIND: Final = (
    "the table counts the whole kind menu and the danger line; no caller hears both: "
    "`help` is named second and danger is said after help alone"
)
WAYS: Final = (
    Way("check a number", OFFICE, (("1", "05580000021#"),), 25, 13, (23.2, 19.6, 24.8, 24.3), 2),
    Way("check this number", OFFICE, (("1", "#"),), 25, 2, (23.2, 19.6, 24.8, 24.3), 2),
    Way(
        "matter, an office's line", OFFICE, tuple(("2", kind) for kind in KINDS), 60, 4,
        (23.0, 24.0, 29.2, 28.7), None, WHOLE_KIND,
    ),
    Way(
        "matter, a leader's line, two levels", LEADER,
        tuple(("2", kind, root, topic) for kind in KINDS for root in FOUR for topic in FOUR),
        60, 4, (36.4, 38.8, 44.0, 43.5), None,
        WHOLE_KIND + ", and the whole first topic menu, though its last group is named before "
        "`not sure`",
    ),
    Way(
        "complaint about this office", OFFICE, tuple(("2", "3", about) for about in "124"), 60, 4,
        (31.5, 32.8, 38.0, 37.5), None,
        "the table counts the whole kind menu; `complaint` is named third of four",
    ),
    Way(
        "progress", OFFICE, (("3", "462703951825"),), 30, None, (19.0, 15.2, 20.4, 19.9), 1,
        "the promise says its hour too: five characters, eight English words more",
    ),
    Way("a person", OFFICE, (("0",),), 12, 1, (11.2, 6.4, 11.6, 11.1), 1),
    Way("returning a missed call", OFFICE, (("5",),), None, 1, (19.7, 17.6, 22.8, 22.3)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """What a way costs its caller, at its slowest choice."""

    seconds: float
    keys: int


def demo_plan() -> Plan:
    """The shipped script and phrases on the demonstration city."""
    inputs = Inputs(demo_sheets(), shipped(), calendar(), AREA, "Asia/Shanghai", Policy())
    return compile_plan(inputs, 1, date(2026, 11, 24))


def spoken_seconds(text: str, language: Language) -> float:
    """How long a text takes to say; pauses are left out, a digit counts as one."""
    if language == "zh-CN":
        return len(re.findall(r"[^\W_]", text)) / CHARACTERS_A_SECOND
    return len(re.findall(r"\d|[^\W\d_][\w'’-]*", text)) / WORDS_A_SECOND


def until_named(say: Say, key: str) -> str | None:
    """The text up to where it names the key, or None if it does not."""
    sign = {"#": "井号|hash"}.get(key, key)
    pattern = (
        rf"按(?:{sign})(?!\d)"
        if say.language == "zh-CN"
        else rf"(?:press |, )(?:{sign})(?=[;.,]|$)"
    )
    found = re.search(pattern, say.text)
    return None if found is None else say.text[: found.end()]


def until_pressed(says: Sequence[Say], keys: str) -> float:
    """Seconds until the caller presses: one key as soon as it is named, digits at the end."""
    seconds = 0.0
    for say in says:
        named = until_named(say, keys) if len(keys) == 1 and keys != "#" else None
        if named is not None:
            return seconds + spoken_seconds(named, say.language)
        seconds += spoken_seconds(say.text, say.language)
    return seconds


def spoken(instructions: Sequence[Instruction]) -> Iterator[Say]:
    """What a turn says, in order."""
    for part in instructions:
        if isinstance(part, Say):
            yield part
        elif isinstance(part, Ask):
            yield from part.prompts


def look_up(lookup: Lookup) -> Answer:
    """What a quiet day's database knows."""
    match lookup:
        case FindCase():
            return CASE
        case CountCases():
            return RecentCases(0, None)
        case CountLiveCalls():
            return LiveCallsToday((0,) * 9)
        case CountTexts():
            return TextsToday(full=False)
        case _:
            raise TypeError(f"no way of the minute looks up {type(lookup).__name__}")


def step(plan: Plan, call: Call, event: LineEvent) -> Turn:
    """One turn, with what it looks up."""
    world = World(plan, NOW)
    answers: tuple[Answer, ...] = ()
    turn = advance(world, call, event)
    while turn.look is not None:
        answers = (*answers, look_up(turn.look))
        turn = advance(world, call, Found(event, answers))
    return turn


def pressed(keys: str) -> Pressed:
    """The event of what is keyed in one turn."""
    return Pressed(keys.removesuffix("#"), finished=keys.endswith("#"))


def play(plan: Plan, way: Way, keys: Keys, *, line: str, at_once: bool = False) -> Heard:
    """One choice of a way. `at_once`: the first key is pressed before a word is heard."""
    call = Call("minute", "+8613900000012", line, "zh-CN", plan.script.start, plan.number, NOW)
    turn = step(plan, call, Answered())
    seconds = 0.0
    for place, said in enumerate(keys):
        if not (at_once and place == 0):
            seconds += until_pressed(tuple(spoken(turn.say)), said)
        turn = step(plan, turn.call, pressed(said))
    last = tuple(spoken(turn.say))[: way.prompts]
    seconds += sum(spoken_seconds(say.text, say.language) for say in last)
    return Heard(seconds, sum(map(len, keys)))


def slowest(plan: Plan, way: Way, *, line: str, before: Keys = (), at_once: bool = False) -> Heard:
    """The choice of a way that takes longest."""
    played = (play(plan, way, (*before, *k), line=line, at_once=at_once) for k in way.choices)
    return max(played, key=lambda heard: heard.seconds)


def english_first(plan: Plan, line: str) -> Plan:
    """The same plan with English as the line's first language."""
    entry = replace(plan.directory.numbers[line], languages=("en", "zh-CN"))
    numbers = {**plan.directory.numbers, line: entry}
    return replace(plan, directory=replace(plan.directory, numbers=numbers))


def measured(plan: Plan, way: Way) -> tuple[Heard, Heard, Heard, Heard]:
    """Mandarin; English by `9` at once, by `9` after the opening, on a line that begins in it."""
    return (
        slowest(plan, way, line=way.line),
        slowest(plan, way, line=way.line, before=("9",), at_once=True),
        slowest(plan, way, line=way.line, before=("9",)),
        slowest(english_first(plan, way.line), way, line=way.line),
    )


def over_goal(way: Way, heard: Sequence[Heard]) -> bool:
    """Whether a way takes too long in any opening, or too many keys in Mandarin. Seconds count
    to the table's tenth: the rates of speech are not known any better."""
    late = way.goal is not None and max(round(one.seconds, 1) for one in heard) > way.goal
    return late or (way.most_keys is not None and heard[0].keys > way.most_keys)


def row(way: Way, heard: Sequence[Heard]) -> str:
    """One line of the table: measured seconds, the table's in brackets."""
    goal = "–" if way.goal is None else f"{way.goal:g} s"
    cells = "  ".join(
        f"{one.seconds:5.1f} ({said:4.1f})" for one, said in zip(heard, way.table, strict=True)
    )
    state = "OVER" if over_goal(way, heard) else "ok"
    return f"{way.name:<36} {goal:>5}  {cells}  {heard[0].keys:>4}  {state}"


def main() -> int:
    """Print the table; 1 if a way is over its goal."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    plan = demo_plan()
    print(
        "Seconds of speech until the job is done, prompts §2's in brackets; slowest choice of keys"
    )
    openings = ("Mandarin", "9 at once", "9 after", "English 1st")
    print(f"{'way':<36} {'goal':>5}  " + "  ".join(f"{o:<12}" for o in openings) + "  keys")
    results = [(way, measured(plan, way)) for way in WAYS]
    for way, heard in results:
        print(row(way, heard))
    for way, heard in results:
        off = [one.seconds - said for one, said in zip(heard, way.table, strict=True)]
        if max(map(abs, off)) > SLACK:
            print(f"- {way.name}: {min(off):+.1f} to {max(off):+.1f} s: {way.why or 'unexplained'}")
    return 1 if any(over_goal(way, heard) for way, heard in results) else 0


if __name__ == "__main__":
    sys.exit(main())
