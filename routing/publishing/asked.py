"""What every door of the publishing desk asks first: a reason, a review without errors, and the
entry for the audit. Used by `desk` and `hurried`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from routing.audit import BY, Action, Entry
from routing.drafts.change import Author
from routing.drafts.kinds import Document
from routing.findings import Finding, Level
from routing.publishing.release import MOST_REASON, Unreasoned

Review = Callable[[Document], Awaitable[Sequence[Finding]]]
"""Compiles a body and says all that is wrong with it, scenarios that fail included. Raises
Unfinished."""


def reason_of(reason: str) -> str:
    """On one line, of visible signs alone. Raises Unreasoned."""
    reason = "".join(sign for sign in " ".join(reason.split()) if sign.isprintable())
    if not 0 < len(reason) <= MOST_REASON:
        raise Unreasoned(f"say why, in at most {MOST_REASON} characters")
    return reason


def errors_in(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What keeps a body from being published."""
    return tuple(finding for finding in findings if finding.level is Level.ERROR)


def entry_of(
    by: Author, action: Action, of: str, at: datetime, reason: str, **more: object
) -> Entry:
    """What the audit keeps of it."""
    return Entry(by.account, action, of, at, {BY: by.name, "reason": reason, **more})
