"""Writes what a TwiML document may hold, from Twilio's own library: `uv run python
tools/allow_list.py`, again whenever `twilio` is updated. The counterpart of
`ivr/carrier/local/dialects.py`, which narrows it to what other carriers bear."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twilio.twiml import lower_camel
from twilio.twiml import voice_response as sdk

SCHEMA: Final = Path(__file__).resolve().parent.parent / "ivr/carrier/local/schema.json"
ROOT: Final = "VoiceResponse"


class AllowListError(Exception):
    """The library is not written as it was; read it, then mend this tool."""


def tables() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Children and attributes, by element, of everything that can be reached from the root."""
    children: dict[str, list[str]] = {}
    attributes: dict[str, list[str]] = {"Response": []}
    waiting = [ROOT]
    while waiting:
        kind = waiting.pop()
        name = element(kind)
        if name in children:
            continue
        nested = list(nests(kind))
        children[name] = sorted({element(child) for child, _ in nested})
        for child, given in nested:
            known = attributes.setdefault(element(child), [])
            known.extend(one for one in given if one not in known)
            waiting.append(child)
    return children, {name: sorted(known) for name, known in attributes.items()}


def nests(kind: str) -> Iterator[tuple[str, list[str]]]:
    """What each method of a class nests: the child's class and its attributes. What the child's
    `__init__` takes by name is its text."""
    for name, method in inspect.getmembers(getattr(sdk, kind), inspect.isfunction):
        if method.__module__ != sdk.__name__ or name.startswith("_"):
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(method)))):
            match node:
                case ast.Call(ast.Attribute(_, "nest"), [ast.Call(ast.Name(child), _, given)]):
                    text = inspect.signature(getattr(sdk, child).__init__).parameters
                    names = [word.arg for word in given if word.arg and word.arg not in text]
                    yield child, [lower_camel(name) for name in names]


def element(kind: str) -> str:
    """The element that a class writes: `self.name = "..."` in its `__init__`."""
    source = textwrap.dedent(inspect.getsource(getattr(sdk, kind).__init__))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "self.name":
            return str(ast.literal_eval(node.value))
    raise AllowListError(f"{kind} says no longer which element it writes")


def written() -> str:
    """The file's text: an element a line, its attributes and what may stand in it."""
    children, attributes = tables()
    lines = [
        f"  {json.dumps(name)}: {json.dumps({'holds': children[name], 'takes': attributes[name]})}"
        for name in sorted(children)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    SCHEMA.write_text(written(), encoding="utf-8")
