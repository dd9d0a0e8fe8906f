"""Tells an office of a case by a mail that is written instead of sent: the console delivery of
the demonstration. The mail holds neither the matter nor the caller, only where to find them: what
is sent cannot be taken back when a caller wants to be anonymous."""

from collections.abc import Awaitable, Callable
from typing import Protocol
from zoneinfo import ZoneInfo

from routing.cases.kinds import Kind
from routing.cases.reference import spaced
from routing.directory import Directory
from routing.handoff import Refused
from routing.ports import Clock, Job, OfficeCase, SentMail

KINDS = {
    Kind.ENQUIRY: ("咨询", "question"),
    Kind.HELP: ("求助", "help"),
    Kind.COMPLAINT: ("投诉", "complaint"),
    Kind.REPORT: ("举报", "report"),
    Kind.SUGGESTION: ("建议", "suggestion"),
}
UNSORTED = ("未分类", "unsorted")

LISTEN_FIRST = (
    "这是系统故障期间的留言，还没有分类，请先听录音。\n"
    "Left while the system was down: nobody has sorted it, so please listen first.\n\n"
)
"""Before the mail of a message that was taken while nobody could ask what it is about."""
LISTEN_NOW = (
    "来电人在录音中提到可能有危险，请马上听录音并处理。\n"
    "The caller's recording speaks of danger: please listen and act at once.\n\n"
)
"""Before the mail of a case whose recording was found to speak of danger."""


class Cases(Protocol):
    """Reads one case."""

    async def case(self, reference: str) -> OfficeCase | None: ...


class ConsoleMail:
    """Handler of `tell_office` jobs. `page` gives the address of an office's page."""

    def __init__(
        self,
        cases: Cases,
        directory: Callable[[], Directory],
        write: Callable[[SentMail], Awaitable[None]],
        page: Callable[[str], str],
        clock: Clock,
    ) -> None:
        self._cases = cases
        self._directory = directory
        self._write = write
        self._page = page
        self._clock = clock

    async def __call__(self, job: Job) -> None:
        """Raises Refused where the case or its office is unknown."""
        case = await self._cases.case(str(job.payload["reference"]))
        if case is None:
            raise Refused("the case to tell of is not kept; look at the journal")
        office = self._directory().offices.get(case.office)
        if office is None:
            raise Refused("the case's office is not in the register; add it, then send again")
        danger_heard = bool(job.payload.get("danger"))
        mail = SentMail(
            id=f"danger-{case.reference}" if danger_heard else f"case-{case.reference}",
            to=office.email,
            subject=_alarm(case) if danger_heard else _subject(case),
            text=self._text(case, ZoneInfo(office.time_zone), danger_heard=danger_heard),
            at=self._clock.now(),
        )
        await self._write(mail)

    def _text(self, case: OfficeCase, zone: ZoneInfo, *, danger_heard: bool) -> str:
        page = self._page(case.office)
        due = "" if case.due is None else f"{case.due.astimezone(zone):%Y-%m-%d %H:%M}"
        unsorted = case.left_in_outage and case.kind is None
        first = (LISTEN_NOW if danger_heard else "") + (LISTEN_FIRST if unsorted else "")
        number = spaced(case.reference)
        return first + (
            f"工单{number}，请于{due}前答复。\n"
            f"Case {number}, answer by {due}.\n\n"
            f"录音和文字稿 · Recording and words:\n{page}\n"
        )


def _alarm(case: OfficeCase) -> str:
    return f"【危险】工单 {spaced(case.reference)} · 录音中提到危险 · Danger in a recording"


def _subject(case: OfficeCase) -> str:
    zh, en = KINDS[case.kind] if case.kind else UNSORTED
    if case.left_in_outage:
        zh, en = f"故障期间留言，{zh}", f"left while the system was down, {en}"
    danger = "【危险】" if case.danger else ""
    return f"{danger}新工单 {spaced(case.reference)} · {zh} · New case, {en}"
