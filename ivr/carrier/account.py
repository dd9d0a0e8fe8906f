"""Our account at the carrier, and how asking there can fail: what `client`, `sdk` and `recordings`
share."""

from dataclasses import dataclass, field

import aiohttp


class CarrierError(Exception):
    """The carrier did not do what was asked. Messages name no number and no secret.

    CarrierError
    ├── CarrierRefused      it said no; asking again changes nothing
    ├── CarrierUnreachable  it was not asked, or asking again is safe: retry later
    └── CarrierUnsure       it may have done it: look it up before asking again
    """


class CarrierRefused(CarrierError):
    """The carrier said no. `code` is its own (twilio-voice §9), `status` HTTP's; 0 if none."""

    def __init__(self, message: str, *, status: int = 0, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class CarrierUnreachable(CarrierError):
    """The request surely had no effect, or may be repeated; try again later: not before `after`
    seconds, where the carrier said how long it wants to be left alone."""

    def __init__(self, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class CarrierUnsure(CarrierError):
    """The request left, but no answer says what became of it; look it up first, not before
    `after` seconds: what was taken may come into the carrier's lists a moment later."""

    after: float = 15.0


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom we ask. `base` is the REST base (`CARRIER_URL`) before `/2010-04-01`;
    `seconds` bounds a whole request, as the SDK's own time-out is ignored (§8)."""

    sid: str
    token: str = field(repr=False)
    base: str
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if not (self.sid and self.token and self.base.startswith(("https://", "http://"))):
            raise ValueError("set ACCOUNT_SID, AUTH_TOKEN and CARRIER_URL (https://…)")

    @property
    def login(self) -> str:
        """The Authorization header."""
        return aiohttp.encode_basic_auth(self.sid, self.token, encoding="utf-8")
