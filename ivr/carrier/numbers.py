"""The account's phone numbers at the carrier and where their calls go; and the account itself, as
it answers who asks for it (twilio-voice §7). Asked by `server.py check carrier`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

import aiohttp

from ivr.carrier.account import Account
from ivr.carrier.asking import REFUSALS, api_of, carrier_error
from ivr.carrier.trouble import ASKING, Trouble, trouble_of

MOST_NUMBERS: Final = 5_000
_PAGE: Final = 1_000


class Setting(StrEnum):
    """What a number is set to, by the carrier's own names."""

    VOICE_URL = "VoiceUrl"
    VOICE_METHOD = "VoiceMethod"
    FALLBACK_URL = "VoiceFallbackUrl"
    FALLBACK_METHOD = "VoiceFallbackMethod"
    STATUS_URL = "StatusCallback"
    STATUS_METHOD = "StatusCallbackMethod"
    APPLICATION = "VoiceApplicationSid"
    TRUNK = "TrunkSid"


_FIELDS: Final[Mapping[Setting, str]] = {
    Setting.VOICE_URL: "voice_url",
    Setting.VOICE_METHOD: "voice_method",
    Setting.FALLBACK_URL: "voice_fallback_url",
    Setting.FALLBACK_METHOD: "voice_fallback_method",
    Setting.STATUS_URL: "status_callback",
    Setting.STATUS_METHOD: "status_callback_method",
    Setting.APPLICATION: "voice_application_sid",
    Setting.TRUNK: "trunk_sid",
}
"""As the SDK spells them."""


@dataclass(frozen=True, slots=True)
class NumberRow:
    """One number; a setting that is not there is empty."""

    sid: str
    number: str
    settings: Mapping[Setting, str]


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """What the carrier says of the account: HTTP's status, whose account it is (`sid`), its own
    `state` (`active`, `suspended`) and `kind` (`Trial`) where told, its clock, and what it was
    told in (`media`): a web page is no account. `trouble` is why nobody answered."""

    status: int = 0
    sid: str = ""
    state: str = ""
    kind: str = ""
    clock: datetime | None = None
    media: str = "application/json"
    trouble: Trouble | None = None


class NumberRows:
    """Numbers at the carrier. `session` belongs to the caller, who made it in the running loop and
    closes it."""

    def __init__(self, account: Account, session: aiohttp.ClientSession) -> None:
        self._account = account
        self._session = session

    async def list(self) -> Sequence[NumberRow]:
        """All of the account's. Raises CarrierError."""
        api = await api_of(self._account, self._session)
        try:
            rows = await api.incoming_phone_numbers.list_async(limit=MOST_NUMBERS, page_size=_PAGE)
        except REFUSALS as error:
            raise carrier_error("the list of numbers", error, repeatable=True) from None
        return [_number(row) for row in rows if row.sid and row.phone_number]

    async def set(self, sid: str, settings: Mapping[Setting, str]) -> None:
        """Write these settings; an empty one is taken away. Raises CarrierError."""
        api = await api_of(self._account, self._session)
        wanted = {_FIELDS[setting]: told for setting, told in settings.items()}
        try:
            await api.incoming_phone_numbers(sid).update_async(**wanted)
        except REFUSALS as error:
            raise carrier_error("a number's settings", error, repeatable=True) from None


async def ask_account(account: Account, session: aiohttp.ClientSession) -> AccountAnswer:
    """Who are we there, and what is its time? Its headers, which the SDK drops, tell the latter."""
    url = f"{account.base.rstrip('/')}/2010-04-01/Accounts/{account.sid}.json"
    limits = aiohttp.ClientTimeout(total=account.seconds, sock_connect=5)
    headers = {"Authorization": account.login}
    try:
        async with session.get(
            url, headers=headers, timeout=limits, allow_redirects=False
        ) as answer:
            told = await _json(answer)
            clock = _clock(answer.headers.get("Date", ""))
            sid, state, kind = (str(told.get(name) or "") for name in ("sid", "status", "type"))
            return AccountAnswer(answer.status, sid, state, kind, clock, answer.content_type)
    except ASKING as error:
        return AccountAnswer(trouble=trouble_of(error))


async def _json(answer: aiohttp.ClientResponse) -> Mapping[str, Any]:
    """What was told; nothing where that is no object."""
    try:
        told = await answer.json(content_type=None)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _clock(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def _number(row: Any) -> NumberRow:
    settings = {setting: str(getattr(row, name) or "") for setting, name in _FIELDS.items()}
    return NumberRow(str(row.sid), str(row.phone_number), settings)
