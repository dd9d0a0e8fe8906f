"""One request to the carrier's REST side: the SDK's client for it, and what its errors mean to us.
Shared by `client`, `calls` and `numbers` (twilio-voice §8, §9)."""

import asyncio
import threading
from datetime import timedelta
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

LOOK_BACK: Final = timedelta(minutes=5)
"""Between the carrier's clock and ours, where its lists are searched by time."""
REFUSALS: Final = (
    TwilioException,
    ValueError,  # no JSON, or a date that no calendar has
    AttributeError,  # these four: JSON of another shape than the SDK takes for granted
    TypeError,
    LookupError,
    RecursionError,
)
"""What the SDK raises for an answer that it does not like or cannot read."""
GONE: Final = 404
_TOO_MANY, _SERVER = 429, 500
_READ: Final = threading.Event()


async def api_of(
    account: Account, session: aiohttp.ClientSession, extra: dict[str, str] | None = None
) -> Any:
    """One request's SDK client. With the first, the SDK's hundreds of modules are read: in a
    thread, since calls go on meanwhile, and not before, since a start waits for none of them."""
    if not _READ.is_set():
        await asyncio.to_thread(import_module, "ivr.carrier.sdk")
        _READ.set()
    from ivr.carrier.sdk import client_of  # noqa: PLC0415 - read by now

    return client_of(account, session, extra or {})


def carrier_error(what: str, error: Exception, *, repeatable: bool) -> CarrierError:
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
        try:
            return int(error.status), int(error.code or error.status)
        except (TypeError, ValueError):  # both may be the body's words, whatever it says
            return None
    status = getattr(error.args[-1], "status_code", None) if error.args else None
    return (status, status) if isinstance(status, int) else None
