"""From the end of a message to its office told: signed Record actions arrive at a rate that does
not wait, each opens a case, and the mail server notes when it took that case's mail. The calls were
brought to their tone before. `python -m benchmarks.office_told [--database postgresql]`; exits 1
where a mail is lost or doubled or a goal is missed (performance §4)."""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.caller import ACTION, ARRIVAL, Account, Connection, Keys, fast_loop, fields, request
from benchmarks.databases import CALLER_CORE, Databases, ask_database, databases
from benchmarks.far_side import SECONDS, FarSide, far_side
from benchmarks.machine import cpu_of, facts, pin
from benchmarks.open_loop import quantile
from benchmarks.servers import Place, Running, free_port, start

GOAL_P50, GOAL_P99 = 10.0, 50.0
"""Milliseconds from the webhook's request to the mail server's word."""
FLOOR: Final = 5.0
"""Seconds of the mail server alone, before each round."""
PREPARED_BY: Final = 32
"""Connections on which calls are brought to their tone."""
PATIENCE: Final = 60.0
"""Seconds after the last message until a mail counts as lost."""
STRIDE: Final = 1_000_000
MAIL: Final = b"=E5=B7=A5=E5=8D=95 1234 5678\r\n" * 120
"""About as long as a case's mail."""
SENDER: Final = "line@yunling.example"
TO_THE_TONE: Final[Sequence[Keys]] = (ARRIVAL, {"Digits": "9"}, {"Digits": "2"}, {"Digits": "1"})
CASES: Final = "SELECT calls.sid, cases.reference FROM cases JOIN calls ON calls.id = cases.call_id"
UNTOLD: Final = "SELECT count(*) FROM outbox WHERE kind = 'tell_office' AND state <> 'done'"


@dataclass(frozen=True, slots=True)
class Message:
    """A call at its tone: the webhook that will end it."""

    sid: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """When its end was told, and when that was answered."""

    asked: float
    answered: float


@dataclass(slots=True)
class Round:
    """Milliseconds of one round, and what went wrong."""

    floor: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    cpu: float = 0.0
    """Milliseconds of the server's for a message, its jobs beside."""
    lost: int = 0
    doubled: int = 0
    failed: int = 0


async def to_the_tone(account: Account, number: int, connection: Connection, far: str) -> Message:
    """Bring one call to where its message is recorded. Ends the script where that fails."""
    sid, path = f"{number:032x}", "/voice/answer"
    for more in TO_THE_TONE:
        status, body = await connection.post(request(account, path, fields(account, sid, more)))
        found = ACTION.search(body)
        if status != 200 or found is None:
            raise SystemExit(f"a call was not answered by a step ({status}); see the server's log")
        path = found[1].decode()[len(account.base) :]
    spoken = {
        "RecordingUrl": f"{far}/2010-04-01/Accounts/{account.sid}/Recordings/RE{{sid}}",
        "RecordingSid": "RE{sid}",
        "RecordingDuration": str(SECONDS),
        "Digits": "#",
    }
    return Message(f"CA{sid}", request(account, path, fields(account, sid, spoken)))


async def prepared(account: Account, numbers: Sequence[int], far: str) -> list[Message]:
    """So many calls, each at its tone."""
    left, ready = iter(numbers), list[Message]()

    async def one() -> None:
        connection = await Connection.open(account.base)
        for number in left:
            ready.append(await to_the_tone(account, number, connection, far))
        connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(PREPARED_BY):
            group.create_task(one())
    return ready


async def arrivals(
    many: int, rate: float, each: Callable[[int], Coroutine[None, None, None]]
) -> None:
    """Poisson arrivals: each is begun at its time, whether earlier ones have ended or not."""
    luck, due = random.Random(2), time.monotonic() + 0.05
    async with asyncio.timeout(many / rate + PATIENCE), asyncio.TaskGroup() as group:
        for number in range(many):
            await asyncio.sleep(max(due - time.monotonic(), 0.0))
            group.create_task(each(number))
            due += luck.expovariate(rate)


async def ended(account: Account, messages: Sequence[Message], rate: float) -> dict[str, Sent]:
    """Tell the ends of all messages at this rate; those that were answered."""
    idle, sent = list[Connection](), dict[str, Sent]()

    async def one(number: int) -> None:
        connection = idle.pop() if idle else await Connection.open(account.base)
        asked = time.monotonic()
        status, _ = await connection.post(messages[number].wire)
        if status == 200:
            sent[messages[number].sid] = Sent(asked, time.monotonic())
        idle.append(connection)

    await arrivals(len(messages), rate, one)
    for connection in idle:
        connection.close()
    return sent


class Mailer:
    """One kept connection to the mail server, with no more said than a mail needs."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> "Mailer":
        """Connected and greeted."""
        mailer = cls(*await asyncio.open_connection("127.0.0.1", port))
        await mailer._reader.readline()
        mailer.writer.write(b"EHLO caller.example\r\n")
        while (await mailer._reader.readline())[3:4] == b"-":
            pass
        return mailer

    async def send(self, mail: bytes) -> None:
        """Until its 250."""
        envelope = b"MAIL FROM:<line@yunling.example>", b"RCPT TO:<office@yunling.example>", b"DATA"
        for said in (*envelope, mail + b"\r\n."):
            self.writer.write(said + b"\r\n")
            await self._reader.readline()


async def floor(far: FarSide, rate: float) -> list[float]:
    """Milliseconds of mails of the same size, handed to the mail server without a server of ours
    between."""
    idle, took = list[Mailer](), list[float]()

    async def one(number: int) -> None:
        begun = time.monotonic()
        mailer = idle.pop() if idle else await Mailer.open(far.mail)
        await mailer.send(b"Message-ID: <floor-%d@yunling.example>\r\n\r\n" % number + MAIL)
        took.append((time.monotonic() - begun) * 1000)
        idle.append(mailer)

    await arrivals(int(rate * FLOOR), rate, one)
    for mailer in idle:
        mailer.writer.close()
    return took


def all_taken(far: FarSide, since: int, many: int) -> list[tuple[str, float]]:
    """The mails since then, once there are so many, or after PATIENCE."""
    until = time.monotonic() + PATIENCE
    while len(far.taken(since)) < many and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(1.0)  # what is doubled comes later
    return far.taken(since)


async def one_round(
    server: Running, far: FarSide, asked: argparse.Namespace, number: int
) -> tuple[Round, dict[str, Sent], int]:
    """Calls to their tones, the floor, then the ends of their messages: when these were told, and
    how many mails were taken before."""
    carrier = f"http://127.0.0.1:{far.carrier}"
    many, first = int(asked.rate * asked.seconds), number * STRIDE
    messages = await prepared(server.account, range(first, first + many), carrier)
    found = Round(floor=await floor(far, asked.rate))
    since = len(far.taken())
    found.cpu = -cpu_of(server.process.pid)
    sent = await ended(server.account, messages, asked.rate)
    found.failed = len(messages) - len(sent)
    return found, sent, since


def judge(
    found: Round, sent: dict[str, Sent], taken: Sequence[tuple[str, float]], cases: dict[str, str]
) -> None:
    """Match each message with its case's mail."""
    count = Counter(name for name, _ in taken)
    first = dict(reversed(taken))
    found.doubled = sum(times - 1 for times in count.values())
    for sid, one in sent.items():
        at = first.get(f"case-{cases.get(sid)}")
        if at is None:
            found.lost += 1
            continue
        found.whole.append((at - one.asked) * 1000)
        found.after.append((at - one.answered) * 1000)
        found.answers.append((one.answered - one.asked) * 1000)


def said(took: Sequence[float]) -> str:
    """Three of their quantiles."""
    p50, p99, most = (quantile(took, part) / 1000 for part in (0.5, 0.99, 1.0))
    return f"p50 {p50:6.1f}  p99 {p99:7.1f}  longest {most:7.1f} ms"


@contextlib.contextmanager
def working(asked: argparse.Namespace, data: Databases, folder: Path) -> Iterator[Running]:
    """The real application, which mails and fetches at the far side."""
    port = free_port()
    far = asked.far
    settings = {
        "SMTP_URL": f"smtp://127.0.0.1:{far.mail}",
        "MAIL_FROM": SENDER,
        "CARRIER": "twilio",
        "CARRIER_URL": f"http://127.0.0.1:{far.carrier}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    place = Place(folder, data.new("office_told"), settings=settings)
    server = start("ours", place, port)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def rounds(asked: argparse.Namespace, data: Databases, folder: Path) -> list[Round]:
    """All of them, on one server, after one that warms up."""
    all_of_them = list[Round]()
    with working(asked, data, folder) as server:
        for number in range(asked.rounds + 1):
            data.flush()
            with asyncio.Runner(loop_factory=fast_loop()) as runner:
                found, sent, since = runner.run(one_round(server, asked.far, asked, number))
            taken = all_taken(asked.far, since, len(sent))
            found.cpu = (found.cpu + cpu_of(server.process.pid)) / max(len(sent), 1) * 1000
            cases = {row[0]: row[1] for row in data.ask(server.place, CASES)}
            judge(found, sent, taken, cases)
            print(f"round {number}  the mail server alone    {said(found.floor)}")
            print(f"round {number}  webhook asked, answered  {said(found.answers)}")
            print(f"round {number}  webhook asked, told      {said(found.whole)}")
            print(
                f"round {number}  answered, told           {said(found.after)}  "
                f"{len(found.whole)} told, {found.lost} lost, {found.doubled} doubled, "
                f"{found.failed} not answered; {found.cpu:.1f} ms CPU a message",
                flush=True,
            )
            all_of_them.append(found)
        print(f"{data.ask(server.place, UNTOLD)[0][0]} offices are still to be told")
    return all_of_them[1:]


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--aiosmtpd", action="store_true", help="as the mail server")
    parser.add_argument("--waits", type=float, default=0.0, help="seconds of the carrier")
    ask_database(parser)
    asked = parser.parse_args()
    pin(CALLER_CORE)
    print(facts())
    options = ["--waits", str(asked.waits), *(["--aiosmtpd"] if asked.aiosmtpd else [])]
    with (
        tempfile.TemporaryDirectory(prefix="zhitong-bench-") as folder,
        far_side(Path(folder), *options) as asked.far,
        databases(asked.database) as data,
    ):
        return verdict(asked, rounds(asked, data, Path(folder)))


def verdict(asked: argparse.Namespace, found: Sequence[Round]) -> int:
    """The medians of the rounds against the goals."""
    p50, p99 = (
        statistics.median(quantile(one.whole, part) / 1000 for one in found) for part in (0.5, 0.99)
    )
    wrong = sum(one.lost + one.doubled + one.failed for one in found)
    print(f"{asked.rate:g} messages a second, {asked.database}; medians of {len(found)} rounds")
    print(
        f"webhook asked until told  p50 {p50:.1f} ms (goal {GOAL_P50:g})  "
        f"p99 {p99:.1f} ms (goal {GOAL_P99:g}); {wrong} lost, doubled or not answered"
    )
    return 0 if p50 <= GOAL_P50 and p99 <= GOAL_P99 and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
