"""Acts: nodes that do one thing at once and go on: language, anonymity, withdrawal, pressure, a
text; and the end, which says the last words."""

from dataclasses import replace
from typing import assert_never

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import CountTexts, Effect, FlagPressure, MakeAnonymous, Notify, WithdrawCase
from ivr.flow.event import Answer, TextsToday
from ivr.flow.node import Act, Do, End, Text
from ivr.flow.slots import day_text, local_day
from ivr.flow.speech import gets_texts, other_language, say, say_all
from ivr.flow.turn import Go, Step, Turn, answer_of, hang_up
from ivr.flow.world import World
from routing.numbers.forms import written


def do(world: World, call: Call, node: Do) -> Step:
    """Do the act, say its words, go on."""
    effects: tuple[Effect, ...] = ()
    reference = call.facts.asked or call.facts.reference
    match node.act:
        case Act.LANGUAGE:
            call = replace(call, language=other_language(call.language))
            call = with_facts(call, changed_language=True, keys_only=False)
        case Act.ANONYMOUS:
            effects = (MakeAnonymous(reference),) if reference else ()
            call = with_facts(call, anonymous=True)
        case Act.WITHDRAW:
            effects = (WithdrawCase(reference),) if reference else ()
        case Act.PRESSURE:
            effects = (FlagPressure(reference),) if reference else ()
        case _:
            assert_never(node.act)
    return Go(call, node.goto, say_all(world, call, node.prompts), effects)


def text(world: World, call: Call, node: Text, answers: tuple[Answer, ...]) -> Step:
    """The result of the last check, to the calling mobile only, once a number; nobody hears that
    a text was sent which the day's bound withholds."""
    number = call.facts.checked
    if number is None or call.caller is None or not gets_texts(call):
        return Go(call, node.goto)
    today = answer_of(answers, TextsToday)
    if today is None:
        return Turn(call, look=CountTexts())
    if today.full:
        return Go(call, node.goto, (say(world, call, "check.texts_full"),))
    return Go(call, node.goto, (say(world, call, "check.texted"),), (_result(world, call, number),))


def _result(world: World, call: Call, number: str) -> Notify:
    verdict = world.plan.phrases.say(
        f"verdict.{call.facts.verdict}", call.language, lambda name: name
    )
    return Notify(
        phrase=verdict_text(call.facts.verdict),
        to=call.caller or "",
        slots={
            "number": written(number),
            "verdict": verdict,
            "date": day_text(world, local_day(world), call.language),
        },
        language=call.language,
        key=f"check:{call.id}:{call.facts.checks}",
    )


def verdict_text(verdict: str | None) -> str:
    """Which text carries a verdict: the paper still lists a number that was withdrawn since, and
    never listed a public service."""
    return "sms.check.hotline" if verdict in {"withdrawn", "public"} else "sms.check"


def end(world: World, call: Call, node: End) -> Turn:
    """The last words."""
    return hang_up(call, say_all(world, call, node.prompts))
