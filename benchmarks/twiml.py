"""How long rendering a menu takes beside twilio's VoiceResponse building the same from the same
instructions. Run: `python -m benchmarks.twiml`; exit 1 above an eighth."""

import argparse
import statistics
import sys
import timeit
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Final

from twilio.twiml.voice_response import VoiceResponse

from ivr.carrier.local.bank import Bank
from ivr.carrier.playing import Sounds
from ivr.carrier.profiles import TWILIO
from ivr.carrier.twiml import TwimlDocuments
from ivr.flow.instruction import Ask, Say

BASE: Final = "https://ivr.example.cn"
CALL: Final = "4f9c2a7be1d04c55"
ROUNDS, CALLS, GOAL = 40, 500, 0.125
MENU: Final = Ask(
    (
        Say("您好，市公安局公开电话，见三月五日《云岭日报》。", "zh-CN"),
        Say("English, press 9.", "en"),
        Say("核验号码按1，反映事项按2，查进度按3，人工按0，回拨未接来电按5。", "zh-CN"),
    ),
    "zh-CN",
)


def theirs() -> bytes:
    """The menu through the SDK."""
    response = VoiceResponse()
    gather = response.gather(
        action=f"{BASE}/voice/{CALL}/turn/1{TWILIO.overrides}",
        input="dtmf",
        timeout=MENU.wait,
        num_digits=MENU.digits,
        finish_on_key=MENU.finish,
        action_on_empty_result=True,
    )
    for prompt in MENU.prompts:
        voice = TWILIO.voices[prompt.language]
        gather.say(prompt.text, language=voice.language, voice=voice.voice)
    return str(response).encode()


def microseconds(render: Callable[[], bytes]) -> float:
    """Mean time of one document in one round."""
    return timeit.timeit(render, number=CALLS) / CALLS * 1e6


def main() -> int:
    """Both renderers in turn, round by round; medians of times and of the rounds' ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    documents = TwimlDocuments(TWILIO, BASE)

    def ours() -> bytes:
        return documents.turn((MENU,), CALL, 1)

    same = {ET.canonicalize(render().decode()) for render in (ours, theirs)}
    if len(same) > 1:
        raise SystemExit("the two documents differ")
    rounds = [(microseconds(ours), microseconds(theirs)) for _ in range(asked.rounds)]
    ratio = statistics.median(mine / other for mine, other in rounds)
    print(f"document           {len(ours())} bytes, canonically equal")
    played = TwimlDocuments(TWILIO, BASE, Sounds.of(Bank(), BASE))
    recorded = [microseconds(lambda: played.turn((MENU,), CALL, 1)) for _ in range(asked.rounds)]
    print(f"own renderer       {statistics.median(mine for mine, _ in rounds):6.2f} us")
    print(f"the same, played   {statistics.median(recorded):6.2f} us (VOICES=play)")
    print(f"VoiceResponse      {statistics.median(other for _, other in rounds):6.2f} us")
    print(f"ratio              1/{1 / ratio:.1f} (goal: at most 1/{1 / GOAL:.0f})")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
