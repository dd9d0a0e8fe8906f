"""What the callee of an outgoing call hears: who rings, and, after a key, what there is to say. Not
a turn of a call: it takes no matter. A mobile's own mailbox presses nothing, so it is told nothing
private. The counterpart of `steps.whisper`, for people who are not officials."""

from datetime import date
from typing import Final

from ivr.flow.instruction import Ask, Hangup, Instruction, Language, Say
from ivr.flow.value import value
from ivr.flow.world import Plan
from routing.directory import Genuine, OutboundPolicy, check, line_name
from routing.numbers.reading import Number

MOST_OFFERS: Final = 3
"""Times that it is offered to somebody who presses nothing that is meant."""
MOST_STEPS: Final = 10
"""Documents of one call: a finger on `*` must not hold a line for ever."""
HEAR, AGAIN = "1", "*"
_PAUSE: Final = 1


@value
class Announcement:
    """A phrase for one person: `line` is the published number that rings, `slots` fill the phrase,
    `language` is the callee's."""

    line: str
    language: Language
    phrase: str
    slots: tuple[tuple[str, str], ...] = ()


@value
class Heard:
    """What was pressed at `step` (0: nothing was asked yet), and whether it was told before."""

    step: int
    digits: str | None
    told: bool

    @property
    def wanted(self) -> bool:
        """Whether it is to be told now."""
        return self.digits == HEAR or (self.told and self.digits == AGAIN)


def document(plan: Plan, said: Announcement, heard: Heard) -> tuple[Instruction, ...]:
    """The answer to a step."""
    if heard.step < MOST_STEPS and heard.step > 0 and heard.wanted:
        return (_listening(said, _text(plan, said), _own(plan, said, "call.again")), Hangup())
    if heard.told or heard.step >= MOST_OFFERS:
        return (_own(plan, said, "end.bye"), Hangup())
    return (_listening(said, _own(plan, said, "call.offer")), Hangup())


def may_call(plan: Plan, line: str, today: date) -> bool:
    """Whether a published number calls out. One that never does must not: everybody who checks it
    is told so."""
    verdict = check(plan.directory, Number(line), today)
    return (
        isinstance(verdict, Genuine) and verdict.entry.outbound_policy is not OutboundPolicy.NEVER
    )


def _listening(said: Announcement, *prompts: Say) -> Ask:
    return Ask(prompts, said.language, wait=8)


def _text(plan: Plan, said: Announcement) -> Say:
    slots = dict(said.slots)
    text = plan.phrases.say(said.phrase, said.language, slots.__getitem__)
    return Say(text, said.language, pause=_PAUSE)


def _own(plan: Plan, said: Announcement, phrase: str) -> Say:
    entry = plan.directory.numbers.get(said.line)

    def fill(_: str) -> str:
        return said.line if entry is None else line_name(entry, said.language)

    return Say(plan.phrases.say(phrase, said.language, fill), said.language)
