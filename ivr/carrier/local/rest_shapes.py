"""The JSON of the REST side: calls, messages, recordings, transcriptions, pages, errors.

Field names and types are those of Twilio's 2010-04-01 contract; instants are
RFC 2822, numbers of seconds are strings (twilio-voice §7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from ivr.carrier.local.history import TextMessage
from ivr.carrier.local.numbers import Number
from ivr.carrier.local.recordings import Recording
from ivr.carrier.local.state import Direction, LegState

Shape = dict[str, Any]
VERSION = "2010-04-01"
MOST_DIGITS = 9


def account_path(account: str) -> str:
    """The root of the account's resources."""
    return f"/{VERSION}/Accounts/{account}"


def call_shape(state: LegState, account: str) -> Shape:
    """A call; duration is null until it is over (twilio-voice §7)."""
    uri = f"{account_path(account)}/Calls/{state.sid}"
    return {
        "sid": state.sid,
        "account_sid": account,
        "api_version": VERSION,
        "parent_call_sid": state.parent,
        "from": state.from_,
        "from_formatted": state.from_,
        "to": state.to,
        "to_formatted": state.to,
        "phone_number_sid": None,
        "status": str(state.status),
        "direction": str(state.direction),
        "date_created": _date(state.started),
        "date_updated": _date(state.ended or state.answered or state.started),
        "start_time": _date(state.answered or state.started),
        "end_time": _date(state.ended),
        "duration": _duration(state),
        "price": None,
        "price_unit": "USD",
        "answered_by": state.answered_by,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": uri + ".json",
        "subresource_uris": {"recordings": uri + "/Recordings.json"},
    }


def message_shape(message: TextMessage, account: str) -> Shape:
    """A text message; on this line it has arrived, or is lost, once it is accepted."""
    uri = f"{account_path(account)}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": account,
        "api_version": VERSION,
        "from": message.from_,
        "to": message.to,
        "body": message.text,
        "status": "delivered" if message.error is None else "undelivered",
        "direction": str(Direction.OUTBOUND_API),
        "num_segments": str(max(1, -(-len(message.text) // 67))),
        "num_media": "0",
        "date_created": _date(message.at),
        "date_updated": _date(message.at),
        "date_sent": _date(message.at),
        "messaging_service_sid": None,
        "error_code": message.error,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "uri": uri + ".json",
        "subresource_uris": {"media": uri + "/Media.json"},
    }


def recording_shape(recording: Recording, account: str) -> Shape:
    """A recording; duration is null while it runs."""
    uri = f"{account_path(account)}/Recordings/{recording.sid}"
    return {
        "sid": recording.sid,
        "account_sid": account,
        "api_version": VERSION,
        "call_sid": recording.call,
        "conference_sid": None,
        "date_created": _date(recording.created),
        "date_updated": _date(recording.created),
        "start_time": _date(recording.created),
        "duration": str(recording.seconds) if recording.completed else None,
        "status": _recording_status(recording),
        "channels": 1,
        "source": "RecordVerb",
        "error_code": None,
        "encryption_details": None,
        "price": None,
        "price_unit": "USD",
        "media_url": None,
        "uri": uri + ".json",
        "subresource_uris": {"transcriptions": uri + "/Transcriptions.json"},
    }


def _recording_status(recording: Recording) -> str:
    if not recording.completed:
        return "in-progress"
    return "absent" if recording.absent else "completed"


def transcription_shape(recording: Recording, account: str) -> Shape:
    """A recording's transcript: the words that were typed, failed without any."""
    uri = f"{account_path(account)}/Recordings/{recording.sid}/Transcriptions"
    return {
        "sid": recording.transcription,
        "account_sid": account,
        "api_version": VERSION,
        "recording_sid": recording.sid,
        "date_created": _date(recording.created),
        "date_updated": _date(recording.created),
        "duration": str(recording.seconds),
        "status": "completed" if recording.words else "failed",
        "transcription_text": recording.words,
        "type": "fast",
        "price": None,
        "price_unit": "USD",
        "uri": f"{uri}/{recording.transcription}.json",
    }


def number_shape(number: Number, account: str) -> Shape:
    """A phone number of the account and where its calls go."""
    webhook = number.webhook
    return {
        "sid": number.sid,
        "account_sid": account,
        "api_version": VERSION,
        "phone_number": number.number,
        "friendly_name": number.number,
        "origin": "hosted",
        "status": "in-use",
        "type": None,
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "date_created": None,
        "date_updated": None,
        "voice_url": webhook.voice,
        "voice_method": webhook.voice_method,
        "voice_fallback_url": webhook.fallback,
        "voice_fallback_method": webhook.fallback_method,
        "status_callback": webhook.status,
        "status_callback_method": webhook.status_method,
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
        "trunk_sid": None,
        "sms_application_sid": None,
        "sms_url": None,
        "sms_method": "POST",
        "sms_fallback_url": None,
        "sms_fallback_method": "POST",
        "address_requirements": "none",
        "address_sid": None,
        "identity_sid": None,
        "bundle_sid": None,
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "uri": f"{account_path(account)}/IncomingPhoneNumbers/{number.sid}.json",
    }


def account_shape(account: str) -> Shape:
    """The account itself; nothing of it is secret."""
    return {
        "sid": account,
        "owner_account_sid": account,
        "auth_token": None,
        "friendly_name": "the embedded carrier",
        "status": "active",
        "type": "Full",
        "date_created": None,
        "date_updated": None,
        "subresource_uris": {},
        "uri": f"{account_path(account)}.json",
    }


def page_shape(name: str, rows: Sequence[Shape], query: Mapping[str, str], path: str) -> Shape:
    """One page of rows under ``name``; ``PageSize`` 50, at most 1000."""
    size = min(max(whole(query.get("PageSize"), 50), 1), 1000)
    page = max(whole(query.get("Page"), 0), 0)
    begin = page * size
    shown = list(rows[begin : begin + size])

    def uri(number: int) -> str:
        return f"{path}?{urlencode({**query, 'Page': number, 'PageSize': size})}"

    return {
        name: shown,
        "page": page,
        "page_size": size,
        "start": begin,
        "end": max(begin, begin + len(shown) - 1),
        "uri": uri(page),
        "first_page_uri": uri(0),
        "previous_page_uri": uri(page - 1) if page else None,
        "next_page_uri": uri(page + 1) if begin + size < len(rows) else None,
    }


def error_shape(status: int, code: int, text: str) -> Shape:
    """An error as Twilio words it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": text, "more_info": more, "status": status}


def later_than(query: Mapping[str, str], name: str) -> Callable[[str], bool]:
    """Whether an instant lies within ``name>`` and ``name<`` of a query (ISO 8601)."""
    after, before = query.get(name + ">", ""), query.get(name + "<", "")

    def within(instant: str) -> bool:
        day = instant[: len("2026-01-01")]
        return (not after or day >= after[:10]) and (not before or day <= before[:10])

    return within


def whole(text: str | None, default: int) -> int:
    """A number, or the default where it is none or longer than any that is meant."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        return default
    return int(text)


def _date(instant: str | None) -> str | None:
    if instant is None:
        return None
    return format_datetime(datetime.fromisoformat(instant))


def _duration(state: LegState) -> str | None:
    if state.ended is None:
        return None
    if state.answered is None:
        return "0"
    passed = datetime.fromisoformat(state.ended) - datetime.fromisoformat(state.answered)
    return str(max(0, int(passed.total_seconds())))
