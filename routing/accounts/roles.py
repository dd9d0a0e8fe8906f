"""Who people are once they have signed in, and what each role may do: one table, which denies
whatever it does not allow (ADR 33). The pages ask it through `routing.web.entry`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What somebody is here for; one person, one role."""

    ADMIN = "admin"
    """edits and publishes the plan, keeps the accounts"""
    SUPERVISOR = "supervisor"
    """sees to what is overdue, and acts in a hurry"""
    OFFICE = "office"
    """handles the cases of one office"""
    OFFICIAL = "official"
    """answers calls and reads the cases of one office"""
    AUDITOR = "auditor"
    """reads everything that was done, changes nothing"""


OF_AN_OFFICE: Final = frozenset({Role.OFFICE, Role.OFFICIAL})
"""Their account names the office that they belong to; no other account does."""


class Act(StrEnum):
    """What pages are for."""

    OWN_ACCOUNT = "own_account"
    KEEP_ACCOUNTS = "keep_accounts"
    READ_PLAN = "read_plan"
    EDIT_PLAN = "edit_plan"
    PUBLISH = "publish"
    ACT_IN_A_HURRY = "act_in_a_hurry"
    """a closure order, suspending a number, a roll-back: confirmed by a second person later"""
    SEE_CALLS = "see_calls"
    """why a past call went where it did"""
    READ_AUDIT = "read_audit"
    ALL_OFFICES = "all_offices"
    """every office's cases"""
    OWN_OFFICE = "own_office"
    """those of the office that the account names, and of no other"""
    HEAR_CALLERS = "hear_callers"
    """a case's recordings and words, and the last digits of its caller"""
    HANDLE_CASES = "handle_cases"
    """accept, sort, return and correct, of the cases that one may open"""
    OWN_LINE = "own_line"
    """an official's own number: how many calls they took, and how many are left"""
    SEND_AGAIN = "send_again"
    """what somebody was to be told and did not get"""


MAY: Final[Mapping[Act, frozenset[Role]]] = MappingProxyType(
    {
        Act.OWN_ACCOUNT: frozenset(Role),
        Act.KEEP_ACCOUNTS: frozenset({Role.ADMIN}),
        Act.READ_PLAN: frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}),
        Act.EDIT_PLAN: frozenset({Role.ADMIN}),
        Act.PUBLISH: frozenset({Role.ADMIN}),
        Act.ACT_IN_A_HURRY: frozenset({Role.ADMIN, Role.SUPERVISOR}),
        Act.SEE_CALLS: frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}),
        Act.READ_AUDIT: frozenset({Role.ADMIN, Role.AUDITOR}),
        Act.ALL_OFFICES: frozenset({Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}),
        Act.OWN_OFFICE: OF_AN_OFFICE,
        Act.HEAR_CALLERS: frozenset(Role) - {Role.AUDITOR},
        Act.HANDLE_CASES: frozenset({Role.SUPERVISOR, Role.OFFICE}),
        Act.OWN_LINE: frozenset({Role.OFFICIAL}),
        Act.SEND_AGAIN: frozenset({Role.ADMIN, Role.SUPERVISOR}),
    }
)


def may(role: Role, act: Act) -> bool:
    """Whether the table allows it."""
    return role in MAY.get(act, frozenset())


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: what pages show, use cases ask and the audit keeps. `account` is an id
    that stays when the name changes; `office` is None unless the role is of one, `line` is the
    published number of an official who has one."""

    account: str
    name: str
    role: Role
    office: str | None = None
    line: str | None = None

    def opens(self, office: str) -> bool:
        """Whether they may look at the cases of this office."""
        own = may(self.role, Act.OWN_OFFICE) and self.office == office
        return own or may(self.role, Act.ALL_OFFICES)
