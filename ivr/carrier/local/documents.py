"""Fetches the next TwiML of a leg: base parameters, content types, fallback URL.

Counterpart of ``webhooks.py``, which carries the request, and ``executor.py``,
which carries out what comes back (twilio-voice §1, §3, §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from ivr.carrier.local.dialects import Dialect
from ivr.carrier.local.state import LegState, Request
from ivr.carrier.local.twiml_reader import UnreadableTwiml, read_twiml
from ivr.carrier.local.webhooks import MAX_BODY, Answer, Failure, Params, Parcel, Post

_GEOGRAPHY = ("City", "State", "Zip", "Country")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A readable document and the URL it came from; ``failures`` came before it."""

    url: str
    body: str
    failures: tuple[Failure, ...] = ()


def base_params(state: LegState, account: str) -> Params:
    """The fields every webhook of a leg carries (twilio-voice §1, base set)."""
    params = [
        ("AccountSid", account),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", state.sid),
        ("CallStatus", str(state.status)),
        ("Direction", str(state.direction)),
        ("From", state.from_),
        ("Caller", state.from_),
        ("To", state.to),
        ("Called", state.to),
    ]
    for side, number in (("From", state.from_), ("Caller", state.from_)):
        params += _geography(side, number)
    for side, number in (("To", state.to), ("Called", state.to)):
        params += _geography(side, number)
    if state.parent is not None:
        params.append(("ParentCallSid", state.parent))
    if state.answered_by is not None:
        params.append(("AnsweredBy", state.answered_by))
    return tuple(params)


def _geography(side: str, number: str) -> list[tuple[str, str]]:
    """Best effort, may be empty; for +86 only the country is known (twilio-voice §1)."""
    country = "CN" if number.startswith("+86") else ""
    return [(side + part, country if part == "Country" else "") for part in _GEOGRAPHY]


async def fetch(
    post: Post, state: LegState, account: str, request: Request, dialect: Dialect
) -> Fetched | Failure:
    """The document at ``request``, else the one at its fallback URL, else the failure.

    On failure to fetch or read, the fallback is asked at once with ErrorCode and
    ErrorUrl (twilio-voice §3).
    """
    base = base_params(state, account)
    parcel = _parcel(request.url, request.method, base + request.extra, request)
    first = await _read(post, parcel, dialect)
    if isinstance(first, Fetched) or request.fallback is None:
        return first
    trouble = (("ErrorCode", str(first.code)), ("ErrorUrl", request.url.partition("#")[0]))
    params = base + request.extra + trouble
    parcel = _parcel(request.fallback, "POST", params, request, "-fallback")
    second = await _read(post, parcel, dialect)
    if isinstance(second, Fetched):
        return Fetched(second.url, second.body, (first,))
    return Failure(second.code, f"{first.text}; and the fallback: {second.text}")


def _parcel(url: str, method: str, params: Params, request: Request, tail: str = "") -> Parcel:
    return Parcel(url, method, params, request.token + tail)


async def _read(post: Post, parcel: Parcel, dialect: Dialect) -> Fetched | Failure:
    reply = await post(parcel)
    if isinstance(reply, Failure):
        return reply
    if len(reply.body) > MAX_BODY:
        return Failure(11750, f"{parcel.url} answered more than 64 kB")
    try:
        return Fetched(reply.url, _as_twiml(reply, dialect))
    except UnreadableTwiml as error:
        return Failure(error.code, f"{parcel.url}: {error.text}")


def _as_twiml(answer: Answer, dialect: Dialect) -> str:
    """By content type: TwiML, sound, or text read aloud (twilio-voice §4)."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    text = answer.body.decode("utf-8", "replace")
    if kind in {"text/xml", "application/xml", "text/html"}:
        if text.strip():  # an empty answer is an empty document: the call ends
            read_twiml(text, dialect)
            return text
        return "<Response/>"
    if kind.startswith("audio/"):
        return f"<Response><Play>{escape(answer.url)}</Play></Response>"
    if kind == "text/plain":
        return _plain(text)
    raise UnreadableTwiml(12300, f"the content type {kind or 'is missing and'} is not TwiML")


def _plain(text: str) -> str:
    try:
        read_twiml(text)
    except UnreadableTwiml:
        return f"<Response><Say>{escape(text)}</Say></Response>"
    return text


def resolve(state: LegState, url: str | None) -> str:
    """A URL of the current document: None or empty is the document itself (the loop
    trap of twilio-voice §5), a relative one is resolved against it (§4)."""
    return urljoin(state.url, url) if url else state.url
