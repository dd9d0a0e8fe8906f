"""What a caller hears who waits while several phones ring: a ringing tone and, now and then, that
it goes on. The counterpart of `whisper`, which those hear who take up the phone."""

from datetime import timedelta
from typing import Final

from ivr.flow.call import Call
from ivr.flow.instruction import Instruction, Tone
from ivr.flow.speech import say
from ivr.flow.world import World

TOLD_EVERY: Final = 4
"""Rings of the tone from one word to the next: about 20 seconds (prompts §7)."""


def wait(world: World, call: Call, waited: timedelta) -> tuple[Instruction, ...]:
    """The next ring of the tone, with a word where it is time for one."""
    rings = int(waited.total_seconds()) // Tone().seconds
    told = rings % TOLD_EVERY == TOLD_EVERY - 1
    return (*((say(world, call, "person.wait"),) if told else ()), Tone())
