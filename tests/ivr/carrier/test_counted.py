"""What `/metrics` tells of real calls: by template, kind and outcome, and nothing of anybody."""

import re

from prometheus_client.parser import text_string_to_metric_families

from tests.ivr.carrier.signed import CALLER, LINE, Carrier, house_of
from tests.ivr.desk import call_of

TURN = "/voice/{call}/turn/{turn}"
Found = dict[tuple[str, frozenset[str]], float]


async def scraped(carrier: Carrier) -> str:
    async with carrier.client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        return await answer.text()


def samples(text: str) -> Found:
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def put_through(carrier: Carrier, sid: str, accepted: str) -> None:
    """A matter, and how its forward ends."""
    call = call_of((await carrier.ring(sid, caller=f"+86139{int(sid[2:]):08}")).body)
    turn = f"/voice/{call}/turn"
    await carrier.post(f"{turn}/1", sid, Digits="2")
    await carrier.post(f"{turn}/2", sid, Digits="1")
    await carrier.recorded(f"{turn}/3", sid)
    for number in range(4, 6):
        answer = await carrier.post(
            f"{turn}/{number}", sid, DialCallStatus="completed", DialBridged=accepted
        )
        if "<Dial" not in answer.text:
            break
    await carrier.post("/voice/status", sid, CallStatus="completed", CallDuration="60")


async def test_calls_are_counted_by_what_became_of_them(carrier: Carrier) -> None:
    await put_through(carrier, "CA1", "true")
    await put_through(carrier, "CA2", "false")
    await put_through(carrier, "CA3", "false")
    await carrier.ring("CA4")
    await carrier.ring("CA4")
    await carrier.send("/voice/answer", b"x=1", signature="forged")
    found = samples(await scraped(carrier))

    assert found["zhitong_calls_begun_total", frozenset()] == 4
    assert found["zhitong_calls_live", frozenset()] == 1
    assert found["zhitong_calls_ended_total", frozenset({"completed"})] == 3
    assert found["zhitong_forwards_total", frozenset({"accepted"})] == 1
    assert found["zhitong_forwards_total", frozenset({"nobody"})] == 2
    assert round(found["zhitong_answer_ratio", frozenset()], 3) == 0.333
    assert found["zhitong_webhooks_total", frozenset({"/voice/answer", "200"})] == 5
    assert found["zhitong_webhooks_total", frozenset({"/voice/answer", "403"})] == 1
    turns = found["zhitong_webhooks_total", frozenset({TURN, "200"})]
    assert found["zhitong_webhook_seconds_count", frozenset({TURN})] == turns
    assert found["zhitong_steps_total", frozenset()] == 4 + turns
    assert found["zhitong_commit_seconds_count", frozenset()] >= 1
    assert found["zhitong_gaps", frozenset({"end"})] == 0


async def test_the_page_names_no_call_and_no_number(carrier: Carrier) -> None:
    await put_through(carrier, "CA1", "true")
    text = await scraped(carrier)

    labels = "".join(re.findall(r"\{[^}]*\}", text))
    assert not re.search(r"[0-9]{7}", labels)
    for secret in (CALLER[1:], LINE[1:], "CA1", house_of(carrier).secrets.token):
        assert secret not in text


async def test_a_failure_is_counted_with_its_apology(carrier: Carrier) -> None:
    house = house_of(carrier)
    call = call_of((await carrier.ring("CA1")).body)
    house.conversation._live.clear()

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    house.conversation._load = broken  # type: ignore[assignment,method-assign]  # a fault
    answer = await carrier.post(f"/voice/{call}/turn/1", "CA1", Digits="1")

    assert answer.status == 200
    assert samples(await scraped(carrier))["zhitong_apologies_total", frozenset()] == 1
