"""What a handler writes down of a recording, as HTTP: kept beside a machine's words, never lost."""

import dataclasses
import re

import pytest
from aiohttp.typedefs import LooseHeaders

from routing.cases.corrections import MOST_BY, MOST_TEXT, Wrong
from routing.cases.words import Correction, Words
from routing.ports import Audio, KeptRecording
from tests.routing.web.city import NOON, KeptCases, a_case
from tests.routing.web.desk.asking import WATER, Client, text_of

HOSTILE = "</textarea><script>alert('1')</script>\"'&"
FORM = "/desk/cases/46270395/recordings/RE1/correction"
TYPED = {"text": "幸福路三号停水了", "by": "综合科值班员"}


async def sent(
    client: Client, typed: dict[str, str], headers: LooseHeaders | None = None
) -> tuple[int, str]:
    async with client.post(FORM, data=typed, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location") or await answer.text()


async def test_what_was_heard_stands_first_with_who_and_when_and_the_machines_below(
    client: Client, cases: KeptCases
) -> None:
    async with client:
        status, place = await sent(client, {**TYPED, "text": " 幸福路三号\r\n停水了 "})
        shown = await text_of(client, WATER)
        english = await text_of(client, f"{WATER}?lang=en")

    assert (status, place.partition("#")[2]) == (303, "case-46270395")
    kept = cases.kept[0].recordings[0]
    assert kept.corrections == (Correction("幸福路三号\n停水了", "综合科值班员", NOON),)
    assert kept.words == a_case().recordings[0].words
    first, _, below = shown.partition("人工听写：综合科值班员，11月24日周二12:00")
    assert "幸福路三号\n停水了" in first
    assert "幸福路三号停水两天了，请尽快修。" in below
    assert "Written down by a person: 综合科值班员, Tue 24 Nov, 12:00" in english


async def test_several_keep_all_the_newest_first(client: Client, cases: KeptCases) -> None:
    async with client:
        for text in ("停水一天", "停水两天"):
            await sent(client, {**TYPED, "text": text})
        shown = await text_of(client, WATER)
        form = await text_of(client, FORM)

    heard = re.findall(r'data-testid="correction" lang="zh-CN">(.*?)</blockquote>', shown)
    assert heard == ["停水两天", "停水一天"]
    assert "\n停水两天</textarea>" in form


async def test_a_form_begins_with_the_machines_words_or_with_none(
    client: Client, cases: KeptCases
) -> None:
    async with client:
        first = await text_of(client, FORM)
        silent = KeptRecording("RE1", 3, Audio.ANNOUNCED)
        cases.kept = [dataclasses.replace(a_case(), recordings=(silent,))]
        empty = await text_of(client, FORM)

    assert "\n幸福路三号停水两天了，请尽快修。</textarea>" in first
    assert "<audio" in first
    assert "\n</textarea>" in empty
    assert "<audio" not in empty


REFUSED: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"text": " ", "by": "综合科"}, "请写下录音里说的话。", "text"),
    ({"text": "x" * (MOST_TEXT + 1), "by": "综合科"}, f"最多{MOST_TEXT}个字", "text"),
    ({"text": "停水", "by": ""}, "请填写您的岗位。", "by"),
    ({"text": "停水", "by": "科" * (MOST_BY + 1)}, f"最多{MOST_BY}个字", "by"),
    ({}, "请填写您的岗位。", "by"),
)


@pytest.mark.parametrize(("typed", "why", "field"), REFUSED, ids=[one[2] for one in REFUSED])
async def test_a_refusal_stands_beside_the_field_and_nothing_typed_is_lost(
    client: Client, cases: KeptCases, typed: dict[str, str], why: str, field: str
) -> None:
    async with client:
        status, text = await sent(client, typed)

    assert status == 422
    assert re.search(rf'id="{field}-wrong"[^>]*>[^<]*{why}', text)
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"[^>]*{field}-wrong', text)
    assert typed.get("text", "").strip() in text
    assert f'value="{typed.get("by", "")}"' in text
    assert cases.kept == [a_case()]


@pytest.mark.parametrize("why", [Wrong.GONE, Wrong.FULL])
async def test_what_cannot_be_kept_any_more_is_given_back(
    client: Client, cases: KeptCases, why: Wrong
) -> None:
    cases.refuses = why
    async with client:
        status, text = await sent(client, TYPED)

    assert status == 422
    assert "text-wrong" in text
    assert "\n幸福路三号停水了</textarea>" in text


async def test_hostile_words_never_become_markup(client: Client, cases: KeptCases) -> None:
    async with client:
        _, refused = await sent(client, {"text": HOSTILE, "by": HOSTILE + "x" * MOST_BY})
        await sent(client, {"text": HOSTILE, "by": HOSTILE[:MOST_BY]})
        shown, form = await text_of(client, WATER), await text_of(client, FORM)

    for text in (refused, shown, form):
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
    ],
    ids=str,
)
async def test_nobody_elsewhere_writes(
    client: Client, cases: KeptCases, headers: dict[str, str]
) -> None:
    async with client:
        status, _ = await sent(client, TYPED, headers)

    assert status == 403
    assert cases.kept == [a_case()]


@pytest.mark.parametrize(
    "path",
    [
        "/desk/cases/46270396/recordings/RE1/correction",
        "/desk/cases/46270395/recordings/RE2/correction",
        "/desk/cases/..%2F/recordings/RE1/correction",
        "/desk/cases/46270395/recordings/%00/correction",
    ],
)
async def test_there_is_no_form_for_what_is_not_the_cases(client: Client, path: str) -> None:
    async with client:
        for asked in (client.get(path), client.post(path, data=TYPED)):
            async with asked as answer:
                assert answer.status == (400 if "%00" in path else 404)


async def test_a_recording_that_is_gone_offers_no_form(client: Client, cases: KeptCases) -> None:
    gone = KeptRecording("RE1", 3, Audio.GONE, (Words("停水", "carrier"),))
    async with client:
        offered = await text_of(client, WATER)
        cases.kept = [dataclasses.replace(a_case(), recordings=(gone,))]
        shown = await text_of(client, WATER)

    assert f'href="{FORM}"' in offered
    assert FORM not in shown
