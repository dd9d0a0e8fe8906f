"""A script from TOML: its shapes, and the flow's nodes from them.
The counterpart of `ivr/scripts`, where the menus are, and of `ivr.flow.node`, what they become."""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr.flow import node as flow
from ivr.library.errors import LibraryError
from ivr.library.script_text import TextFault, of_shape, of_toml, too_deep, too_much
from routing.cases.kinds import About, Kind

MOST_NODES: Final = 500
"""Seven times the shipped ones: what is proved of them grows faster than they do."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Prompt(_Model):
    phrase: str
    when: flow.When | None = None
    other: bool = False
    pause: int = 0


class _Option(_Model):
    goto: str
    kind: Kind | None = None
    about: About | None = None
    group: int | None = None
    topic: str | None = None
    when: flow.When | None = None


Prompts = list[str | _Prompt]


class _Menu(_Model):
    kind: Literal["menu"]
    prompts: Prompts
    options: dict[str, str | _Option] = {}
    first: Prompts = []
    again: Prompts = []
    none: str | _Option | None = None
    speech: str | None = None
    words: str | None = None
    known: bool = False
    other: str | None = None
    silent: str | None = None
    patient: bool = True
    wait: int = Field(default=10, ge=10, le=60)


class _Answer(_Model):
    kind: Literal["answer"]
    listed: str
    unlisted: str
    suspended: str
    withdrawn: str
    loop: str
    full: str


class _Check(_Model):
    kind: Literal["check"]
    goto: str
    over: str
    confirm: str
    area: str
    wait: int = Field(default=5, ge=3, le=30)


class _OfCheck(_Model):
    kind: Literal["confirm", "area"]
    check: str


class _Text(_Model):
    kind: Literal["text"]
    goto: str


class _Limit(_Model):
    kind: Literal["limit"]
    goto: str
    over: str


class _Topic(_Model):
    kind: Literal["topic"]
    root: str
    groups: dict[str, str]
    goto: str


class _Duty(_Model):
    kind: Literal["duty"]
    desk: str
    otherwise: str
    pressing: bool = False


class _Record(_Model):
    kind: Literal["record"]
    purpose: flow.Purpose
    prompts: Prompts
    goto: str
    full: str | None = None
    empty: str | None = None
    longest: int = Field(default=300, ge=30, le=3600)
    silence: int = Field(default=10, ge=5, le=60)


class _Registered(_Model):
    kind: Literal["registered"]
    put: str
    next: str


class _Put(_Model):
    kind: Literal["put"]
    person: bool
    none: str
    none_case: str
    closed: str
    closed_case: str
    after: str
    duty: bool = False


class _Progress(_Model):
    kind: Literal["progress"]
    goto: str
    locked: str
    wait: int = Field(default=5, ge=3, le=30)


class _Missed(_Model):
    kind: Literal["missed"]
    never: str
    may: str


class _Do(_Model):
    kind: Literal["do"]
    act: flow.Act
    goto: str
    prompts: Prompts = []


class _End(_Model):
    kind: Literal["end"]
    prompts: Prompts


_Node = Annotated[
    _Menu
    | _Answer
    | _Check
    | _OfCheck
    | _Text
    | _Limit
    | _Topic
    | _Duty
    | _Record
    | _Registered
    | _Put
    | _Progress
    | _Missed
    | _Do
    | _End,
    Field(discriminator="kind"),
]


class _Script(_Model):
    id: str
    start: str
    person: str
    lost: str
    bye: str
    time: str
    urgent: str
    message: str
    nodes: dict[str, _Node] = Field(max_length=MOST_NODES)


class ScriptTextError(LibraryError):
    """The text is no script; `faults` are all that is wrong, each at its line."""

    def __init__(self, faults: Iterable[TextFault]) -> None:
        self.faults = tuple(faults)
        listed = "\n".join(str(fault) for fault in self.faults)
        super().__init__(f"the script cannot be read:\n{listed}")


def load_script(text: str) -> flow.Script:
    """A script from TOML. Raises ScriptTextError with every fault, its line and its path, up to a
    bound."""
    if (unread := too_much(text)) is not None:
        raise ScriptTextError([unread])
    try:
        read = _Script.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise ScriptTextError([of_toml(text, wrong)]) from wrong
    except RecursionError:
        raise ScriptTextError([too_deep()]) from None
    except ValidationError as wrong:
        raise ScriptTextError(of_shape(text, wrong)) from wrong
    nodes = {name: _node(name, read.person, node) for name, node in read.nodes.items()}
    return flow.Script(nodes=nodes, **read.model_dump(exclude={"nodes"}))


_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__.lower(): kind
    for kind in (
        *(flow.Answer, flow.Check, flow.Confirm, flow.Area, flow.Text, flow.Limit, flow.Topic),
        *(flow.Duty, flow.Registered, flow.Put, flow.Progress, flow.Missed),
    )
}


def _node(name: str, person: str, node: _Node) -> flow.Node:
    match node:
        case _Menu():
            return _menu(name, person, node)
        case _Record():
            values = node.model_dump(exclude={"kind", "prompts"})
            return flow.Record(id=name, prompts=_prompts(node.prompts), **values)
        case _Do():
            return flow.Do(name, node.act, node.goto, _prompts(node.prompts))
        case _End():
            return flow.End(name, _prompts(node.prompts))
        case _:
            made: flow.Node = _KINDS[node.kind](id=name, **node.model_dump(exclude={"kind"}))
            return made


def _menu(name: str, person: str, node: _Menu) -> flow.Menu:
    return flow.Menu(
        id=name,
        prompts=_prompts(node.prompts),
        options={key: _option(option) for key, option in node.options.items()},
        first=_prompts(node.first),
        again=_prompts(node.again),
        none=None if node.none is None else _option(node.none),
        silent=node.silent or person,
        **node.model_dump(include={"speech", "words", "known", "other", "patient", "wait"}),
    )


def _prompts(prompts: Prompts) -> tuple[flow.Prompt, ...]:
    return tuple(
        flow.Prompt(prompt) if isinstance(prompt, str) else flow.Prompt(**prompt.model_dump())
        for prompt in prompts
    )


def _option(option: str | _Option) -> flow.Option:
    if isinstance(option, str):
        return flow.Option(option)
    return flow.Option(**option.model_dump())
