"""Each effect of a step as the statements that keep it. Used by the journal, in the step's own
transaction, and by `Calls.apply` for callbacks that belong to no turn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, assert_never

from sqlalchemy import Delete, Executable, delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from ivr.flow.effect import (
    AttachRecording,
    Effect,
    EndRound,
    FlagPressure,
    MakeAnonymous,
    NoteRing,
    NoteStray,
    NoteTaken,
    NoteVerdict,
    Notify,
    OpenCase,
    ReturnToken,
    RingLeg,
    SendCopy,
    TakeToken,
    TellOffice,
    WithdrawCase,
)
from routing.cases.case import ENDS, CaseState, Confidentiality
from routing.cases.transitions import Actor, move
from routing.delivery.letter import News, news_id
from routing.ports import Audio, JobKind
from storage.acceptance import ladder_ends
from storage.quotas import returning, taking
from storage.ringing import ending, ringing
from storage.sealing import Sealing
from storage.tables.cases import case_callers, case_events, cases, corrections, recordings
from storage.tables.outbox import mails, outbox
from storage.tables.texts import texts as sent_texts
from storage.writes import (
    ADD_JOB,
    ATTACH_RECORDING,
    COUNT_STRAY,
    COUNT_VERDICT,
    ENQUEUE,
    KEEP_CALLER,
    NOTE_MOVES,
    NOTE_RING,
    NOTE_TAKEN,
    OPEN_CASE,
    OPEN_NAMED_CASE,
    TEXT,
    Write,
    job_row,
)

GROUPED_WITHIN: Final = timedelta(days=30)
"""A caller's next case for the same office within this time is grouped with the first."""
CHECK_TEXTS_A_DAY: Final = 15
"""The rest is for case numbers: who asks for a check's result beyond it hears that none comes."""
TEXTS_A_DAY: Final = 20
"""Texts to one number: more than any caller's checks and matters of a day; a faked caller ID
must not fill a stranger's phone at the city's cost."""
OPENING: Final = (
    (None, CaseState.RECEIVED, Actor.CALLER),
    (CaseState.RECEIVED, CaseState.TRIAGE, Actor.SYSTEM),
    (CaseState.TRIAGE, CaseState.DISPATCHED, Actor.SYSTEM),
)
"""What opening a case by a rule goes through; each move is an audit row."""


@dataclass(frozen=True, slots=True)
class Source:
    """The step that an effect comes from. `plan` has the words of its texts; None: today's has."""

    call_id: str
    dialled: str
    at: datetime
    attempt: int
    plan: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """What is only counted: a verdict given on a line, or (no line) a stray event."""

    day: str
    kind: str
    dialled: str | None = None

    def write(self, times: int = 1) -> Write:
        """Its row, which grows."""
        if self.dialled is None:
            return Write(COUNT_STRAY, {"day": self.day, "event": self.kind, "count": times})
        row = {"day": self.day, "dialled": self.dialled, "verdict": self.kind, "count": times}
        return Write(COUNT_VERDICT, row)


def enqueues(effects: tuple[Effect, ...]) -> bool:
    """Whether the effects leave work for the outbox."""
    return any(
        isinstance(effect, AttachRecording | Notify | TellOffice | SendCopy | RingLeg | EndRound)
        for effect in effects
    )


class Effects:
    """Turns effects into statements under one key and in one zone."""

    def __init__(self, sealing: Sealing, zone: tzinfo) -> None:
        self._sealing = sealing
        self._zone = zone

    def writes(  # noqa: C901, PLR0912 - one arm an effect
        self, source: Source, effect: Effect
    ) -> Iterator[Write]:
        """The rows of one effect, in order."""
        match effect:
            case OpenCase():
                yield from self._open(source, effect)
            case AttachRecording():
                yield from _attach(source, effect)
            case Notify():
                texted = _texted(effect, source)
                yield self.text(texted, effect.key, source.at, effect.reference)
            case TellOffice(reference, office):
                payload = {"reference": reference, "office": office}
                row = job_row(
                    JobKind.TELL_OFFICE, payload, f"tell:{reference}", source.at, reference
                )
                yield Write(ADD_JOB, row)
            case MakeAnonymous(reference):
                yield from map(Write, anonymous(reference, source.at))
            case WithdrawCase(reference):
                yield from map(Write, _withdraw(reference, source.at))
            case FlagPressure(reference):
                yield Write(_noted(reference, "pressure on the caller", source.at))
            case NoteRing(phone, turn):
                yield Write(
                    NOTE_RING,
                    {
                        "call_id": source.call_id,
                        "turn": turn,
                        "phone": self.phone_digest(phone),
                        "at": source.at,
                    },
                )
            case NoteTaken(turn, leg):
                taken = {"turn": turn, "leg": leg, "accepted": True, "official": None}
                yield Write(NOTE_TAKEN, {**taken, "call_id": source.call_id, "at": source.at})
            case RingLeg():
                yield from ringing(self._sealing, source.call_id, source.at, effect)
            case EndRound(turn, room):
                yield from ending(source.call_id, turn, source.at, room)
            case TakeToken():
                yield from taking(source.call_id, source.at, effect)
            case ReturnToken():
                yield returning(source.call_id, effect)
            case SendCopy(reference, office):
                yield Write(ADD_JOB, _copy(reference, office, source.at))
            case NoteVerdict() | NoteStray():
                yield self.count_of(source, effect).write()
            case _:
                assert_never(effect)

    def count_of(self, source: Source, effect: NoteVerdict | NoteStray) -> Count:
        """What the effect counts towards; nothing of it is personal."""
        day = source.at.astimezone(self._zone).date().isoformat()
        if isinstance(effect, NoteVerdict):
            return Count(day, effect.verdict, source.dialled)
        return Count(day, effect.event)

    def _open(self, source: Source, case: OpenCase) -> Iterator[Write]:
        digest = self.caller_digest(case.caller)
        row = {
            "reference": case.reference,
            "call_id": source.call_id,
            "turn": case.turn,
            "attempt": source.attempt,
            "pin_digest": self._sealing.pin(case.reference, case.pin),
            "kind": case.kind.value,
            "about": None if case.about is None else case.about.value,
            "topic": case.topic,
            "topic_group": case.group,
            "kind_said": case.said,
            "district": case.district,
            "office": case.office,
            "rule": case.rule,
            "confidentiality": case.confidentiality.value,
            "state": CaseState.DISPATCHED.value,
            "dialled": case.dialled,
            "language": case.language,
            "danger": case.danger,
            "opened": source.at,
            "due": case.due,
        }
        if case.caller is not None and case.confidentiality is Confidentiality.NAMED:
            since = source.at - GROUPED_WITHIN
            group = {"whose": digest, "since": since, "same_office": case.office}
            yield Write(OPEN_NAMED_CASE, row | group)
        else:
            yield Write(OPEN_CASE, row)
        yield Write(NOTE_MOVES, _moves(source, case))
        if case.caller is not None and case.confidentiality is not Confidentiality.ANONYMOUS:
            caller = {
                "reference": case.reference,
                "number": self._sealing.seal(case.caller),
                "digest": digest,
                "tail": case.caller[-2:],
                "opened": source.at,
            }
            yield Write(KEEP_CALLER, caller)

    def text(
        self, payload: Mapping[str, Any], key: str, at: datetime, reference: str | None
    ) -> Write:
        """One text, unless the number has had its share of the day. The key counts them without
        naming the number, and says nothing of the texts of another day."""
        whose = self.texts_key(payload["to"], at)
        row = job_row(JobKind.SMS, payload, whose + key, at, reference)
        bound = {"first_key": whose, "last_key": f"{whose}~", "most": TEXTS_A_DAY}
        return Write(TEXT, bound | {f"new_{name}": value for name, value in row.items()})

    def texts_key(self, number: str, at: datetime) -> str:
        """What the keys of a number's texts of one day begin with; they end before its `~`."""
        day = at.astimezone(self._zone).date().isoformat()
        return f"text:{self._sealing.digest('texts', f'{day} {number}')[:32]}:"

    def phone_digest(self, phone: str) -> str:
        """What a phone that is rung is matched by."""
        return self._sealing.digest("phone", phone)

    def caller_digest(self, caller: str | None) -> str:
        """What a caller is matched by; every withheld caller is the same one."""
        return self._sealing.digest("caller", caller or "withheld")


def _copy(reference: str, office: str, at: datetime) -> dict[str, Any]:
    payload = {"reference": reference, "office": office}
    return job_row(JobKind.TELL_COPY, payload, f"copy:{reference}:{office}", at, reference)


def _moves(source: Source, case: OpenCase) -> list[dict[str, Any]]:
    for state, to, actor in OPENING:
        move(state, to, actor)
    return [
        {
            "reference": case.reference,
            "from_state": None if state is None else state.value,
            "to_state": to.value,
            "actor": actor.value,
            "note": f"rule {case.rule}",
            "at": source.at,
        }
        for state, to, actor in OPENING
    ]


def _attach(source: Source, recording: AttachRecording) -> Iterator[Write]:
    sid, reference = recording.recording, recording.reference
    row = {
        "sid": sid,
        "call_id": source.call_id,
        "turn": recording.turn,
        "seconds": recording.seconds,
        "reference": reference,
        "language": recording.language,
        "audio": Audio.ANNOUNCED.value,
        "at": source.at,
    }
    yield Write(ATTACH_RECORDING, row)
    fetch = job_row(
        JobKind.FETCH_RECORDING, {"recording": sid}, f"fetch:{sid}", source.at, reference
    )
    yield Write(ADD_JOB, fetch)


def enqueue(
    kind: JobKind, payload: Mapping[str, Any], key: str, run_at: datetime, reference: str | None
) -> Executable:
    """One outbox row; the same key again changes nothing."""
    return ENQUEUE.values(job_row(kind, payload, key, run_at, reference))


def _texted(notice: Notify, source: Source) -> dict[str, Any]:
    return {
        "phrase": notice.phrase,
        "to": notice.to,
        "from": source.dialled,
        "language": notice.language,
        "plan": source.plan,
        "slots": dict(notice.slots),
    }


def mails_of(reference: str) -> Delete:
    """Deletes what was kept here of a case instead of being mailed."""
    ids = (mails.c.id.startswith(news_id(news, reference)) for news in News)
    return delete(mails).where(or_(*ids))


def anonymous(reference: str, at: datetime) -> Iterator[Executable]:
    """The caller's number leaves the case and its texts (also those in doubt or given up: none
    is sent again; what was sent is deleted at the carrier now), and with it every link to the
    caller's other cases, and what people wrote beside the caller's own words: they may have named
    whom they knew. Mails that were kept here instead of being sent go, too."""
    heard = select(recordings.c.sid).where(recordings.c.reference == reference)
    yield delete(corrections).where(corrections.c.recording.in_(heard))
    yield delete(case_callers).where(case_callers.c.reference == reference)
    texts = outbox.c.reference == reference
    yield delete(outbox).where(texts, outbox.c.kind == JobKind.SMS.value)
    yield delete(sent_texts).where(sent_texts.c.reference == reference)
    deletions = update(outbox).where(texts, outbox.c.kind == JobKind.DELETE_TEXT.value)
    yield deletions.where(outbox.c.run_at > at).values(run_at=at)
    yield (
        update(cases)
        .where(cases.c.reference == reference)
        .values(confidentiality=Confidentiality.ANONYMOUS.value, group_of=None)
    )
    yield mails_of(reference)  # after the row above, for which a mail that is being written waits
    yield update(cases).where(cases.c.group_of == reference).values(group_of=None)
    yield _noted(reference, "made anonymous by the caller", at)


def _withdraw(reference: str, at: datetime) -> Iterator[Executable]:
    """Only an open case; the audit row is written from the state that it had."""
    still_open = (
        cases.c.reference == reference,
        cases.c.state.not_in([state.value for state in ENDS]),
    )
    columns = ["reference", "from_state", "to_state", "actor", "note", "at"]
    yield insert(case_events).from_select(
        columns,
        select(
            cases.c.reference,
            cases.c.state,
            literal(CaseState.WITHDRAWN.value),
            literal(Actor.CALLER.value),
            literal("withdrawn by the caller"),
            literal(at, case_events.c.at.type),
        ).where(*still_open),
    )
    yield update(cases).where(*still_open).values(state=CaseState.WITHDRAWN.value)
    yield ladder_ends(reference, at)


def _noted(reference: str, note: str, at: datetime) -> Executable:
    """An audit row that changes no state."""
    state = select(cases.c.state).where(cases.c.reference == reference).scalar_subquery()
    return insert(case_events).values(
        reference=reference,
        from_state=state,
        to_state=state,
        actor=Actor.CALLER.value,
        note=note,
        at=at,
    )
