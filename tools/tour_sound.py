"""Makes the sounds of the README's tour with the server's own voice: docs/tour/*.wav. Wants the
extra `speech` and espeak-ng. `uv run python -m tools.tour_sound`."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from deployment.plans import compiled, plan_inputs
from deployment.settings import Settings
from ivr.carrier.local.conversion import coded
from ivr.carrier.local.mulaw import mulaw_wav
from ivr.carrier.local.recordings import from_wav, samples_of, silence
from ivr.carrier.local.speech.synthesiser import Synthesiser, engine_command
from ivr.carrier.local.voice import Voice
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import spoken_date
from ivr.flow.slots import CASE_GROUPS, PIN_GROUPS
from ivr.flow.world import Plan
from routing.directory import line_name, who_name
from routing.numbers.forms import spoken_digits, spoken_groups

SOUNDS: Final = Path(__file__).parents[1] / "docs" / "tour"
LINE: Final = "+865580000021"
CHECKED: Final = "+865580000009"
TODAY: Final = date(2026, 11, 24)
CASE, PIN = "46270391", "1821"
PATIENCE: Final = 600.0
"""Seconds for one prompt: here nobody waits at a telephone."""
Prompt = tuple[str, Language]


def scenes(plan: Plan, language: Language) -> dict[str, Sequence[Prompt]]:
    """What a caller hears, by the name of the file: the greeting and the menu, a genuine number,
    the case's number and PIN."""
    other: Language = "en" if language == "zh-CN" else "zh-CN"

    def say(phrase: str, **slots: str) -> Prompt:
        return plan.phrases.say(phrase, language, slots.__getitem__), language

    rung, checked = plan.directory.numbers[LINE], plan.directory.numbers[CHECKED]

    def printed(of: date) -> str:
        return spoken_date(of, TODAY, language)

    return {
        "greeting": (
            say(
                "greet.first",
                line=line_name(rung, language),
                date=printed(rung.publication.day),
                paper=rung.publication.paper[language],
            ),
            (plan.phrases.say("greet.language", language, str), other),
            say("menu.main"),
            say("menu.say"),
        ),
        "check": (
            say(
                "check.genuine",
                number=spoken_digits(CHECKED, language),
                who=who_name(checked, language),
                date=printed(checked.publication.day),
                paper=checked.publication.paper[language],
                page=str(checked.publication.page),
            ),
            say("check.root"),
            say("check.never_calls"),
        ),
        "case": (
            say("case.registered"),
            say(
                "case.read",
                case=spoken_groups(CASE, CASE_GROUPS, language),
                pin=spoken_groups(PIN, PIN_GROUPS, language),
            ),
            say("case.texted"),
        ),
    }


async def spoken(voice: Voice, prompts: Sequence[Prompt]) -> bytes:
    """One WAV of them all. Ends with a sentence where one cannot be said."""
    heard = []
    for text, language in prompts:
        wav = await voice.say(text, language)
        if wav is None:
            sys.exit(f"this voice cannot say {text}: is espeak-ng installed?")
        heard.append(from_wav(wav))
    return mulaw_wav(coded(samples_of(silence(0.5).join(heard))))


async def main() -> None:
    """All scenes in both languages."""
    with tempfile.TemporaryDirectory() as folder:
        command = engine_command(Path(folder))
        if command is None:
            sys.exit("the voice is not installed: uv sync --extra speech, on Python 3.11 or 3.12")
        plan = compiled(plan_inputs(Settings(data_dir=Path(folder))), 1, TODAY)
        names = [(name.text, name.language, name.reading) for name in plan.directory.lexicon]
        engine = Synthesiser(command, Path(folder), hangs=PATIENCE)
        voice = Voice(Path(folder), "", synthesiser=engine, lexicon=lambda: names, waits=PATIENCE)
        async with asyncio.TaskGroup() as group:
            speaking = group.create_task(voice.run())
            await engine.ready.wait()
            languages: tuple[tuple[Language, str], ...] = (("zh-CN", "zh"), ("en", "en"))
            for language, ending in languages:
                for name, prompts in scenes(plan, language).items():
                    path = SOUNDS / f"{name}.{ending}.wav"
                    path.write_bytes(await spoken(voice, prompts))
                    print(f"{path.stat().st_size // 1000} kB  {path.name}", flush=True)
            speaking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
