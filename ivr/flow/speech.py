"""Which words are spoken now: prompts of a node, their conditions and their slots, as `Say`.
The counterpart of `phrasebook`, which holds the words, and `slots`, which fills them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import assert_never

from ivr.flow.call import Call
from ivr.flow.instruction import Language, Say
from ivr.flow.node import Prompt, When
from ivr.flow.ordered import instead
from ivr.flow.slots import reopening, slot
from ivr.flow.standing import STANDING
from ivr.flow.verdict import verdict_parts
from ivr.flow.world import World
from routing.cases.case import CaseState
from routing.cases.kinds import Kind
from routing.numbers.plan import mobile

NO_SLOTS: Mapping[str, str] = {}


def say(
    world: World, call: Call, phrase: str, *, slow: bool = False, pause: int = 0, **given: str
) -> Say:
    """One phrase in the caller's language; `given` slots win over what the call knows."""
    return Say(words(world, call, phrase, given), call.language, slow, pause)


def say_all(
    world: World,
    call: Call,
    prompts: tuple[Prompt, ...],
    *,
    slow: bool = False,
    given: Mapping[str, str] = NO_SLOTS,
) -> tuple[Say, ...]:
    """The prompts whose condition holds, in order. `check.verdict` and `progress.state` stand
    for the words that the call's last check or progress led to."""
    said: list[Say] = []
    for prompt in prompts:
        if prompt.when is not None and not holds(world, call, prompt.when):
            continue
        if prompt.phrase == "check.verdict":
            said.extend(
                Say(words(world, call, part, slots), call.language, slow)
                for part, slots in verdict_parts(world, call)
            )
        elif prompt.phrase == "progress.state":
            said.extend(_standing(world, call, slow=slow))
        else:
            said.extend(_spoken(world, call, prompt, slow=slow, given=given))
    return tuple(said)


def _standing(world: World, call: Call, *, slow: bool) -> Iterator[Say]:
    if call.facts.state is not None:
        yield say(world, call, STANDING[CaseState(call.facts.state)], slow=slow)


def _spoken(
    world: World, call: Call, prompt: Prompt, *, slow: bool, given: Mapping[str, str]
) -> Iterator[Say]:
    for phrase, slots in instead(world, call, prompt.phrase):
        spoken = prompt if phrase == prompt.phrase else replace(prompt, phrase=phrase)
        yield speak(world, call, spoken, slow=slow, given={**given, **slots} if slots else given)


def speak(world: World, call: Call, prompt: Prompt, *, slow: bool, given: Mapping[str, str]) -> Say:
    """One prompt, in the voice of its language."""
    voice = other_language(call.language) if prompt.other else call.language
    return Say(words(world, call, prompt.phrase, given), voice, slow, prompt.pause)


def words(world: World, call: Call, phrase: str, given: Mapping[str, str]) -> str:
    """The text of a phrase, its slots filled from `given` and then from the call."""
    plain = world.plan.phrases.plain(phrase, call.language)
    if plain is not None:
        return plain

    def fill(name: str) -> str:
        known = given.get(name)
        return slot(world, call, call.language, name) if known is None else known

    return world.plan.phrases.say(phrase, call.language, fill)


def other_language(language: Language) -> Language:
    """The second language of a line."""
    return "en" if language == "zh-CN" else "zh-CN"


def holds(world: World, call: Call, when: When) -> bool:  # noqa: PLR0911, PLR0912, C901 - one return a case
    """Whether a condition of the script holds for this call."""
    facts = call.facts
    match when:
        case When.TWO_LANGUAGES:
            entry = world.plan.directory.numbers.get(call.dialled)
            return entry is None or len(entry.languages) > 1
        case When.HEARS:
            return world.plan.policy.hears and not facts.keys_only
        case When.WITHHELD:
            return call.caller is None
        case When.MOBILE:
            return gets_texts(call)
        case When.NOT_MOBILE:
            return not gets_texts(call)
        case When.HELP:
            return facts.kind is Kind.HELP or facts.danger
        case When.DANGER:
            return facts.danger
        case When.PROTECTED:
            return call.decision is not None and call.decision.confidential
        case When.NAMED:
            return call.caller is not None and not facts.anonymous
        case When.UNNAMED:
            return call.caller is None or facts.anonymous
        case When.REOPENS:
            return call.decision is not None and reopening(world, call) is not None
        case When.NO_REOPENING:
            return call.decision is None or reopening(world, call) is None
        case When.UNTOLD:
            return facts.reference is not None and facts.reference != facts.told
        case When.AFTER_LANGUAGE:
            return facts.changed_language
    assert_never(when)


def gets_texts(call: Call) -> bool:
    """Whether the caller's number can get a text and may be written to."""
    return call.caller is not None and not call.facts.anonymous and mobile(call.caller)
