"""Where one leg of a call stands, as plain values that survive a killed server.

Counterpart of ``ledger.py``, which keeps them, and ``leg.py``, which changes
them. Everything an executor needs to resume is here and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Direction(StrEnum):
    """Twilio's words for who began a leg (twilio-voice §1)."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_DIAL = "outbound-dial"


class Status(StrEnum):
    """Twilio's CallStatus (twilio-voice §1)."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @property
    def over(self) -> bool:
        """Nothing more happens on a leg in this status."""
        return self not in {Status.QUEUED, Status.RINGING, Status.IN_PROGRESS}


@dataclass(frozen=True, slots=True)
class Request:
    """A webhook to be posted: ``extra`` is what it says beyond the base set.

    ``url`` may end in a ``#rc=…`` fragment of overrides, which is never sent or
    signed; ``token`` stays the same when the request is repeated.
    """

    url: str
    token: str
    method: str = "POST"
    extra: tuple[tuple[str, str], ...] = ()
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Taping:
    """A Record verb under way: its recording and the words typed so far."""

    sid: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listening:
    """A transcription that is running; ``sequence`` is how often its callback was told."""

    sid: str
    name: str
    url: str
    method: str
    track: str
    language: str
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One target of a Dial that was rung to its end."""

    sid: str
    status: Status
    answered: bool = False
    bridged: bool = False
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Dialling:
    """A Dial under way: finished attempts, legs by target, the bridged leg."""

    sids: tuple[str, ...] = ()
    done: tuple[Attempt, ...] = ()
    bridged: str | None = None
    bridged_at: str | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """An Enqueue under way: since when, the queue's id, and the leg it talks with now."""

    since: str
    sid: str | None = None
    bridged: str | None = None


@dataclass(frozen=True, slots=True)
class LegState:
    """One leg; instants are ISO 8601 in UTC, ``index`` is the verb being carried out."""

    sid: str
    direction: Direction
    from_: str
    to: str
    started: str
    status: Status = Status.QUEUED
    parent: str | None = None
    handset: str | None = None
    answered: str | None = None
    ended: str | None = None
    pending: Request | None = None
    url: str = ""
    body: str = ""
    index: int = 0
    taping: Taping | None = None
    dialling: Dialling | None = None
    queued: Queued | None = None
    fallback: str | None = None
    status_url: str | None = None
    status_method: str = "POST"
    status_events: tuple[str, ...] = ("completed",)
    sequence: int = 0
    ring_seconds: float = 60.0
    answered_by: str | None = None
    listening: tuple[Listening, ...] = ()


def state_to_plain(state: LegState) -> dict[str, Any]:
    """Plain JSON values."""
    return asdict(state)


def state_from_plain(plain: Mapping[str, Any]) -> LegState:
    """The inverse of ``state_to_plain``; raises KeyError, TypeError or ValueError on rot."""
    values = dict(plain)
    values["direction"] = Direction(values["direction"])
    values["status"] = Status(values.get("status", Status.QUEUED))
    values["status_events"] = tuple(values.get("status_events", ("completed",)))
    values["pending"] = _request(values.get("pending"))
    values["taping"] = _taping(values.get("taping"))
    values["dialling"] = _dialling(values.get("dialling"))
    queued = values.get("queued")
    values["queued"] = None if queued is None else Queued(**queued)
    values["listening"] = tuple(Listening(**one) for one in values.get("listening", ()))
    return LegState(**values)


def _request(plain: Mapping[str, Any] | None) -> Request | None:
    if plain is None:
        return None
    extra = tuple((str(name), str(value)) for name, value in plain["extra"])
    return Request(**{**plain, "extra": extra})


def _taping(plain: Mapping[str, Any] | None) -> Taping | None:
    return None if plain is None else Taping(plain["sid"], tuple(plain["words"]))


def _dialling(plain: Mapping[str, Any] | None) -> Dialling | None:
    if plain is None:
        return None
    done = tuple(Attempt(**{**item, "status": Status(item["status"])}) for item in plain["done"])
    return Dialling(tuple(plain["sids"]), done, plain["bridged"], plain["bridged_at"])
