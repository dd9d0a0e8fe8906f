"""What was to be told to somebody and did not arrive, as values: given up, sent back, or tried for
long. The counterpart of `ledger`, which counts all that must follow a call; here a person reads
whom it was for and why, and sends it again (ADR 28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from routing.audit import Entry
from routing.ports import JobKind

TELLING: Final = frozenset(
    {
        JobKind.TELL_OFFICE,
        JobKind.TELL_MOVED,
        JobKind.TELL_COPY,
        JobKind.TELL_WORDS,
        JobKind.TELL_CHANNEL,
        JobKind.TEXT_OFFICE,
        JobKind.ESCALATE,
        JobKind.SMS,
        JobKind.CALL,
    }
)
"""The work by which somebody is told something."""
LONG: Final = timedelta(minutes=10)
"""Work that is still being tried is shown from then on: sooner it may well arrive by itself."""
BACK: Final = "back"
"""In the payload of work whose message came back: by which code of its channel."""
CAME_BACK: Final = "came_back"
"""The same, sent again since: how often it came back."""


class Meaning(StrEnum):
    """What a carrier's or a mail server's code says of a message that reached nobody."""

    NO_MAILBOX = "no_mailbox"
    MAILBOX_CLOSED = "mailbox_closed"
    MAILBOX_FULL = "mailbox_full"
    NO_SERVER = "no_server"
    """its mail server cannot be found or reached"""
    TOO_LARGE = "too_large"
    NOT_WANTED = "not_wanted"
    """refused by the receiving side's policy: spam, sender, login"""
    NOT_MAILED = "not_mailed"
    """by mail, for another reason"""
    PHONE_OFF = "phone_off"
    BLOCKED = "blocked"
    """the phone, or its owner, takes none"""
    NO_PHONE = "no_phone"
    NOT_A_MOBILE = "not_a_mobile"
    FILTERED = "filtered"
    """taken for spam, or not registered"""
    OUR_ACCOUNT = "our_account"
    """our account at the carrier has to be seen to"""
    NOT_TEXTED = "not_texted"
    """by text, for another reason"""


SAID: Final[Mapping[Meaning, str]] = {
    Meaning.NO_MAILBOX: "there is no such mailbox",
    Meaning.MAILBOX_CLOSED: "the mailbox is closed",
    Meaning.MAILBOX_FULL: "the mailbox is full",
    Meaning.NO_SERVER: "its mail server cannot be reached",
    Meaning.TOO_LARGE: "the mail is too large for it",
    Meaning.NOT_WANTED: "its mail server does not take mail from us",
    Meaning.NOT_MAILED: "its mail server could not deliver it",
    Meaning.PHONE_OFF: "the phone is off, or out of reach",
    Meaning.BLOCKED: "the phone takes no texts from us",
    Meaning.NO_PHONE: "nobody has this number",
    Meaning.NOT_A_MOBILE: "the number takes no texts: a landline, or its carrier is out of reach",
    Meaning.FILTERED: "a carrier filtered it out: sender or words are not registered there",
    Meaning.OUR_ACCOUNT: "our account at the carrier cannot send it",
    Meaning.NOT_TEXTED: "the carrier could not deliver it",
}
"""In our own sentences, as they stand in the log and beside the work."""

_TEXTS: Final[Mapping[str, Meaning]] = {
    "30001": Meaning.OUR_ACCOUNT,  # its queue is full
    "30002": Meaning.OUR_ACCOUNT,  # suspended
    "30003": Meaning.PHONE_OFF,
    "30004": Meaning.BLOCKED,
    "30005": Meaning.NO_PHONE,
    "30006": Meaning.NOT_A_MOBILE,
    "30007": Meaning.FILTERED,
    "30010": Meaning.OUR_ACCOUNT,  # dearer than it may be
    "30034": Meaning.FILTERED,  # a sender that is not registered
    "21610": Meaning.BLOCKED,  # its owner said stop
    "21614": Meaning.NOT_A_MOBILE,
}
_MAILS: Final[Mapping[str, Meaning]] = {
    "1.1": Meaning.NO_MAILBOX,
    "1.2": Meaning.NO_SERVER,
    "1.3": Meaning.NO_MAILBOX,
    "1.6": Meaning.MAILBOX_CLOSED,
    "1.10": Meaning.NO_MAILBOX,
    "2.1": Meaning.MAILBOX_CLOSED,
    "2.2": Meaning.MAILBOX_FULL,
    "2.3": Meaning.TOO_LARGE,
    "3.4": Meaning.TOO_LARGE,
    "4": Meaning.NO_SERVER,
    "7": Meaning.NOT_WANTED,
}
"""Subject and detail of an enhanced status code (RFC 3463), or its subject alone."""


def meaning(code: str) -> Meaning | None:
    """What a code says ("sms.30003", "mail.5.1.1"); None for none. One that nobody has written down
    says only that it did not arrive."""
    channel, _, number = code.partition(".")
    match channel:
        case "sms":
            return _TEXTS.get(number, Meaning.NOT_TEXTED)
        case "mail":
            detail = number.partition(".")[2]
            return _MAILS.get(detail, _MAILS.get(detail.partition(".")[0], Meaning.NOT_MAILED))
        case _:
            return None


class Fate(StrEnum):
    """How a message stands that did not arrive."""

    GIVEN_UP = "given_up"
    """the far side refused it, or did not take it in all its tries"""
    CAME_BACK = "came_back"
    """it was taken, and told later to have reached nobody"""
    TRYING = "trying"
    """it is late, and will be tried again by itself"""


@dataclass(frozen=True, slots=True)
class Missed:
    """One message that did not arrive. `id` and `kind` are its work's; `office` the id of the
    office that it is of, None where that is not known; `to` a masked phone number or a channel's
    name, "" for mails, whose address stands in the register; `due` is when it was first to be sent
    and `at` when it was given up, came back, or is tried next (aware UTC); `why` our own sentence,
    `code` the far side's ("sms.30003", "mail.5.1.1"), "" without one; `rung` which post of the
    office's ladder it was for, None for the first; `news` what it tells, "" where its kind says so.
    What is not `whole` has lost its words to retention and cannot be sent again."""

    id: int
    kind: str
    fate: Fate
    due: datetime
    at: datetime
    tries: int
    why: str
    code: str = ""
    reference: str | None = None
    office: str | None = None
    to: str = ""
    rung: int | None = None
    news: str = ""
    whole: bool = True


class Undelivered(Protocol):
    """What did not arrive, as its page sees it."""

    async def missed(self, now: datetime) -> Sequence[Missed]:
        """What did not arrive, the latest first, then what is tried for long; of each at most a
        few hundred."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """How much was given up or came back, by kind of work."""
        ...

    async def offices(self) -> Mapping[str, int]:
        """The same by the office whose case it tells of."""
        ...

    async def again(self, job: int, now: datetime, entry: Entry | None = None) -> bool:
        """Send one again, under its own key and with all its tries; `entry` is audited with it.
        False where somebody did already, or its words are gone."""
        ...

    async def all_again(self, kind: str, now: datetime, entry: Entry | None = None) -> int:
        """The same for all of a kind that did not arrive; returns how many."""
        ...
