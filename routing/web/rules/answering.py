"""The answer of the rules to one set of facts, as pages show it: the decision, the rules that all
but applied, and a sentence for each that did not. `rules/answer.html` is its counterpart."""

from collections.abc import Mapping
from typing import Any, Final

from routing.register import Directory
from routing.rules.condition import Facts, Opening
from routing.rules.explain import decided_line, explain, refused_line
from routing.rules.router import Router
from routing.rules.wording import Wording
from routing.web.wording import Tongue

MOST_LINES: Final = 300
"""Sentences of one answer: those nearest to the decision."""
MOST_NEAR: Final = 10


def answered(
    router: Router,
    directory: Directory,
    opened: Mapping[str, Opening],
    facts: Facts,
    tongue: Tongue,
) -> dict[str, Any]:
    """What the template shows. Raises LookupError where no rule applies."""
    explained, wording = explain(router, facts), Wording(directory)
    opening = opened.get(explained.decision.office)
    lines = [line[tongue] for line in explained.lines(wording)]
    near = [refused_line(one, wording)[tongue] for one in explained.near]
    return {
        "decision": decided_line(explained, wording)[tongue],
        "near": near[-MOST_NEAR:],
        "lines": lines[-MOST_LINES:],
        "left_out": max(len(lines) - MOST_LINES, 0),
        "is_open": None if opening is None else opening.is_open(facts.at),
    }
