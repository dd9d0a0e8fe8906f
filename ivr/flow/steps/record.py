"""Record: say why and how long, beep, record; what was said becomes or joins a case."""

from typing import Final

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import FindMatter, NoteStray
from ivr.flow.event import Answer, LineEvent, MatterFound, Recorded, RecordingEnd
from ivr.flow.instruction import Record as RecordLine
from ivr.flow.instruction import Say
from ivr.flow.matter import Taken, decided, register, then_of, without_report
from ivr.flow.node import Purpose, Record
from ivr.flow.speech import say, say_all
from ivr.flow.steps.reach import phones_of
from ivr.flow.turn import Go, Step, Turn, answer_of, hang_up
from ivr.flow.world import World
from routing.rules.ruleset import How
from routing.rules.targets import Role
from routing.rules.then import Next

ANNOUNCED: Final = frozenset({"days", "office"})
"""Slots that an announcement may have."""


def enter(world: World, call: Call, node: Record) -> Step:
    """The notice with purpose and retention comes right before the tone, nowhere else."""
    call = with_facts(decided(world, call, node.purpose), empty=0)
    told = announced(world, call) if node.purpose in {Purpose.MATTER, Purpose.MESSAGE} else ()
    if node.purpose is Purpose.MATTER and not call.facts.danger:
        if told and call.decision and then_of(world, call.decision).next is Next.END:
            return Go(call, world.plan.script.bye, told)
        if elsewhere(world, call):
            return Go(call, world.plan.script.person)
    return listen(call, node, (*told, *say_all(world, call, node.prompts)))


def announced(world: World, call: Call) -> tuple[Say, ...]:
    """What the rule has said to whoever comes with such a matter. Words that are not in the book,
    or that need what a call does not always know, are left out: a message is taken all the same."""
    if call.decision is None or call.decision.how is not How.ANNOUNCEMENT:
        return ()
    phrase = then_of(world, call.decision).phrase
    found = world.plan.phrases.texts[call.language].get(phrase)
    if found is None or not ANNOUNCED.issuperset(found.slots):
        return ()
    return (say(world, call, phrase),)


def elsewhere(world: World, call: Call) -> bool:
    """Whether another body takes such a matter, and can be rung: the caller is put through before
    a word is recorded here, once a call."""
    if call.decision is None or call.decision.how is not How.TRANSFER:
        return False
    tried = any(target.role is Role.SERVICE for target in call.facts.order)
    return not tried and bool(phones_of(world, call, person=True))


def listen(call: Call, node: Record, prompts: tuple[Say, ...]) -> Turn:
    """Beep and record."""
    line = RecordLine(node.longest, node.silence, transcribe=call.language)
    return Turn(call, (*prompts, line))


def hear(
    world: World, call: Call, node: Record, event: LineEvent, answers: tuple[Answer, ...]
) -> Step:
    """The recording ended: nothing heard, or something that is kept."""
    if not isinstance(event, Recorded):
        again = listen(call, node, say_all(world, call, node.prompts))
        return Turn(again.call, again.say, (NoteStray(type(event).__name__),))
    if silent(event, node):
        return nothing_heard(world, call, node, event.end)
    found = answer_of(answers, MatterFound)
    if found is None and node.purpose is Purpose.MORE:
        found = MatterFound(None, None)
    if found is None:
        return Turn(call, look=FindMatter(call.turn))
    known, effects = register(world, call, node, Taken(event.recording, event.seconds), found)
    if event.end is RecordingEnd.HANGUP:
        return hang_up(known, do=effects)
    if event.end is RecordingEnd.PERSON:
        return Go(known, world.plan.script.person, do=effects)
    full = node.full is not None and event.seconds >= node.longest
    return Go(known, node.full if full and node.full else node.goto, do=effects)


def silent(event: Recorded, node: Record) -> bool:
    """Nothing was heard: an empty recording, or one that is as long as the silence that ended it
    (recordings are not trimmed, so that the two can be told apart)."""
    if event.seconds == 0:
        return True
    return event.end is RecordingEnd.SILENCE and event.seconds <= node.silence


def nothing_heard(world: World, call: Call, node: Record, end: RecordingEnd) -> Step:
    """Asked once more, then a person; where a person was out of reach already, the end."""
    if end is RecordingEnd.HANGUP:
        return hang_up(call)
    left = without_report(call) if node.purpose is Purpose.REPORT else call
    if end is RecordingEnd.PERSON and node.empty is None:
        return Go(left, world.plan.script.person)
    if call.facts.empty > 0:
        return Go(left, node.empty or world.plan.script.person)
    return listen(with_facts(call, empty=1), node, (say(world, call, "record.empty"),))
