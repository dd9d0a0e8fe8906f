"""Cases without a topic: read as a rule asks for them, given a topic and the office that it leads
to, or left for a person. Implements `routing.casework.Sortable`."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, exists, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from ivr.conversation.messages import PLAN_TURN
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.sorting import Unclear
from routing.cases.transitions import Actor, move
from routing.casework import Evidence, Sorted, Unsorted
from routing.numbers.plan import mobile
from routing.ports import JobKind
from routing.rules.condition import CallerKind, Facts
from storage.effects import GROUPED_WITHIN, enqueue
from storage.engine import Database
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
UNSORTED: Final = and_(TOPICLESS, cases.c.state == CaseState.DISPATCHED.value, ~SORTED)
MOST_NOTE: Final = 64


class StoredSorting:
    """Each case is sorted once, by whoever is first; never one that somebody has accepted."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing

    async def unsorted(self, reference: str) -> Unsorted | None:
        """The case, where it still waits to be sorted."""
        query = (
            select(cases, calls.c.plan, case_callers.c.number)
            .join(calls, calls.c.id == cases.c.call_id)
            .join(case_callers, case_callers.c.reference == cases.c.reference, isouter=True)
            .where(cases.c.reference == reference, UNSORTED)
        )
        for row in await self._database.read(query):
            level = Confidentiality(row.confidentiality)
            return Unsorted(reference, row.office, row.plan, self._facts(row), level)
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
            waiting = select(cases.c.opened, cases.c.office).where(mine, UNSORTED)
            row = unit.execute(waiting).one_or_none()
            if row is None or row.office != sorted_.case.office:
                return False
            _give(unit, sorted_, row.opened)
            unit.execute(insert(case_events).values(_noted(sorted_, at)))
            unit.execute(_kept(sorted_, at))
            if sorted_.moves:
                _tell_both(unit, sorted_, at)
            return True

        done = await self._database.brief(once)
        self._database.woken.set()
        return done

    async def leave(
        self, reference: str, unclear: Unclear, evidence: Evidence, at: datetime
    ) -> None:
        """Mark it for a person, by the latest words; one that is sorted stays so."""
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
        still = case_sortings.c.why.is_not(None)
        mark = mark.on_conflict_do_update(index_elements=["reference"], set_=renewed, where=still)
        mine = select(cases.c.reference).where(cases.c.reference == reference)

        def keep(unit: Connection) -> None:
            unit.execute(mine.with_for_update())
            if unit.execute(mine.where(UNSORTED)).first() is not None:
                unit.execute(mark)

        await self._database.brief(keep)


def _give(unit: Connection, sorted_: Sorted, opened: datetime) -> None:
    """The topic, the rule and the office; its caller's earlier case is another there."""
    reference, level = sorted_.case.reference, sorted_.confidentiality
    values: dict[str, Any] = {
        "topic": sorted_.topic,
        "rule": sorted_.decision.rule,
        "office": sorted_.decision.office,
        "confidentiality": level.value,
    }
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


def _noted(sorted_: Sorted, at: datetime) -> dict[str, Any]:
    """The audit row: by whose word, by which rule of which plan. Which words these were stands
    beside it (`case_sortings`)."""
    evidence = sorted_.evidence
    actor = Actor.DISPATCHER if evidence.by else Actor.SYSTEM
    move(CaseState.DISPATCHED, CaseState.DISPATCHED, actor)
    whose = f"sorted: {evidence.by}" if evidence.by else f"words of {evidence.source}"
    note = f"{whose}, plan {sorted_.plan}, rule {sorted_.decision.rule}"
    return {
        "reference": sorted_.case.reference,
        "from_state": CaseState.DISPATCHED.value,
        "to_state": CaseState.DISPATCHED.value,
        "actor": actor.value,
        "note": note[:MOST_NOTE],
        "at": at,
    }


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


def _tell_both(unit: Connection, sorted_: Sorted, at: datetime) -> None:
    """The office that has it now, whose ladder begins anew, and the one that had it."""
    reference, before, now = (
        sorted_.case.reference, sorted_.case.office, sorted_.decision.office
    )  # fmt: skip
    ladder = (outbox.c.reference == reference, outbox.c.kind == JobKind.ESCALATE.value)
    unit.execute(delete(outbox).where(*ladder))
    told = {"reference": reference, "office": now, "of": moved_to(now)}
    unit.execute(enqueue(JobKind.TELL_OFFICE, told, arrived_key(reference), at, reference))
    left = {"reference": reference, "office": before}
    unit.execute(enqueue(JobKind.TELL_MOVED, left, left_key(reference), at, reference))


def moved_to(office: str) -> str:
    """What the mail to the office that a case has moved to is of."""
    return f"moved to {office}"


def arrived_key(reference: str) -> str:
    """The key of the work that tells it."""
    return f"moved_to:{reference}"


def left_key(reference: str) -> str:
    """The key of the work that tells the office which had the case."""
    return f"moved_from:{reference}"
