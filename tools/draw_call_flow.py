"""Draws docs/call-flow.md from the shipped script and phrases: `python -m tools.draw_call_flow`.
One diagram and one table a way; a test says whether the file is up to date."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, assert_never

from ivr.flow.graph import WAITS, Edge, edges
from ivr.flow.instruction import Language
from ivr.flow.node import (
    Answer,
    Area,
    Check,
    Confirm,
    Do,
    Duty,
    End,
    Limit,
    Menu,
    Missed,
    Node,
    Progress,
    Prompt,
    Put,
    Record,
    Registered,
    Script,
    Text,
    Topic,
    When,
)
from ivr.flow.phrasebook import Phrasebook
from ivr.library.plans import shipped
from ivr.library.scripts import load_script
from ivr.library.ways import said, ways
from ivr.library.wording import load_phrases

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "call-flow.md"
WAYS: Final[Mapping[str, str]] = {
    "answer": "The line is answered",
    "check": "1 · check a number",
    "matter": "2 · state a matter",
    "registered": "2 · what comes after the recording",
    "progress": "3 · progress",
    "missed": "5 · returning a missed call",
    "person": "0 · a person",
    "urgent": "Words of danger, at any time",
    "full": "No line is free",
}
"""Where each way begins (`ivr.library.ways`), as its heading has it."""
WHEN: Final[Mapping[When, str]] = {
    When.TWO_LANGUAGES: "two languages",
    When.HEARS: "words are heard",
    When.WITHHELD: "number hidden",
    When.MOBILE: "from a mobile",
    When.NOT_MOBILE: "not from a mobile",
    When.HELP: "help",
    When.DANGER: "danger",
    When.PROTECTED: "confidential",
    When.NAMED: "number known",
    When.UNNAMED: "number not known",
    When.REOPENS: "next opening known",
    When.NO_REOPENING: "next opening not known",
    When.UNTOLD: "number not read out yet",
    When.AFTER_LANGUAGE: "after `9`",
}
COMPOSED: Final[Mapping[str, str]] = {
    "check.verdict": "the verdict on the number, and an independent root",
    "progress.state": "how the case stands, and by when",
}
HEAD: Final = """# The call flow

Drawn from `ivr/scripts/main.toml` and `ivr/phrases` by `python -m tools.draw_call_flow`; do not
edit by hand.

Everywhere `0` is a person, `*` says it again more slowly, and `#` ends input or means "none of
these". While digits are collected `0` is a digit: `0#` is a person there, and `*` clears. Words of
danger lead straight to the recording, with 110, 119 and 120 said first, and after hours to the
duty desk. A menu waits ten seconds:
after the first silence it is said again more slowly, after the second the way to a person is said,
and the third goes there; menus marked *once* end after one silence. A call that has used its time
or its turns comes to `time`.

In the diagrams a rounded box waits for the caller, a square one only chooses the way on, a circle
ends the call, and a dotted arrow is silence. A box with a doubled edge belongs to another way.
"""


def diagram(script: Script, names: list[str]) -> Iterator[str]:
    """One way as a Mermaid flowchart."""
    yield "```mermaid"
    yield "flowchart TD"
    foreign: dict[str, None] = {}
    for name in names:
        yield f"    {_box(name, script.nodes[name])}"
    for name in names:
        for to, labels in _arrows(script.nodes[name]).items():
            if to not in names:
                foreign[to] = None
            yield from _lines(name, to, labels)
    yield from (f'    {name}[["{name}"]]' for name in foreign)
    yield "```"


def _arrows(node: Node) -> dict[str, list[str]]:
    to: dict[str, list[str]] = {}
    for edge in edges(node):
        to.setdefault(edge.to, []).append(edge.label)
    return to


def _lines(name: str, to: str, labels: list[str]) -> Iterator[str]:
    loud = [label for label in labels if label != "silence"]
    if loud:
        yield f'    {name} -->|"{_escaped(", ".join(loud))}"| {to}'
    if len(loud) < len(labels):
        yield f"    {name} -.-> {to}"


def _escaped(label: str) -> str:
    return label.replace("#", "#35;")


def _box(name: str, node: Node) -> str:
    if isinstance(node, End):
        return f'{name}(("{name}"))'
    return f'{name}("{name}")' if isinstance(node, WAITS) else f'{name}["{name}"]'


def table(script: Script, phrases: Phrasebook, names: list[str]) -> Iterator[str]:
    """One row a node: what it is, which keys lead where, what is heard."""
    yield "| node | what it does | leads to | heard |"
    yield "|---|---|---|---|"
    for name in names:
        node = script.nodes[name]
        yield f"| `{name}` | {doing(node)} | {_onward(node)} | {_heard(node, phrases)} |"


def _onward(node: Node) -> str:
    if isinstance(node, End):
        return "hangs up"
    return "<br>".join(f"{_key(edge, node)} → `{edge.to}`" for edge in edges(node))


def _key(edge: Edge, node: Node) -> str:
    if not isinstance(node, Menu) or edge.label in {"silence", "words", "other key"}:
        return edge.label
    option = node.options.get(edge.label)
    when = f" ({WHEN[option.when]})" if option is not None and option.when is not None else ""
    return f"`{edge.label}`{when}"


def _heard(node: Node, phrases: Phrasebook) -> str:
    return "<br>".join(_line(prompt, phrases) for prompt in said(node)) or "–"


def _line(prompt: Prompt, phrases: Phrasebook) -> str:
    when = f"*{WHEN[prompt.when]}:* " if prompt.when is not None else ""
    if prompt.phrase in COMPOSED:
        return f"{when}({COMPOSED[prompt.phrase]})"
    return when + " / ".join(_text(phrases, lang, prompt.phrase) for lang in ("zh-CN", "en"))


def _text(phrases: Phrasebook, language: Language, phrase: str) -> str:
    return phrases.say(phrase, language, lambda slot: f"‹{slot}›").replace("|", "\\|")


def doing(node: Node) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm a node kind
    """What a node of this kind does, in a few words."""
    match node:
        case Menu():
            return "menu" if node.patient else "menu, *once*"
        case Answer():
            return "looks up the number dialled and who is calling"
        case Check():
            return "collects a number, keyed or spoken, and finds the verdict"
        case Confirm():
            return "reads a spoken number back"
        case Area():
            return "asks for the area code"
        case Text():
            return "texts the result to the calling mobile"
        case Limit():
            return "counts the caller's cases of the last hour"
        case Topic():
            return "asks the topic where nobody has said it"
        case Duty():
            return "looks up whether it is after hours and a desk is on duty"
        case Record():
            return f"records, {node.longest // 60} minutes at most ({node.purpose.value})"
        case Registered():
            return "reads case number and PIN"
        case Put():
            return "rings the phones, one after another or together"
        case Progress():
            return "asks case number and PIN, finds the case"
        case Missed():
            return "looks up whether this number ever calls out"
        case Do():
            return f"does at once: {node.act.value}"
        case End():
            return "last words"
        case _:
            assert_never(node)


def page(script: Script, phrases: Phrasebook) -> str:
    """The whole page as text."""
    parts = [HEAD]
    for start, names in ways(script).items():
        parts.append(f"## {WAYS[start]}\n")
        parts.append("\n".join(diagram(script, names)) + "\n")
        parts.append("\n".join(table(script, phrases, names)) + "\n")
    return "\n".join(parts)


def drawn() -> str:
    """The page of what is shipped."""
    texts = shipped()
    return page(load_script(texts.script), load_phrases(texts.phrases))


def main() -> None:
    """Write the page."""
    PAGE.write_text(drawn(), encoding="utf-8")
    print(f"wrote docs/{PAGE.name}")


if __name__ == "__main__":
    main()
