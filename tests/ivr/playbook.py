"""Plays a golden call: a story in plain text, event in, what is heard out (design §8).
The call is serialised and read back after every step; `--update` rewrites the stories."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import orjson

from ivr.flow.advance import advance
from ivr.flow.call import Call, from_plain, to_plain
from ivr.flow.effect import (
    AttachRecording,
    Effect,
    EndRound,
    FlagPressure,
    MakeAnonymous,
    NoteRing,
    NoteStray,
    NoteTaken,
    NoteVerdict,
    Notify,
    OpenCase,
    ReturnToken,
    RingLeg,
    SendCopy,
    TakeToken,
    TellOffice,
    WithdrawCase,
)
from ivr.flow.event import (
    Admission,
    Answer,
    Answered,
    CaseFound,
    DialEnded,
    Found,
    HungUp,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
    RoundEnded,
    Silence,
    Spoke,
)
from ivr.flow.instruction import Ask, Dial, Hangup, Hold, Instruction, Record, Reject, Say
from ivr.flow.turn import Turn
from ivr.flow.world import Draws, Plan, World
from ivr.library.worktime import kept_open
from routing.cases.case import CaseState
from routing.hours import OpenIntervals, Span, without
from routing.worktime.closures import Closure, Signed, orders_of, shut_times
from routing.worktime.templates import TEMPLATES
from tests.ivr.ruled import RULED, ruled
from tests.ivr.town import Town, short

SHORT = {"zh-CN": "zh", "en": "en"}
ENDS = {
    "": RecordingEnd.FINISHED,
    "person": RecordingEnd.PERSON,
    "silence": RecordingEnd.SILENCE,
    "hangup": RecordingEnd.HANGUP,
}
DIALS = {
    "accepted": DialEnded(accepted=True, declined=False),
    "declined": DialEnded(accepted=False, declined=True),
    "no answer": DialEnded(accepted=False, declined=False),
    "caller gone": DialEnded(accepted=False, declined=False, caller_gone=True),
}


ROUNDS = {
    "accepted": RoundEnded(accepted=True, room="QU1"),
    "over": RoundEnded(accepted=False, room="QU1"),
    "gone": RoundEnded(accepted=False, caller_gone=True, room="QU1"),
}
"""How a round ends; behind it stand the places of those who said no."""


class StoryError(ValueError):
    """A line of a story that nobody can play."""


class Line(Protocol):
    """What lies between the caller and the core."""

    def receive(self, event: LineEvent, world: World, call: Call) -> LineEvent:
        """The event as it arrives. Raises StoryError for one that cannot come now."""
        ...

    def hand_on(self, turn: Turn) -> Iterator[str]:
        """The lines for what of a turn is heard."""
        ...


class Direct:
    """Nothing: the core alone."""

    def receive(self, event: LineEvent, world: World, call: Call) -> LineEvent:
        """As it is."""
        return event

    def hand_on(self, turn: Turn) -> Iterator[str]:
        """All of it."""
        return spoken(turn.say)


@dataclass
class Story:
    """A call being played. `heard` grows by the lines of the story."""

    plan: Plan
    call: Call
    now: datetime
    line: Line
    town: Town = field(default_factory=Town)
    heard: list[str] = field(default_factory=list)
    drawn: int = 0

    def play(self, event: LineEvent) -> Turn:
        """One event; writes down what is heard and done."""
        world = World(self.plan, self.now, self._draws(event))
        event = self.line.receive(event, world, self.call)
        looked: tuple[Answer, ...] = ()
        turn = advance(world, self.call, event)
        while turn.look is not None:
            found = self.town.answer(turn.look)
            looked = (*looked, found)
            self.heard.append(f"? {type(turn.look).__name__} = {short(found)}")
            turn = advance(world, self.call, Found(event, looked))
        self.heard.extend(f"< {line}" for line in self.line.hand_on(turn))
        self.heard.extend(f"! {line}" for line in done(turn.do))
        self.call = from_plain(orjson.loads(orjson.dumps(to_plain(turn.call))))
        if self.call != turn.call:
            raise StoryError("the call reads back differently from what was written")
        self.now += timedelta(seconds=10)
        return turn

    def _draws(self, event: LineEvent) -> Draws | None:
        if not isinstance(event, Recorded):
            return None
        self.drawn += 1
        return Draws(f"4627039{self.drawn}", f"182{self.drawn}")


def spoken(say: tuple[Instruction, ...]) -> Iterator[str]:
    """The lines for what is heard."""
    for part in say:
        match part:
            case Say():
                yield _words(part)
            case Ask():
                yield from (_words(prompt) for prompt in part.prompts)
                keys = "any keys" if part.digits is None else f"{part.digits} key(s)"
                until = f" until {part.finish}" if part.finish else ""
                words = ", or words" if part.speech else ""
                yield f"(listens {part.wait} s for {keys}{until}{words})"
            case Record():
                yield f"(beep; records {part.longest} s at most)"
            case Dial():
                yield f"(rings {part.number} for {part.seconds} s)"
            case Hold():
                yield "(waits while they ring)"
            case Hangup():
                yield "(hangs up)"
            case Reject(reason):
                yield f"(never answered: {reason})"


def _words(say: Say) -> str:
    slow = " slowly" if say.slow else ""
    pause = f" (pause {say.pause} s)" if say.pause else ""
    return f"{SHORT[say.language]}{slow}: {say.text}{pause}"


def done(effects: tuple[Effect, ...]) -> Iterator[str]:  # noqa: C901, PLR0912 - one line an effect
    """The lines for what is remembered or sent."""
    for effect in effects:
        match effect:
            case OpenCase():
                yield (
                    f"case {effect.reference} {effect.kind.value} {effect.topic or '-'} for "
                    f"{effect.office} by {effect.rule}, {effect.confidentiality.value}, "
                    f"due {effect.due.isoformat()}" + (", danger" if effect.danger else "")
                )
            case AttachRecording():
                yield f"recording {effect.recording} of {effect.seconds} s joins {effect.reference}"
            case MakeAnonymous(reference):
                yield f"case {reference} becomes anonymous"
            case WithdrawCase(reference):
                yield f"case {reference} is withdrawn"
            case FlagPressure(reference):
                yield f"case {reference}: pressure on the caller"
            case Notify():
                yield f"text {effect.phrase} to {effect.to} {dict(effect.slots)}"
            case TellOffice():
                yield f"{effect.office} is told of {effect.reference}"
            case NoteVerdict(verdict):
                yield f"counted: {verdict}"
            case NoteStray(event):
                yield f"stray: {event}"
            case NoteTaken():
                yield "the desk that was rung took the call"
            case NoteRing(phone):
                yield f"rung: {phone}"
            case RingLeg():
                yield f"rings: {effect.number} for {effect.seconds} s, showing {effect.line}"
            case EndRound():
                yield "nobody else joins; what rings is stopped"
            case TakeToken():
                yield f"{effect.official} takes token {effect.number} of {effect.key}"
            case ReturnToken():
                yield "the token is given back"
            case SendCopy():
                yield f"{effect.office} is sent a copy of {effect.reference}"


def read_event(line: str, story: Story) -> LineEvent | None:  # noqa: PLR0911 - one return a verb
    """The event of a `>` line, or None for a line that only sets the town or the clock."""
    words = line.split()
    match words:
        case ["answered"]:
            return Answered()
        case ["press", keys]:
            finished = len(keys) > 1 and keys.endswith("#")
            return Pressed(keys.rstrip("#") if finished else keys, finished=finished)
        case ["press", "#", "alone"]:
            return Pressed("", finished=True)
        case ["say", *rest]:
            return Spoke(" ".join(rest), 0.9)
        case ["silence"]:
            return Silence()
        case ["record", seconds, *rest]:
            return Recorded(f"RE{story.drawn + 1}", int(seconds), ENDS[" ".join(rest)])
        case ["dial", *rest]:
            return DIALS[" ".join(rest)]
        case ["round", outcome, *legs]:
            ended = ROUNDS[outcome]
            return replace(ended, declined=tuple(int(leg) for leg in legs))
        case ["hang", "up"]:
            return HungUp()
        case _:
            _set_town(words, story)
            return None


def _set_town(words: list[str], story: Story) -> None:
    match words:
        case ["wait", seconds]:
            story.now += timedelta(seconds=int(seconds))
        case ["live", "calls", count]:
            story.town.live_calls = int(count)
        case ["rung", "in", "vain", count, "target", target]:
            story.town.in_vain[int(target)] = int(count)
        case ["recent", "cases", count]:
            story.town.recent = int(count)
        case ["texts", "used", "up"]:
            story.town.texted = True
        case ["tries", "used", "up"]:
            story.town.locked = True
        case ["case", reference, pin, state, office, due]:
            found = CaseFound(reference, CaseState(state), office, datetime.fromisoformat(due))
            story.town.cases[reference] = (pin, found)
        case _:
            raise StoryError(f"nobody can play {' '.join(words)!r}")


def begin(line: str, plan: Plan, way: Line) -> Story:
    """The story that a `call` line opens: `call DIALLED from CALLER at ISO`, and behind it what
    the call may do, if not all."""
    match line.split():
        case ["call", dialled, "from", caller, "at", when, *_]:
            now = datetime.fromisoformat(when)
        case _:
            raise StoryError(
                f"a story begins with `call DIALLED from CALLER at TIME`, not {line!r}"
            )
    call = Call(
        id="c0ffee",
        caller=None if caller == "withheld" else caller,
        dialled=dialled,
        language="zh-CN",
        at=plan.script.start,
        plan=plan.number,
        started=now,
    )
    return Story(plan, call, now, way)


def under_order(line: str, plan: Plan) -> Plan:
    """The plan under the order of an `order` line: `order REASON of OFFICE from ISO until ISO`,
    where `all` is every office; its words are those of the reason's template."""
    match line.split():
        case ["order", reason, "of", office, "from", start, "until", end]:
            words = next(each.words for each in TEMPLATES if each.id == reason)
            begins = datetime.fromisoformat(start)
            scope = () if office == "all" else (office,)
            ends = datetime.fromisoformat(end)
            order = Closure("C1", scope, begins, ends, reason, words, Signed("duty", begins))
        case _:
            raise StoryError(f"an order is written otherwise than {line!r}")
    known = {
        office: (*plan.orders.get(office, ()), *theirs)
        for office, theirs in orders_of((order,), plan.directory, kept_open(plan.directory)).items()
    }
    opened = {office: _shut(plan.open[office], shut_times(each)) for office, each in known.items()}
    return replace(plan, orders={**plan.orders, **known}, open={**plan.open, **opened})


def _shut(opened: OpenIntervals, shut: tuple[Span, ...]) -> OpenIntervals:
    left = tuple(without(opened.intervals, shut))
    week = None if opened.week is None else replace(opened.week, shut=shut)
    return replace(opened, intervals=left, week=week)


def perform(text: str, plan: Plan, way: Line | None = None) -> str:
    """The whole story as it plays now: comments and events as written, the rest anew."""
    told: list[str] = []
    story: Story | None = None
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            told.append(line)
        elif line.startswith("order "):
            told.append(line)
            plan = under_order(line, plan)
        elif line.startswith(RULED):
            told.append(line)
            plan = ruled(line, plan)
        elif line.startswith("call "):
            told.append(line)
            story = begin(line, plan, way or Direct())
            story.play(Answered(Admission((line.split()[6:] or ["open"])[0])))
            told.extend(story.heard)
            story.heard.clear()
        elif line.startswith("> ") and story is not None:
            told.append(line)
            event = read_event(line[2:], story)
            if event is not None:
                story.play(event)
            told.extend(story.heard)
            story.heard.clear()
    if story is None:
        raise StoryError("the story has no `call` line")
    return "\n".join(told) + "\n"


def on_policy(plan: Plan, **changed: object) -> Plan:
    """The same plan under another policy."""
    return replace(plan, policy=replace(plan.policy, **changed))  # type: ignore[arg-type]  # its own fields
