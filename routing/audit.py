"""The audit as values: who changed what and when, and the chain that shows whether an entry was
altered, put in or taken out (design §5, ADR 34). The counterpart of `storage.audit`, which keeps
it."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol

from routing.accounts.roles import Actor
from routing.numbers.forms import RUN, masked

SYSTEM: Final = "system"
"""The actor of what no account did: a first start, the clock."""
TERMINAL: Final = "terminal"
"""The actor of a command of `server.py`."""
BEFORE_ALL: Final = "0" * 64
"""What the first link follows."""
FORM: Final = "zhitong-audit-1"
"""Stands in each link's bytes: another form of link would be told from this one."""
MOST_ACTOR: Final = 64
MOST_SUBJECT: Final = 128
MOST_VALUES: Final = 20_000
"""Characters of an entry's values: texts of a plan are kept by the plans, not here."""
SALT: Final = 16
"""Random bytes an entry: without them erased values could be guessed from their hash."""


class AuditError(ValueError):
    """An entry that cannot be kept as it was put together; the message says why."""


class Action(StrEnum):
    """What was done. Kept for ever, so a name never changes its meaning."""

    SIGNED_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in.failed"
    SIGNED_OUT = "sign-out"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_OPENED = "account.opened"
    ACCOUNT_PASSWORD = "account.password"  # noqa: S105 - says that one was set, not which
    ACCOUNT_FACTOR_ADDED = "account.factor-added"
    ACCOUNT_FACTOR_REMOVED = "account.factor-removed"
    ACCOUNT_CODES = "account.recovery-codes"
    ACCOUNT_SESSIONS_ENDED = "account.sessions-ended"
    DRAFT_CHANGED = "draft.changed"
    DRAFT_IMPORTED = "draft.imported"
    DRAFT_DISCARDED = "draft.discarded"
    PLAN_PROPOSED = "plan.proposed"
    """to a second person"""
    PLAN_APPROVED = "plan.approved"
    PLAN_REFUSED = "plan.refused"
    PLAN_PUBLISHED = "plan.published"
    PLAN_ROLLED_BACK = "plan.rolled-back"
    NUMBER_SUSPENDED = "number.suspended"
    CLOSURE_ORDERED = "closure.ordered"
    CLOSURE_LIFTED = "closure.lifted"
    CONFIRMED = "urgent.confirmed"
    """by a second person, what one did in a hurry"""
    NOT_CONFIRMED = "urgent.not-confirmed"
    CALLER_BLOCKED = "caller.blocked"
    """turned away from now on, or for another time"""
    CALLER_UNBLOCKED = "caller.unblocked"
    """by a person: one that ends by its time is no entry"""
    CASE_OPENED = "case.opened"
    """its caller's words were heard or read, where that is noted"""
    CASE_ACCEPTED = "case.accepted"
    CASE_SORTED = "case.sorted"
    CASE_TAKEN_BACK = "case.taken-back"
    CASE_RETURNED = "case.returned"
    CASE_CORRECTED = "case.words-corrected"
    SENT_AGAIN = "work.sent-again"
    """what was to be told to somebody and did not arrive"""
    EXPORTED = "audit.exported"
    ERASED = "audit.erased"
    """the values of the entry that is its subject"""


_CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Also those that turn the direction of what is read."""


def subject(kind: str, key: object) -> str:
    """What an entry is about: `number:+865580000021`. Signs that no line may hold become spaces and
    a long key is cut, so that whatever a key is called it can be kept."""
    return _CONTROL.sub(" ", f"{kind}:{key}").strip()[:MOST_SUBJECT]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did, at an aware time. `actor` is an account's id, SYSTEM or
    TERMINAL; `subject` comes from the function of that name and names no person, since it is never
    erased. `values` (JSON) say what a reader wants: names, a reason, before and after. Raises
    AuditError."""

    actor: str
    action: Action
    subject: str
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text, most in (
            ("actor", self.actor, MOST_ACTOR),
            ("subject", self.subject, MOST_SUBJECT),
        ):
            if not text or len(text) > most or _CONTROL.search(text):
                raise AuditError(f"{name} must be one line of 1 to {most} characters")
        if self.at.tzinfo is None:
            raise AuditError("a time without a zone cannot be kept; use aware UTC")


BY: Final = "by"
"""Among an entry's values, what whoever did it was called then: erased with them."""


def entry_by(
    actor: Actor,
    action: Action,
    about: str,
    at: datetime,
    values: Mapping[str, Any] = MappingProxyType({}),
) -> Entry:
    """The entry of somebody who is signed in. Raises AuditError."""
    return Entry(actor.account, action, about, at, {BY: actor.name, **values})


class Log(Protocol):
    """Where an entry goes that is no part of another change: a sign-in, an export."""

    async def append(self, entry: Entry) -> int: ...


_NUMBER: Final = re.compile(rf"(?P<other>(?<!\d)\d{{4}}-\d\d-\d\d(?!\d)|\b[0-9a-f]{{32,}}\b)|{RUN}")
"""A telephone number; before it what only looks like one: a day, a hash."""


def written(values: Mapping[str, Any]) -> str:
    """The values as they are kept: one JSON text, the same for the same values, telephone numbers
    masked. What is too long is left out and said to be. Raises AuditError for what is no JSON."""
    try:
        text = json.dumps(_clean(values), ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as wrong:
        raise AuditError(f"the values of an entry are JSON: {wrong}") from wrong
    if len(text) <= MOST_VALUES:
        return text
    short = {key: value if len(str(value)) <= 200 else "…" for key, value in values.items()}
    left = json.dumps(_clean(short), ensure_ascii=False, sort_keys=True)
    return left if len(left) <= MOST_VALUES else json.dumps({"too_long": len(text)})


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _NUMBER.sub(_shown, _CONTROL.sub(" ", value))
        case Mapping():
            return {str(_clean(str(key))): _clean(each) for key, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
        case _:
            return value


def _shown(found: re.Match[str]) -> str:
    return found[0] if found["other"] else masked(found[0])


def salted(salt: bytes, text: str) -> str:
    """What the chain keeps of the values `written` gave; nothing that it could keep where one of
    the two was altered to what it never is."""
    if not isinstance(salt, bytes) or not isinstance(text, str):
        return ""
    return hashlib.sha256(salt + text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry's place in the chain: what stays when its values are erased. `before` is the hash of
    the link that it follows."""

    number: int
    actor: str
    action: str
    subject: str
    at: datetime
    salted: str
    before: str

    def hash(self) -> str:
        """SHA-256 over the link's canonical bytes, in hexadecimal."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """The same bytes on any machine: a JSON list in ASCII without spaces, the time in UTC with
        microseconds. An auditor can write it in any language."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        parts = (FORM, self.number, self.actor, self.action, self.subject, at, self.salted)
        return json.dumps([*parts, self.before], separators=(",", ":")).encode()


def linked(entry: Entry, after: tuple[int, str], salt: bytes, text: str) -> Link:
    """The link of an entry whose values are `text`, after the last one's number and hash."""
    number, before = after
    return Link(
        number + 1,
        entry.actor,
        entry.action.value,
        entry.subject,
        entry.at,
        salted(salt, text),
        before,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """A link as it was found: its stored hash, and its values with their salt unless erased."""

    link: Link
    hash: str
    salt: bytes | None
    values: str | None

    def is_whole(self) -> bool:
        """Whether the stored hash is that of the columns; a column may hold what it never should,
        where somebody altered it."""
        try:
            return self.link.hash() == self.hash
        except (AttributeError, TypeError, ValueError):
            return False


def unreadable(number: int) -> Kept:
    """A link of which no more than its number can be read."""
    link = Link(number, "", "", "", datetime.min.replace(tzinfo=UTC), "", "")
    return Kept(link, "", None, None)


class Fault(StrEnum):
    """What is wrong with a link."""

    MISSING = "missing"
    """its number, or one before it, is not there"""
    UNLINKED = "unlinked"
    """it does not follow the link before it"""
    ALTERED = "altered"
    """its hash is not that of its columns, or one of them cannot be read"""
    VALUES_ALTERED = "values-altered"
    VALUES_GONE = "values-gone"
    """though nobody has erased them"""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first link at which the chain does not hold."""

    number: int
    fault: Fault


ERASED_SUBJECT: Final = "audit"


def erasure_of(number: int) -> str:
    """The subject of the entry that erases another one's values."""
    return subject(ERASED_SUBJECT, number)


class Chain:
    """Follows the links in order of their numbers."""

    def __init__(self) -> None:
        self.count = 0
        self.head = BEFORE_ALL
        self._gone: set[int] = set()
        self._erased: set[int] = set()

    def follow(self, found: Iterable[Kept]) -> Broken | None:
        """The first link that does not hold, or None; then count and head stand at the last."""
        for kept in found:
            fault = self._fault(kept)
            if fault is not None:
                return Broken(self.count + 1 if fault is Fault.MISSING else kept.link.number, fault)
            self._pass(kept)
        return None

    def _fault(self, kept: Kept) -> Fault | None:
        link = kept.link
        if link.number != self.count + 1:
            return Fault.MISSING
        if not kept.is_whole():
            return Fault.ALTERED
        if link.before != self.head:
            return Fault.UNLINKED
        if kept.values is None and kept.salt is None:
            return None  # whether that was said is known at the end
        if kept.values is None or kept.salt is None:
            return Fault.VALUES_ALTERED  # they go together
        return None if salted(kept.salt, kept.values) == link.salted else Fault.VALUES_ALTERED

    def _pass(self, kept: Kept) -> None:
        self.count, self.head = kept.link.number, kept.hash
        if kept.values is None:
            self._gone.add(kept.link.number)
        if kept.link.action == Action.ERASED:
            kind, _, number = kept.link.subject.partition(":")
            if kind == ERASED_SUBJECT and number.isdecimal():
                self._erased.add(int(number))

    @property
    def erased(self) -> int:
        """How many entries have no values any more."""
        return len(self._gone)

    def end(self) -> Broken | None:
        """After the last link: the first whose values are gone, though no entry says so."""
        gone = self._gone - self._erased
        return Broken(min(gone), Fault.VALUES_GONE) if gone else None
