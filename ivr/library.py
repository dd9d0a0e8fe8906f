"""Reads scripts, phrases and words from TOML into the flow's values, and refuses what `review`
finds wrong. The only file of the call's core that opens files."""

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr.flow import node as flow
from ivr.flow import words as spoken
from ivr.flow.instruction import Language
from ivr.flow.phrasebook import Phrase, Phrasebook
from ivr.flow.review import Level, review, unknown_topics
from ivr.flow.words import Meaning, Vocabulary, Words
from ivr.flow.world import Plan, Policy
from routing.cases.kinds import About, Kind
from routing.hours import open_intervals, parse_hours, read_holidays
from routing.register import Topic
from routing.rules.router import Router
from routing.rules.ruleset import default_rules
from routing.sheets import Sheets, read_directory

HERE: Final = Path(__file__).parent
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")


class LibraryError(ValueError):
    """A script, phrase or word file that cannot be used; the message lists every fault."""


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
    nodes: dict[str, _Node]


def load_script(text: str) -> flow.Script:
    """A script from TOML. Raises LibraryError with every fault and its path."""
    try:
        read = _Script.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise LibraryError(f"the script is not TOML: {wrong}") from wrong
    except ValidationError as wrong:
        raise LibraryError(_faults(wrong)) from wrong
    nodes = {name: _node(name, read.person, node) for name, node in read.nodes.items()}
    return flow.Script(nodes=nodes, **read.model_dump(exclude={"nodes"}))


def _faults(wrong: ValidationError) -> str:
    return "\n".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in wrong.errors()
    )


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


def load_phrases(texts: Mapping[Language, str]) -> Phrasebook:
    """The phrasebook from one TOML text a language."""
    books: dict[Language, dict[str, Phrase]] = {}
    for language, text in texts.items():
        try:
            read = tomllib.loads(text)
        except tomllib.TOMLDecodeError as wrong:
            raise LibraryError(f"the phrases in {language} are not TOML: {wrong}") from wrong
        wrong_ids = [name for name, value in read.items() if not isinstance(value, str)]
        if wrong_ids:
            raise LibraryError(f"these phrases in {language} are no text: {', '.join(wrong_ids)}")
        books[language] = {name: Phrase.of(value) for name, value in read.items()}
    return Phrasebook(books)


def load_vocabulary(texts: Mapping[Language, str], topics: Mapping[str, Topic]) -> Vocabulary:
    """The words that choose, from one TOML text a language."""
    return Vocabulary({lang: _words(lang, text, topics) for lang, text in texts.items()})


def _words(language: Language, text: str, topics: Mapping[str, Topic]) -> Words:
    try:
        read = tomllib.loads(text)
        everywhere: dict[str, Meaning] = {word: spoken.Person() for word in read["person"]}
        everywhere |= {word: spoken.Again() for word in read["again"]}
        everywhere |= {word: spoken.EndWord() for word in read["end"]}
        main, about = (
            {word: spoken.Choice(key) for key, words in read[menu].items() for word in words}
            for menu in ("main", "about")
        )
        kinds: dict[str, Meaning] = {
            word: spoken.KindWord(Kind(kind))
            for kind, words in read["kinds"].items()
            for word in words
        }
        named: dict[str, Meaning] = {
            word: spoken.TopicWord(topic, topics[topic].group)
            for topic, words in read["topics"].items()
            for word in words
        }
        return Words(everywhere, main, about, kinds, named, tuple(read["emergency"]))
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as wrong:
        raise LibraryError(f"the words in {language} cannot be used: {wrong}") from wrong


@dataclass(frozen=True, slots=True)
class Shipped:
    """The defaults as texts: what a plan keeps, so that it can be read again as it was."""

    script: str
    phrases: Mapping[Language, str]
    words: Mapping[Language, str]


def shipped() -> Shipped:
    """The defaults in this package."""
    phrases = HERE / "phrases"
    return Shipped(
        (HERE / "scripts" / "main.toml").read_text(encoding="utf-8"),
        {lang: (phrases / f"{lang}.toml").read_text(encoding="utf-8") for lang in LANGUAGES},
        {lang: (phrases / f"words.{lang}.toml").read_text(encoding="utf-8") for lang in LANGUAGES},
    )


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a plan is compiled from, as texts and settings: what is stored when it is
    published, so that it can be compiled again as it was."""

    sheets: Sheets
    shipped: Shipped
    calendar: str
    area: str
    zone: str
    policy: Policy

    def to_text(self) -> str:
        """As one JSON text, the same for the same inputs."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> "Inputs":
        """The inputs that `to_text` wrote. Raises LibraryError for another version's."""
        parts = {"sheets": Sheets, "shipped": Shipped, "policy": Policy}
        try:
            read = json.loads(text)
            return cls(**{**read, **{name: part(**read[name]) for name, part in parts.items()}})
        except (KeyError, TypeError, ValueError) as wrong:
            raise LibraryError(f"these inputs are another version's: {wrong!r}") from wrong


def compile_plan(inputs: Inputs, number: int, today: date, days: int = 60) -> Plan:
    """The plan, with open intervals for `days` days from `today` (local). Raises LibraryError
    and the register's and calendar's own errors, each with sentences."""
    directory = read_directory(inputs.sheets, area=inputs.area)
    phrases = load_phrases(inputs.shipped.phrases)
    holidays = read_holidays(tomllib.loads(inputs.calendar))
    hours = {name: parse_hours(office.hours) for name, office in directory.offices.items()}
    return Plan(
        number=number,
        script=accepted(load_script(inputs.shipped.script), phrases, directory.topics),
        phrases=phrases,
        vocabulary=load_vocabulary(inputs.shipped.words, directory.topics),
        rules=Router(default_rules(directory, number)),
        directory=directory,
        hours=hours,
        open={
            name: open_intervals(hours[name], holidays, ZoneInfo(office.time_zone), today, days)
            for name, office in directory.offices.items()
        },
        holidays=holidays,
        zone=ZoneInfo(inputs.zone),
        policy=inputs.policy,
    )


def accepted(script: flow.Script, phrases: Phrasebook, topics: Collection[str]) -> flow.Script:
    """The script, if `review` finds nothing at level error. Raises LibraryError."""
    found = (*review(script, phrases), *unknown_topics(script, topics))
    if errors := [str(finding) for finding in found if finding.level is Level.ERROR]:
        raise LibraryError("the script is refused:\n" + "\n".join(errors))
    return script
