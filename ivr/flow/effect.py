"""What must be remembered or sent, as values, and what must be found out first (`Lookup`).
Effects become rows in the step's own transaction (design §3); nothing is sent from here."""

from collections.abc import Mapping
from datetime import datetime

from ivr.flow.instruction import Language
from ivr.flow.value import value
from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.rules.quota import Bucket
from routing.rules.then import Order


@value
class OpenCase:
    """Open the one case of a matter; the matter is (call, `turn`).

    `reference` and `pin` were drawn by the shell; the PIN is stored as an HMAC only.
    `caller` is E.164 or None where withheld. `danger` marks emergency words. `group` is the topic
    menu's first key; where no kind was `said` it is filed as an enquiry."""

    turn: int
    reference: str
    pin: str
    kind: Kind
    about: About | None
    topic: str | None
    district: str
    office: str
    rule: str
    confidentiality: Confidentiality
    dialled: str
    caller: str | None
    language: Language
    due: datetime
    danger: bool = False
    group: int | None = None
    said: bool = True


@value
class AttachRecording:
    """A recording belongs to the case `reference`; it is fetched by the outbox."""

    reference: str
    turn: int
    recording: str
    seconds: int
    language: Language


@value
class MakeAnonymous:
    """Delete the caller's number from the case and from its unsent notices."""

    reference: str


@value
class WithdrawCase:
    """The caller, who knew the PIN, withdraws the case (hotline §1.2 no. 18)."""

    reference: str


@value
class FlagPressure:
    """The caller says that somebody puts pressure on them: for the supervisor."""

    reference: str


@value
class Notify:
    """Send a text: phrase id, slots and language; `to` is E.164. `key` makes it once only.

    `reference` ties the text to a case, so that anonymity can still delete it."""

    phrase: str
    to: str
    slots: Mapping[str, str]
    language: Language
    key: str
    reference: str | None = None


@value
class TellOffice:
    """The office gets the case: an outbox row for delivery (console and demo page here)."""

    reference: str
    office: str


@value
class NoteVerdict:
    """A number was checked: only the verdict's name is kept, never the number."""

    verdict: str


@value
class NoteStray:
    """An event the node does not list: noted, answered by repeat."""

    event: str


@value
class NoteRing:
    """A person's phone rings; whether somebody takes it shows in what answers `turn`."""

    phone: str
    turn: int


@value
class NoteTaken:
    """Target `leg`, who was not asked first, took the call that the Dial of `turn` put through:
    its carrier bridged both, which is all that is told of it (design §3, Put through)."""

    turn: int
    leg: int


@value
class RingLeg:
    """A phone is rung by a call of its own, together with others: target `leg` of those that ring
    while `turn` is waited for, for so many `seconds`, showing the number `line`."""

    turn: int
    leg: int
    number: str
    line: str
    seconds: int


@value
class EndRound:
    """Nobody joins any more the caller who waited for `turn`: what still rings is to stop, and the
    carrier's `room` is to be cleared away."""

    turn: int
    room: str | None = None


@value
class TakeToken:
    """The call that is put through to an official in answer to `turn - 1` takes token `number` of
    their bucket `key`. Another call may have been quicker: then the step fails, and is taken
    anew."""

    official: str
    key: str
    number: int
    turn: int


@value
class ReturnToken:
    """Nobody took the call whose ringing `turn` tells of: its tokens are there again."""

    turn: int


@value
class SendCopy:
    """Another office is told of the case, which stays its own office's."""

    reference: str
    office: str


Effect = (
    OpenCase
    | AttachRecording
    | MakeAnonymous
    | WithdrawCase
    | FlagPressure
    | Notify
    | TellOffice
    | NoteVerdict
    | NoteStray
    | NoteRing
    | NoteTaken
    | RingLeg
    | EndRound
    | TakeToken
    | ReturnToken
    | SendCopy
)


@value
class FindCase:
    """Which case has this number and PIN? Takes one of the caller's tries (design §3)."""

    reference: str
    pin: str


@value
class SendPin:
    """Send a new PIN to the registering mobile, if it is this caller's; once a day."""

    reference: str


@value
class CountCases:
    """How many cases did this caller open in the last hour?"""


@value
class CountLiveCalls:
    """How much have the call's targets been rung: which token of each of `buckets` is free, and how
    often did each of `phones` ring in vain within the hour? By target; None for those that need not
    be asked about."""

    buckets: tuple[Bucket | None, ...]
    phones: tuple[str | None, ...] = ()


@value
class Duty:
    """The members of a roster who are on duty, and how they follow each other."""

    roster: str
    order: Order
    members: tuple[str, ...]


@value
class FindNext:
    """Who of each roster is rung first? Whoever that is has had their turn then."""

    duties: tuple[Duty, ...]


@value
class FindMatter:
    """Is there a case for the recording of this turn already?"""

    turn: int


@value
class CountTexts:
    """Have as many texts gone to this caller's number today as results of checks may?"""


Lookup = FindCase | SendPin | CountCases | CountLiveCalls | FindNext | FindMatter | CountTexts
