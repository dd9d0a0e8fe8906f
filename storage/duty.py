"""Who of a roster is next: by whose turn was longest ago, or who has not talked for longest.
Whoever it is has had their turn then; used by `answers`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from ivr.flow.effect import Duty
from routing.rules.then import Order
from storage.engine import Database
from storage.tables.calls import call_ends, duties, leg_answers

NEVER: Final = datetime.min.replace(tzinfo=UTC)
RINGING: Final = timedelta(minutes=1)
"""Whose turn it has just been is about to talk: of two calls at once each gets another."""
TALKS: Final = timedelta(hours=24)
"""How far back talks count: nobody is idle for longer than they are on duty."""
LONGEST_TALK: Final = timedelta(hours=4)
"""A talk of which no end was told is over by then: no carrier's call is longer."""


def next_of(
    database: Database, unit: Connection, duty: Duty, at: tuple[str, int], now: datetime
) -> tuple[str, ...]:
    """The members in their order, within brief work; `at` is the call and its turn. The same turn
    again is told the same first."""
    call, turn = at
    database.take_turns(unit, f"duty {duty.roster}")
    of_call = (duties.c.call_id == call, duties.c.turn == turn, duties.c.roster == duty.roster)
    had = unit.execute(select(duties.c.member).where(*of_call)).scalar()
    if duty.order is Order.LONGEST_IDLE:
        busy, idle = _talks(unit, duty, now)
        just = _just(unit, duty, now)
        order = sorted(
            duty.members,
            key=lambda one: (one in busy, just.get(one, 0), idle.get(one, NEVER)),
        )
    else:
        turns = _turns(unit, duty)
        order = sorted(duty.members, key=lambda one: turns.get(one, NEVER))
    if had in order:
        return (had, *(one for one in order if one != had))
    row = {"call_id": call, "turn": turn, "roster": duty.roster, "member": order[0], "at": now}
    taken = insert(duties).values(row)  # also of a turn that is asked again after a shift has ended
    key = ["call_id", "turn", "roster"]
    unit.execute(taken.on_conflict_do_update(index_elements=key, set_={"member": order[0]}))
    return tuple(order)


def _turns(unit: Connection, duty: Duty) -> dict[str, datetime]:
    """When each had their turn last."""
    latest = (
        select(duties.c.member, func.max(duties.c.at, type_=duties.c.at.type).label("at"))
        .where(duties.c.roster == duty.roster)
        .group_by(duties.c.member)
    )
    return {row.member: row.at for row in unit.execute(latest)}


def _just(unit: Connection, duty: Duty, now: datetime) -> dict[str, int]:
    """How many turns each has had that may still be ringing."""
    recent = (
        select(duties.c.member, func.count().label("many"))
        .where(duties.c.roster == duty.roster, duties.c.at > now - RINGING)
        .group_by(duties.c.member)
    )
    return {row.member: row.many for row in unit.execute(recent)}


def _talks(unit: Connection, duty: Duty, now: datetime) -> tuple[set[str], dict[str, datetime]]:
    """Who talks now, and since when each of the others does not."""
    names = {f"{duty.roster}/{member}": member for member in duty.members}
    talks = (
        select(leg_answers.c.official, leg_answers.c.at, call_ends.c.at.label("ended"))
        .join(call_ends, call_ends.c.call_id == leg_answers.c.call_id, isouter=True)
        .where(
            leg_answers.c.official.in_(names),
            leg_answers.c.accepted.is_(True),
            leg_answers.c.at > now - TALKS,
        )
    )
    busy: set[str] = set()
    idle: dict[str, datetime] = {}
    for row in unit.execute(talks):
        member = names[row.official]
        if row.ended is None and row.at > now - LONGEST_TALK:
            busy.add(member)
        since = row.ended or row.at
        idle[member] = max(idle.get(member, NEVER), since)
    return busy, idle


def all_next(
    database: Database,
    unit: Connection,
    asked: Sequence[Duty],
    at: tuple[str, int],
    now: datetime,
) -> dict[str, tuple[str, ...]]:
    """Of each roster, in the order of their names: no two calls wait for each other in a ring."""
    ordered = sorted(asked, key=lambda duty: duty.roster)
    return {duty.roster: next_of(database, unit, duty, at, now) for duty in ordered}
