"""The list of what the steps say is what the code says: a phrase that it lacked would be missed by
`review`, and one that it had beyond would be words that nobody hears."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ivr.flow.ordered import INSTEAD
from ivr.flow.sayings import LATER, STEP_PHRASES
from ivr.library.plans import shipped
from ivr.library.wording import load_phrases

ROOT = Path(__file__).parents[3]
LISTS = {"sayings.py", "review.py"}
"""They name phrases and say none."""
ELSEWHERE = (
    ROOT / "deployment/fallback.py",
    ROOT / "storage/answers.py",
    ROOT / "ivr/carrier/office_texts.py",
)
"""The apology, the text with a new PIN, and those to offices."""
FAMILIES = {"kind.", "verdict.", "about.", "group."}
"""What an f-string begins with."""
PHRASES = load_phrases(shipped().phrases).texts["zh-CN"].keys()


def named() -> Iterator[str]:
    """Each phrase that the code names, whole or, in an f-string, its family."""
    flow = (path for path in (ROOT / "ivr/flow").rglob("*.py") if path.name not in LISTS)
    for path in (*flow, *ELSEWHERE):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if node.value in FAMILIES:
                yield from (name for name in PHRASES if name.startswith(node.value))
            elif node.value in PHRASES:
                yield node.value


def test_what_the_steps_say_is_listed_and_what_is_listed_is_said() -> None:
    of_scripts = INSTEAD.keys()  # named for what takes their place

    assert set(named()) - of_scripts == STEP_PHRASES.keys()


def test_nothing_is_both_said_and_kept_for_later() -> None:
    assert STEP_PHRASES.keys().isdisjoint(LATER)
