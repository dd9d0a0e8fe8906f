"""A call that nobody makes, played by the pure core: what is heard, what would be rung, sent and
recorded, and what the rules were asked. No row is written, nobody is rung; what only the database
knows is what the page was told (`Known`). Counterpart of `telling`, which puts it into words."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ivr.flow.advance import advance
from ivr.flow.call import Call
from ivr.flow.effect import (
    CountCases,
    CountLiveCalls,
    CountTexts,
    Effect,
    FindCase,
    FindMatter,
    FindNext,
    Lookup,
    SendPin,
)
from ivr.flow.event import (
    Admission,
    Answer,
    Answered,
    CaseFound,
    CaseMissed,
    DialEnded,
    Found,
    HungUp,
    LineEvent,
    LiveCallsToday,
    MatterFound,
    NextOnDuty,
    PinSent,
    Pressed,
    RecentCases,
    Recorded,
    RecordingEnd,
    RoundEnded,
    Silence,
    Spoke,
    TextsToday,
)
from ivr.flow.instruction import Ask, Dial, Hangup, Hold, Instruction, Record, Reject, Say
from ivr.flow.matter import facts_of
from ivr.flow.node import Act, Do, Menu
from ivr.flow.speech import holds
from ivr.flow.steps.whisper import offer
from ivr.flow.value import value
from ivr.flow.world import Draws, Plan, World
from ivr.web.trying.moves import Deed, Key, Move, Words
from ivr.web.trying.settling import Settled, settled
from routing.cases.case import CaseState
from routing.cases.reference import draw_reference
from routing.rules.condition import Facts
from routing.rules.targets import Target

EXAMPLE: Final = Draws(draw_reference(1234567), "1234")
"""The number and PIN of a case that is opened in no database."""
SPOKEN: Final = 20
"""Seconds that whoever speaks after the tone is taken to need."""
PACE: Final = timedelta(seconds=5)
"""How much time a key or a word takes: what the caller hears is cut short by it."""
PROMISED: Final = timedelta(days=3)
"""Until when a case that is asked for is due."""


@value
class Known:
    """What only the database knows, as the page has it: whether officials still take calls today,
    how a case stands that is asked for (None: number or PIN is wrong), whether the caller has
    had their cases of this hour and their texts of today, and whether phones rang in vain too
    often."""

    admission: Admission = Admission.OPEN
    quota: bool = True
    case: CaseState | None = CaseState.IN_PROGRESS
    many_cases: bool = False
    texts_full: bool = False
    in_vain: bool = False


@value
class Asked:
    """The call: `caller` is E.164, None where withheld; `at` is aware."""

    caller: str | None
    dialled: str
    at: datetime
    english: bool = False
    known: Known = Known()


@value
class Ringing:
    """A phone that would ring, whose it is (None where the call does not say), and what they hear
    before they are asked for `1`."""

    number: str
    seconds: int
    target: Target | None
    heard: tuple[Say, ...] = ()


@value
class Ignored:
    """A move that nothing waits for."""

    move: Move


Shown = Instruction | Effect | Ringing | Ignored | Move
"""One thing that a page shows of a call."""


@dataclass(frozen=True, slots=True)
class Played:
    """The call as far as the moves lead: `waits` is what the line does now, `keyed` what was
    keyed of an input that is not complete, `taken` the moves, with the one that chose the
    language."""

    world: World
    call: Call
    shown: tuple[Shown, ...]
    waits: Instruction
    keyed: str
    taken: tuple[Move, ...]
    settled: Settled | None

    @property
    def facts(self) -> Facts:
        """What the rules were asked, or would be now."""
        return self.settled.facts if self.settled else facts_of(self.world, self.call)


def play(plan: Plan, asked: Asked, moves: tuple[Move, ...]) -> Played:
    """The whole call, from its first ring."""
    line = _Line(plan, asked, asked.at)
    line.hear(Answered(asked.known.admission))
    lead = line.language_key()
    taken = moves if moves[: len(lead)] == lead else (*lead, *moves)
    for move in taken:
        line.make(move)
    return Played(
        line.world, line.call, tuple(line.shown), line.waits, line.keyed, taken, line.settled
    )


@dataclass
class _Line:
    """The call being played; `words` were said after the tone."""

    plan: Plan
    asked: Asked
    now: datetime
    shown: list[Shown] = field(default_factory=list)
    waits: Instruction = field(default_factory=Hangup)
    keyed: str = ""
    settled: Settled | None = None
    call: Call = field(init=False)

    def __post_init__(self) -> None:
        self.call = Call(
            id="try",
            caller=self.asked.caller,
            dialled=self.asked.dialled,
            language="zh-CN",
            at=self.plan.script.start,
            plan=self.plan.number,
            started=self.now,
        )

    @property
    def world(self) -> World:
        return World(self.plan, self.now, EXAMPLE)

    def language_key(self) -> tuple[Move, ...]:
        """The key of the first menu that leads to English, where the number has it and does not
        begin with it."""
        node = self.plan.script.nodes[self.call.at]
        if not self.asked.english or self.call.language == "en" or not isinstance(node, Menu):
            return ()
        for key, option in node.options.items():
            to = self.plan.script.nodes.get(option.goto)
            offered = option.when is None or holds(self.world, self.call, option.when)
            if isinstance(to, Do) and to.act is Act.LANGUAGE and offered:
                return (Key(key),)
        return ()

    def hear(self, event: LineEvent) -> None:
        """One turn, with whatever it asks for looked up."""
        world, looked = self.world, tuple[Answer, ...]()
        turn = advance(world, self.call, event)
        while turn.look is not None:
            looked = (*looked, self.answer(turn.look))
            turn = advance(world, self.call, Found(event, looked))
        self.settled = settled(world, self.call, turn, self.settled)
        self.call, self.waits, self.keyed = turn.call, turn.say[-1], ""
        for part in turn.say:
            self.shown.extend(self.whose(part))
        self.shown.extend(turn.do)

    def whose(self, part: Instruction) -> tuple[Shown, ...]:
        """A ring with whose phone it is; of several that ring together, each."""
        facts = self.call.facts
        order = facts.order
        if isinstance(part, Hold):
            rung = [order[at] for at in facts.legs]
            usual, heard = part.seconds, _once(offer(self.world, self.call))
            return (part, *(Ringing(one.number, one.seconds or usual, one, heard) for one in rung))
        if not isinstance(part, Dial):
            return (part,)
        target = order[part.leg] if part.leg < len(order) else None
        heard = _once(offer(self.world, self.call)) if part.whisper else ()
        return (Ringing(part.number, part.seconds, target, heard),)

    def answer(self, look: Lookup) -> Answer:  # noqa: PLR0911 - one return a lookup
        """What the page was told that the database knows."""
        known = self.asked.known
        match look:
            case FindCase(reference):
                entry = self.plan.directory.numbers.get(self.call.dialled)
                if known.case is None or entry is None:
                    return CaseMissed(locked=False)
                return CaseFound(reference, known.case, entry.office, self.now + PROMISED)
            case SendPin():
                return PinSent()
            case CountCases():
                return RecentCases(self.plan.policy.cases_per_hour if known.many_cases else 0, None)
            case CountLiveCalls(buckets, phones):
                vain = self.plan.policy.rings_in_vain if known.in_vain else 0
                tokens = (0 if known.quota and one and one.tokens else None for one in buckets)
                return LiveCallsToday(tuple(tokens), tuple(vain for _ in phones))
            case FindNext(duties):
                return NextOnDuty({duty.roster: duty.members for duty in duties})
            case FindMatter():
                return MatterFound(None, None)
            case CountTexts():
                return TextsToday(known.texts_full)

    def make(self, move: Move) -> None:
        """One move, as far as the line is listening."""
        match self.waits:
            case Ask():
                self.asked_for(self.waits, move)
            case Record():
                self.recorded(self.waits, move)
            case Dial():
                self.dialled(self.waits, move)
            case Hold():
                self.held(self.waits, move)
            case _:
                self.shown.append(Ignored(move))

    def asked_for(self, ask: Ask, move: Move) -> None:
        """Keys are collected as the line collects them."""
        match move:
            case Key(key):
                self.shown.append(move)
                self.press(ask, key)
            case Words(text) if ask.speech and not self.keyed:
                self.shown.append(move)
                self.pass_time(PACE)
                self.hear(Spoke(text, 0.9))
            case Deed.SILENCE:
                self.shown.append(move)
                self.pass_time(timedelta(seconds=ask.wait))
                self.hear(Pressed(self.keyed) if self.keyed else Silence())
            case Deed.HANG_UP:
                self.shown.append(move)
                self.hear(HungUp())
            case _:
                self.shown.append(Ignored(move))

    def press(self, ask: Ask, key: str) -> None:
        """One key: the last of its input, or one more of it."""
        if key == ask.finish:
            self.pass_time(PACE)
            self.hear(Pressed(self.keyed, finished=True))
            return
        self.keyed += key
        if ask.digits is not None and len(self.keyed) >= ask.digits:
            self.pass_time(PACE)
            self.hear(Pressed(self.keyed))

    def recorded(self, record: Record, move: Move) -> None:
        """`#` ends what was said, `0` asks for a person, hanging up leaves it; words are shown,
        and wait for their end."""
        ends = {
            Key("#"): (SPOKEN, RecordingEnd.FINISHED),
            Key("0"): (SPOKEN, RecordingEnd.PERSON),
            Deed.HANG_UP: (SPOKEN, RecordingEnd.HANGUP),
            Deed.SILENCE: (record.silence, RecordingEnd.SILENCE),
        }
        if move in ends:
            seconds, end = ends[move]
            if isinstance(self.shown[-1], Words):
                seconds += SPOKEN if end is RecordingEnd.SILENCE else 0
            self.shown.append(move)
            self.pass_time(timedelta(seconds=seconds))
            self.hear(Recorded("RE0", seconds, end))
        elif isinstance(move, Words):
            self.shown.append(move)
        else:
            self.shown.append(Ignored(move))

    def held(self, hold: Hold, move: Move) -> None:
        """One of those who ring together takes it, all of them decline it, or none answers."""
        legs = self.call.facts.legs
        ends = {
            Deed.ACCEPT: RoundEnded(accepted=True),
            Deed.DECLINE: RoundEnded(accepted=False, declined=legs),
            Deed.NO_ANSWER: RoundEnded(accepted=False),
            Deed.HANG_UP: RoundEnded(accepted=False, caller_gone=True),
        }
        if not isinstance(move, Deed) or move not in ends:
            self.shown.append(Ignored(move))
            return
        self.shown.append(move)
        self.pass_time(timedelta(seconds=hold.seconds) if move is Deed.NO_ANSWER else PACE)
        self.hear(ends[move])

    def dialled(self, dial: Dial, move: Move) -> None:
        """Whoever is rung takes it, declines it, or does not answer."""
        ends = {
            Deed.ACCEPT: DialEnded(accepted=True, declined=False),
            Deed.DECLINE: DialEnded(accepted=False, declined=True),
            Deed.NO_ANSWER: DialEnded(accepted=False, declined=False),
            Deed.HANG_UP: DialEnded(accepted=False, declined=False, caller_gone=True),
        }
        if not isinstance(move, Deed) or move not in ends:
            self.shown.append(Ignored(move))
            return
        self.shown.append(move)
        self.pass_time(timedelta(seconds=dial.seconds))
        self.hear(ends[move])

    def pass_time(self, by: timedelta) -> None:
        """The call goes on meanwhile."""
        self.now += by


def _once(said: tuple[Instruction, ...]) -> tuple[Say, ...]:
    """The whisper, which is said twice."""
    prompts = said[0].prompts if isinstance(said[0], Ask) else ()
    return prompts[: len(prompts) // 2]


def is_over(played: Played) -> bool:
    """Whether nothing more can be done in the call."""
    return played.call.over or isinstance(played.waits, Hangup | Reject)
