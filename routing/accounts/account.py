"""An account and a session as values. Rows of them are `storage.accounts`."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from routing.accounts.roles import OF_AN_OFFICE, Actor, Role
from routing.widths import usual

MOST_NAME: Final = 32
MOST_DISPLAY: Final = 64
IDLE: Final = timedelta(minutes=30)
"""A session that nobody uses so long is over."""
LONGEST: Final = timedelta(hours=12)
"""A session is over after so long, used or not: a working day."""
PENDING: Final = timedelta(minutes=10)
"""The time between a right password and the second factor."""
_NAME: Final = re.compile(r"[a-z0-9\u4e00-\u9fff][a-z0-9\u4e00-\u9fff._-]*")


class Flaw(StrEnum):
    """What is wrong with an account that somebody writes; the sentences are the pages' own."""

    NAME = "name"
    NAME_TAKEN = "name_taken"
    DISPLAY = "display"
    ROLE = "role"
    OFFICE = "office"
    OFFICE_NOT_WANTED = "office_not_wanted"
    LINE = "line"
    """not a published number of the office, or of somebody who is no official"""
    LAST_ADMIN = "last_admin"
    """nobody could let anybody in any more"""
    YOURSELF = "yourself"
    """whoever takes their own role away cannot take it back"""
    UNKNOWN = "unknown"
    CHANGED = "changed"
    """by somebody else since it was looked at"""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in. `name` is what they sign in with, `display` the same person in
    Chinese and English, "" where not given."""

    id: str
    name: str
    role: Role
    office: str | None = None
    display_zh: str = ""
    display_en: str = ""
    disabled: bool = False
    must_change: bool = False
    """its password was given out by somebody else, and opens nothing but its own change"""
    line: str | None = None
    """an official's published number (E.164): whose calls, and how many of them, they see"""

    @property
    def actor(self) -> Actor:
        """The same, as one who acts."""
        return Actor(self.id, self.name, self.role, self.office, self.line)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody at work, or half signed in (`whole` is False until the second factor). `key` is the
    digest of the cookie's token, `begun`, `seen` and `ends` are aware UTC; `ended` where somebody
    did that."""

    key: str
    account: Account
    begun: datetime
    seen: datetime
    ends: datetime
    whole: bool = True
    agent: str = ""
    ended: bool = False

    def lives(self, now: datetime) -> bool:
        """Not ended, neither idle too long nor too old, and of an account that may sign in."""
        idle = IDLE if self.whole else PENDING
        stands = not self.ended and not self.account.disabled
        return stands and now < self.ends and now < self.seen + idle


def signing_name(written: str) -> str:
    """A name as it is compared and kept: full-width signs and capitals are the plain ones."""
    return usual(written).strip().casefold()[: MOST_NAME + 1]


def flaws(account: Account, offices: frozenset[str]) -> tuple[Flaw, ...]:
    """What is wrong with it, of what can be told without the others."""
    found = []
    if not _NAME.fullmatch(account.name) or len(account.name) > MOST_NAME:
        found.append(Flaw.NAME)
    if not all(_shown(text) for text in (account.display_zh, account.display_en)):
        found.append(Flaw.DISPLAY)
    if account.role in OF_AN_OFFICE and account.office not in offices:
        found.append(Flaw.OFFICE)
    if account.role not in OF_AN_OFFICE and account.office is not None:
        found.append(Flaw.OFFICE_NOT_WANTED)
    if account.line is not None and account.role is not Role.OFFICIAL:
        found.append(Flaw.LINE)
    return tuple(found)


def _shown(text: str) -> bool:
    return len(text) <= MOST_DISPLAY and text.isprintable()
