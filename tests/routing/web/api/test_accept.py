"""An office's own system accepts a case by a signed request, and nobody else's does."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from routing.cases.case import CaseState
from routing.cases.kinds import Kind
from routing.cases.moves import CaseMove, Way
from routing.delivery.letter import News
from routing.delivery.notice import Notice, as_json
from routing.delivery.webhook import signature
from routing.register import Contact
from routing.web.api.accept import MOST_BODY, AcceptDesk, accept_routes
from tests.routing.web.city import NOON, AtNoon, KeptCases, a_case, casework, city

Client = TestClient[web.Request, web.Application]
SECRET, NEW = "a secret of at least thirty-two signs", "another secret of thirty-two signs or so"
REFERENCE = "46270395"
PATH = f"/api/v1/cases/{REFERENCE}/accept"
BODY = json.dumps({"action": "accept", "reference": REFERENCE}).encode()
AT = str(int(NOON.timestamp()))


class Away(Exception):
    """The database is not there."""


WAITS = CaseState.DISPATCHED
"""The one state in which a case is to be accepted."""


@pytest.fixture
def cases() -> KeptCases:
    return KeptCases(a_case(), a_case("10000007", office="市公安局"))


@pytest.fixture
async def client(cases: KeptCases) -> Client:
    """The water office is told by `water-desk`, the police by another."""
    desk = Contact(1, {"zh-CN": "值班", "en": "Duty"}, "a@yunling.example", None, "water-desk", 0)
    other = replace(desk, channel="police-desk")
    whole = city()
    directory = replace(
        whole, contacts={**whole.contacts, "市水利局": (desk,), "市公安局": (other,)}
    )
    secrets = {"water-desk": (NEW, SECRET), "police-desk": (SECRET + "!",)}
    app = web.Application()
    work = AcceptDesk(secrets, lambda: directory, cases, casework(cases), AtNoon())
    app.add_routes(accept_routes(work, (Away,)))
    return TestClient(TestServer(app))


def signed(
    body: bytes = BODY, *, secret: str = SECRET, channel: str = "water-desk", at: str = AT
) -> dict[str, str]:
    return {
        "Zhitong-Channel": channel,
        "Zhitong-Timestamp": at,
        "Zhitong-Signature": signature((secret,), at, body),
    }


async def ask(
    client: Client, headers: Mapping[str, str], body: bytes = BODY, path: str = PATH
) -> tuple[int, dict[str, Any]]:
    async with client.post(path, data=body, headers=headers) as answer:
        told = json.loads(await answer.read())
        if answer.status != 200:
            assert answer.content_type == "application/problem+json"
            assert told["status"] == answer.status
        return answer.status, told


@pytest.mark.parametrize("secret", [SECRET, NEW])
async def test_a_signed_request_accepts_once_and_may_be_repeated(
    client: Client, cases: KeptCases, secret: str
) -> None:
    async with client:
        first = await ask(client, signed(secret=secret))
        again = await ask(client, signed(secret=secret))

    told = {"reference": REFERENCE, "state": "in_progress"}
    assert first == (200, told | {"accepted": True})
    assert again == (200, told | {"accepted": False})
    assert cases.accepted == [(REFERENCE, "channel water-desk")]


@pytest.mark.parametrize("state", [state for state in CaseState if state is not WAITS])
async def test_whoever_repeats_it_later_changes_nothing(
    client: Client, cases: KeptCases, state: CaseState
) -> None:
    """However the case went on within the five minutes in which the request is still good."""
    overheard = signed()
    async with client:
        await ask(client, overheard)
        cases.kept = [a_case(state=state)]
        status, told = await ask(client, overheard)

    assert cases.kept == [a_case(state=state)]
    assert cases.accepted == [(REFERENCE, "channel water-desk")], "that of the office itself"
    assert status == (200 if state is CaseState.IN_PROGRESS else 409)
    assert told.get("accepted", False) is False


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(secret="x" * 40),
        signed(channel="police-desk"),
        signed(channel="nobody"),
        signed(channel=""),
        signed(at=str(int(AT) - 301)),
        signed(at=str(int(AT) + 301)),
        signed(at="²"),
        signed(at="9" * 30),
        signed(at=""),
        signed() | {"Zhitong-Timestamp": str(int(AT) + 1)},
        signed() | {"Zhitong-Signature": ""},
        signed() | {"Zhitong-Signature": "v1=" + "0" * 64},
        signed() | {"Zhitong-Signature": "," * 5_000},
        signed(BODY + b" "),
    ],
)
async def test_what_is_not_signed_for_this_body_and_time_is_refused(
    client: Client, cases: KeptCases, headers: dict[str, str]
) -> None:
    async with client:
        status, _ = await ask(client, headers)

    assert status == 401
    assert cases.accepted == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"reference": "46270395"}',
        b'{"action": "accept", "reference": 46270395}',
        b'{"action": "accept", "reference": "10000007"}',
        b'{"action": "return", "reference": "46270395"}',
        b'{"action": "accept", "reference": ["46270395"]}',
        b"[" * 2_000,
    ],
)
async def test_a_body_that_does_not_name_the_case_of_the_address_is_no_command(
    client: Client, cases: KeptCases, body: bytes
) -> None:
    async with client:
        status, _ = await ask(client, signed(body), body)

    assert status == 400
    assert cases.accepted == []


async def test_a_notice_of_ours_cannot_be_sent_back_to_us(client: Client, cases: KeptCases) -> None:
    """It is signed with the same secret, and names a case."""
    directory = city()
    notice = Notice(a_case(), directory.offices["市水利局"], directory, None, News.CASE)
    body = as_json(notice)
    async with client:
        status, _ = await ask(client, signed(body), body)

    assert status == 400
    assert cases.accepted == []


async def test_another_offices_case_and_one_that_is_none_sound_alike(
    client: Client, cases: KeptCases
) -> None:
    async with client:
        answers = []
        for reference in ("10000007", "99999999"):
            body = json.dumps({"action": "accept", "reference": reference}).encode()
            path = f"/api/v1/cases/{reference}/accept"
            status, told = await ask(client, signed(body), body, path)
            answers.append((status, told["title"]))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert cases.accepted == []


async def test_a_case_that_has_ended_is_not_accepted(client: Client, cases: KeptCases) -> None:
    cases.kept = [a_case(state=CaseState.WITHDRAWN, kind=Kind.HELP)]
    async with client:
        status, _ = await ask(client, signed())

    assert status == 409


async def test_while_the_database_is_away_it_is_to_be_tried_again(
    client: Client, cases: KeptCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(reference: str) -> None:
        raise Away

    monkeypatch.setattr(cases, "case", away)
    async with client:
        status, told = await ask(client, signed())

    assert status == 503
    assert "try again" in told["title"]


async def test_a_body_is_bounded(client: Client) -> None:
    body = b" " * (MOST_BODY + 1)
    async with client:
        status, _ = await ask(client, signed(body), body)

    assert status == 413


@pytest.mark.parametrize(("seconds", "status"), [(0, 409), (-1, 200)])
async def test_what_was_signed_before_the_case_came_accepts_nothing(
    client: Client, cases: KeptCases, seconds: int, status: int
) -> None:
    """An accept that was overheard is not good for a case that was returned and came again."""
    came = NOON + timedelta(seconds=seconds)
    move = CaseMove(3, Way.PERSON, "市政府", "市水利局", "water", None, came)
    cases.kept = [a_case(trail=(move,))]
    async with client:
        answer, told = await ask(client, signed())

    assert answer == status
    assert ("sign anew" in str(told.get("title"))) is (status == 409)
