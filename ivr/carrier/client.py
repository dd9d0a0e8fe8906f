"""The carrier's REST side, through twilio's generated API on a wire of our own: texts, and the
rows of recordings. The counterpart of `inbound`: there the carrier asks, here we do
(twilio-voice §7, §8)."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

from ivr.carrier.account import (
    Account,
    CarrierError,
    CarrierRefused,
    CarrierUnreachable,
    CarrierUnsure,
)
from ivr.ports import RecordingRef

MAX_BODY: Final = 1_600  # characters of one text, 21617 beyond it
_LOOK_BACK: Final = timedelta(minutes=5)  # between the carrier's clock and ours
_MOST_TEXTS: Final = 50
_MOST_RECORDINGS: Final = 50
_TOO_MANY, _GONE, _SERVER = 429, 404, 500
_ON_ITS_WAY: Final = (400, 409)  # Twilio deletes no message before its final status: 20009, or 409


class Messages:
    """Texts. `session` belongs to the caller, who made it in the running loop and closes it."""

    def __init__(self, account: Account, session: aiohttp.ClientSession) -> None:
        self._account = account
        self._session = session

    async def send(self, to: str, from_: str, body: str, key: str) -> str:
        """Send one text; returns the carrier's id of it.

        `key` names the text towards servers that repeat no request of the same key; Twilio
        knows none. Raises CarrierRefused, CarrierUnreachable, and CarrierUnsure, after which
        `find` tells whether it was taken."""
        if not body or len(body) > MAX_BODY:
            raise CarrierRefused(f"a text holds 1 to {MAX_BODY} characters, not {len(body)}")
        api = await _api(self._account, self._session, {"Idempotency-Key": key})
        try:
            sent = await api.messages.create_async(to=to, from_=from_, body=body)
        except (TwilioException, ValueError) as error:
            raise _carrier_error("a text", error, repeatable=False) from None
        if not sent.sid:
            raise CarrierUnsure("the carrier took a text but named no id; look it up")
        return str(sent.sid)

    async def find(self, to: str, from_: str, body: str, since: datetime) -> str | None:
        """The id of a text that was taken after `since` (aware), None if there is none."""
        api = await _api(self._account, self._session)
        try:
            listed = await api.messages.list_async(to=to, from_=from_, limit=_MOST_TEXTS)
        except (TwilioException, ValueError) as error:
            raise _carrier_error("the list of texts", error, repeatable=True) from None
        for text in listed:  # newest first
            late = text.date_created is None or text.date_created >= since - _LOOK_BACK
            if late and text.body == body and text.sid:
                return str(text.sid)
        return None

    async def delete(self, sid: str) -> None:
        """Delete the text at the carrier; one that is gone already is deleted. One that is still
        on its way cannot be deleted yet: CarrierUnreachable, as for every other "not now"."""
        api = await _api(self._account, self._session)
        try:
            await api.messages(sid).delete_async()
        except (TwilioException, ValueError) as error:
            mapped = _carrier_error("the deletion of a text", error, repeatable=True)
            status = mapped.status if isinstance(mapped, CarrierRefused) else None
            if status in _ON_ITS_WAY:
                raise CarrierUnreachable("a text on its way cannot be deleted yet") from None
            if status != _GONE:
                raise mapped from None


class RecordingRows:
    """The carrier's rows of recordings; their sound is fetched in `recordings`."""

    def __init__(self, account: Account, session: aiohttp.ClientSession) -> None:
        self._account = account
        self._session = session

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        """What the carrier has recorded of a leg, the newest first. A length that it does not
        know yet counts as one second, since something may have been said."""
        api = await _api(self._account, self._session)
        try:
            listed = await api.recordings.list_async(call_sid=call, limit=_MOST_RECORDINGS)
        except (TwilioException, ValueError) as error:
            raise _carrier_error("the list of recordings", error, repeatable=True) from None
        account = self._account
        media = f"{account.base.rstrip('/')}/2010-04-01/Accounts/{account.sid}/Recordings"
        return [
            RecordingRef(row.sid, f"{media}/{row.sid}", _length(row.duration))
            for row in listed
            if row.sid and row.status != "absent"
        ]

    async def words(self, sid: str) -> str | None:
        """What the carrier heard in a recording, None where it heard nothing."""
        api = await _api(self._account, self._session)
        try:
            listed = await api.recordings(sid).transcriptions.list_async(limit=1)
        except (TwilioException, ValueError) as error:
            mapped = _carrier_error("a recording's words", error, repeatable=True)
            if isinstance(mapped, CarrierRefused) and mapped.status == _GONE:
                return None
            raise mapped from None
        text = listed[0].transcription_text if listed else None
        return str(text) if text else None

    async def delete(self, sid: str) -> None:
        """Delete the recording at the carrier; one that is gone already is deleted."""
        api = await _api(self._account, self._session)
        try:
            await api.recordings(sid).delete_async()
        except (TwilioException, ValueError) as error:
            mapped = _carrier_error("the deletion of a recording", error, repeatable=True)
            if not (isinstance(mapped, CarrierRefused) and mapped.status == _GONE):
                raise mapped from None


def _length(told: str | None) -> int:
    return int(told) if told is not None and told.isdecimal() else 1


_READ: Final = threading.Event()


async def _api(
    account: Account, session: aiohttp.ClientSession, extra: dict[str, str] | None = None
) -> Any:
    """One request's SDK client. With the first, the SDK's hundreds of modules are read: in a
    thread, since calls go on meanwhile, and not before, since a start waits for none of them."""
    if not _READ.is_set():
        await asyncio.to_thread(import_module, "ivr.carrier.sdk")
        _READ.set()
    from ivr.carrier.sdk import client_of  # noqa: PLC0415 - read by now

    return client_of(account, session, extra or {})


def _carrier_error(what: str, error: Exception, *, repeatable: bool) -> CarrierError:
    """Ours for the SDK's, whose message may hold a phone number and is dropped."""
    told = _told(error)
    if told is not None:
        status, code = told
        if status == _TOO_MANY:
            return CarrierUnreachable(f"the carrier is busy and did not take {what}; try later")
        if status < _SERVER:
            said = f"the carrier refused {what}: code {code}, status {status}"
            return CarrierRefused(said, status=status, code=code)
    if repeatable:
        return CarrierUnreachable(f"the carrier failed at {what}; try later")
    return CarrierUnsure(f"the carrier failed at {what}; look it up before asking again")


def _told(error: Exception) -> tuple[int, int] | None:
    """Status and code of an answer; for a list the SDK hands out no more than the answer."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return int(error.status), int(error.code or error.status)
    status = getattr(error.args[-1], "status_code", None) if error.args else None
    return (status, status) if isinstance(status, int) else None
