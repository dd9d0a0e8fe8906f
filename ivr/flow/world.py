"""World: all that `advance` may know, as one frozen value; built per request from memory.
Plan is the part that is published: one immutable, numbered value (design §3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from ivr.flow.fallback import Fallback
from ivr.flow.instruction import Language
from ivr.flow.node import Script
from ivr.flow.phrasebook import Phrasebook
from ivr.flow.value import value
from ivr.flow.words import Vocabulary
from routing.directory import Directory
from routing.hours import Holidays, OpenIntervals
from routing.rules.quota import Quota
from routing.rules.roster import Roster
from routing.rules.router import Router
from routing.rules.ruleset import Rule
from routing.week import Hours
from routing.worktime.closures import Orders


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds and promises that a deployment sets; seconds, days and counts."""

    audio_days: int = 90
    longest_call: int = 1800
    most_turns: int = 80
    checks: int = 3
    misses: int = 3
    cases_per_hour: int = 5
    targets: int = 3
    ring_seconds: int = 20
    longest_talk: int = 7200
    live_calls: int = 4
    rings_in_vain: int = 6  # of one person's phone within an hour; then it is left in peace
    hears: bool = True  # the carrier's profile recognises words
    whispers: bool = True  # the carrier's profile plays a whisper before bridging
    together: bool = True  # the carrier's profile lets a caller wait while several phones ring
    hash_told: bool = True  # the carrier's profile tells of a `#` that nothing was keyed before


@dataclass(frozen=True, slots=True)
class Plan:
    """What is published: menus, words, rules, directory and open hours for 60 days; and what is
    done where none of it can be (`fallback`)."""

    number: int
    script: Script
    phrases: Phrasebook
    vocabulary: Vocabulary
    rules: Router
    directory: Directory
    hours: Mapping[str, Hours]  # by office id
    open: Mapping[str, OpenIntervals]  # by office id
    holidays: Holidays
    zone: tzinfo
    fallback: Fallback
    policy: Policy = Policy()
    calendars: Mapping[str, Holidays] = field(default_factory=dict)  # by office id
    orders: Orders = field(default_factory=dict)  # by office id: who is closed by order
    duty: OpenIntervals | None = None  # of the duty desk, which no order closes
    special: Mapping[str, Rule] = field(default_factory=dict)  # rules not as usual, by id
    rosters: Mapping[str, Roster] = field(default_factory=dict)  # by id
    quotas: Mapping[str, Quota] = field(default_factory=dict)  # by published number
    recordings: Mapping[tuple[Language, str], str] = field(default_factory=dict)
    """The SHA-256 of the sound of each sentence that an admin recorded, by language and text."""

    def holidays_of(self, office: str) -> Holidays:
        """The calendar by which an office's working days are counted."""
        return self.calendars.get(office, self.holidays)


@value
class Draws:
    """A case number and PIN, drawn by the shell for this turn; used only if a case is opened."""

    reference: str
    pin: str


@value
class World:
    """`now` is aware UTC; `draws` is set where the event may open a case."""

    plan: Plan
    now: datetime
    draws: Draws | None = None
