"""Which phrases a node's script says, and which the steps say by themselves, with the slots that
they give; and which are written but kept for what is not built yet. `review` proves all of them
against the phrasebook."""

from collections.abc import Mapping
from typing import Final, assert_never

from ivr.flow.fallback import PHRASES as FALLBACK
from ivr.flow.node import (
    Answer,
    Area,
    Check,
    Confirm,
    Do,
    Duty,
    End,
    Limit,
    Menu,
    Missed,
    Node,
    Progress,
    Prompt,
    Put,
    Record,
    Registered,
    Text,
    Topic,
)
from ivr.flow.ordered import PHRASES as ORDERED
from ivr.flow.standing import STANDING
from routing.cases.kinds import About, Kind

NOTHING: Final[frozenset[str]] = frozenset()
_PLAIN: Final = (
    "silence.1", "silence.2", "wrong.1", "unheard", "check.ask", "check.ask.wait", "check.root",
    "check.never_calls", "check.ring_back", "check.hotline", "check.go_on",
    "check.unreadable", "check.limit",
    "check.texted", "check.texts_full", "record.empty", "case.registered", "case.read",
    "case.texted",
    "put.stand_in", "person.connect", "person.wait", "progress.ask", "progress.miss",
    "progress.pin_sent", "progress.forgotten", "progress.pin", "whisper.offer",
    "whisper.person", "whisper.language", "whisper.accepted", "whisper.declined",
    "whisper.declined.next", "whisper.declined.last", "whisper.gone", "whisper.taken",
    "whisper.late", "trouble.plain",
    "call.offer", "call.again", "end.bye",
    "topic.none", "kind.none", "verdict.genuine", "verdict.suspended", "verdict.withdrawn",
    "verdict.not_listed", "verdict.public", *(f"kind.{kind.value}" for kind in Kind),
    *(f"about.{about.value}" for about in About), *(f"group.{group}" for group in range(1, 5)),
    *STANDING.values(), *FALLBACK,
)  # fmt: skip
STEP_PHRASES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(_PLAIN, NOTHING),
    **ORDERED,
    "wrong.2": frozenset({"keys"}),
    "check.confirm": frozenset({"number"}),
    "heard.said": frozenset({"said"}),
    "heard.guess": frozenset({"said"}),
    "check.genuine": frozenset({"number", "who", "date", "paper", "page"}),
    "check.not_listed": frozenset({"number"}),
    "check.withdrawn": frozenset({"number", "date"}),
    "check.replaced": frozenset({"new"}),
    "check.suspended": frozenset({"number", "date"}),
    "check.public": frozenset({"number", "service"}),
    "check.area": frozenset({"area"}),
    "put.now": frozenset({"office"}),
    "put.next": frozenset({"next"}),
    "put.full": frozenset({"post", "next"}),
    "put.transfer": frozenset({"next"}),
    "sms.case": frozenset({"case", "pin", "due"}),
    "sms.check": frozenset({"number", "verdict", "date"}),
    "sms.check.hotline": frozenset({"number", "verdict", "date"}),
    "sms.pin": frozenset({"case", "pin"}),
    "sms.office": frozenset({"case", "kind", "due"}),
    "sms.office.plain": frozenset({"case"}),
    "sms.office.danger": frozenset({"case"}),
    "sms.office.escalated": frozenset({"case"}),
}
"""Phrase id -> the slots that the step fills; a call fills the others by itself."""
TOLD: Final = frozenset({"tail", "office", "due"})
"""What is known of a case that somebody asks after: its state's phrase may use no other slot."""

_CODES: Final = "call codes come with the register of outgoing calls"
_ANSWERS: Final = "questions, answers, reasons and days of closing come with the office's work"
LATER: Final[Mapping[str, str]] = {
    "greet.direct": "for deployments without a menu",
    "check.may_call": _CODES,
    "check.reported": "a report is told to others only after a person has confirmed it",
    "matter.district": "only where the rules differ by district; the city's do not",
    "whisper.returned": "an official's call back needs the register of their phones",
    "whisper.test": "weekly test calls come with the register",
    "progress.extended": _ANSWERS,
    "progress.question": _ANSWERS,
    "progress.answer": _ANSWERS,
    "progress.closed": _ANSWERS,
    "progress.not_accepted": _ANSWERS,
    "talk.recorded": "for deployments that record talk; none does yet",
    "missed.ask": _CODES,
    "missed.confirmed": _CODES,
    "missed.other": _CODES,
    "missed.expired": _CODES,
    "missed.none": _CODES,
}
"""Phrase id -> why nothing says it yet. Any other phrase that nothing says is a finding."""


def prompts_of(node: Node) -> tuple[Prompt, ...]:
    """What the script lets the node say."""
    match node:
        case Menu():
            return (*node.first, *node.prompts, *node.again)
        case Record() | Do() | End():
            return node.prompts
        case Answer() | Check() | Confirm() | Area() | Text() | Limit() | Topic() | Duty():
            return ()
        case Registered() | Put() | Progress() | Missed():
            return ()
        case _:
            assert_never(node)
