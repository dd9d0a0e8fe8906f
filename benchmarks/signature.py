"""How long our signature check takes beside twilio's RequestValidator, on one webhook of 30
form fields and 644 bytes. Run: `python -m benchmarks.signature`; exit 1 above a fifth."""

import argparse
import statistics
import sys
import timeit
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlencode

from multidict import CIMultiDict, MultiDict, MultiDictProxy
from twilio.request_validator import RequestValidator

from ivr.carrier.signature import SIGNATURE, SignatureCheck

TOKEN: Final = "12345"
BASE, PATH = "https://ivr.example.cn", "/voice/4f9c2a7be1d04c55/turn/3"
ROUNDS, CALLS, GOAL, SIZE = 40, 500, 0.2, 644


def fields() -> MultiDictProxy[str]:
    """A Gather's action as Twilio posts it, filled up to `SIZE` bytes."""
    sides = {"From": "+8613800000012", "To": "+862258001001"}
    form = MultiDict(
        {"AccountSid": f"AC{'0' * 32}", "CallSid": f"CA{'1' * 32}", "ApiVersion": "2010-04-01"}
    )
    form.update({"CallStatus": "in-progress", "Direction": "inbound", "Digits": "2"})
    for side, twin in (("From", "Caller"), ("To", "Called")):
        form.update({side: sides[side], twin: sides[side]})
        for part in ("City", "State", "Zip", "Country"):
            value = "CN" if part == "Country" else ""
            form.update({side + part: value, twin + part: value})
    form.update({"FinishedOnKey": "", "msg": "Gather End", "ForwardedFrom": "+862258001002"})
    form["CallToken"] = ""
    form["CallToken"] = "x" * (SIZE - len(urlencode(list(form.items()))))
    return MultiDictProxy(form)


def microseconds(check: Callable[[], bool]) -> float:
    """Mean time of one check in one round."""
    return timeit.timeit(check, number=CALLS) / CALLS * 1e6


def main() -> int:
    """Both checks in turn, round by round; medians of times and of the rounds' ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    form = fields()
    oracle = RequestValidator(TOKEN)
    signature = str(oracle.compute_signature(BASE + PATH, form))
    own, sent = SignatureCheck(BASE, [TOKEN]), CIMultiDict({SIGNATURE: signature})
    ours = partial(own.form, PATH, form, sent)
    theirs = partial(oracle.validate, BASE + PATH, form, signature)
    if not (ours() and theirs()):
        raise SystemExit("one of the checks refuses a genuine webhook")
    rounds = [(microseconds(ours), microseconds(theirs)) for _ in range(asked.rounds)]
    ratio = statistics.median(mine / other for mine, other in rounds)
    print(f"fields {len(form)}, body {len(urlencode(list(form.items())))} bytes")
    print(f"own check          {statistics.median(mine for mine, _ in rounds):6.1f} us")
    print(f"RequestValidator   {statistics.median(other for _, other in rounds):6.1f} us")
    print(f"ratio              1/{1 / ratio:.1f} (goal: at most 1/{1 / GOAL:.0f})")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
