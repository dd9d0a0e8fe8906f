"""Calls that wander: any event at any node, answered by a town that knows nothing in advance.
Every turn is checked for what holds of all turns; used by the table tests and the random ones."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from ivr.flow.advance import ENDS, advance
from ivr.flow.call import Call, from_plain, to_plain
from ivr.flow.effect import Effect, NoteStray, Notify, OpenCase
from ivr.flow.event import (
    Answer,
    Answered,
    CaseFound,
    DialEnded,
    Found,
    LineEvent,
    Pressed,
    Recorded,
    RecordingEnd,
)
from ivr.flow.event import Silence as Silent
from ivr.flow.instruction import Ask, Dial, Hangup, Instruction, Say
from ivr.flow.node import Put, Record
from ivr.flow.turn import Turn
from ivr.flow.world import Draws, Plan, World
from routing.cases.case import CaseState
from routing.cases.reference import draw_reference
from tests.ivr.town import Town

TUESDAY: Final = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # ten in the morning, all are at work
MOBILE: Final = "+8613900007788"
LINE: Final = "+865580000021"
LEADER: Final = "+865580000001"
PIN: Final = "9513"
MOST_LOOKUPS: Final = 2
FARMING: Final = "+865580000014"
NIGHT: Final = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
SAID: Final = Recorded("RE1", 20, RecordingEnd.FINISHED)
DUE: Final = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
FOUND: Final = CaseFound("46270395", CaseState.IN_PROGRESS, "市公安局", DUE)
MINE: Final = Town({"46270395": (PIN, FOUND)})
Way = tuple[str | LineEvent, ...]


@dataclass
class Wanderer:
    """One call, played by its events; `turns` are all that it was answered."""

    plan: Plan = field(repr=False)
    call: Call
    now: datetime = TUESDAY
    town: Town = field(default_factory=Town)
    turns: list[Turn] = field(default_factory=list)
    matters: list[int] = field(default_factory=list)

    def hear(self, event: LineEvent, seconds: float = 5) -> Turn:
        """One event; asserts what holds of every turn, and that the call reads back."""
        self.now += timedelta(seconds=seconds)
        before = self.call
        turn = self._advance(event)
        self.turns.append(turn)
        self.call = from_plain(orjson.loads(orjson.dumps(to_plain(turn.call))))
        assert self.call == turn.call
        self._check(before, event, turn)
        return turn

    def _advance(self, event: LineEvent) -> Turn:
        draws = Draws(draw_reference(7_000 + self.call.turn), PIN)
        world = World(self.plan, self.now, draws if isinstance(event, Recorded) else None)
        looked: tuple[Answer, ...] = ()
        turn = advance(world, self.call, event)
        while turn.look is not None:
            assert turn.call == self.call
            assert (turn.say, turn.do) == ((), ())
            looked = (*looked, self.town.answer(turn.look))
            assert len(looked) <= MOST_LOOKUPS
            turn = advance(world, self.call, Found(event, looked))
        return turn

    def _check(self, before: Call, event: LineEvent, turn: Turn) -> None:
        assert isinstance(turn.say[-1], ENDS)
        assert all(isinstance(part, Say) for part in turn.say[:-1])
        assert turn.call.over == isinstance(turn.say[-1], Hangup)
        for say in spoken(turn.say):
            assert say.text.strip()
            assert not set("{}") & set(say.text), say.text
        opened = [effect for effect in turn.do if isinstance(effect, OpenCase)]
        assert len(opened) <= 1
        assert not opened or isinstance(event, Recorded)
        self.matters += [case.turn for case in opened]
        assert [case.turn for case in opened] in ([], [before.turn])
        assert len(set(self.matters)) == len(self.matters)
        for text in hidden(turn.say, turn.do):
            assert PIN not in text
            assert self.call.caller is None or self.call.caller not in text

    def patience(self) -> LineEvent:
        """What comes where the caller does nothing at all."""
        node = self.plan.script.nodes[self.call.at]
        if isinstance(node, Record):
            return Recorded(f"RE{self.call.turn}", node.silence, RecordingEnd.SILENCE)
        if isinstance(node, Put):
            return DialEnded(accepted=False, declined=False)
        return Silent()

    @property
    def last(self) -> Turn:
        return self.turns[-1]

    @property
    def words(self) -> str:
        """All that the last turn says."""
        return " ".join(say.text for say in spoken(self.last.say))


def ring(
    plan: Plan,
    dialled: str = LINE,
    caller: str | None = MOBILE,
    town: Town | None = None,
    now: datetime = TUESDAY,
) -> Wanderer:
    """A call that has just been answered."""
    call = Call("c0ffee00", caller, dialled, "zh-CN", plan.script.start, plan.number, now)
    wanderer = Wanderer(plan, call, now, town=town or Town())
    wanderer.hear(Answered(), 0)
    return wanderer


def spoken(say: tuple[Instruction, ...]) -> list[Say]:
    """Every Say of a turn, also those within an Ask."""
    said: list[Say] = []
    for part in say:
        if isinstance(part, Say):
            said.append(part)
        elif isinstance(part, Ask):
            said.extend(part.prompts)
    return said


def hidden(say: tuple[Instruction, ...], do: tuple[Effect, ...]) -> list[str]:
    """What neither the caller hears nor a case or a text keeps: no secret may stand there."""
    rest = [replace(part, prompts=()) if isinstance(part, Ask) else part for part in say]
    kept = [effect for effect in do if not isinstance(effect, OpenCase | Notify)]
    return [repr(part) for part in (*rest, *kept) if not isinstance(part, Say)]


def strays(turn: Turn) -> list[str]:
    """The events that a node did not list."""
    return [effect.event for effect in turn.do if isinstance(effect, NoteStray)]


def go(wanderer: Wanderer, *way: str | LineEvent) -> Wanderer:
    """Keys as text, `…#` where the finish key ended them, `#` alone; other events as they are."""
    for step in way:
        wanderer.hear(key(step) if isinstance(step, str) else step)
    return wanderer


def key(keys: str) -> Pressed:
    return Pressed(keys.rstrip("#"), finished=keys.endswith("#"))


def said(wanderer: Wanderer, phrase: str) -> bool:
    """Whether the last turn says the phrase, whatever stands in its slots."""
    pieces: list[str] = []
    plan, call = wanderer.plan, wanderer.call
    text = plan.phrases.say(phrase, call.language, lambda name: "\0")
    pieces = [piece for piece in text.split("\0") if piece.strip()]
    return all(piece in wanderer.words for piece in pieces)


def rung(wanderer: Wanderer) -> str | None:
    dial = wanderer.last.say[-1]
    return dial.number if isinstance(dial, Dial) else None
