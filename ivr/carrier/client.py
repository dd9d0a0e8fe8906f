"""The carrier's REST side, through twilio's generated API on a wire of our own: texts, and the
rows of recordings. The counterpart of `inbound`: there the carrier asks, here we do
(twilio-voice §7, §8)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import structlog

from ivr.carrier.account import Account, CarrierRefused, CarrierUnreachable, CarrierUnsure
from ivr.carrier.asking import GONE, LOOK_BACK, REFUSALS, api_of, carrier_error
from ivr.carrier.inbound import MAX_TRANSCRIPT, receipt_of
from ivr.carrier.text import clean, id_of, recording_id_of, whole_seconds
from ivr.flow.receipt import LOST, Receipt
from ivr.ports.listed import CarrierRecording
from ivr.ports.recordings import RecordingRef

LOG: Final = structlog.get_logger()
MAX_BODY: Final = 1_600  # characters of one text, 21617 beyond it
_MOST_TEXTS: Final = 50
_MOST_RECORDINGS: Final = 50
MOST_SINCE: Final = 20_000
"""Rows of one list of recordings, of all that the account records: a busy city's day or two."""
_PAGE: Final = 1_000
_ON_ITS_WAY: Final = (400, 409)  # Twilio deletes no message before its final status: 20009, or 409


class Messages:
    """Texts. `session` belongs to the caller, who made it in the running loop and closes it;
    `status` is the address at which the carrier tells how each goes, "" where nobody asks."""

    def __init__(self, account: Account, session: aiohttp.ClientSession, status: str = "") -> None:
        self._account = account
        self._session = session
        self._callback = {"status_callback": status} if status else {}

    async def send(self, to: str, from_: str, body: str, key: str) -> str:
        """Send one text; returns the carrier's id of it.

        `key` names the text towards servers that repeat no request of the same key; Twilio
        knows none. Raises CarrierRefused, CarrierUnreachable, and CarrierUnsure, after which
        `find` tells whether it was taken."""
        if not body or len(body) > MAX_BODY:
            raise CarrierRefused(f"a text holds 1 to {MAX_BODY} characters, not {len(body)}")
        api = await api_of(self._account, self._session, {"Idempotency-Key": key})
        try:
            sent = await api.messages.create_async(to=to, from_=from_, body=body, **self._callback)
        except REFUSALS as error:
            raise carrier_error("a text", error, repeatable=False) from None
        sid = id_of(sent.sid)
        if sid is None:
            raise CarrierUnsure("the carrier took a text but named no id; look it up")
        return sid

    async def find(self, to: str, from_: str, body: str, since: datetime) -> str | None:
        """The id of a text that was taken after `since` (aware), None if there is none. One that is
        known to have reached nobody was not sent."""
        api = await api_of(self._account, self._session)
        try:
            listed = await api.messages.list_async(to=to, from_=from_, limit=_MOST_TEXTS)
        except REFUSALS as error:
            raise carrier_error("the list of texts", error, repeatable=True) from None
        for text in listed:  # newest first
            late = text.date_created is None or text.date_created >= since - LOOK_BACK
            if late and text.body == body and text.status not in LOST:
                sid = id_of(text.sid)
                if sid is None:  # it was taken: to be told that there is none would repeat it
                    raise CarrierUnreachable("the carrier lists the text under no id; try later")
                return sid
        return None

    async def receipt(self, sid: str) -> Receipt | None:
        """How far a text has come; None where the carrier knows none, or does not say. Raises
        CarrierUnreachable."""
        api = await api_of(self._account, self._session)
        try:
            row = await api.messages(sid).fetch_async()
        except REFUSALS as error:
            mapped = carrier_error("a text's state", error, repeatable=True)
            if isinstance(mapped, CarrierRefused):
                return None
            raise mapped from None
        return receipt_of(sid, row.status, row.error_code)

    async def delete(self, sid: str) -> None:
        """Delete the text at the carrier; one that is gone already is deleted. One that is still
        on its way cannot be deleted yet: CarrierUnreachable, as for every other "not now"."""
        api = await api_of(self._account, self._session)
        try:
            await api.messages(sid).delete_async()
        except REFUSALS as error:
            mapped = carrier_error("the deletion of a text", error, repeatable=True)
            status = mapped.status if isinstance(mapped, CarrierRefused) else None
            if status in _ON_ITS_WAY:
                raise CarrierUnreachable("a text on its way cannot be deleted yet") from None
            if status != GONE:
                raise mapped from None


class RecordingRows:
    """The carrier's rows of recordings; their sound is fetched in `recordings`."""

    def __init__(self, account: Account, session: aiohttp.ClientSession) -> None:
        self._account = account
        self._session = session

    async def of_call(self, call: str) -> Sequence[RecordingRef]:
        """What the carrier has recorded of a leg, the newest first. A length that it does not
        know yet counts as one second, since something may have been said."""
        api = await api_of(self._account, self._session)
        try:
            listed = await api.recordings.list_async(call_sid=call, limit=_MOST_RECORDINGS)
        except REFUSALS as error:
            raise carrier_error("the list of recordings", error, repeatable=True) from None
        found = (self._ref(row) for row in listed if row.status != "absent")
        return [ref for ref in found if ref is not None]

    async def since(self, at: datetime) -> Sequence[CarrierRecording]:
        """The finished recordings of callers' words that were made since `at` (aware), the newest
        first; of no more than MOST_SINCE of all kinds, which the log tells. A server that does not
        say what made a recording is taken to mean a caller."""
        api = await api_of(self._account, self._session)
        found: list[CarrierRecording] = []
        many = 0
        try:
            rows = await api.recordings.stream_async(
                date_created_after=at.astimezone(UTC), limit=MOST_SINCE, page_size=_PAGE
            )
            async for row in rows:
                many += 1
                ref, call = self._ref(row), id_of(row.call_sid)
                if ref and call and _finished(row) and row.date_created >= at:
                    found.append(CarrierRecording(ref, call, row.date_created))
        except REFUSALS as error:
            raise carrier_error("the list of recordings", error, repeatable=True) from None
        if many >= MOST_SINCE:
            LOG.warning("carrier.list_cut", since=at.isoformat(), most=MOST_SINCE)
        return found

    def _ref(self, row: Any) -> RecordingRef | None:
        """None where its id can be none."""
        sid = recording_id_of(row.sid)
        if sid is None:
            return None
        home = f"{self._account.base.rstrip('/')}/2010-04-01/Accounts/{self._account.sid}"
        return RecordingRef(sid, f"{home}/Recordings/{sid}", _length(row.duration))

    async def words(self, sid: str) -> str | None:
        """What the carrier heard in a recording, None where it heard nothing."""
        api = await api_of(self._account, self._session)
        try:
            listed = await api.recordings(sid).transcriptions.list_async(limit=1)
        except REFUSALS as error:
            mapped = carrier_error("a recording's words", error, repeatable=True)
            if isinstance(mapped, CarrierRefused) and mapped.status == GONE:
                return None
            raise mapped from None
        text = listed[0].transcription_text if listed else None
        return clean(str(text or ""))[:MAX_TRANSCRIPT].strip() or None

    async def delete(self, sid: str) -> None:
        """Delete the recording at the carrier; one that is gone already is deleted."""
        api = await api_of(self._account, self._session)
        try:
            await api.recordings(sid).delete_async()
        except REFUSALS as error:
            mapped = carrier_error("the deletion of a recording", error, repeatable=True)
            if not (isinstance(mapped, CarrierRefused) and mapped.status == GONE):
                raise mapped from None


def _finished(row: Any) -> bool:
    words = row.source in (None, "", "RecordVerb")
    return words and row.status == "completed" and row.date_created is not None


def _length(told: object) -> int:
    seconds = whole_seconds(told)
    return 1 if seconds is None else seconds
