"""The sheet of contacts: whom each office's cases are told to, rung by rung. Used by `register`,
whose offices they are of."""

import re
from collections.abc import Mapping
from typing import Final

from routing.numbers.plan import mobile
from routing.register import MOST_RUNGS, Contact, Office
from routing.sheets.rows import Reader, Row

COLUMNS: Final = ("office", "order", "post", "post_en", "email", "phone", "channel", "after")
NOBODY: Final = ",".join(COLUMNS) + "\n"
"""The sheet of a register that names none."""
LONGEST_WAIT: Final = 10_000
"""Working minutes, a month of them: whoever writes more means another unit."""
USUAL_WAIT: Final = 120
"""Working minutes until the office above is told, where a register names no contacts."""
MAILBOX: Final = {"zh-CN": "单位邮箱", "en": "Office mailbox"}
ABOVE: Final = {"zh-CN": "上级单位邮箱", "en": "Superior office's mailbox"}
_EMAIL: Final = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,190}")
_CHANNEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def read_contacts(
    reader: Reader, text: str, offices: Mapping[str, Office]
) -> dict[str, tuple[Contact, ...]]:
    """The ladder of every office: as the sheet has it, or its own mailbox and then that of the
    office above. Each fault goes to the reader."""
    told: dict[str, dict[int, Contact]] = {}
    last: dict[str, Row] = {}
    for row in reader.rows("contacts", text, COLUMNS):
        office = offices.get(row.needed("office"))
        if office is None:
            row.fault("office", "no_office", value=row.text("office"))
            continue
        rungs, last[office.id] = told.setdefault(office.id, {}), row
        contact = _contact(row, office)
        if contact.order in rungs:
            row.fault("order", "rung_twice", office=office.id, rung=contact.order)
        rungs[contact.order] = contact
    for name, row in last.items():
        _without_gap(row, told[name])
    ladders = {name: tuple(rungs[at] for at in sorted(rungs)) for name, rungs in told.items()}
    return {name: ladders.get(name) or _usual(office, offices) for name, office in offices.items()}


def _contact(row: Row, office: Office) -> Contact:
    order = row.read("order", _whole, 1, "rung", most=MOST_RUNGS)
    if not 1 <= order <= MOST_RUNGS:
        row.fault("order", "rung", value=order, most=MOST_RUNGS)
    email = row.matched("email", _EMAIL, "office01@yunling.example") if row.text("email") else None
    channel = row.matched("channel", _CHANNEL, "wecom-police") if row.text("channel") else None
    phone = row.phone("phone")
    if phone and not mobile(phone):
        row.fault("phone", "needs_mobile")
    if order > 1 and not (email or phone or channel):
        row.fault("email", "unreachable")
    return Contact(
        order=order,
        post=row.names("post", "post_en"),
        email=office.email if order == 1 and email is None else email,
        phone=phone,
        channel=channel,
        after=_after(row, order),
    )


def _after(row: Row, order: int) -> int:
    """The wait before a rung; none before the first."""
    if order == 1:
        if row.text("after") not in {"", "0"}:
            row.fault("after", "first_rung")
        return 0
    after = row.read("after", _whole, 1, "not_minutes")
    if not 1 <= after <= LONGEST_WAIT:
        row.fault("after", "wait", value=after, most=LONGEST_WAIT)
    return after


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)


def _without_gap(row: Row, rungs: Mapping[int, Contact]) -> None:
    """The first is told at once, and each is reached from the one before."""
    for rung in range(1, max(rungs) + 1):
        if rung not in rungs:
            row.fault("order", "rung_gap", office=row.text("office"), rung=rung)


def _usual(office: Office, offices: Mapping[str, Office]) -> tuple[Contact, ...]:
    """The ladder of an office without contacts."""
    own = Contact(1, MAILBOX, office.email, None, None, 0)
    above = offices.get(office.parent or "")
    if above is None or above.email == office.email:
        return (own,)
    return own, Contact(2, ABOVE, above.email, None, None, USUAL_WAIT)
