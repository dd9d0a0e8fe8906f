"""The office is told where its case is at once, and what was said when there are words. Of a caller
who does not want to be known, a mail says no more than where to look."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace

import pytest

from ivr.flow.world import Plan
from routing.cases.case import Confidentiality
from routing.cases.kinds import About, Kind
from routing.cases.words import Correction, Phrase, Words
from routing.delivery.console import ConsolePost
from routing.delivery.further import Further
from routing.delivery.letter import MOST_WORDS, Letter, News
from routing.delivery.telling import Telling
from routing.directory import Contact, Directory
from routing.handoff import CASE_COMES, Refused, TryAgain
from routing.ports import Job, JobKind, NewJob, OfficeCase, SentMail
from tests.routing.delivery.office import (
    CASE,
    LETTER,
    NOW,
    RECORDING,
    Cases,
    StoppedClock,
)

WITH_WORDS = replace(CASE, recordings=(RECORDING,))
FURTHER = Further(lambda *_: "text", StoppedClock())


def no_ladder(_: OfficeCase) -> Sequence[NewJob]:
    return ()


def telling(
    plan: Plan, cases: Cases, posted: list[Letter], page: str | None = "/desk/cases/{}?a&b"
) -> Telling:
    async def post(letter: Letter) -> None:
        posted.append(letter)

    def where(reference: str) -> str | None:
        return page and page.format(reference)

    return Telling(cases, lambda: plan.directory, post, where, FURTHER, no_ladder)


async def told(
    plan: Plan,
    cases: Cases,
    reference: str = "46270395",
    *,
    danger: bool = False,
    office: str = "市公安局",
) -> Letter:
    posted: list[Letter] = []
    payload: dict[str, object] = {"reference": reference, "office": office}
    job = Job(1, "tell_office", payload | ({"danger": True} if danger else {}), 1)
    await telling(plan, cases, posted).of_case(job)
    return posted[0]


async def words(plan: Plan, cases: Cases, recording: str = "RE1", tries: int = 1) -> list[Letter]:
    posted: list[Letter] = []
    payload = {"recording": recording, "source": "carrier"}
    job = Job(1, "tell_words", payload, 50, failures=tries - 1)
    await telling(plan, cases, posted).of_words(job)
    return posted


async def test_the_mail_says_which_case_by_when_and_where(demo_plan: Plan) -> None:
    sent = await told(demo_plan, Cases(CASE))

    assert sent.to == "office07@yunling.example"
    assert sent.subject == "【危险】新工单 4627 0395 · 求助 · New case, help"
    assert sent.text == (
        "这件事有危险，请马上处理。\n"
        "There is danger: please act at once.\n\n"
        "工单4627 0395，请于2026-11-30 17:30前答复。\n"
        "Case 4627 0395, answer by 2026-11-30 17:30.\n\n"
        "类别 · Kind: 求助 · help\n"
        "事项 · Topic: 治安安全 · police and safety\n"
        "来电 · Caller: …12\n\n"
        "录音和文字稿 · Recording and words:\n/desk/cases/46270395?a&b\n"
    )
    assert "<p><strong>这件事有危险，请马上处理。<br>There is danger" in sent.html
    assert ">打开工单 4627 0395 · Open case 4627 0395</a>" in sent.html
    assert sent.html.count("/desk/cases") == 1, "the address is for programs"


def of_one_mailbox(plan: Plan, *ladder: Contact) -> Plan:
    """The town hall has the mailbox of the police, and this ladder."""
    directory = plan.directory
    town = replace(directory.offices["市政府"], email="Office07@yunling.example")
    own = Contact(1, NAMES, town.email, None, None, 0)
    contacts = {**directory.contacts, town.id: (own, *ladder)}
    offices = {**directory.offices, town.id: town}
    return replace(plan, directory=replace(directory, offices=offices, contacts=contacts))


ABOUT_POLICE = replace(CASE, office="市政府", kind=Kind.COMPLAINT, about=About.THIS_OFFICE)
NAMES = {"zh-CN": "负责人", "en": "Head"}
HEAD = Contact(2, NAMES, "head02@yunling.example", None, None, 60)


async def test_a_complaint_goes_to_no_mailbox_of_whom_it_is_about(demo_plan: Plan) -> None:
    """Who is complained about would read it there, though the case is another office's."""
    cases = Cases(ABOUT_POLICE)
    next_one = await told(of_one_mailbox(demo_plan, HEAD), cases, office="市政府")
    assert next_one.to == HEAD.email

    posted: list[Letter] = []
    job = Job(1, "tell_office", {"reference": "46270395", "office": "市政府"}, 1)
    with pytest.raises(Refused, match="also that of the office complained about"):
        await telling(of_one_mailbox(demo_plan), cases, posted).of_case(job)
    assert posted == []

    other = replace(ABOUT_POLICE, kind=Kind.HELP, about=None)
    told_of = await told(of_one_mailbox(demo_plan), Cases(other), office="市政府")
    assert told_of.to == "Office07@yunling.example", "of what is no complaint it is told"


async def test_a_post_without_a_mailbox_is_told_by_its_phone_alone(demo_plan: Plan) -> None:
    """There the office's own mailbox would stand in, which is theirs too."""
    phone = Contact(2, NAMES, None, "+8613900000202", None, 60)
    posted: list[Letter] = []
    job = Job(1, "tell_office", {"reference": "46270395", "office": "市政府"}, 1)
    await telling(of_one_mailbox(demo_plan, phone), Cases(ABOUT_POLICE), posted).of_case(job)

    assert posted == []
    assert [follows.kind for follows in job.follows] == [JobKind.TEXT_OFFICE]


async def test_an_office_that_was_never_told_is_not_told_that_it_left(demo_plan: Plan) -> None:
    posted: list[Letter] = []
    moved = replace(ABOUT_POLICE, office="市信访局")
    job = Job(1, "tell_moved", {"reference": "46270395", "office": "市政府"}, 1)
    await telling(of_one_mailbox(demo_plan), Cases(moved), posted).of_move(job)

    assert posted == []


async def test_words_that_are_there_are_told_and_marked_as_a_machines(demo_plan: Plan) -> None:
    sent = await told(demo_plan, Cases(WITH_WORDS), danger=True)

    assert "以录音为准" in sent.text
    assert "the recording is what counts.\n楼下的路灯 <坏> 了\n三天没人修\n\n" in sent.text
    assert "楼下的路灯 &lt;坏&gt; 了<br>三天没人修</p>" in sent.html
    assert 'href="/desk/cases/46270395?a&amp;b"' in sent.html


async def test_words_that_are_not_sure_are_marked_and_the_recording_counts(demo_plan: Plan) -> None:
    heard = Words("路灯坏了。 <快来>修", "openai", 0.3, (Phrase(5, 0.8), Phrase(5, 0.3)))
    case = replace(CASE, recordings=(replace(RECORDING, words=(heard,)),))
    sent = await told(demo_plan, Cases(case))

    assert (
        "〔？〕内的词句，机器没有把握，请以录音为准。\n"
        "The machine is unsure of the words in 〔？〕: please check them against the recording.\n"
        "路灯坏了。〔？<快来>修〕\n" in sent.text
    )
    assert "路灯坏了。〔？&lt;快来&gt;修〕</p>" in sent.html


async def test_what_a_person_heard_stands_before_a_machines_words(demo_plan: Plan) -> None:
    first, latest = Correction("听错了", "值班室", NOW), Correction("路灯\n<坏>了", "综合科", NOW)
    case = replace(CASE, recordings=(replace(RECORDING, corrections=(latest, first)),))
    sent = await told(demo_plan, Cases(case))

    heard = "人工听写 · Written down by a person: 综合科, 2026-11-24 10:00\n路灯\n<坏>了\n\n"
    assert sent.text.index(heard) < sent.text.index("以录音为准")
    assert "听错了" not in sent.text
    assert "路灯<br>&lt;坏&gt;了</p>" in sent.html


async def test_words_that_are_sure_have_no_marks(demo_plan: Plan) -> None:
    for confidence in (None, 0.9):
        heard = replace(RECORDING, words=(Words("路灯坏了", "openai", confidence),))
        sent = await told(demo_plan, Cases(replace(CASE, recordings=(heard,))))

        assert "路灯坏了\n" in sent.text
        assert "〔" not in sent.text


async def test_endless_words_are_cut(demo_plan: Plan) -> None:
    long = replace(RECORDING, words=(Words("啊" * 2 * MOST_WORDS, "carrier"),))
    sent = await told(demo_plan, Cases(replace(CASE, recordings=(long,))))

    assert sent.text.count("啊") == MOST_WORDS
    assert "啊…\n" in sent.text


@pytest.mark.parametrize("level", [Confidentiality.CONFIDENTIAL, Confidentiality.ANONYMOUS])
@pytest.mark.parametrize("danger", [False, True])
async def test_of_a_caller_who_is_not_to_be_known_it_says_only_where_to_look(
    demo_plan: Plan, level: Confidentiality, danger: bool
) -> None:
    sealed = replace(WITH_WORDS, confidentiality=level, kind=Kind.REPORT)
    sent = await told(demo_plan, Cases(sealed), danger=danger)

    whole = sent.subject + sent.text + sent.html
    for secret in ("举报", "report", "治安", "路灯", "…12", "2026-11-30"):
        assert secret not in whole
    assert "工单4627 0395。\nCase 4627 0395.\n\n保密件，请在页面查看。\n" in sent.text
    assert "see its page.\n\n录音和文字稿" in sent.text
    assert "危险" in sent.subject
    assert await words(demo_plan, Cases(sealed)) == []


async def test_a_withheld_number_and_a_case_without_a_date_are_said_so(demo_plan: Plan) -> None:
    case = replace(CASE, caller=None, due=None, danger=False)
    sent = await told(demo_plan, Cases(case))

    assert "未显示号码 · number withheld" in sent.text
    assert sent.text.startswith("工单4627 0395。\nCase 4627 0395.\n\n")


async def test_a_message_of_an_outage_says_that_nobody_sorted_it(demo_plan: Plan) -> None:
    left = replace(CASE, left_in_outage=True, danger=False)
    unsorted = await told(demo_plan, Cases(replace(left, kind=None, topic=None)))
    sorted_ = await told(demo_plan, Cases(left))

    assert unsorted.subject == (
        "新工单 4627 0395 · 故障期间留言，未分类"
        " · New case, left while the system was down, unsorted"
    )
    assert "还没有分类，请先听录音" in unsorted.text
    assert "nobody has sorted it" in unsorted.text
    assert "故障期间留言，求助" in sorted_.subject
    assert "分类" not in sorted_.text


async def test_danger_in_a_recording_is_another_mail_that_says_to_listen(demo_plan: Plan) -> None:
    first = await told(demo_plan, Cases(CASE))
    again = await told(demo_plan, Cases(CASE), danger=True)

    assert (first.id, again.id) == ("case-46270395", "danger-46270395")
    assert first.thread == again.thread == first.id
    assert "危险" in again.subject
    assert "Danger" in again.subject
    assert "请马上听录音" in again.text
    assert "listen and act at once" in again.text


async def test_words_that_come_later_follow_in_the_same_thread(demo_plan: Plan) -> None:
    (sent,) = await words(demo_plan, Cases(WITH_WORDS))
    (again,) = await words(demo_plan, Cases(WITH_WORDS))

    assert sent == again
    assert sent.id.startswith("words-46270395-")
    assert sent.thread == "case-46270395"
    assert sent.subject == "Re: 【危险】新工单 4627 0395 · 求助 · New case, help"
    assert "三天没人修" in sent.text


async def test_words_of_two_recordings_are_two_mails(demo_plan: Plan) -> None:
    both = Cases(replace(CASE, recordings=(RECORDING, replace(RECORDING, sid="RE2"))))
    (first,), (second,) = await words(demo_plan, both), await words(demo_plan, both, "RE2")

    assert first.id != second.id


async def test_words_wait_a_while_for_their_case(demo_plan: Plan) -> None:
    early = Cases(waiting="RE1")
    with pytest.raises(TryAgain, match="no case yet"):
        await words(demo_plan, early)

    assert await words(demo_plan, early, tries=CASE_COMES) == []
    assert await words(demo_plan, Cases(), "RE9") == []


async def test_a_case_that_is_not_kept_is_given_up(demo_plan: Plan) -> None:
    with pytest.raises(Refused, match="not kept"):
        await told(demo_plan, Cases())


async def test_an_office_that_is_no_longer_in_the_register_is_given_up(demo_plan: Plan) -> None:
    with pytest.raises(Refused, match="not in the register"):
        await told(demo_plan, Cases(replace(CASE, office="旧局")), office="旧局")


async def test_without_a_page_the_mail_says_how_the_case_is_found(demo_plan: Plan) -> None:
    posted: list[Letter] = []
    job = Job(1, "tell_office", {"reference": "46270395", "office": "市公安局"}, 1)
    await telling(demo_plan, Cases(CASE), posted, page=None).of_case(job)

    assert "请凭工单编号4627 0395向系统管理员查询。\nRecording and words" in posted[0].text
    assert "ask its administrator for case 4627 0395.<br>" not in posted[0].html
    assert "ask its administrator for case 4627 0395.</p>" in posted[0].html
    assert "href" not in posted[0].html


async def test_the_mail_goes_to_who_is_told_first(demo_plan: Plan) -> None:
    desk = Contact(1, {"zh-CN": "值班室", "en": "Desk"}, "desk@yunling.example", None, None, 0)
    told = replace(demo_plan.directory, contacts={"市公安局": (desk,)})
    sent = await told_by(told)

    assert sent.to == "desk@yunling.example"


async def told_by(directory: Directory) -> Letter:
    posted: list[Letter] = []

    async def post(letter: Letter) -> None:
        posted.append(letter)

    job = Job(1, "tell_office", {"reference": "46270395", "office": "市公安局"}, 1)
    telling = Telling(Cases(CASE), lambda: directory, post, lambda _: None, FURTHER, no_ladder)
    await telling.of_case(job)
    return posted[0]


async def test_a_complaint_is_not_told_to_whom_it_is_about(demo_plan: Plan) -> None:
    """One post is first for both: the office of the dialled number, and the one that decides."""
    directory, posted = demo_plan.directory, list[Letter]()
    dialled = next(e.e164 for e in directory.numbers.values() if e.office == "市水利局")
    both = Contact(1, {}, "desk@yunling.example", "+8613900000001", "desk", 0)
    contacts = {**directory.contacts, "市政府": (both,), "市水利局": (both,)}
    about = replace(
        CASE, office="市政府", dialled=dialled, kind=Kind.COMPLAINT, about=About.THIS_OFFICE
    )

    async def post(letter: Letter) -> None:
        posted.append(letter)

    changed = replace(directory, contacts=contacts)
    telling = Telling(Cases(about), lambda: changed, post, lambda _: None, FURTHER, no_ladder)
    job = Job(1, "tell_office", {"reference": CASE.reference}, 1)
    await telling.of_case(job)

    assert [letter.to for letter in posted] == [directory.offices["市政府"].email]
    assert job.follows == []


def with_every_way(plan: Plan) -> Directory:
    names = {"zh-CN": "值班室", "en": "Desk"}
    desk = Contact(1, names, "desk@yunling.example", "+8613900000107", "wecom", 0)
    head = Contact(2, names, "head@yunling.example", "+8613900000207", "wecom-head", 60)
    return replace(plan.directory, contacts={"市公安局": (desk, head)})


async def test_the_first_post_is_told_by_its_other_ways_also_where_its_mail_fails(
    demo_plan: Plan,
) -> None:
    directory = with_every_way(demo_plan)

    async def post(_: Letter) -> None:
        raise TryAgain("the mail server said later")

    telling = Telling(
        Cases(WITH_WORDS), lambda: directory, post, lambda _: None, FURTHER, no_ladder
    )
    case = Job(1, "tell_office", {"reference": "46270395", "office": "市公安局"}, 1)
    words = Job(2, "tell_words", {"recording": "RE1", "source": "x"}, 1)
    with pytest.raises(TryAgain):
        await telling.of_case(case)
    with pytest.raises(TryAgain):
        await telling.of_words(words)

    ways = [(job.kind, job.payload["news"]) for job in (*case.follows, *words.follows)]
    assert ways == [
        (JobKind.TELL_CHANNEL, News.CASE),
        (JobKind.TEXT_OFFICE, News.CASE),
        (JobKind.TELL_CHANNEL, News.WORDS),
    ]
    assert {job.payload.get("channel") for job in case.follows} == {"wecom", None}


@pytest.mark.parametrize("error", [Refused("no such mailbox"), TryAgain("later"), None])
async def test_the_ladder_begins_however_the_mail_fares(
    demo_plan: Plan, error: Exception | None
) -> None:
    """Who could not be told will not accept it either."""

    async def post(_: Letter) -> None:
        if error is not None:
            raise error

    first = NewJob(JobKind.ESCALATE, {}, "escalate:46270395:2", NOW, "46270395")
    telling = Telling(
        Cases(CASE), lambda: demo_plan.directory, post, lambda _: None, FURTHER, lambda _: [first]
    )
    job = Job(1, "tell_office", {"reference": "46270395"}, 1)
    with nullcontext() if error is None else pytest.raises(type(error)):
        await telling.of_case(job)

    assert job.follows[0] == first


async def test_the_console_keeps_what_would_be_sent() -> None:
    kept: list[SentMail] = []

    async def write(mail: SentMail) -> None:
        kept.append(mail)

    await ConsolePost(write, StoppedClock())(LETTER)

    assert kept == [SentMail(LETTER.id, LETTER.to, LETTER.subject, LETTER.text, NOW)]
