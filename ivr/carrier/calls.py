"""The carrier's rows of calls: placed, looked up and ended through REST (twilio-voice §7).
Implements `ivr.ports.listed.CarrierCalls`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from ivr.carrier.account import Account, CarrierRefused, CarrierUnreachable, CarrierUnsure
from ivr.carrier.asking import GONE, LOOK_BACK, REFUSALS, api_of, carrier_error
from ivr.carrier.text import id_of, party, whole_seconds
from ivr.flow.progress import CallStatus
from ivr.flow.value import value
from ivr.ports.listed import CarrierCall

PROGRESS: Final = ("initiated", "ringing", "answered", "completed")
_MOST_ALIKE: Final = 100
_NOT_LIVE: Final = 21220  # the call is over already


@value
class Placing:
    """An outgoing call. `from_` is the published number that is shown; `url` has what is spoken,
    `status` hears how it goes, `fallback` speaks where `url` fails; `seconds` it rings, `longest`
    it may last; `key` names it towards servers that repeat no request of the same key."""

    to: str
    from_: str
    url: str
    status: str
    fallback: str
    key: str
    seconds: int = 30
    longest: int = 300


class CallRows:
    """Calls at the carrier. `session` belongs to the caller, who made it in the running loop and
    closes it."""

    def __init__(self, account: Account, session: aiohttp.ClientSession) -> None:
        self._account = account
        self._session = session

    async def place(self, wanted: Placing) -> str:
        """Ring a phone; returns the carrier's id of the call.

        Raises CarrierRefused, CarrierUnreachable, and CarrierUnsure, after which `placed` tells
        whether it was taken: a phone must not ring twice for one errand."""
        api = await api_of(self._account, self._session, {"Idempotency-Key": wanted.key})
        try:
            call = await api.calls.create_async(
                to=wanted.to,
                from_=wanted.from_,
                url=wanted.url,
                method="POST",
                fallback_url=wanted.fallback,
                fallback_method="POST",
                status_callback=wanted.status,
                status_callback_event=list(PROGRESS),
                status_callback_method="POST",
                timeout=wanted.seconds,
                time_limit=wanted.longest,
            )
        except REFUSALS as error:
            raise carrier_error("a call", error, repeatable=False) from None
        sid = id_of(call.sid)
        if sid is None:
            raise CarrierUnsure("the carrier took a call but named no id; look it up")
        return sid

    async def placed(self, to: str, from_: str, since: datetime) -> Sequence[str]:
        """The ids of calls that we had placed between these numbers since `since` (aware), the
        oldest first. Another errand's may be among them."""
        api = await api_of(self._account, self._session)
        try:
            rows: Sequence[Any] = await api.calls.list_async(
                to=to, from_=from_, limit=_MOST_ALIKE, page_size=_MOST_ALIKE
            )
        except REFUSALS as error:
            raise carrier_error("the list of calls", error, repeatable=True) from None
        alike = [row for row in rows if row.direction == "outbound-api" and _began(row, since)]
        ids = [sid for sid in (id_of(row.sid) for row in reversed(alike)) if sid is not None]
        if len(ids) < len(alike):  # it was placed: to be told that it was not would ring twice
            raise CarrierUnreachable("the carrier lists a call under no id; try later")
        return ids

    async def fetch(self, sid: str) -> CarrierCall | None:
        """One call; None where the carrier knows of none, which is not that it is over."""
        api = await api_of(self._account, self._session)
        try:
            row = await api.calls(_path(sid)).fetch_async()
        except REFUSALS as error:
            mapped = carrier_error("a call's state", error, repeatable=True)
            if isinstance(mapped, CarrierRefused) and mapped.status == GONE:
                return None
            raise mapped from None
        return _call(row)

    async def end(self, sid: str) -> None:
        """Have a call hung up; one that is over or unknown stays as it is."""
        api = await api_of(self._account, self._session)
        try:
            await api.calls(_path(sid)).update_async(status="completed")
        except REFUSALS as error:
            mapped = carrier_error("the end of a call", error, repeatable=True)
            if not isinstance(mapped, CarrierRefused) or not _over_already(mapped):
                raise mapped from None

    async def cancel(self, sid: str) -> bool:
        """Stop a phone that rings. False where it does not: somebody has taken it up, or it is
        over, or unknown."""
        api = await api_of(self._account, self._session)
        try:
            await api.calls(_path(sid)).update_async(status="canceled")
        except REFUSALS as error:
            mapped = carrier_error("the end of a call that rings", error, repeatable=True)
            if not isinstance(mapped, CarrierRefused) or not _over_already(mapped):
                raise mapped from None
            return False
        return True

    async def turn(self, sid: str, url: str) -> None:
        """Have somebody hear another document; one whose call is over hears none."""
        api = await api_of(self._account, self._session)
        try:
            await api.calls(_path(sid)).update_async(url=url, method="POST")
        except REFUSALS as error:
            mapped = carrier_error("a call's next document", error, repeatable=True)
            if not isinstance(mapped, CarrierRefused) or not _over_already(mapped):
                raise mapped from None

    async def clear(self, queue: str) -> None:
        """Delete a queue that nobody waits in any more; one that is gone is deleted."""
        api = await api_of(self._account, self._session)
        try:
            await api.queues(_path(queue)).delete_async()
        except REFUSALS as error:
            mapped = carrier_error("the deletion of a queue", error, repeatable=True)
            if not (isinstance(mapped, CarrierRefused) and mapped.status == GONE):
                raise mapped from None


def _path(sid: str) -> str:
    """An id within an address: other engines' are of any shape (twilio-voice §12)."""
    return quote(sid, safe=":")


def _over_already(refused: CarrierRefused) -> bool:
    return refused.status == GONE or refused.code == _NOT_LIVE


def _began(row: Any, since: datetime) -> bool:
    """Whether a call is as late as that; one that names no time counts as late."""
    at = row.date_created or row.start_time
    return at is None or bool(at >= since - LOOK_BACK)


def _call(row: Any) -> CarrierCall:
    return CarrierCall(
        sid=party(row.sid),
        status=_status(row),
        to=party(row.to),
        started=row.start_time,
        seconds=whole_seconds(row.duration),
        caller=party(row._from),  # noqa: SLF001 - so the SDK names the field From
    )


def _status(row: Any) -> CallStatus:
    """A word that no carrier we know says is an end only where the call has one."""
    try:
        return CallStatus(str(row.status))
    except ValueError:
        return CallStatus.IN_PROGRESS if row.end_time is None else CallStatus.COMPLETED
