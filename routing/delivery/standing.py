"""What a mail says of how a case stands: danger, perhaps nothing said, still to be sorted, sent by
another office. Pure; used by `letter`, which says the rest. Of a sealed case it says nothing that
tells what it is about (ADR 25)."""

from collections.abc import Iterator
from typing import Final

from routing.cases.case import Confidentiality
from routing.cases.moves import CaseMove, Reason, Way
from routing.directory import Directory
from routing.ports import OfficeCase

LISTEN_NOW: Final = (
    "来电人在录音中提到可能有危险，请马上听录音并处理。",
    "The caller's recording speaks of danger: please listen and act at once.",
)
"""Before the mail of a case whose recording was found to speak of danger."""
ACT_NOW: Final = (
    "这件事有危险，请马上处理。",
    "There is danger: please act at once.",
)
"""Before any other mail of such a case."""
EMPHASISED: Final = frozenset({LISTEN_NOW, ACT_NOW})
PERHAPS_NOTHING: Final = (
    "可能没有留言：录音很短，还没有文字。请先听一听；没有人签收也不再逐级催办。",
    "Perhaps nothing was said: the recording is very short. Please listen; nobody else is told.",
)
SEALED: Final = ("保密件，请在页面查看。", "Confidential: please see its page.")
TO_SORT: Final = (
    "待人工分办：请听录音，再选定事项。",
    "To be sorted by a person: please listen, then choose what it is about.",
)
NO_TOPIC: Final = (
    "来电人没有选事项，尚待分办。",
    "The caller chose no topic: it is still to be sorted.",
)
REASONS: Final = {
    Reason.NOT_OURS: ("不属于本单位职责", "not its responsibility"),
    Reason.OTHER_AREA: ("不在本辖区", "not in its area"),
    Reason.OTHER_MATTER: ("说的是另一件事", "it is about something else"),
}


def standing(case: OfficeCase, directory: Directory, page: str | None) -> Iterator[tuple[str, ...]]:
    """The paragraphs, each a sentence in both languages."""
    named = case.confidentiality is Confidentiality.NAMED
    if not named and page is not None:
        yield SEALED
    if case.perhaps_nothing:
        yield PERHAPS_NOTHING
    if named:
        yield from _came(case, directory)
    if case.to_sort is not None:
        yield TO_SORT
    elif case.unsorted and not case.left_in_outage:
        yield NO_TOPIC


def _came(case: OfficeCase, directory: Directory) -> Iterator[tuple[str, str]]:
    """Which office sent it here."""
    last = case.trail[-1] if case.trail else None
    if last is None or last.after != case.office or last.before == last.after:
        return
    zh, en = _names(last, directory)
    if last.way is Way.TAKEN_BACK:
        yield f"分办已从{zh}撤回，请重新分办。", f"Taken back from {en}: please sort it anew."
    elif last.reason is not None:
        why_zh, why_en = REASONS[last.reason]
        yield (
            f"{zh}退回：{why_zh}。请重新分办。",
            f"Returned by {en}: {why_en}. Please sort it anew.",
        )
    else:
        yield f"由{zh}转来。", f"Sent on by {en}."


def _names(move: CaseMove, directory: Directory) -> tuple[str, str]:
    office = directory.offices.get(move.before)
    return (office.name["zh-CN"], office.name["en"]) if office else (move.before, move.before)
