"""Where mail is handed over, and what can be an address in it, as values. `smtp` talks to it."""

import contextlib
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from routing.handoff import Refused

_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}")


class Security(Enum):
    """How the connection is kept from others' eyes."""

    NONE = "none"
    """to this machine alone"""
    STARTTLS = "starttls"
    """required, not only where it is offered"""
    TLS = "tls"
    """from the first byte"""


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mail; `user` is empty where it asks for no login."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


def is_mailbox(address: str) -> bool:
    """Whether it can stand in an envelope as it is."""
    return _MAILBOX.fullmatch(address) is not None


def mailbox(address: str) -> str:
    """An office's address as it goes into an envelope. Raises Refused where it cannot be one: a
    line break in it would be a header of its own."""
    name, _, domain = address.strip(" ").rpartition("@")
    with contextlib.suppress(UnicodeError):
        found = f"{name}@{domain.encode('idna').decode('ascii')}"
        if is_mailbox(found):
            return found
    raise Refused("the office's e-mail address in the register cannot be one: correct it there")
