"""Whom next, and when: the ladder of a case that nobody has accepted (hotline §1.3, §1.7). Pure;
`register` has each office's contacts, `delivery.escalating` climbs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from routing.cases.doors import mailbox_of
from routing.cases.kinds import About, Kind
from routing.hours import OpenIntervals
from routing.register import Contact, Directory

TOP: Final = 99
"""The rung above all: nobody is left to be told, and those who run the line hear of it."""
LAST_WAIT: Final = timedelta(minutes=120)
"""Working time for the last one told, before that is so."""
DANGER_WAIT: Final = timedelta(minutes=30)
"""Danger is signed for within half an hour by the clock, whatever the calendar says."""


def above(directory: Directory, office: str, accused: frozenset[str], rung: int) -> Contact | None:
    """The next on the office's ladder above `rung`; None where nobody is left. Who belongs to an
    office that the caller complains about is passed over (hotline §1.6)."""
    ladder = directory.contacts.get(office, ())
    barred = {way for other in accused for way in _ways_to(directory, other)}
    barred -= _own(directory, office, accused)
    return _allowed((contact for contact in ladder if contact.order > rung), barred)


def first(directory: Directory, office: str, accused: frozenset[str]) -> Contact | None:
    """Who on the office's ladder is told at once; None where nobody there may be: then its own
    mailbox alone is, where that is `apart`. Whoever is told first of the cases of an office
    complained about is passed over; one who stands above that office is just who is to know of it.
    """
    barred = _ways_of(directory, accused - {office}) - _own(directory, office, accused)
    return _allowed(directory.contacts.get(office, ()), barred)


def apart(directory: Directory, office: str, accused: frozenset[str]) -> bool:
    """Whether the office's mailbox is of no other office that is complained about: one that two
    offices have would show the complaint to whom it is about."""
    own = directory.offices.get(office)
    return own is None or mailbox_of(own.email) not in _mailboxes(directory, accused - {office})


def speaks_for(directory: Directory, office: str, accused: frozenset[str], channel: str) -> bool:
    """Whether who holds this channel may act for the office: it is on the ladder, and no office
    complained about is told by it."""
    ladder = directory.contacts.get(office, ())
    known = any(contact.channel == channel for contact in ladder)
    return known and channel not in _ways_of(directory, accused - {office})


def _allowed(ladder: Iterable[Contact], barred: set[str]) -> Contact | None:
    """A post whose mailbox or phone is barred is; a channel may be many offices', and is left out
    by itself."""
    for contact in ladder:
        if barred.isdisjoint(_ways(replace(contact, channel=None))):
            told = replace(contact, channel=None) if contact.channel in barred else contact
            if _ways(told):
                return told
    return None


def due(
    told: datetime, contact: Contact | None, intervals: OpenIntervals, *, danger: bool
) -> datetime:
    """When the next one is told, if nobody has accepted since `told`: after the working time that
    the register gives it; in danger by the clock, within half an hour. Aware UTC."""
    wait = LAST_WAIT if contact is None else timedelta(minutes=contact.after)
    return told + min(wait, DANGER_WAIT) if danger else intervals.after(told, wait)


def accused(
    directory: Directory, dialled: str, topic: str | None, kind: Kind | None, about: About | None
) -> frozenset[str]:
    """The offices that a case may be a complaint about: that of the number which was dialled; where
    it is about another office, the one whose topic it is, too."""
    if about is About.BUSINESS or (about is None and kind is not Kind.COMPLAINT):
        return frozenset()
    return frozenset(_offices(directory, dialled, topic if about is About.OTHER_OFFICE else None))


def _offices(directory: Directory, dialled: str, topic: str | None) -> Iterator[str]:
    if dialled in directory.numbers:
        yield directory.numbers[dialled].office
    if topic is not None and topic in directory.topics:
        yield directory.topics[topic].lead


def _own(directory: Directory, office: str, accused: frozenset[str]) -> set[str]:
    """The mailbox by which an office may be told whatever else stands there: its own, unless an
    office complained about has the same."""
    if office not in directory.offices or not apart(directory, office, accused):
        return set()
    return {mailbox_of(directory.offices[office].email)}


def _mailboxes(directory: Directory, offices: frozenset[str]) -> set[str]:
    known = directory.offices
    return {mailbox_of(known[office].email) for office in offices if office in known}


def _ways_of(directory: Directory, offices: frozenset[str]) -> set[str]:
    """What reaches them themselves, and not whoever stands above them."""
    return {way for office in offices for way in _ways_to(directory, office, rungs=1)}


def _ways_to(directory: Directory, office: str, rungs: int | None = None) -> Iterator[str]:
    """The mailboxes, phones and channels that reach an office or whoever stands above it there, as
    far up as so many rungs."""
    if office in directory.offices:
        yield mailbox_of(directory.offices[office].email)
    for contact in directory.contacts.get(office, ())[:rungs]:
        yield from _ways(contact)


def _ways(contact: Contact) -> set[str]:
    mailbox = mailbox_of(contact.email or "")
    return {way for way in (mailbox, contact.phone, contact.channel) if way}
