"""Knocks at our own door as the carrier would, from wherever this runs: with its signature, and
without. What comes back tells whether a proxy hands on what was signed (twilio-voice §2)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from ivr.carrier.trouble import ASKING, Trouble, trouble_of

STATUS_PATH: Final = "/voice/status"
"""A call that nobody answered here is nobody's, so that its end passes without effect."""
HARD: Final = "?check=%7Ea%2Fb+c%e4%b8%80"
"""What a proxy that normalises addresses would rewrite: twilio signs it as it stands."""
_WAIT: Final = aiohttp.ClientTimeout(total=15, sock_connect=5)


class Way(StrEnum):
    """How the knock is made."""

    HARD = "hard"  # signed, with all that proxies like to change
    PLAIN = "plain"  # signed, nothing to change
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: a status with the beginning of its text, or why nothing did."""

    status: int = 0
    text: str = ""
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Knocker:
    """One account's knocks at `base`; `header` is where its carrier puts the signature."""

    session: aiohttp.ClientSession
    base: str
    account: str
    header: str

    async def knock(self, way: Way, token: str) -> Heard:
        """One knock, which changes nothing."""
        url = f"{self.base}{STATUS_PATH}{HARD if way is Way.HARD else ''}"
        form = {"AccountSid": self.account, "CallSid": "CAcheck", "CallStatus": "completed"}
        if way is Way.HARD:
            form["Note"] = " a+b&c=d é~ "
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        if way is not Way.UNSIGNED:
            headers[self.header] = RequestValidator(token).compute_signature(url, form)
        try:
            async with self.session.post(
                URL(url, encoded=True),
                data=urlencode(form).encode(),
                headers=headers,
                timeout=_WAIT,
                allow_redirects=False,
            ) as answer:
                text = (await answer.content.read(300)).decode(errors="replace")
                return Heard(answer.status, text)
        except ASKING as error:
            return Heard(trouble=trouble_of(error))
