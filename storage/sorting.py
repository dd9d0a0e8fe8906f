"""Cases without a topic: read as a rule asks for them, given a topic and the office that it leads
to, or left for a person. Implements `routing.casework.Sortable`."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Executable,
    Row,
    Select,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from ivr.conversation.messages import PLAN_TURN
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.moves import CaseMove, Way
from routing.cases.sorting import Unclear
from routing.cases.transitions import Actor, move
from routing.casework import Back, Evidence, Sorted, Unsorted
from routing.numbers.plan import mobile
from routing.ports import JobKind
from routing.rules.condition import CallerKind, Facts
from storage.audit import append
from storage.effects import GROUPED_WITHIN, enqueue
from storage.engine import Database
from storage.moves import noted, of_case, trail, trail_of, words_of_move
from storage.sealing import Sealing
from storage.tables.calls import calls
from storage.tables.cases import case_callers, case_events, case_sortings, cases
from storage.tables.outbox import outbox

_DONE: Final = case_sortings.alias()
SORTED: Final = (
    exists().where(_DONE.c.reference == cases.c.reference, _DONE.c.why.is_(None)).correlate(cases)
)
TOPICLESS: Final = or_(
    cases.c.topic.is_(None), and_(cases.c.turn == PLAN_TURN, cases.c.kind == Kind.ENQUIRY.value)
)
"""The caller chose none; or the plan took the message, where an enquiry of the number's own topic
is what a case is whose caller told nothing."""
OPEN: Final = or_(
    cases.c.state == CaseState.DISPATCHED.value, cases.c.state == CaseState.IN_PROGRESS.value
)
UNSORTED: Final = and_(TOPICLESS, OPEN, ~SORTED)
MOST_NOTE: Final = 64


class StoredSorting:
    """Each case is sorted once, by whoever is first, unless it comes back to be sorted anew."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def unsorted(self, reference: str) -> Unsorted | None:
        """The case, where it still waits to be sorted."""
        return await self._read(_with_call(reference).where(UNSORTED))

    async def standing(self, reference: str) -> Unsorted | None:
        """The case, wherever it stands."""
        return await self._read(_with_call(reference))

    async def _read(self, query: Select[Any]) -> Unsorted | None:
        for row in await self._database.read(query):
            return Unsorted(
                reference=row.reference,
                office=row.office,
                plan=row.plan,
                facts=self._facts(row),
                confidentiality=Confidentiality(row.confidentiality),
                state=CaseState(row.state),
                trail=trail(await self._database.read(of_case(row.reference))),
            )
        return None

    def _facts(self, row: Row[Any]) -> Facts:
        """As the rules saw the call, but for a caller who is not kept any more."""
        made_up = row.turn == PLAN_TURN and row.kind == Kind.ENQUIRY.value
        return Facts(
            dialled=row.dialled,
            language=row.language,
            kind=None if made_up else Kind(row.kind),
            about=None if row.about is None else About(row.about),
            topic=None,
            group=None,
            district=row.district or None,
            caller_kind=self._caller_kind(row.number),
            at=row.opened,
        )

    def _caller_kind(self, number: bytes | None) -> CallerKind:
        if number is None:
            return CallerKind.WITHHELD
        is_mobile = mobile(self._sealing.open(number))
        return CallerKind.MOBILE if is_mobile else CallerKind.LANDLINE

    async def sort(self, sorted_: Sorted, at: datetime) -> bool:
        """Its topic and its office, and the word to both, in one transaction. The day by which the
        caller is answered stays as it was told."""
        mine = cases.c.reference == sorted_.case.reference

        def once(unit: Connection) -> bool:
            unit.execute(select(cases.c.reference).where(mine).with_for_update())
            waiting = select(cases.c.opened, cases.c.office, cases.c.state).where(mine, UNSORTED)
            row = unit.execute(waiting).one_or_none()
            if row is None or (row.office, row.state) != (sorted_.case.office, sorted_.case.state):
                return False
            unit.execute(insert(case_events).values(_event_of(sorted_, at)))
            _give(unit, sorted_, row.opened)
            unit.execute(_kept(sorted_, at))
            move = _move(sorted_, len(trail_of(unit, sorted_.case.reference)) + 1, at)
            unit.execute(noted(sorted_.case.reference, move))
            if sorted_.moves:
                _tell_both(unit, sorted_.case.reference, move)
            if sorted_.entry is not None:
                append(unit, sorted_.entry)
            return True

        done = await self._database.brief(once)
        self._database.woken.set()
        return done

    async def back(self, back: Back) -> bool:
        """Its office as before, to be sorted anew, and the word to both, in one transaction."""
        reference, seen, move = back.case.reference, back.case, back.move
        mine = cases.c.reference == reference

        def once(unit: Connection) -> bool:
            locked = select(cases.c.opened, cases.c.office, cases.c.state).where(mine)
            row = unit.execute(locked.with_for_update()).one_or_none()
            if row is None or (row.office, row.state) != (seen.office, seen.state):
                return False
            if len(trail_of(unit, reference)) != len(seen.trail):
                return False
            unit.execute(insert(case_events), _events_of(back))
            _return(unit, back, row.opened)
            unit.execute(_left_to_people(reference, back.mark, Evidence(), move.at))
            unit.execute(noted(reference, move))
            _tell_both(unit, reference, move)
            if back.entry is not None:
                append(unit, back.entry)
            return True

        done = await self._database.brief(once)
        self._database.woken.set()
        return done

    async def leave(
        self, reference: str, unclear: Unclear, evidence: Evidence, at: datetime
    ) -> None:
        """Mark it for a person, by the latest words; one that is sorted stays so."""
        mark = _left_to_people(reference, unclear, evidence, at)
        mine = select(cases.c.reference).where(cases.c.reference == reference)

        def keep(unit: Connection) -> None:
            unit.execute(mine.with_for_update())
            if unit.execute(mine.where(UNSORTED)).first() is not None:
                unit.execute(mark)

        await self._database.brief(keep)


def _with_call(reference: str) -> Select[Any]:
    return (
        select(cases, calls.c.plan, case_callers.c.number)
        .join(calls, calls.c.id == cases.c.call_id)
        .join(case_callers, case_callers.c.reference == cases.c.reference, isouter=True)
        .where(cases.c.reference == reference)
    )


def _give(unit: Connection, sorted_: Sorted, opened: datetime) -> None:
    """The topic, the rule and the office; its caller's earlier case is another there."""
    reference, level = sorted_.case.reference, sorted_.confidentiality
    values: dict[str, Any] = {
        "topic": sorted_.topic,
        "topic_group": None,
        "kind_said": True,
        "rule": sorted_.decision.rule,
        "office": sorted_.decision.office,
        "confidentiality": level.value,
    }
    if sorted_.moves:
        values["state"] = CaseState.DISPATCHED.value
    if sorted_.moves or level is not Confidentiality.NAMED:
        named = level is Confidentiality.NAMED
        office = sorted_.decision.office
        values["group_of"] = _earlier(unit, reference, office, opened) if named else None
    unit.execute(update(cases).where(cases.c.reference == reference).values(values))


def _earlier(unit: Connection, reference: str, office: str, opened: datetime) -> str | None:
    """The caller's first named case of that office, before this one."""
    me = case_callers.alias()
    query = (
        select(case_callers.c.reference)
        .join(me, me.c.digest == case_callers.c.digest)
        .join(cases, cases.c.reference == case_callers.c.reference)
        .where(
            me.c.reference == reference,
            cases.c.office == office,
            cases.c.confidentiality == Confidentiality.NAMED.value,
            cases.c.opened > opened - GROUPED_WITHIN,
            cases.c.opened < opened,
        )
        .order_by(cases.c.opened)
        .limit(1)
    )
    found: str | None = unit.execute(query).scalar()
    return found


def _event_of(sorted_: Sorted, at: datetime) -> dict[str, Any]:
    """The audit row: by whose word, by which rule of which plan. Which words these were stands
    beside it (`case_sortings`)."""
    evidence = sorted_.evidence
    actor = Actor.DISPATCHER if evidence.by else Actor.SYSTEM
    before = sorted_.case.state
    after = CaseState.DISPATCHED if sorted_.moves else before
    move(before, after, actor)
    whose = f"sorted: {evidence.by}" if evidence.by else f"words of {evidence.source}"
    note = f"{whose}, plan {sorted_.plan}, rule {sorted_.decision.rule}"
    return {
        "reference": sorted_.case.reference,
        "from_state": before.value,
        "to_state": after.value,
        "actor": actor.value,
        "note": note[:MOST_NOTE],
        "at": at,
    }


def _move(sorted_: Sorted, number: int, at: datetime) -> CaseMove:
    way = Way.PERSON if sorted_.evidence.by else Way.WORDS
    before, after = sorted_.case.office, sorted_.decision.office
    return CaseMove(number, way, before, after, sorted_.topic, None, at)


def _events_of(back: Back) -> list[dict[str, Any]]:
    """The audit rows: taken back by who sorts, it is dispatched anew; returned by an office, it
    goes through what a return goes through."""
    state, move_ = back.case.state, back.move
    if move_.way is Way.TAKEN_BACK:
        steps = [(state, CaseState.DISPATCHED, Actor.DISPATCHER, f"taken back: {back.by}")]
    else:
        why = f"returned, {move_.reason}: {back.by}"
        steps = [
            (state, CaseState.RETURN_REQUESTED, Actor.OFFICE, why),
            (CaseState.RETURN_REQUESTED, CaseState.TRIAGE, Actor.SYSTEM, "granted by rule"),
            (CaseState.TRIAGE, CaseState.DISPATCHED, Actor.SYSTEM, f"rule {back.rule}"),
        ]
    for before, after, actor, _ in steps:
        move(before, after, actor)
    return [
        {
            "reference": back.case.reference,
            "from_state": before.value,
            "to_state": after.value,
            "actor": actor.value,
            "note": note[:MOST_NOTE],
            "at": move_.at,
        }
        for before, after, actor, note in steps
    ]


def _return(unit: Connection, back: Back, opened: datetime) -> None:
    """Without a topic, at the office that it goes back to; what is sealed stays so."""
    reference, office = back.case.reference, back.move.after
    named = back.case.confidentiality is Confidentiality.NAMED
    values = {
        "topic": None,
        "topic_group": None,
        "rule": back.rule,
        "office": office,
        "state": CaseState.DISPATCHED.value,
        "group_of": _earlier(unit, reference, office, opened) if named else None,
    }
    unit.execute(update(cases).where(cases.c.reference == reference).values(values))


def _left_to_people(
    reference: str, unclear: Unclear, evidence: Evidence, at: datetime
) -> Executable:
    row = {
        "reference": reference,
        "why": unclear.why.value,
        "topics": " ".join(unclear.topics),
        "recording": evidence.recording,
        "source": evidence.source,
        "at": at,
    }
    mark = upsert(case_sortings).values(row)
    renewed = {name: mark.excluded[name] for name in row if name != "reference"}
    return mark.on_conflict_do_update(index_elements=["reference"], set_=renewed)


def _kept(sorted_: Sorted, at: datetime) -> Any:
    row = {
        "reference": sorted_.case.reference,
        "why": None,
        "topics": sorted_.topic,
        "recording": sorted_.evidence.recording,
        "source": sorted_.evidence.source,
        "plan": sorted_.plan,
        "came_from": sorted_.case.office if sorted_.moves else None,
        "at": at,
    }
    mark = upsert(case_sortings).values(row)
    renewed = {name: mark.excluded[name] for name in row if name != "reference"}
    return mark.on_conflict_do_update(index_elements=["reference"], set_=renewed)


def _tell_both(unit: Connection, reference: str, move: CaseMove) -> None:
    """The office that has it now, whose ladder begins anew, and the one that had it."""
    ladder = (outbox.c.reference == reference, outbox.c.kind == JobKind.ESCALATE.value)
    unit.execute(delete(outbox).where(*ladder))
    for kind, key, payload in words_of_move(reference, move):
        unit.execute(enqueue(kind, payload, key, move.at, reference))
