"""The carrier's side of HTTP: forms as twilio-voice §1 shows them, signed as the SDK does it."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient
from twilio.request_validator import RequestValidator

from deployment.house import HOUSE, House
from ivr.carrier.signature import SETTINGS
from storage.tables.calls import steps

FORM: Final = "application/x-www-form-urlencoded"
CALLER: Final = "+8613900007788"
LINE: Final = "+865580000021"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook was answered."""

    status: int
    body: bytes
    kind: str

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True, slots=True)
class Carrier:
    """Posts to `client`; `base` is the address that is signed, as configured."""

    client: TestClient[web.Request, web.Application] | ClientSession
    base: str
    account: str
    token: str
    algorithm: str | None = None  # of a customer's SharedKey; the Auth Token's otherwise

    async def post(self, path: str, sid: str = "CA1", **fields: str) -> Answer:
        """A genuine webhook of our account."""
        form = {"AccountSid": self.account, "CallSid": sid, "CallStatus": "in-progress"} | fields
        return await self.send(path, urlencode(form).encode())

    async def send(
        self, path: str, body: bytes, kind: str = FORM, signature: str | None = None
    ) -> Answer:
        """Any bytes; signed over the fields that they hold, unless a signature is given."""
        if signature is None:
            signature = self.sign(path, body)
        headers = {"Content-Type": kind, "X-Twilio-Signature": signature}
        if self.algorithm is not None:
            headers[SETTINGS] = f"key=webhooks_sharedkey_1,algorithm={self.algorithm}"
        return await self.request(path, data=body, headers=headers)

    async def json(self, path: str, sid: str = "CA1", **fields: object) -> Answer:
        """The same as JSON: its hash in the address, which alone is signed (twilio-voice §2)."""
        told = {"AccountSid": self.account, "CallSid": sid, "CallStatus": "in-progress"} | fields
        body = orjson.dumps(told)
        full = f"{path}?bodySHA256={hashlib.sha256(body).hexdigest()}"
        signature = self.sign(full, b"")
        return await self.send(full, body, "application/json; charset=utf-8", signature)

    async def request(self, path: str, **given: Any) -> Answer:
        """A request as it is given."""
        base = self.base if isinstance(self.client, ClientSession) else ""
        async with self.client.post(base + path, **given) as answer:
            return Answer(answer.status, await answer.read(), answer.content_type)

    def sign(self, path: str, body: bytes) -> str:
        """The signature over the fields of a body."""
        fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        validator = RequestValidator(self.token)
        made: str = validator.compute_signature(self.base + path, fields, self.algorithm)
        return made

    async def ring(self, sid: str = "CA1", caller: str = CALLER, dialled: str = LINE) -> Answer:
        """A new call."""
        return await self.post("/voice/answer", sid, From=caller, To=dialled, CallStatus="ringing")

    async def recorded(self, path: str, sid: str = "CA1", digits: str = "#") -> Answer:
        """A Record's action."""
        url = f"{self.base}/line/RE{sid}"
        return await self.post(
            path,
            sid,
            RecordingSid=f"RE{sid}",
            RecordingUrl=url,
            RecordingDuration="20",
            Digits=digits,
        )


class Heard:
    """Stands where the log was."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def exception(self, event: str, **values: Any) -> None:
        self.failures.append(event)

    error = exception

    def info(self, event: str, **values: Any) -> None:
        """A refusal is no failure."""

    warning = info


def house_of(carrier: Carrier) -> House:
    assert isinstance(carrier.client, TestClient)
    app = carrier.client.app
    assert app is not None
    return app[HOUSE]


async def kept_steps(carrier: Carrier) -> int:
    async with house_of(carrier).database.reading() as connection:
        return len((await connection.execute(steps.select())).all())
