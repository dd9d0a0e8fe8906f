"""A real receiver takes our webhooks; one that moves, hangs, never ends, is gone or stands where it
must not is never followed, and what it answers says whether we try again."""

import asyncio
import contextlib
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.cases.words import Correction, Words
from routing.delivery.letter import News
from routing.delivery.notice import Notice, as_json
from routing.delivery.webhook import Endpoint, WebhookPost, signature
from routing.handoff import NotYet, Refused, TryAgain
from tests.deadline import DEADLINE
from tests.routing.delivery.office import CASE, NOW, RECORDING, StoppedClock, Talk, talking
from tests.routing.delivery.posting import Certificate
from tests.routing.delivery.receiver import SECRET, Receiver, receiving


def notice(plan: Plan, **changes: Any) -> Notice:
    case = replace(CASE, **changes)
    office = plan.directory.offices[case.office]
    return Notice(case, office, plan.directory, "https://zhitong.example/case", News.CASE)


def post(port: int, seconds: float = DEADLINE, secrets: tuple[str, ...] = (SECRET,)) -> WebhookPost:
    endpoint = Endpoint(f"http://127.0.0.1:{port}/zhitong", secrets, allow_private=True)
    return WebhookPost(endpoint, StoppedClock(), seconds=seconds)


async def test_a_receiver_is_sent_the_case_signed_and_under_its_id(demo_plan: Plan) -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        await post(port)(notice(demo_plan))
    ((headers, body),) = receiver.taken

    assert headers["Idempotency-Key"] == "case-46270395"
    assert headers["Content-Type"] == "application/json"
    assert headers["Zhitong-Timestamp"] == str(int(NOW.timestamp()))
    assert headers["Zhitong-Signature"] == signature((SECRET,), headers["Zhitong-Timestamp"], body)
    assert json.loads(body) == {
        "id": "case-46270395",
        "news": "case",
        "reference": "46270395",
        "office": {"id": "市公安局", "zh-CN": "市公安局", "en": "Public Security Bureau"},
        "danger": True,
        "left_in_outage": False,
        "sealed": False,
        "kind": "help",
        "topic": {"id": "safety", "zh-CN": "治安安全", "en": "police and safety"},
        "due": "2026-11-30T09:30:00+00:00",
        "caller": "…12",
        "words": [],
        "corrections": [],
        "link": "https://zhitong.example/case",
    }


async def test_the_same_news_is_the_same_request(demo_plan: Plan) -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        for _ in range(2):
            await post(port)(notice(demo_plan))
    (first, _), (second, _) = receiver.taken

    assert first == {**second, "Host": first["Host"]}


async def test_while_a_secret_is_replaced_both_sign(demo_plan: Plan) -> None:
    receiver, new = Receiver(), SECRET[::-1]
    async with receiving(receiver) as port:
        await post(port, secrets=(new, SECRET))(notice(demo_plan))
    ((headers, body),) = receiver.taken
    at = headers["Zhitong-Timestamp"]

    told = headers["Zhitong-Signature"].split(",")
    assert told == [signature((secret,), at, body) for secret in (new, SECRET)]


def test_hostile_words_stay_text(demo_plan: Plan) -> None:
    said = '</script>"}\r\nX: y\x00\u202e@all ' + "长" * 30_000
    heard = replace(RECORDING, words=(Words(said, "carrier", 0.4),))
    told = json.loads(as_json(notice(demo_plan, recordings=(heard,))))

    (words,) = told["words"]
    assert words == {
        "recording": "RE1",
        "text": said[:20_000],
        "source": "carrier",
        "confidence": 0.4,
    }


def test_what_a_person_heard_goes_along_and_of_each_recording_the_newest(
    demo_plan: Plan,
) -> None:
    latest, older = (Correction(text, "值班员", NOW) for text in ("停水十天", "停水两天"))
    heard = replace(RECORDING, corrections=(latest, older))
    told = json.loads(as_json(notice(demo_plan, recordings=(heard,))))

    assert told["corrections"] == [
        {"recording": "RE1", "text": "停水十天", "by": "值班员", "at": NOW.isoformat()}
    ]


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
def test_a_sealed_case_is_a_number_and_where_to_look(
    demo_plan: Plan, level: Confidentiality
) -> None:
    heard = replace(RECORDING, corrections=(Correction("停水十天", "值班员", NOW),))
    told = json.loads(
        as_json(notice(demo_plan, confidentiality=level, recordings=(heard,), danger=False))
    )

    assert told["sealed"]
    assert not told["danger"]
    held = ("kind", "topic", "due", "caller", "words", "corrections")
    assert {name: told[name] for name in held} == {
        "kind": None,
        "topic": None,
        "due": None,
        "caller": None,
        "words": [],
        "corrections": [],
    }


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_into_the_own_network_is_not_followed(
    demo_plan: Plan, status: int
) -> None:
    inner = Receiver()
    async with receiving(inner) as inside:
        moved = Receiver(status, {"Location": f"http://127.0.0.1:{inside}/keys"})
        async with receiving(moved) as port:
            with pytest.raises(Refused, match=f"answered {status}, and no redirect is followed"):
                await post(port)(notice(demo_plan))

    assert len(moved.taken) == 1
    assert inner.taken == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
async def test_the_own_network_is_not_connected_to_unless_allowed(
    demo_plan: Plan, host: str
) -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        endpoint = Endpoint(f"https://{host}:{port}/", (SECRET,))
        with pytest.raises((Refused, TryAgain)):
            await WebhookPost(endpoint, StoppedClock(), seconds=DEADLINE)(notice(demo_plan))

    assert receiver.taken == []


class Leading(AbstractResolver):
    """A name that leads to this address, and counts how often it is asked."""

    def __init__(self, address: str) -> None:
        self.asked = 0
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=self._address,
                port=port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def test_a_name_that_leads_inside_is_refused_at_the_moment_of_connecting(
    demo_plan: Plan,
) -> None:
    """It is asked once, and what it answered then is both checked and connected to: a name that
    changes its mind in between has no in-between."""
    receiver, name = Receiver(), Leading("127.0.0.1")
    async with receiving(receiver) as port:
        endpoint = Endpoint(f"https://desk.example:{port}/", (SECRET,))
        with pytest.raises(Refused, match="not public"):
            await WebhookPost(endpoint, StoppedClock(), resolver=name)(notice(demo_plan))

    assert name.asked == 1
    assert receiver.taken == []


async def test_a_name_that_was_good_before_is_looked_at_again(demo_plan: Plan) -> None:
    receiver, name = Receiver(), Leading("127.0.0.1")
    async with receiving(receiver) as port:
        endpoint = Endpoint(f"http://desk:{port}/", (SECRET,), allow_private=True)
        desk = WebhookPost(endpoint, StoppedClock(), resolver=name)
        await desk(notice(demo_plan))
        name._address = "169.254.169.254"
        with pytest.raises(Refused, match="without TLS"):
            await desk(notice(demo_plan))

    assert (name.asked, len(receiver.taken)) == (2, 1)


async def test_a_name_that_is_never_answered_holds_no_thread_of_others(
    demo_plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system asks name servers that say nothing for longer than we wait for it."""
    asked, end, look_up = threading.Event(), threading.Event(), socket.getaddrinfo

    def silent(host: Any, *args: Any, **options: Any) -> Any:
        if host != "silent.example":
            return look_up(host, *args, **options)
        asked.set()
        end.wait(DEADLINE)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as everybodys:
        loop.set_default_executor(everybodys)
        endpoint = Endpoint("https://silent.example/", (SECRET,))
        waiting = loop.create_task(WebhookPost(endpoint, StoppedClock())(notice(demo_plan)))
        try:
            async with asyncio.timeout(DEADLINE / 2):
                await asyncio.to_thread(asked.wait, DEADLINE)
                assert await asyncio.to_thread(lambda: "sound is kept") == "sound is kept"
        finally:
            end.set()
            with pytest.raises(TryAgain, match="name is not known"):
                await waiting


async def test_a_name_of_this_machine_is_looked_up_and_gone_to(demo_plan: Plan) -> None:
    receiver = Receiver()
    async with receiving(receiver) as port:
        endpoint = Endpoint(f"http://localhost:{port}/", (SECRET,), allow_private=True)
        await WebhookPost(endpoint, StoppedClock())(notice(demo_plan))

    assert len(receiver.taken) == 1


async def test_in_clear_nothing_leaves_the_own_network(demo_plan: Plan) -> None:
    endpoint = Endpoint("http://desk/", (SECRET,), allow_private=True)
    outside = Leading("93.184.216.34")
    with pytest.raises(Refused, match="without TLS"):
        await WebhookPost(endpoint, StoppedClock(), resolver=outside)(notice(demo_plan))


@pytest.mark.parametrize(
    ("status", "headers", "error", "says"),
    [
        (408, {}, TryAgain, "answered 408: later"),
        (425, {}, TryAgain, "answered 425"),
        (429, {"Retry-After": "90"}, TryAgain, "answered 429"),
        (500, {}, TryAgain, "answered 500"),
        (503, {"Retry-After": "90"}, TryAgain, "answered 503"),
        (401, {}, Refused, "does it know the secret"),
        (410, {}, Refused, "gone for good"),
        (404, {}, Refused, "answered 404: ask who runs it"),
        (400, {}, Refused, "answered 400"),
    ],
)
async def test_an_answer_says_what_to_do(
    demo_plan: Plan, status: int, headers: dict[str, str], error: type[Exception], says: str
) -> None:
    async with receiving(Receiver(status, headers)) as port:
        with pytest.raises(error, match=says) as caught:
            await post(port)(notice(demo_plan))

    if isinstance(caught.value, TryAgain):
        assert caught.value.after == timedelta(seconds=90 if headers else 0)


async def test_an_answer_without_end_counts_by_its_status(demo_plan: Plan) -> None:
    begun = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        begun.set()
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(b"x" * 65_536)
        return answer

    async with receiving(endless) as port, asyncio.timeout(DEADLINE):
        await post(port)(notice(demo_plan))

    assert begun.is_set()


async def _silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _drops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()


async def _nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"220 mail.example ESMTP\r\n\r\n")


async def _dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A head that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not reader.at_eof():
        writer.write(b"X-More: and more\r\n")
        await writer.drain()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("talk", "seconds", "says"),
    [
        (_silence, 0.2, "did not answer in time"),
        (_drops, DEADLINE, "broke off"),
        (_nonsense, DEADLINE, "broke off"),
        (_dribble, DEADLINE, "broke off"),
    ],
)
async def test_a_receiver_that_makes_no_sense_is_asked_again(
    demo_plan: Plan, talk: Talk, seconds: float, says: str
) -> None:
    async with talking(talk) as port:
        with pytest.raises(TryAgain, match=says) as caught:
            await post(port, seconds)(notice(demo_plan))

    assert "127.0.0.1" not in str(caught.value)


async def test_nobody_there_is_asked_again(demo_plan: Plan) -> None:
    async with receiving(Receiver()) as port:
        pass
    with pytest.raises(TryAgain, match="cannot be reached"):
        await post(port)(notice(demo_plan))


async def test_a_certificate_that_nobody_vouches_for_is_waited_out(
    demo_plan: Plan, certificate: Certificate
) -> None:
    receiver = Receiver()
    async with receiving(receiver, ssl_context=certificate.theirs) as port:
        endpoint = Endpoint(f"https://127.0.0.1:{port}/", (SECRET,), allow_private=True)
        with pytest.raises(NotYet, match="certificate"):
            await WebhookPost(endpoint, StoppedClock())(notice(demo_plan))
        assert receiver.taken == []
        await WebhookPost(endpoint, StoppedClock(), tls=certificate.ours)(notice(demo_plan))

    assert len(receiver.taken) == 1


async def test_a_server_without_tls_is_asked_again(demo_plan: Plan) -> None:
    async with receiving(Receiver()) as port:
        endpoint = Endpoint(f"https://127.0.0.1:{port}/", (SECRET,), allow_private=True)
        with pytest.raises(TryAgain, match="not agree with us on TLS"):
            await WebhookPost(endpoint, StoppedClock())(notice(demo_plan))


def test_what_is_shown_of_an_endpoint_holds_no_secret() -> None:
    shown = repr(Endpoint("https://desk.example/?token=hush", (SECRET,)))

    assert "hush" not in shown
    assert SECRET not in shown
