"""What an office is written of a case, as values: subject, text and HTML of one mail, in Mandarin
and English. Pure; whoever posts it is in `console` or `smtp`.

A mail cannot be taken back when a caller wants to be anonymous, and lies where we cannot look after
it. So matter, caller and words stand in mails of `named` cases alone (ADR 25)."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from routing.cases.case import Confidentiality
from routing.cases.kinds import Kind
from routing.cases.ladder import accused, apart, first
from routing.cases.reference import spaced
from routing.cases.words import Words
from routing.delivery.standing import ACT_NOW, EMPHASISED, LISTEN_NOW, standing
from routing.directory import Contact, Directory, Office
from routing.ports import OfficeCase

KINDS: Final = {
    Kind.ENQUIRY: ("咨询", "question"),
    Kind.HELP: ("求助", "help"),
    Kind.COMPLAINT: ("投诉", "complaint"),
    Kind.REPORT: ("举报", "report"),
    Kind.SUGGESTION: ("建议", "suggestion"),
}
UNSORTED: Final = ("未分类", "unsorted")
LISTEN_FIRST: Final = (
    "这是系统故障期间的留言，还没有分类，请先听录音。",
    "Left while the system was down: nobody has sorted it, so please listen first.",
)
"""Before the mail of a message that was taken while nobody could ask what it is about."""
SIGN_NOW: Final = (
    "这件工单逾期未签收，请督促承办人签收、办理。",
    "Nobody has accepted this case in time: please see that it is accepted and dealt with.",
)
"""Before the mail to the next one on the office's ladder."""
BY_MACHINE: Final = (
    "以下文字由机器听写，可能有错，以录音为准。",
    "Written down by a machine, which errs: the recording is what counts.",
)
UNSURE: Final = (
    "〔？〕内的词句，机器没有把握，请以录音为准。",
    "The machine is unsure of the words in 〔？〕: please check them against the recording.",
)
_ID: Final = re.compile(r"([a-z]+)-([0-9]{8})(?:-([0-9a-f]{12}))?")
MOST_WORDS: Final = 20_000
"""Characters of words in a mail: five minutes of speech are 2,000; the page has the rest."""


class News(StrEnum):
    """What a mail tells; the first part of its id."""

    CASE = "case"
    DANGER = "danger"
    """a recording was found to speak of it"""
    WORDS = "words"
    """a recording's words have come"""
    ESCALATED = "escalated"
    """nobody has accepted it in time"""
    MOVED = "moved"
    """it has gone to another office"""
    COPY = "copy"
    """another office deals with it"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `id` is the same for the same news, so that a repeat can be told; `thread` is the
    id of the case's first mail. `to` is as the register has it: whoever posts it looks at it.
    `named`: its case was of a named caller when it was written."""

    id: str
    thread: str
    to: str
    subject: str
    text: str
    html: str
    named: bool = True


def letter(
    case: OfficeCase,
    office: Office,
    directory: Directory,
    page: str | None,
    news: News,
    *,
    of: str = "",
    most: int = MOST_WORDS,
) -> Letter:
    """The mail of `news` about a case to its office, or to who is first to be told there. `page` is
    the address of its page, None where there is none; `of` is what tells the news from others of
    its kind (a recording and its source); `most` bounds the characters of words."""
    if news is News.MOVED:
        return _moved(case, office, directory, of or office.id)
    if news is News.COPY:
        return _copied(case, office, directory)
    parts = list(_parts(case, office, directory, news, page=page, most=most))
    where = _where(case, page)
    return Letter(
        id=news_id(news, case.reference, of),
        thread=news_id(News.CASE, case.reference),
        to=mailed_to(case, office, directory) or "",
        subject=_subject(case, news),
        text="\n\n".join("\n".join(part) for part in (*parts, where)) + "\n",
        html=_html(parts, where, case.reference if page else None),
        named=is_open(case),
    )


def _moved(case: OfficeCase, before: Office, directory: Directory, of: str) -> Letter:
    """The mail to the office that a case has left; where it went, only of a case to write of."""
    number, now = spaced(case.reference), directory.offices.get(case.office)
    zh, en = ("其他单位", "another office")
    if is_open(case) and now is not None:
        zh, en = now.name["zh-CN"], now.name["en"]
    parts = [
        (f"工单{number}已转到{zh}办理，你单位不用再办。",
         f"Case {number} has gone to {en}: nothing is left to be done at your office."),
        ("来电人的答复期限不变。", "The day by which the caller is answered stays as it was."),
    ]  # fmt: skip
    return Letter(
        id=news_id(News.MOVED, case.reference, of),
        thread=news_id(News.CASE, case.reference),
        to=mailed_to(replace(case, office=before.id), before, directory) or "",
        subject=f"工单 {number} · 已转其他单位 · Gone to another office",
        text="\n\n".join(map("\n".join, parts)) + "\n",
        html=_html(parts[:1], parts[1], None),
        named=is_open(case),
    )


def _copied(case: OfficeCase, office: Office, directory: Directory) -> Letter:
    """The mail to an office that only has to know: which office deals with the case and what it is
    about, never who rang or what was said."""
    number, taker = spaced(case.reference), directory.offices.get(case.office)
    zh, en = ("主办单位", "its own office")
    if taker is not None:
        zh, en = taker.name["zh-CN"], taker.name["en"]
    parts: list[tuple[str, ...]] = [
        (
            f"工单{number}由{zh}办理，抄送你单位知悉，不用办理。",
            f"Case {number} is dealt with by {en}; this copy is for your information only.",
        )
    ]
    if is_open(case):
        about = ["类别 · Kind: {} · {}".format(*_kind(case))]
        if topic := directory.topics.get(case.topic or ""):
            about.append(f"事项 · Topic: {topic.names['zh-CN']} · {topic.names['en']}")
        parts.append(tuple(about))
    about_whom = accused(directory, case.dialled, case.topic, case.kind, case.about)
    mine = replace(case, office=office.id)
    may = office.id not in about_whom and apart(directory, office.id, about_whom)
    to = mailed_to(mine, office, directory) if may else None
    where = ("录音和来电人信息只有主办单位可以查看。",
             "Recording and caller are for the office that deals with it alone.")  # fmt: skip
    return Letter(
        id=news_id(News.COPY, case.reference, office.id),
        thread=news_id(News.COPY, case.reference, office.id),
        to=to or "",
        subject=f"抄送：工单 {number} · Copy: a case of another office",
        text="\n\n".join("\n".join(part) for part in (*parts, where)) + "\n",
        html=_html(parts, where, None),
        named=is_open(case),
    )


def news_id(news: News, reference: str, of: str = "") -> str:
    """What a mail, a webhook or a text of this news is known by."""
    return f"{news}-{reference}{f'-{mark_of(of)}' if of else ''}"


def told_first(case: OfficeCase, directory: Directory) -> Contact | None:
    """Who on the office's ladder is told of a case at once: nobody whom it is about."""
    about = accused(directory, case.dialled, case.topic, case.kind, case.about)
    return first(directory, case.office, about)


def mailed_to(case: OfficeCase, office: Office, directory: Directory) -> str | None:
    """Whose mailbox is told of a case at once; None where the office has no other than one that is
    of an office complained about, too."""
    contact = told_first(case, directory)
    if contact is not None and contact.email:
        return contact.email
    about = accused(directory, case.dialled, case.topic, case.kind, case.about)
    return office.email if apart(directory, office.id, about) else None


def _where(case: OfficeCase, page: str | None) -> tuple[str, ...]:
    """Where to hear and read the rest."""
    if page is not None:
        return ("录音和文字稿 · Recording and words:", page)
    number = spaced(case.reference)
    return (
        f"录音和完整内容存在直通系统，请凭工单编号{number}向系统管理员查询。",
        f"Recording and words are kept in Zhitong: ask its administrator for case {number}.",
    )


def mark_of(of: str) -> str:
    """What tells a mail from others of its kind, as it stands in its id."""
    return hashlib.sha256(of.encode()).hexdigest()[:12]


def rung_of(order: int) -> str:
    """What the mail to a rung is of."""
    return f"rung {order}"


def parts_of(id: str) -> tuple[News, str, str] | None:
    """The news, case and mark of a letter's id; None for what is none."""
    found = _ID.fullmatch(id)
    if found is None or found[1] not in set(News):
        return None
    return News(found[1]), found[2], found[3] or ""


def _parts(
    case: OfficeCase,
    office: Office,
    directory: Directory,
    news: News,
    *,
    page: str | None,
    most: int,
) -> Iterator[tuple[str, ...]]:
    """The paragraphs, each of one or more lines."""
    if news is News.ESCALATED:
        yield SIGN_NOW
    if news is News.DANGER:
        yield LISTEN_NOW
    elif case.danger:
        yield ACT_NOW
    if case.left_in_outage and case.kind is None:
        yield LISTEN_FIRST
    number = spaced(case.reference)
    if not is_open(case):
        yield f"工单{number}。", f"Case {number}."
        yield from standing(case, directory, page)
        return
    if case.due is None:
        yield f"工单{number}。", f"Case {number}."
    else:
        due = f"{case.due.astimezone(ZoneInfo(office.time_zone)):%Y-%m-%d %H:%M}"
        yield f"工单{number}，请于{due}前答复。", f"Case {number}, answer by {due}."
    yield from standing(case, directory, page)
    yield tuple(_facts(case, directory))
    yield from _corrected(case, office, most)
    if words := _words(case, most):
        doubts = UNSURE if any(said.unsure for said in _said(case)) else ()
        yield (*BY_MACHINE, *doubts, *words)


def is_open(case: OfficeCase) -> bool:
    """Whether what is sent may say what it is about."""
    return case.confidentiality is Confidentiality.NAMED


def _facts(case: OfficeCase, directory: Directory) -> Iterator[str]:
    yield "类别 · Kind: {} · {}".format(*_kind(case))
    if topic := directory.topics.get(case.topic or ""):
        yield f"事项 · Topic: {topic.names['zh-CN']} · {topic.names['en']}"
    yield f"来电 · Caller: {case.caller or '未显示号码 · number withheld'}"


def _words(case: OfficeCase, most: int) -> tuple[str, ...]:
    """What was heard in each recording, on lines of their own."""
    said = "\n".join(map(_marked, _said(case)))
    cut = said if len(said) <= most else f"{said[:most]}…"
    return tuple(line for line in map(str.strip, cut.splitlines()) if line)


def _corrected(case: OfficeCase, office: Office, most: int) -> Iterator[tuple[str, ...]]:
    """What people heard in each recording: the newest alone, the page has all."""
    for sound in case.recordings:
        for latest in sound.corrections[:1]:
            at = f"{latest.at.astimezone(ZoneInfo(office.time_zone)):%Y-%m-%d %H:%M}"
            who = f"人工听写 · Written down by a person: {latest.by}, {at}"
            yield (who, *filter(None, map(str.strip, latest.text[:most].splitlines())))


def _said(case: OfficeCase) -> Iterator[Words]:
    for sound in case.recordings:
        yield from sound.words


def _marked(words: Words) -> str:
    """With what is unsure between marks that any mail program shows."""
    return "".join(
        part.before + (f"〔？{part.text}〕" if part.unsure else part.text) for part in words.parts
    )


def _kind(case: OfficeCase) -> tuple[str, str]:
    return KINDS[case.kind] if case.kind else UNSORTED


def _subject(case: OfficeCase, news: News) -> str:
    if news is News.DANGER:
        return f"【危险】工单 {spaced(case.reference)} · 录音中提到危险 · Danger in a recording"
    if news is News.ESCALATED:
        danger = "【危险】" if case.danger else ""
        number = spaced(case.reference)
        return f"【督办】{danger}工单 {number} · 逾期未签收 · Escalated: not accepted in time"
    zh, en = zip(*_marks(case), strict=True) if any(_marks(case)) else ((), ())
    danger = "【危险】" if case.danger else ""
    told = f" · {'，'.join(zh)}" if zh else ""
    first = f"{danger}新工单 {spaced(case.reference)}{told} · {', '.join(('New case', *en))}"
    return f"Re: {first}" if news is News.WORDS else first


def _marks(case: OfficeCase) -> Iterator[tuple[str, str]]:
    """What the subject says of the case."""
    if case.left_in_outage:
        yield "故障期间留言", "left while the system was down"
    if is_open(case):
        yield _kind(case)


def _html(parts: Sequence[tuple[str, ...]], where: tuple[str, ...], linked: str | None) -> str:
    """Nothing in it is loaded from anywhere. Where a case is `linked`, the last line of `where` is
    its address, which nobody reads."""
    said = "".join(f"<p>{_emphasised(part)}</p>\n" for part in parts)
    lines = list(map(escape, where))
    if linked is not None:
        number = spaced(linked)
        lines[-1] = f'<a href="{lines[-1]}">打开工单 {number} · Open case {number}</a>'
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"></head>\n<body>\n'
        f"{said}<p>{'<br>'.join(lines)}</p>\n</body>\n</html>\n"
    )


def _emphasised(part: tuple[str, ...]) -> str:
    said = "<br>".join(map(escape, part))
    return f"<strong>{said}</strong>" if part in EMPHASISED else said
