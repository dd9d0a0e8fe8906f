"""The whisper: what the callee of a leg hears before both are bridged. Not a turn of the call:
`1` accepts, anything else, silence or a mobile's own voicemail does not."""

from ivr.flow.call import Call
from ivr.flow.instruction import Ask, Hangup, Instruction, Join, Language, Say
from ivr.flow.slots import slot
from ivr.flow.world import World
from routing.rules.targets import Role

LISTENING: Language = "zh-CN"
"""The listener's language until officials have accounts that say otherwise."""


def offer(world: World, call: Call) -> tuple[Instruction, ...]:
    """Kind, topic and reference, twice; then listen for one key and hang up without one."""
    words = (_say(world, call, _offer_phrase(call)), *_language(world, call))
    return (Ask((*words, *words), LISTENING, wait=10), Hangup())


def _offer_phrase(call: Call) -> str:
    return "whisper.offer" if call.facts.reference else "whisper.person"


def _language(world: World, call: Call) -> tuple[Say, ...]:
    if call.language == LISTENING:
        return ()
    return (_say(world, call, "whisper.language"),)


def accepted(world: World, call: Call) -> tuple[Instruction, ...]:
    """Said to the callee; the end of this document bridges."""
    return (_say(world, call, "whisper.accepted"),)


def joined(world: World, call: Call, room: str) -> tuple[Instruction, ...]:
    """Said to the first of a round who accepts; then both are connected."""
    return (*accepted(world, call), Join(room, world.plan.policy.longest_talk))


def declined(world: World, call: Call, *, others: bool = False) -> tuple[Instruction, ...]:
    """Said to the callee; hanging up declines. Who is rung next is said only where it is sure;
    `others` of their round ring meanwhile."""
    phrase = "whisper.declined.next" if others else _declined_phrase(call)
    return (_say(world, call, phrase), Hangup())


def taken(world: World, call: Call) -> tuple[Instruction, ...]:
    """Somebody else of the round was first."""
    return (_say(world, call, "whisper.taken"), Hangup())


def late(world: World, call: Call) -> tuple[Instruction, ...]:
    """Nobody took it in time: the call has gone on without the round."""
    return (_say(world, call, "whisper.late"), Hangup())


def _declined_phrase(call: Call) -> str:
    """An official who follows may be passed over by quota, so that nobody is promised then."""
    following = call.facts.order[call.facts.rung :]
    if following[:1] and following[0].role is Role.STAND_IN:
        return "whisper.declined"
    sure = any(target.role is not Role.OFFICIAL for target in following)
    return "whisper.declined.next" if sure else "whisper.declined.last"


def gone(world: World, call: Call) -> tuple[Instruction, ...]:
    """Accepted too late: the caller has hung up."""
    return (_say(world, call, "whisper.gone"), Hangup())


def _say(world: World, call: Call, phrase: str) -> Say:
    def fill(name: str) -> str:
        return slot(world, call, LISTENING, name)

    return Say(world.plan.phrases.say(phrase, LISTENING, fill), LISTENING)
