"""A plan from texts and settings: read, refused where `review` finds it wrong, compiled. The only
file of the call's core that opens files."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ivr.flow.fallback import Fallback
from ivr.flow.homophones import Homophones
from ivr.flow.instruction import Language
from ivr.flow.node import Script
from ivr.flow.phrasebook import Phrasebook, PhraseError
from ivr.flow.review import Level, review, unknown_topics
from ivr.flow.world import Plan, Policy
from ivr.library.errors import LibraryError, ScriptError
from ivr.library.recordings import meant, read_recordings
from ivr.library.scripts import load_script
from ivr.library.wording import load_homophones, load_phrases, load_vocabulary
from ivr.library.worktime import working_time
from routing.drafts.text import dumped, loaded
from routing.register import Directory
from routing.rules.document import compiled_rules
from routing.rules.errors import RuleSetError
from routing.rules.guards import guards_of
from routing.rules.quota_document import read_quotas
from routing.rules.roster_document import read_rosters
from routing.rules.router import Router
from routing.rules.ruleset import special
from routing.sheets.register import Sheets, read_directory

IVR: Final = Path(__file__).parents[1]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Shipped:
    """The defaults as texts: what a plan keeps, so that it can be read again as it was."""

    script: str
    phrases: Mapping[Language, str]
    words: Mapping[Language, str]


def shipped() -> Shipped:
    """The defaults in this package."""
    phrases = IVR / "phrases"
    return Shipped(
        (IVR / "scripts" / "main.toml").read_text(encoding="utf-8"),
        {lang: (phrases / f"{lang}.toml").read_text(encoding="utf-8") for lang in LANGUAGES},
        {lang: (phrases / f"words.{lang}.toml").read_text(encoding="utf-8") for lang in LANGUAGES},
    )


@cache
def shipped_homophones() -> Homophones:
    """How signs sound: the language's, not a city's, so that no plan keeps them."""
    readings = Path(__file__).with_name("syllables.txt")
    return load_homophones(readings.read_text(encoding="utf-8"))


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
    phrases: str = ""
    """JSON: phrase -> language -> text, those that an admin has worded otherwise than `shipped`"""
    script: str = ""
    """the menus that an admin wrote instead of the shipped ones"""
    recordings: str = ""
    """Sentences that an admin recorded (`ivr.library.recordings`)."""
    calendar_overrides: str = ""
    """An admin's own days (`routing.worktime.calendar`)."""
    closures: str = ""
    """Closure orders (`routing.worktime.orders`)."""
    rules: str = ""
    """What people wrote (`routing.rules.document`); "": those that are drawn from the register."""
    scenarios: str = ""
    """Examples that must come out as they say (`routing.rules.scenarios`)."""
    rosters: str = ""
    """Who is on duty when (`routing.rules.roster_document`)."""
    quotas: str = ""
    """How many live calls officials take (`routing.rules.quota_document`)."""

    def to_text(self) -> str:
        """As one JSON text, the same for the same inputs."""
        return dumped(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "Inputs":
        """The inputs that `to_text` wrote. Raises LibraryError for another version's."""
        try:
            return cls.of(loaded(text))
        except ValueError as wrong:
            raise LibraryError(f"these inputs are another version's: {wrong!r}") from wrong

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Inputs":
        """The same of a body as values. Raises LibraryError for another version's."""
        parts = {"sheets": Sheets, "shipped": Shipped, "policy": Policy}
        try:
            return cls(**{**body, **{name: part(**body[name]) for name, part in parts.items()}})
        except (KeyError, TypeError, ValueError) as wrong:
            raise LibraryError(f"these inputs are another version's: {wrong!r}") from wrong


ReadRules = Callable[[str, Directory, tzinfo, int], Router]


def compiled_router(text: str, directory: Directory, zone: tzinfo, number: int) -> Router:
    """The compiled rules of a text, all of them read. Raises as `compiled_rules`."""
    return Router(compiled_rules(text, directory, zone, number))


def compile_plan(
    inputs: Inputs, number: int, today: date, days: int = 60, read: ReadRules = compiled_router
) -> Plan:
    """The plan, with open intervals for `days` days from `today` (local). Raises LibraryError
    and the register's and calendar's own errors, each with sentences."""
    directory = read_directory(inputs.sheets, area=inputs.area)
    phrases = load_phrases(inputs.shipped.phrases, inputs.phrases)
    texts = (inputs.calendar, inputs.calendar_overrides, inputs.closures)
    time = working_time(directory, texts, today, days)
    zone = ZoneInfo(inputs.zone)
    rules = router_of(inputs, directory, number, read)
    zones = {name: ZoneInfo(office.time_zone) for name, office in directory.offices.items()}
    recorded = read_recordings(inputs.recordings)
    return Plan(
        number=number,
        script=accepted(
            load_script(inputs.script or inputs.shipped.script), phrases, directory.topics
        ),
        phrases=phrases,
        vocabulary=load_vocabulary(inputs.shipped.words, directory.topics, shipped_homophones()),
        rules=rules,
        special=special(rules.rules),
        rosters=read_rosters(inputs.rosters, directory, zones.__getitem__),
        quotas=read_quotas(inputs.quotas, directory),
        directory=directory,
        hours=time.hours,
        open=time.open,
        holidays=time.holidays,
        zone=zone,
        fallback=proven(Fallback(directory, phrases, time.open, inputs.policy.audio_days, zone)),
        policy=inputs.policy,
        calendars=time.calendars,
        orders=time.orders,
        duty=time.duty,
        recordings=meant(recorded, phrases, inputs.policy.audio_days),
    )


def router_of(inputs: Inputs, directory: Directory, number: int, read: ReadRules) -> Router:
    """The compiled rules. Raises LibraryError with every fault of what people wrote."""
    try:
        found = read(inputs.rules, directory, ZoneInfo(inputs.zone), number)
        return Router(found.rules, guards_of(directory), found.tables)
    except RuleSetError as wrong:
        raise LibraryError(f"the rules are refused:\n{wrong}") from wrong


def accepted(script: Script, phrases: Phrasebook, topics: Collection[str]) -> Script:
    """The script, if `review` finds nothing at level error. Raises ScriptError."""
    found = (*review(script, phrases), *unknown_topics(script, topics))
    if errors := tuple(finding for finding in found if finding.level is Level.ERROR):
        raise ScriptError(errors)
    return script


def proven(fallback: Fallback) -> Fallback:
    """The plan when all fails, all of whose words can be spoken. Raises LibraryError."""
    try:
        fallback.prove()
    except (PhraseError, LookupError) as wrong:
        raise LibraryError(
            f"the words of the fallback need {wrong}, which is not known when all else has failed"
        ) from wrong
    return fallback
