"""By what an office is reached as the register has it: its mailbox and its phones. Two offices that
have one in common cannot be told of complaints about each other (hotline §1.6). Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from routing.register import Directory, Office


@dataclass(frozen=True, slots=True)
class Shared:
    """A mailbox or phone that several offices have: their ids, as the register orders them."""

    way: str
    offices: tuple[str, ...]


def mailbox_of(address: str) -> str:
    """What tells mailboxes apart: no mail server that is in use heeds capital letters."""
    return address.strip().casefold()


def masked_mailbox(mailbox: str) -> str:
    """of…@yunling.example; "" for what is none."""
    name, at, domain = mailbox.rpartition("@")
    return f"{name[:2]}…@{domain}" if at else ""


def doors(office: Office) -> frozenset[str]:
    """Its mailbox and its phones."""
    phones = (office.pool_number, office.stand_in_number)
    return frozenset({mailbox_of(office.email), *(phone for phone in phones if phone)})


def one_door(directory: Directory, office: str, others: frozenset[str]) -> bool:
    """Whether an office is one of the others, or reached by what reaches one of them."""
    known = directory.offices
    if office in others:
        return True
    return office in known and any(
        not doors(known[office]).isdisjoint(doors(known[other]))
        for other in others
        if other in known
    )


def shared_doors(directory: Directory) -> Sequence[Shared]:
    """All that several offices have in common: a finding of the register."""
    return list(_shared(directory))


def _shared(directory: Directory) -> Iterator[Shared]:
    whose: dict[str, list[str]] = {}
    for office in directory.offices.values():
        for way in sorted(doors(office)):
            whose.setdefault(way, []).append(office.id)
    for way, offices in whose.items():
        if len(offices) > 1:
            yield Shared(way, tuple(offices))
