"""A caller for the benchmarks: many calls at once over kept-alive connections, each following the
documents' own addresses and signing its webhooks. Small enough for one core to outrun us."""

import asyncio
import hashlib
import hmac
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus, urlsplit

ACTION: Final = re.compile(rb'action="([^"#]+)')
TURN: Final = "/turn/"
"""Only a step hands out such an address."""
BASE_FIELDS: Final = {
    "AccountSid": "",
    "ApiVersion": "2010-04-01",
    "CallSid": "",
    "CallStatus": "in-progress",
    "Called": "+865580000021",
    "CalledCity": "",
    "CalledCountry": "CN",
    "CalledState": "",
    "CalledZip": "",
    "Caller": "+8613900000012",
    "CallerCity": "",
    "CallerCountry": "CN",
    "CallerState": "",
    "CallerZip": "",
    "Direction": "inbound",
    "From": "+8613900000012",
    "FromCity": "",
    "FromCountry": "CN",
    "FromState": "",
    "FromZip": "",
    "To": "+865580000021",
    "ToCity": "",
    "ToCountry": "CN",
    "ToState": "",
    "ToZip": "",
}
"""The base set of a webhook (twilio-voice §1); 28 to 30 fields with a turn's own."""

Keys = dict[str, str]
ARRIVAL: Final[Keys] = {"CallStatus": "ringing"}
CHECK: Final[Sequence[Keys]] = (
    {"Digits": "1"},
    {"FinishedOnKey": "#"},
    {"Digits": "1"},
    {"Digits": "05580000009", "FinishedOnKey": "#"},
    {"Digits": "1"},
    {"Digits": "13912345678", "FinishedOnKey": "#"},
)
"""A caller who checks three numbers."""
MATTER: Final[Sequence[Keys]] = (
    {"Digits": "9"},
    {"Digits": "2"},
    {"Digits": "1"},
    {"RecordingUrl": "{rest}/Recordings/RE{sid}", "RecordingSid": "RE{sid}",
     "RecordingDuration": "12", "Digits": "#"},
    {"DialCallStatus": "no-answer"},
    {"DialCallStatus": "no-answer"},
)  # fmt: skip
"""A caller who states a matter in English; nobody is free."""
PROGRESS: Final[Sequence[Keys]] = (
    {"Digits": "3"},
    {"Digits": "123456711825", "FinishedOnKey": "#"},
)
"""A caller who mistakes the number of their case: the same work as a hit."""


Stories = Callable[[int], Sequence[Keys]]
"""What the webhooks of a call say that everybody's do not, by the call's number; the first of them
goes to the published number's own address."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose webhooks these are, and where the server is."""

    base: str
    sid: str
    token: str


@dataclass(slots=True)
class Counts:
    """What came of a run; `late` are seconds from the intended time, in an open loop."""

    steps: int = 0
    calls: int = 0
    cases: int = 0
    failed: int = 0
    late: list[float] = field(default_factory=list)


def request(account: Account, path: str, fields: Keys) -> bytes:
    """One signed webhook as it stands on the wire."""
    text = account.base + path + "".join([name + fields[name] for name in sorted(fields)])
    digest = hmac.digest(account.token.encode(), text.encode(), hashlib.sha1)
    body = "&".join([f"{name}={quote_plus(value)}" for name, value in fields.items()]).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(account.base).netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"X-Twilio-Signature: {b64encode(digest).decode()}\r\n"
        f"User-Agent: TwilioProxy/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The caller's loop: uvloop where it is, so that the caller is not what is measured."""
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


class Connection:
    """One kept-alive connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, base: str) -> "Connection":
        """Connect to the server."""
        parts = urlsplit(base)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def post(self, wire: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._writer.write(wire)
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 : head.index(b"\r\n", at)]) if at >= 0 else 0
        return status, await self._reader.readexactly(length) if length else b""

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def fields(account: Account, sid: str, more: Keys) -> Keys:
    """The fields of one webhook of the call `sid`."""
    rest = f"{account.base}/line/2010-04-01/Accounts/{account.sid}"
    filled = {name: value.format(rest=rest, sid=sid) for name, value in more.items()}
    caller = f"+86139{int(sid, 16) % 10**8:08d}"  # each call is another caller's
    who = {"AccountSid": account.sid, "CallSid": f"CA{sid}", "From": caller, "Caller": caller}
    return {**BASE_FIELDS, **who, **filled}


def checks(_: int) -> Sequence[Keys]:
    """Every call checks numbers."""
    return (ARRIVAL, *CHECK)


def matters(number: int, *, every: int = 4) -> Sequence[Keys]:
    """One of `every` calls states a matter, half as many ask after a case, the others check."""
    if number % every == 0:
        return (ARRIVAL, *MATTER)
    return (ARRIVAL, *PROGRESS) if number % (2 * every) == 1 else checks(number)


def checks_of(numbers: Sequence[str]) -> Stories:
    """Every call checks numbers, dialled and asked for among these (E.164), so that each run goes
    over all of them."""

    def keys(number: int) -> Sequence[Keys]:
        dialled, asked = (numbers[number * step % len(numbers)] for step in (7919, 104_729))
        line = {"To": dialled, "Called": dialled}
        keyed = {"05580000009": f"0{asked.removeprefix('+86')}"}
        return [
            line | more | {"Digits": keyed.get(more["Digits"], more["Digits"])}
            if "Digits" in more
            else line | more
            for more in checks(number)
        ]

    return keys


def wires(account: Account, number: int, keys: Sequence[Keys]) -> Iterator[tuple[str, Keys]]:
    """The webhooks of one call, each with its address where that is known beforehand."""
    sid = f"{number:032x}"
    for turn, more in enumerate(keys):
        yield "" if turn else "/voice/answer", fields(account, sid, more)


async def play(
    connection: Connection, account: Account, number: int, counts: Counts, stories: Stories
) -> None:
    """One call, as its documents lead."""
    path = ""
    for first, form in wires(account, number, stories(number)):
        status, body = await connection.post(request(account, first or path, form))
        if status != 200:
            counts.failed += 1
            return
        counts.steps += 1
        found = ACTION.search(body)
        if found is None:
            break
        path = found[1].decode()[len(account.base) :]
        if TURN not in path:  # what is said where a step fails
            counts.failed += 1
            return
    counts.calls += 1


async def load(
    account: Account, *, connections: int, seconds: float, start: int, stories: Stories
) -> Counts:
    """Closed loop: every connection plays call after call for `seconds`."""
    counts = Counts()
    numbers = iter(range(start, start + 10_000_000))
    until = time.monotonic() + seconds

    async def one() -> None:
        connection = await Connection.open(account.base)
        while time.monotonic() < until:
            await play(connection, account, next(numbers), counts, stories)
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(one())
    return counts
