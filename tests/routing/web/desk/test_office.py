"""`/desk` as HTTP: the list, the cases, their sound."""

import dataclasses
from datetime import timedelta

import pytest

from routing.accounts.roles import Role
from routing.cases.case import CaseState, Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.words import Phrase, Words
from routing.ports import Audio, KeptRecording
from routing.web.desk.desk import address
from routing.web.desk.office import grouped
from routing.web.layout import POLICY
from tests.doorman import account_of
from tests.routing.web.city import NOON, KeptCases, a_case
from tests.routing.web.desk.asking import WATER, Client, text_of

WRITTEN = ("正在听写，写好后文字会显示在这里。", "The words are being written down")
NONE = ("没有听写出文字，请听录音。", "No words could be made out, please listen.")
HOSTILE = "<script>alert('1')</script>\"'&/../"


async def test_the_list_counts_cases_and_names_the_offices_without(client: Client) -> None:
    async with client:
        text = await text_of(client, "/desk")

    assert 'data-office="市水利局"' in text
    assert "1件" in text
    assert "还没有工单的单位（48个）" in text


async def test_a_case_says_all_an_office_needs_and_masks_the_caller(
    client: Client, cases: KeptCases
) -> None:
    cases.kept = [a_case(caller="+8613900000012", danger=True)]
    async with client:
        text = await text_of(client, WATER)

    for words in ("4627 0395", "求助", "供水排水", "待签收", "11月30日周一17:30前", "有危险"):
        assert words in text, words
    assert "尾号 …12" in text
    assert "13900000012" not in text
    assert "停水两天了" in text
    assert "电话线路听写，未经人工核对" in text
    assert 'src="/desk/cases/46270395/recordings/RE1.wav"' in text
    assert "0:12" not in text  # the player's own length is the truth, and may be a second less


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (KeptRecording("RE1", 12, Audio.KEPT, being_written=True), WRITTEN),
        (KeptRecording("RE1", 12, Audio.ANNOUNCED), WRITTEN),
        (
            KeptRecording("RE1", 12, Audio.KEPT),
            NONE,
        ),
    ],
)
async def test_a_recording_without_words_says_whether_they_are_coming(
    client: Client, cases: KeptCases, sound: KeptRecording, says: tuple[str, str]
) -> None:
    cases.kept = [a_case(recordings=(sound,))]
    async with client:
        assert says[0] in await text_of(client, WATER)
        assert says[1] in await text_of(client, f"{WATER}?lang=en")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("故障期间留言", "未分类")),
        ("en", ("Left while the system was down", "Unsorted")),
    ],
)
async def test_a_message_of_an_outage_shows_that_nobody_sorted_it(
    client: Client, cases: KeptCases, language: str, words: tuple[str, str]
) -> None:
    left, unsorted = words
    cases.kept = [a_case(left_in_outage=True, kind=None, topic=None)]
    async with client:
        text = await text_of(client, f"{WATER}?lang={language}")

    assert text.count(left) == 1
    assert text.count(unsorted) == 2  # its kind and what it is about


async def test_a_tone_and_a_hang_up_are_marked(client: Client, cases: KeptCases) -> None:
    short = KeptRecording("RE1", 1, Audio.KEPT)
    async with client:
        full = await text_of(client, WATER)
        cases.kept = [a_case(recordings=(short,))]
        empty, english = await text_of(client, WATER), await text_of(client, f"{WATER}?lang=en")

    assert "可能没有留言" not in full
    assert "可能没有留言" in empty
    assert "Perhaps nothing was said" in english


async def test_english_reads_the_same(client: Client) -> None:
    async with client:
        text = await text_of(client, f"{WATER}?lang=en")

    for words in ("Bureau of Water Resources", "by Mon 30 Nov, 17:30", "number ending …12"):
        assert words in text, words


async def test_an_office_that_left_the_register_keeps_the_citys_time(
    client: Client, cases: KeptCases
) -> None:
    cases.kept = [a_case(office="gone")]
    async with client:
        text = await text_of(client, "/desk/office/gone?lang=en")

    assert "by Mon 30 Nov, 17:30" in text


@pytest.mark.parametrize(
    ("level", "said"),
    [(Confidentiality.CONFIDENTIAL, "身份保密"), (Confidentiality.ANONYMOUS, "匿名，不存号码")],
)
async def test_sealed_and_anonymous_callers_show_no_digit(
    client: Client, cases: KeptCases, level: Confidentiality, said: str
) -> None:
    cases.kept = [a_case(confidentiality=level, caller="…12")]
    async with client:
        text = await text_of(client, WATER)

    assert said in text
    assert "…12" not in text


async def test_every_state_kind_and_subject_has_words(client: Client, cases: KeptCases) -> None:
    async with client:
        for state in CaseState:
            cases.kept = [a_case(state=state)]
            await text_of(client, WATER)
        for kind in (*Kind, None):
            for about in (*About, None):
                cases.kept = [a_case(kind=kind, about=about, topic=None, due=None, caller=None)]
                await text_of(client, f"{WATER}?lang=en")


async def test_hostile_names_and_words_never_become_markup(
    client: Client, cases: KeptCases
) -> None:
    recording = KeptRecording("RE1", 1, Audio.KEPT, (Words(HOSTILE, HOSTILE),))
    strange = a_case(
        office=HOSTILE, dialled=HOSTILE, topic=HOSTILE, caller=HOSTILE, language=HOSTILE
    )
    cases.kept = [dataclasses.replace(strange, recordings=(recording,))]
    async with client:
        listed = await text_of(client, "/desk")
        shown = await text_of(client, address(HOSTILE))

    for text in (listed, shown):
        assert "<script>" not in text
        assert 'lang="<' not in text
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(("confidence", "unsure"), [(0.49, True), (0.5, False), (None, False)])
async def test_words_that_a_machine_is_not_sure_of_say_so(
    client: Client, cases: KeptCases, confidence: float | None, unsure: bool
) -> None:
    words = Words("停水三天", "openai", confidence)
    recording = KeptRecording("RE1", 1, Audio.KEPT, (words,))
    cases.kept = [dataclasses.replace(a_case(), recordings=(recording,))]
    async with client:
        chinese = await text_of(client, WATER)
        english = await text_of(client, f"{WATER}?lang=en")

    assert "机器听写，未经人工核对" in chinese
    assert ("请以录音为准" in chinese) is unsure
    assert ("check them against the recording" in english) is unsure


async def test_of_a_recording_that_is_deleted_nobody_is_asked_to_listen(
    client: Client, cases: KeptCases
) -> None:
    gone = KeptRecording("RE1", 12, Audio.GONE)
    cases.kept = [dataclasses.replace(a_case(), recordings=(gone,))]
    async with client:
        text = await text_of(client, WATER)

    assert "录音保存期已满" in text
    assert "请听录音" not in text


async def test_the_phrases_that_are_not_sure_are_marked(client: Client, cases: KeptCases) -> None:
    words = Words("停水三天 <快来>", "openai", 0.3, (Phrase(4, 0.8), Phrase(4, 0.3)))
    recording = KeptRecording("RE1", 1, Audio.KEPT, (words,))
    cases.kept = [dataclasses.replace(a_case(), recordings=(recording,))]
    async with client:
        text = await text_of(client, WATER)

    assert ">停水三天<mark>〔？&lt;快来&gt;〕</mark></blockquote>" in text


async def test_an_office_without_cases_and_one_that_is_none(
    client: Client, cases: KeptCases
) -> None:
    cases.kept = []
    async with client:
        empty = await text_of(client, WATER)
        listed = await text_of(client, "/desk")
        missing = await client.get("/desk/office/nowhere")

    assert "这个单位还没有工单" in empty
    assert "还没有工单" in listed
    assert missing.status == 404
    assert missing.headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("part", ["/desk?part=1", f"{WATER}?part=1"])
async def test_a_part_is_sent_only_when_it_changed(
    client: Client, cases: KeptCases, part: str
) -> None:
    async with client:
        first = await client.get(part)
        known = {"If-None-Match": first.headers["ETag"]}
        again = await client.get(part, headers=known)
        cases.kept.insert(0, a_case("11112222", opened_at=NOON + timedelta(minutes=1)))
        fresh = await client.get(part, headers=known)
        text = await first.text()

    assert "<html" not in text
    assert (again.status, fresh.status) == (304, 200)


def test_repeated_calls_of_one_caller_stand_together_under_the_first() -> None:
    third, other = a_case("33330000", group_of="10000000"), a_case("22220000")
    second, first = a_case("11110000", group_of="10000000"), a_case("10000000")
    groups = grouped([third, other, second, first])

    assert [group.first for group in groups] == [third, other]
    assert groups[0].others == (second, first)


ALL = b"0123456789"
PARTS: tuple[tuple[str | None, int, bytes, str | None], ...] = (
    (None, 200, ALL, None),
    ("bytes=0-", 206, ALL, "bytes 0-9/10"),
    ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
    ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
    ("bytes=-3", 206, b"789", "bytes 7-9/10"),
    ("bytes=-99", 206, ALL, "bytes 0-9/10"),
    ("bytes=10-", 416, b"", "bytes */10"),
    ("bytes=5-2", 200, ALL, None),
    ("bytes=0-1,4-5", 200, ALL, None),
    ("lines=1-2", 200, ALL, None),
    ("bytes=-", 200, ALL, None),
)
"""Range header, then the status, body and Content-Range of its answer (RFC 9110 §14)."""


@pytest.mark.parametrize("part", PARTS, ids=str)
async def test_sound_in_parts(
    client: Client, cases: KeptCases, part: tuple[str | None, int, bytes, str | None]
) -> None:
    asked, *expected = part
    cases.sounds["RE1"] = ALL
    headers = {"Range": asked} if asked else {}
    async with (
        client,
        client.get("/desk/cases/46270395/recordings/RE1.wav", headers=headers) as answer,
    ):
        body = await answer.read()

    assert [answer.status, body, answer.headers.get("Content-Range")] == expected
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.content_type == "audio/wav"


@pytest.mark.parametrize("sid", ["RE2", "..%2Fsecret", "a" * 65, "%00", "RE1%2F..", "录音"])
async def test_sound_that_is_not_kept_or_no_id(client: Client, cases: KeptCases, sid: str) -> None:
    cases.sounds |= dict.fromkeys(("../secret", "a" * 65, "\0", "RE1/..", "录音"), b"x")
    async with client, client.get(f"/desk/cases/46270395/recordings/{sid}.wav") as answer:
        assert answer.status == (400 if sid == "%00" else 404)


@pytest.mark.parametrize(("language", "button"), [("zh", "签收"), ("en", "Accept")])
async def test_a_case_that_waits_is_accepted_by_its_button(
    client: Client, cases: KeptCases, language: str, button: str
) -> None:
    path = "/desk/office/市水利局"
    async with client:
        before = await text_of(client, f"{path}?lang={language}")
        async with client.post("/desk/cases/46270395/accept", allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"].endswith("#case-46270395")
        async with client.post("/desk/cases/46270395/accept") as again:
            assert again.status == 200, "once is enough, and twice no fault"
        after = await text_of(client, path)

    assert f">{button}</button>" in before
    assert "/accept" not in after
    assert cases.accepted == [("46270395", f"supervisor {account_of(Role.SUPERVISOR).id}")]


@pytest.mark.parametrize(
    ("reference", "status"), [("10000007", 404), ("12345678", 404), ("x", 404), ("46270395", 409)]
)
async def test_what_cannot_be_accepted_is_said_so(
    client: Client, cases: KeptCases, reference: str, status: int
) -> None:
    cases.kept = [a_case(state=CaseState.WITHDRAWN)]
    async with client, client.post(f"/desk/cases/{reference}/accept") as answer:
        assert answer.status == status
        assert "<html" in await answer.text()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_nobody_elsewhere_accepts(
    client: Client, cases: KeptCases, headers: dict[str, str]
) -> None:
    async with client:
        path = "/desk/cases/46270395/accept"
        async with client.post(path, headers=headers) as answer:
            assert answer.status == 403
        async with client.get(path) as answer:
            assert answer.status in {404, 405}

    assert cases.accepted == []
