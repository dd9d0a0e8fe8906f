"""Answers the core's lookups: cases by number and PIN, forgotten PINs, counts, matters.
Implements `ivr.ports.calls.Answers`. A try is taken once for a call and turn, in one
transaction."""

import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, assert_never

from sqlalchemy import Connection, Select, and_, bindparam, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from ivr.flow.call import Call
from ivr.flow.effect import (
    CountCases,
    CountLiveCalls,
    CountTexts,
    Duty,
    FindCase,
    FindMatter,
    FindNext,
    Lookup,
    SendPin,
)
from ivr.flow.event import (
    Answer,
    CaseFound,
    CaseMissed,
    LiveCallsToday,
    MatterFound,
    NextOnDuty,
    PinSent,
    RecentCases,
    TextsToday,
)
from routing.cases.case import ENDS, CaseState
from routing.cases.reference import spaced
from routing.numbers.plan import mobile
from routing.ports import Job, JobKind
from routing.rules.quota import Bucket
from storage.beneath import Read, Written
from storage.duty import all_next
from storage.effects import CHECK_TEXTS_A_DAY, Effects, enqueue
from storage.engine import Database
from storage.quotas import IN_USE, free_token
from storage.sealing import Sealing
from storage.tables.calls import leg_answers, rings
from storage.tables.cases import case_callers, cases, pin_sends, tries
from storage.tables.outbox import JobState, outbox
from storage.texts import StoredTexts

MISSES_A_DAY: Final = 10
"""Wrong tries a day, of one caller and of one case; then both say locked (design §3)."""
TEXTS_KEPT: Final = timedelta(hours=3)
"""How long a text stays at the carrier: one in doubt is looked up there before it is repeated, and
a job is given up after two hours."""
NO_DIGEST: Final = "0" * 64
HOUR: Final = timedelta(hours=1)

OPENED_SINCE: Final = Read(
    select(cases.c.reference, cases.c.state)
    .join(case_callers, case_callers.c.reference == cases.c.reference)
    .where(
        case_callers.c.digest == bindparam("whose"),
        case_callers.c.opened > bindparam("since", type_=case_callers.c.opened.type),
    )
    .order_by(case_callers.c.opened.desc())
)
RUNG_IN_VAIN: Final = Read(
    select(func.count())
    .select_from(rings)
    .where(
        rings.c.phone == bindparam("phone"),
        rings.c.at > bindparam("since", type_=rings.c.at.type),
        ~exists().where(
            leg_answers.c.call_id == rings.c.call_id,
            leg_answers.c.turn == rings.c.turn,
            leg_answers.c.accepted.is_(True),
        ),
    )
)
"""One that rings still counts until somebody takes it: of many at once not all come through."""
TEXTS: Final = Read(
    select(func.count()).where(outbox.c.key.between(bindparam("first_key"), bindparam("last_key")))
)
MATTER: Final = Read(
    select(cases.c.reference, cases.c.attempt).where(
        cases.c.call_id == bindparam("call"), cases.c.turn == bindparam("turn")
    )
)


@dataclass(frozen=True, slots=True)
class _Try:
    """One try of a PIN. `caller` and `reference` are keyed digests; one a call and turn."""

    call_id: str
    turn: int
    caller: str
    reference: str
    day: str

    def repeats(self, found: Any) -> bool:
        """Whether the earlier one was right about the same case: a repeat may hear it again, but
        nothing else is tried in its place."""
        return bool(found.hit) and hmac.compare_digest(found.tried, self.reference)


def _misses(whose: str) -> Any:
    """How many of a day's misses are of the same caller or case, the `_Try` itself apart."""
    another = (tries.c.call_id != bindparam("call_id")) | (tries.c.turn != bindparam("turn"))
    same = tries.c[whose] == bindparam(whose)
    same_day = tries.c.day == bindparam("day")
    many = select(func.count()).where(same, same_day, tries.c.hit.is_(False), another)
    return many.scalar_subquery()


def _looked_up() -> Select[Any]:
    """All that a try is judged by, in one row: on PostgreSQL each statement is a way there and
    back while the caller waits, and others for their turn."""
    mine = (tries.c.call_id == bindparam("call_id"), tries.c.turn == bindparam("turn"))
    asked_for = cases.c.reference == bindparam("asked")
    one = select(literal(1).label("row")).subquery("one")
    with_try = one.outerjoin(tries, and_(*mine))
    with_case = with_try.outerjoin(cases, asked_for)
    return select(
        _misses("caller").label("mine"),
        _misses("reference").label("of_case"),
        tries.c.hit,
        tries.c.reference.label("tried"),
        cases.c.pin_digest,
        cases.c.state,
        cases.c.office,
        cases.c.due,
        case_callers.c.digest,
    ).select_from(with_case.outerjoin(case_callers, case_callers.c.reference == cases.c.reference))


LOOKED_UP: Final = Read(_looked_up())
"""Wants the fields of a `_Try`, and the case number that was `asked` for."""
TAKE: Final = Written(insert(tries).inline().on_conflict_do_nothing())
"""A repeat changes nothing. Wants `hit` too."""


class StoredAnswers:
    """One method a lookup; `zone` says when a day begins."""

    def __init__(
        self, database: Database, sealing: Sealing, effects: Effects, zone: tzinfo
    ) -> None:
        self._database = database
        self._sealing = sealing
        self._effects = effects
        self._zone = zone
        self._texts = StoredTexts(database, sealing)

    async def answer(  # noqa: PLR0911 - one return a lookup
        self, call: Call, turn: int, lookup: Lookup, now: datetime
    ) -> Answer:
        """One lookup."""
        match lookup:
            case FindCase(reference, pin):
                return await self._find_case(call, turn, (reference, pin), now)
            case SendPin(reference):
                return await self._send_pin(call, turn, reference, now)
            case CountCases():
                return await self._count_cases(call, now)
            case CountLiveCalls():
                return await self._count_live_calls(call, turn, lookup, now)
            case FindNext(asked):
                return await self._find_next(call, turn, asked, now)
            case FindMatter(matter_turn):
                return await self._find_matter(call, matter_turn)
            case CountTexts():
                return await self._count_texts(call, now)
            case _:
                assert_never(lookup)

    def _day(self, now: datetime) -> str:
        return now.astimezone(self._zone).date().isoformat()

    async def _find_case(
        self, call: Call, turn: int, asked: tuple[str, str], now: datetime
    ) -> Answer:
        """The same work for a hit, a miss and a number that no case has. What others missed does
        not lock a case for the number that registered it, if the PIN is right; a wrong one sounds
        as locked there as everywhere, or it would tell who registered the case."""
        reference, pin = asked
        this = _Try(
            call_id=call.id,
            turn=turn,
            caller=self._effects.caller_digest(call.caller),
            reference=self._sealing.digest("reference", reference),
            day=self._day(now),
        )
        digest = self._sealing.pin(reference, pin)
        asks = asdict(this)

        def find(unit: Connection) -> Answer:
            self._database.take_turns(unit, f"tries {this.caller}", f"tries {this.reference}")
            [row] = LOOKED_UP.on(unit, asks | {"asked": reference})
            locked = max(row.mine, row.of_case) >= MISSES_A_DAY
            right = hmac.compare_digest(digest, row.pin_digest or NO_DIGEST)
            whose = row.digest or NO_DIGEST
            owner = hmac.compare_digest(this.caller, whose) and row.mine < MISSES_A_DAY
            free = owner or not locked
            hit = right and (free if row.hit is None else this.repeats(row))
            TAKE.on(unit, asks | {"hit": hit})
            if row.pin_digest is None or not hit:
                return CaseMissed(locked)
            return CaseFound(reference, CaseState(row.state), row.office, row.due)

        return await self._database.brief(find)

    async def _send_pin(self, call: Call, turn: int, reference: str, now: datetime) -> Answer:
        """To the registering mobile only, once a day and within its texts of the day; the answer
        never says whether. The PIN that the caller has stays right until the carrier has taken
        the new one's text."""
        query = (
            select(cases, case_callers.c.digest)
            .join(case_callers, case_callers.c.reference == cases.c.reference)
            .where(cases.c.reference == reference)
        )
        caller = call.caller
        digest = self._effects.caller_digest(caller)

        def send(unit: Connection) -> None:
            row = unit.execute(query).one_or_none()
            mine = row is not None and hmac.compare_digest(row.digest, digest)
            if row is not None and mine and caller is not None and mobile(caller):
                self._text_pin(unit, call, turn, reference, now)

        await self._database.brief(send)
        self._database.woken.set()
        return PinSent()

    def _text_pin(
        self, unit: Connection, call: Call, turn: int, reference: str, now: datetime
    ) -> None:
        sent = insert(pin_sends).values(reference=reference, day=self._day(now), at=now)
        done = unit.execute(sent.on_conflict_do_nothing())
        if not done.rowcount:
            return
        pin = self._sealing.new_pin(call.id, turn)
        payload = {
            "phrase": "sms.pin",
            "to": call.caller,
            "from": call.dialled,
            "language": call.language,
            "plan": call.plan,
            "slots": {"case": spaced(reference), "pin": pin},
            "renews": reference,
        }
        self._effects.text(payload, f"pin:{reference}", now, reference).on(unit)

    async def text_taken(self, job: Job, sid: str, now: datetime) -> None:
        """The carrier has taken the text and calls it `sid`: it is deleted there after a while, or
        at once where its caller became anonymous meanwhile and took its row back. The job is done
        with in the same moment: one that came back after that deletion would be sent again. From
        now on the PIN that it tells is right, if it tells a new one: what never goes out voids
        nothing. How it goes on is kept by its name (`texts`)."""
        text: Mapping[str, Any] = job.payload
        reference = text.get("renews")
        whose = select(outbox.c.reference).where(outbox.c.id == job.id)
        done = {"state": JobState.DONE.value, "payload": "{}", "finished": now, "error": None}

        def keep(unit: Connection) -> None:
            row = unit.execute(whose).one_or_none()
            case, at = (None, now) if row is None else (row.reference, now + TEXTS_KEPT)
            payload = {"text": sid}
            unit.execute(enqueue(JobKind.DELETE_TEXT, payload, f"delete_text:{sid}", at, case))
            unit.execute(update(outbox).where(outbox.c.id == job.id).values(done))
            if row is not None:
                self._texts.keep(unit, job, sid, case, now)
            if reference is not None:
                digest = self._sealing.pin(reference, text["slots"]["pin"])
                renewed = update(cases).where(cases.c.reference == reference)
                unit.execute(renewed.values(pin_digest=digest))

        await self._database.brief(keep)
        self._database.woken.set()

    async def _count_cases(self, call: Call, now: datetime) -> Answer:
        digest = self._effects.caller_digest(call.caller)
        found = await self._database.look(OPENED_SINCE, whose=digest, since=now - HOUR)
        still_open = (row.reference for row in found if CaseState(row.state) not in ENDS)
        return RecentCases(len(found), next(still_open, None))

    async def _count_live_calls(
        self, call: Call, turn: int, asked: CountLiveCalls, now: datetime
    ) -> Answer:
        rung = [await self._in_vain(phone, now) for phone in asked.phones]
        free = [await self._free_token(bucket, call.id, turn) for bucket in asked.buckets]
        return LiveCallsToday(tuple(free), tuple(rung))

    async def _free_token(self, bucket: Bucket | None, call: str, turn: int) -> int | None:
        if bucket is None:
            return None
        of = {"official": bucket.official, "bucket": bucket.key, "call": call}
        used = {row.number for row in await self._database.look(IN_USE, **of)}
        return free_token(bucket, used, call, turn)

    async def _find_next(
        self, call: Call, turn: int, asked: tuple[Duty, ...], now: datetime
    ) -> Answer:
        at = (call.id, turn)
        orders = await self._database.brief(
            lambda unit: all_next(self._database, unit, asked, at, now)
        )
        return NextOnDuty(orders)

    async def _in_vain(self, phone: str | None, now: datetime) -> int:
        if phone is None:
            return 0
        digest = self._effects.phone_digest(phone)
        [row] = await self._database.look(RUNG_IN_VAIN, phone=digest, since=now - HOUR)
        times: int = row[0]
        return times

    async def _count_texts(self, call: Call, now: datetime) -> Answer:
        key = self._effects.texts_key(call.caller or "", now)
        [row] = await self._database.look(TEXTS, first_key=key, last_key=f"{key}~")
        return TextsToday(row[0] >= CHECK_TEXTS_A_DAY)

    async def _find_matter(self, call: Call, turn: int) -> Answer:
        for row in await self._database.look(MATTER, call=call.id, turn=turn):
            return MatterFound(row.reference, self._sealing.draw(call.id, turn, row.attempt).pin)
        return MatterFound(None, None)
