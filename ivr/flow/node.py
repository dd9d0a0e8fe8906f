"""Script and its node kinds: the menus as immutable data (TOML in `ivr/scripts`).
Each kind has one arm under `steps/`; `library` reads and refuses, `review` proves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from routing.cases.kinds import About, Kind


class When(StrEnum):
    """Conditions under which a prompt or a key is offered. Closed: a script has no expressions."""

    TWO_LANGUAGES = "two_languages"  # the number is published in two languages
    HEARS = "hears"  # the carrier hears words and the caller was not unheard before
    WITHHELD = "withheld"  # the caller's number is hidden
    MOBILE = "mobile"  # the caller can get a text
    NOT_MOBILE = "not_mobile"
    HELP = "help"  # the kind is help: the danger line
    DANGER = "danger"  # words of danger were heard in this call
    PROTECTED = "protected"  # the case is confidential
    NAMED = "named"  # the caller's number is known and not deleted
    UNNAMED = "unnamed"
    REOPENS = "reopens"  # when the decided office opens next is known
    NO_REOPENING = "no_reopening"
    UNTOLD = "untold"  # a case is registered whose number was not read out
    AFTER_LANGUAGE = "after_language"  # the caller has just changed the language


@dataclass(frozen=True, slots=True)
class Prompt:
    """A phrase id; `when` must hold; `other` speaks it in the other language's voice;
    `pause` is seconds of silence after it."""

    phrase: str
    when: When | None = None
    other: bool = False
    pause: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """Where a key leads and which facts it states. `when` hides the key otherwise."""

    goto: str
    kind: Kind | None = None
    about: About | None = None
    group: int | None = None
    topic: str | None = None
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """Speaks `first` once on entering and `prompts` each time, then listens for one key.

    `none` is where `#` leads ("not sure"); `speech` names the vocabulary whose words choose;
    `silent` is where a third silence or wrong key leads; `other` where every key leads at once
    that has no meaning here (None: it is a wrong key)."""

    id: str
    prompts: tuple[Prompt, ...]
    options: Mapping[str, Option]
    first: tuple[Prompt, ...] = ()
    again: tuple[Prompt, ...] = ()  # spoken before `prompts` on `*` only
    none: Option | None = None
    speech: str | None = None
    words: str | None = None  # where a spoken kind or topic leads
    known: bool = False  # entering with the kind already said goes on at once
    other: str | None = None
    silent: str = "person"
    patient: bool = True  # False: the first silence leads to `silent` (case.menu, check.next)
    wait: int = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a call begins: by what is known of the number dialled and of the caller."""

    id: str
    listed: str
    unlisted: str
    suspended: str
    withdrawn: str
    loop: str
    full: str  # a listed line, while there is only room for a message


@dataclass(frozen=True, slots=True)
class Check:
    """Collects a number to check, keyed or spoken, and says the verdict."""

    id: str
    goto: str  # the menu after a verdict
    over: str  # the menu after the call's last check
    confirm: str
    area: str
    wait: int = 5


@dataclass(frozen=True, slots=True)
class Confirm:
    """Reads a spoken number back: `1` right, `2` wrong."""

    id: str
    check: str


@dataclass(frozen=True, slots=True)
class Area:
    """Offers the area code of the number dialled for a number keyed without one."""

    id: str
    check: str


@dataclass(frozen=True, slots=True)
class Text:
    """Sends a text once and says so: the result of a check."""

    id: str
    goto: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Lets the caller through to `goto`, or to `over` after too many cases in an hour."""

    id: str
    goto: str
    over: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Asks the topic only where neither the number nor the caller has said it."""

    id: str
    root: str
    groups: Mapping[str, str]  # "1".."4" -> that group's menu
    goto: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Leads to `desk`, which offers the duty desk, where the office is closed and somebody is on
    duty; else to `otherwise`. `pressing`: only a plea for help or danger is offered it."""

    id: str
    desk: str
    otherwise: str
    pressing: bool = False


class Purpose(StrEnum):
    """What a recording is for."""

    MATTER = "matter"
    MESSAGE = "message"  # nobody was free for a person
    REPORT = "report"  # who used a number that is not genuine
    MORE = "more"  # added to the case of this call or the one asked for


@dataclass(frozen=True, slots=True)
class Record:
    """Says why and how long, beeps and records; what was said becomes or joins a case."""

    id: str
    purpose: Purpose
    prompts: tuple[Prompt, ...]
    goto: str
    full: str | None = None  # the menu after the longest recording, else `goto`
    empty: str | None = None  # where a second empty recording leads, else to a person
    longest: int = 300
    silence: int = 10


@dataclass(frozen=True, slots=True)
class Registered:
    """Reads case number and PIN, then puts through or tells what happens next."""

    id: str
    put: str
    next: str


@dataclass(frozen=True, slots=True)
class Put:
    """Rings the targets of the decision one after another (design §3, Put through)."""

    id: str
    person: bool  # True: asked for by `0`, False: a registered matter
    none: str  # where nobody accepted and there is no case
    none_case: str
    closed: str
    closed_case: str
    after: str  # after the talk
    duty: bool = False  # True: the duty desk, whichever office decides


@dataclass(frozen=True, slots=True)
class Progress:
    """Asks for case number and PIN and says how the case stands."""

    id: str
    goto: str
    locked: str
    wait: int = 5


@dataclass(frozen=True, slots=True)
class Missed:
    """Whether the number dialled ever calls out."""

    id: str
    never: str
    may: str


class Act(StrEnum):
    """What a key does at once to a case."""

    ANONYMOUS = "anonymous"
    WITHDRAW = "withdraw"
    PRESSURE = "pressure"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Do:
    """Does one act, says `prompts` and goes on."""

    id: str
    act: Act
    goto: str
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """Says the last words and hangs up."""

    id: str
    prompts: tuple[Prompt, ...]


Node = (
    Menu
    | Answer
    | Check
    | Confirm
    | Area
    | Text
    | Limit
    | Topic
    | Duty
    | Record
    | Registered
    | Put
    | Progress
    | Missed
    | Do
    | End
)


@dataclass(frozen=True, slots=True)
class Script:
    """A menu: nodes by id, where a call `start`s, and the nodes that any node may reach.

    `person` is where `0` leads, `urgent` where emergency words lead, `message` where `2` leads
    after a second silence, `lost` and `bye` end a call, `time` ends one beyond its bounds."""

    id: str
    start: str
    person: str
    lost: str
    bye: str
    time: str
    urgent: str = "record"
    message: str = "record"
    nodes: Mapping[str, Node] = field(default_factory=dict)
