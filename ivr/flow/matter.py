"""One matter, one case: where it goes, and the effects of its recording, whichever of Record
action, recording callback or end of call comes first (design §3, The URLs we hand out)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ivr.flow.call import Call, with_facts
from ivr.flow.effect import AttachRecording, Effect, Notify, OpenCase, SendCopy, TellOffice
from ivr.flow.event import MatterFound
from ivr.flow.node import Purpose, Record
from ivr.flow.slots import due_figures, topic_of
from ivr.flow.speech import gets_texts
from ivr.flow.world import Draws, World
from routing.cases.case import Confidentiality
from routing.cases.deadlines import danger_due, due
from routing.cases.kinds import Kind
from routing.cases.reference import spaced
from routing.numbers.plan import mobile
from routing.rules.condition import CallerKind, Facts
from routing.rules.router import Decision
from routing.rules.then import USUAL, Then

REPORT_TOPIC = "safety"
"""Who used a number that is not genuine: the police's office takes it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A recording as it ended: the carrier's id (None where its webhooks never came)."""

    recording: str | None
    seconds: int


def decide(world: World, call: Call) -> Decision:
    """Which office, by the rules, from what is known so far."""
    return world.plan.rules.decide(facts_of(world, call))


def facts_of(world: World, call: Call) -> Facts:
    """What the rules are asked about."""
    said = call.facts
    entry = world.plan.directory.numbers.get(call.dialled)
    return Facts(
        dialled=call.dialled,
        language=call.language,
        kind=said.kind,
        about=said.about,
        topic=topic_of(world, call),
        group=said.group,
        district=entry.district if entry is not None else None,
        caller_kind=caller_kind(call),
        at=world.now,
        office=entry.office if entry is not None else None,
        open=world.plan.open,
    )


def then_of(world: World, decision: Decision) -> Then:
    """What the rule that decided leads to besides its office."""
    rule = world.plan.special.get(decision.rule)
    return USUAL if rule is None else rule.then


def caller_kind(call: Call) -> CallerKind:
    """What is known of the caller's number."""
    if call.caller is None:
        return CallerKind.WITHHELD
    return CallerKind.MOBILE if mobile(call.caller) else CallerKind.LANDLINE


def decided(world: World, call: Call, purpose: Purpose) -> Call:
    """The call with the decision that its recording needs before a word about it is said."""
    if purpose is Purpose.MORE or (purpose is Purpose.MESSAGE and call.decision is not None):
        return call
    if purpose is Purpose.REPORT:
        call = with_facts(call, kind=Kind.REPORT, about=None, topic=REPORT_TOPIC, group=None)
    return replace(call, decision=decide(world, call))


def register(
    world: World, call: Call, node: Record, taken: Taken, found: MatterFound
) -> tuple[Call, tuple[Effect, ...]]:
    """The call that knows its case, and what must be written. `call.turn` is the matter's turn;
    `found` says whether another webhook has opened the case already."""
    if node.purpose is Purpose.MORE:
        reference = call.facts.asked or call.facts.reference
        return call, tuple(_attach(call, reference, taken)) if reference else ()
    draws = _draws(world, found)
    call = decided(world, call, node.purpose)
    decision = call.decision
    if decision is None:
        raise TypeError("decided() returns a decision for every purpose but MORE")
    promise = _due(world, call, decision)
    known = call if node.purpose is Purpose.REPORT else _with_case(call, draws, promise)
    effects: list[Effect] = []
    if found.reference is None:
        effects.append(_open(world, known, decision, draws, known.facts.due or promise))
        effects.append(TellOffice(draws.reference, decision.office))
        copies = copied_to(world, call, decision)
        effects.extend(SendCopy(draws.reference, office) for office in copies)
    effects.extend(_attach(call, draws.reference, taken))
    if found.reference is None and node.purpose is not Purpose.REPORT and gets_texts(call):
        effects.append(_text(world, call, draws, known.facts.due or promise))
    return without_report(known) if node.purpose is Purpose.REPORT else known, tuple(effects)


def copied_to(world: World, call: Call, decision: Decision) -> Iterator[str]:
    """The other offices that the rule has told of the case: each once, none that is unknown, and
    none that a complaint may be about (hotline §1.6)."""
    rule = world.plan.special.get(decision.rule)
    guards = world.plan.rules.guards
    if rule is None or guards is None:
        return
    facts = facts_of(world, call)
    for office in dict.fromkeys(rule.also_notify):
        known = office in world.plan.directory.offices and office != decision.office
        if known and guards.may_be_told(facts, office):
            yield office


def _with_case(call: Call, draws: Draws, promise: datetime) -> Call:
    """The new case is what is spoken of from now on, and what is added goes to it: no longer to
    the one that was asked for at progress."""
    told = {"asked": None, "state": None, "asked_office": None, "asked_due": None}
    return with_facts(call, reference=draws.reference, pin=draws.pin, due=promise, **told)


def without_report(call: Call) -> Call:
    """The report's kind, topic and office are no answer to what a later matter asks."""
    return replace(with_facts(call, kind=None, about=None, topic=None, group=None), decision=None)


def _draws(world: World, found: MatterFound) -> Draws:
    if found.reference is not None and found.pin is not None:
        return Draws(found.reference, found.pin)
    if world.draws is None:
        raise TypeError("the shell must draw a reference for every event that may open a case")
    return world.draws


def _due(world: World, call: Call, decision: Decision) -> datetime:
    plan = world.plan
    if call.facts.danger:
        return danger_due(world.now, plan.zone)
    kind = call.facts.kind or Kind.ENQUIRY
    office = decision.office
    return due(kind, world.now, plan.hours[office], plan.holidays_of(office), plan.zone)


def _open(
    world: World, call: Call, decision: Decision, draws: Draws, promise: datetime
) -> OpenCase:
    entry = world.plan.directory.numbers.get(call.dialled)
    return OpenCase(
        turn=call.turn,
        reference=draws.reference,
        pin=draws.pin,
        kind=call.facts.kind or Kind.ENQUIRY,
        about=call.facts.about,
        topic=topic_of(world, call),
        district=entry.district if entry is not None else "",
        office=decision.office,
        rule=decision.rule,
        confidentiality=_level(call, decision),
        dialled=call.dialled,
        caller=None if call.facts.anonymous else call.caller,
        language=call.language,
        due=promise,
        danger=call.facts.danger,
        group=call.facts.group,
        said=call.facts.kind is not None,
    )


def _level(call: Call, decision: Decision) -> Confidentiality:
    if call.facts.anonymous:
        return Confidentiality.ANONYMOUS
    return Confidentiality.CONFIDENTIAL if decision.confidential else Confidentiality.NAMED


def _attach(call: Call, reference: str, taken: Taken) -> Iterator[Effect]:
    if taken.recording is not None:
        yield AttachRecording(reference, call.turn, taken.recording, taken.seconds, call.language)


def _text(world: World, call: Call, draws: Draws, promise: datetime) -> Notify:
    reference = draws.reference
    return Notify(
        phrase="sms.case",
        to=call.caller or "",
        slots={
            "case": spaced(reference),
            "pin": draws.pin,
            "due": due_figures(world, promise, call.language),
        },
        language=call.language,
        key=f"case:{reference}",
        reference=reference,
    )
