"""Say, Play and Pause: what a phone is made to hear, and when it has been heard.

A phone acknowledges each prompt; the line never waits longer than a bound
made from the estimated length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from ivr.carrier.local.desk import Desk
from ivr.carrier.local.documents import resolve
from ivr.carrier.local.leg import Heard, Leg, Played, Worded
from ivr.carrier.local.messages import Beep, Caution, Hush
from ivr.carrier.local.messages import Prompt as PromptMessage
from ivr.carrier.local.verbs import Gather, Pause, Play, Prompt, Say, Verb
from ivr.carrier.local.voice import estimate

VOICE_PATH = "/phone/voice/"
_LONGEST_PLAY = 120.0  # bound for a sound whose length is not known
# A browser may first ask its user for the microphone; the tone comes after the answer.
_BEEP_BOUND = 20.0

Wanted = Callable[[Heard], bool]


def nothing(heard: Heard) -> bool:
    """Keys and words elsewhere than in a Gather or a Record change nothing."""
    return False


async def speak(leg: Leg, desk: Desk, prompt: Prompt, wanted: Wanted = nothing) -> Heard | None:
    """Let the phone hear a prompt; what it did of the ``wanted``, which stops the sound."""
    times = 1 if isinstance(prompt, Pause) else prompt.loop
    for _ in range(times):
        message = _message(leg, desk, prompt)
        bound = _bound(message, acks=leg.acks)
        leg.stand("say", message)
        heard = await until_played(leg, message.id, bound, wanted)
        leg.lift("say")
        if heard is not None:
            leg.tell(Hush())
            return heard
    return None


def foresee(desk: Desk, verbs: Iterable[Verb]) -> None:
    """Have made already what will be said later in a document, while the first is heard."""
    for verb in verbs:
        for prompt in verb.prompts if isinstance(verb, Gather) else (verb,):
            if isinstance(prompt, Say):
                desk.voice.foresee(prompt.text, prompt.language)


async def beep(leg: Leg) -> None:
    """The tone before a recording."""
    message = Beep(leg.new_id())
    leg.stand("say", message)
    await until_played(leg, message.id, _BEEP_BOUND, nothing)
    leg.lift("say")


async def until_played(leg: Leg, id: int, seconds: float, wanted: Wanted) -> Heard | None:
    """Wait for the acknowledgement, at most so long; something wanted ends it early."""
    deadline = leg.deadline(seconds)
    while (heard := await leg.hear(deadline)) is not None:
        if wanted(heard):
            return heard
        if isinstance(heard, Played) and heard.id == id:
            return None
        unheard(leg, heard)
    return None


def unheard(leg: Leg, heard: Heard) -> None:
    """Say so where words were typed and nobody listens for words."""
    if isinstance(heard, Worded):
        leg.tell(Caution(0, "the line is not listening for words now; they were not heard"))


def _bound(message: PromptMessage, *, acks: bool) -> float:
    if message.kind == "pause" or not acks:
        return message.seconds
    return message.seconds * 1.5 + 2


def _message(leg: Leg, desk: Desk, prompt: Prompt) -> PromptMessage:
    match prompt:
        case Say():
            key = desk.voice.order(prompt.text, prompt.language, prompt.pace, prompt.voice)
            url = None if key is None else f"{VOICE_PATH}{key}.wav"
            seconds = estimate(prompt.text, prompt.language) / prompt.pace
            return PromptMessage(
                leg.new_id(), "say", prompt.text, prompt.language, prompt.pace, url, seconds
            )
        case Play():
            url = resolve(leg.state, prompt.url)
            return PromptMessage(leg.new_id(), "play", "", "", 1.0, url, _LONGEST_PLAY)
        case Pause():
            return PromptMessage(leg.new_id(), "pause", "", "", 1.0, None, prompt.seconds)
        case _:
            assert_never(prompt)
